"""Names that must go on resolving after every publication, and how zones are looked through for them."""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files

from msgspec import Struct

from zvon.model.name import canonical
from zvon.model.rpz_match import Match, match

EVERYWHERE = "*"


class ControlName(Struct, frozen=True, order=True):
    """A name that must resolve, in one country or in all (`*`), and why."""

    name: str
    country: str
    reason: str


@cache
def shipped() -> tuple[ControlName, ...]:
    """The names of the package, each once. Raises `BadName` for a bad one."""
    text = (files("zvon.model") / "control_names.toml").read_text(encoding="utf-8")
    found: dict[str, ControlName] = {}
    for country, groups in tomllib.loads(text).items():
        for group in groups:
            for name in group["names"]:
                one = ControlName(canonical(name), country, group["reason"])
                found.setdefault(one.name, one)
    return tuple(sorted(found.values()))


class Blocked(Struct, frozen=True):
    """A control name that a zone would stop, and the rule that does it."""

    name: str
    owner: str
    rdata: str


def blocked(names: Iterable[str], rule: Callable[[str], str | None]) -> list[Blocked]:
    """The control names that the rules of one zone stop (`rule` gives the target of an owner)."""
    found: list[Blocked] = []
    for name in names:
        hit: Match | None = match(name, rule)
        if hit is not None and not hit.passes:
            found.append(Blocked(name, hit.owner, hit.rdata))
    return found


def sample(names: Sequence[str], near: Iterable[str], turn: int, size: int) -> list[str]:
    """What to ask now: all control names near what was published, and a turn of the others.

    Near means with a label in common besides the last; those are the names that a slip hits.
    `turn` counts up, so that all names have been asked after a few publications.
    """
    labels = {label for owner in near for label in owner.removeprefix("*.").split(".")[:-1]}
    close = [name for name in names if labels.intersection(name.split(".")[:-1])]
    others = [name for name in names if name not in set(close)]
    step = max(size - len(close), size // 2)
    start = turn * step % max(len(others), 1)
    return close + (others[start:] + others[:start])[:step]
