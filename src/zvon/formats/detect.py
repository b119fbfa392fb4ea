"""Which format reads these bytes, and why: by what they are, hardly by what they are called."""

from zvon.formats.kind import SAMPLE
from zvon.formats.packing import Packing, packing
from zvon.formats.registry import formats
from zvon.model.item import Format, Guess

__all__ = ["Packing", "candidates", "choose", "packing"]

# Of two formats that are equally sure, the one with the stronger kind of reason reads.
_STRENGTH = {"MAGIC": 4, "KEYS": 3, "HEADER": 3, "LINES": 2, "NAME": 1}


def candidates(sample: bytes, name: str = "", media_type: str = "") -> list[tuple[Format, Guess]]:
    """All formats that could read what begins like `sample`, the surest first.

    Of equals the one goes first whose reason is the stronger, then the one of that `media_type`,
    then the one that comes first in the alphabet, so that the same bytes always go the same way.
    """
    said = media_type.partition(";")[0].strip().lower()
    found: list[tuple[Format, Guess]] = []
    for each in formats().values():
        try:
            guess = each.sniff(sample[:SAMPLE], name)
        except Exception:  # noqa: BLE001, S112  a stranger's format; ours raise nothing
            continue
        if guess is not None and guess.score > 0:
            found.append((each, guess))
    found.sort(
        key=lambda pair: (
            -pair[1].score,
            -_STRENGTH.get(pair[1].why, 0),
            pair[0].media_type != said or not said,
            pair[0].name,
        )
    )
    return found


def choose(sample: bytes, name: str = "", media_type: str = "") -> tuple[Format, Guess] | None:
    """The format that reads what begins like `sample` (64 KiB are looked at), and why that one.

    `None` when none does. A layer around it (`packing`) must be taken off before.
    """
    return next(iter(candidates(sample, name, media_type)), None)
