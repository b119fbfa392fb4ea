"""What all structures share on their way through the gate: the walk, its texts, and what it dropped."""

from zvon.privacy.engine import Part
from zvon.privacy.structured.walk import Walk


class Walked:
    """Something that one walk has read; a format adds how its values are put back."""

    _walk: Walk

    @property
    def parts(self) -> list[Part]:
        """The texts for the gate."""
        return self._walk.parts

    @property
    def dropped(self) -> list[str]:
        """Fields that do not leave, whatever stands in them."""
        return list(self._walk.dropped)

    @property
    def markings(self) -> list[str]:
        """None, unless the format has labels beside its texts: what is marked says so in them."""
        return []
