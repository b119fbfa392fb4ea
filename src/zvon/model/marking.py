"""TLP 2.0 and PAP: who may know, and what may be done with it (FIRST TLP 2.0, MISP PAP)."""

from enum import IntEnum


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0, ordered: a higher value is stricter."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """The marking as FIRST writes it, `TLP:AMBER+STRICT`."""
        return "TLP:" + self.name.replace("_", "+")


class Pap(IntEnum):
    """Permissible Actions Protocol, ordered: a higher value allows less."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        """The marking as written in tags, `PAP:GREEN`."""
        return f"PAP:{self.name}"

    @property
    def allows_block(self) -> bool:
        """A block is visible to the attacker, so it needs GREEN or CLEAR."""
        return self <= Pap.GREEN


def parse_tlp(text: str) -> Tlp:
    """Read `tlp:amber+strict`, `AMBER`, `white` (= CLEAR); an unknown label means RED."""
    word = text.strip().upper().removeprefix("TLP:").replace("+", "_").replace("WHITE", "CLEAR")
    return Tlp.__members__.get(word, Tlp.RED)


def parse_pap(text: str) -> Pap:
    """Read `PAP:GREEN`, `white` (= CLEAR); an unknown label means RED."""
    word = text.strip().upper().removeprefix("PAP:").replace("WHITE", "CLEAR")
    return Pap.__members__.get(word, Pap.RED)
