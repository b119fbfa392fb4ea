"""What an ATT&CK id stands for, and what replaced it."""

from collections.abc import Sequence

from zvon.collect.enricher.enricher import Asking, Enricher, Facts
from zvon.collect.reference.folder import reference
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`TECHNIQUE` with name and tactics; `REPLACED` where the id was revoked."""
    known = reference(asking.context.settings.reference_folder).techniques
    found: dict[Observable, list[Fact]] = {}
    for value in values:
        each = known.get(value.value)
        if each is None:
            continue
        found[value] = [Fact("TECHNIQUE", each.name, {"tactics": ", ".join(each.tactics)})]
        if each.replaced_by:
            found[value].append(Fact("REPLACED", each.replaced_by))
    return found


ENRICHER = Enricher(name="attack", types=frozenset({ObservableType.ATTACK_ID}), facts=facts)
