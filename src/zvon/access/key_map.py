"""Single keys of the console that a person moves (WCAG 2.1.4): which there are, and what fits together."""

from collections.abc import Mapping

from zvon.access.viewer import Viewer
from zvon.store import person
from zvon.store.transaction import Tx

SHIPPED: dict[str, str] = {
    "j": "KEY_NEXT", "k": "KEY_BEFORE", "x": "KEY_CHOOSE", "X": "KEY_CHOOSE_RANGE",
    "m": "KEY_MALICIOUS", "s": "KEY_SUSPICIOUS", "b": "KEY_BENIGN", "z": "KEY_UNDETERMINED",
    "d": "KEY_DUPLICATE", "1": "KEY_TRUE_POSITIVE", "2": "KEY_BENIGN_POSITIVE",
    "3": "KEY_FALSE_POSITIVE", "4": "KEY_DUPLICATE", "5": "KEY_UNDETERMINED",
    "p": "KEY_PROPOSE", "a": "KEY_APPROVE", "r": "KEY_REJECT", "t": "KEY_TASK", "n": "KEY_NOTE",
    "h": "KEY_SHARE", "u": "KEY_UNDO", "w": "KEY_SNOOZE", "M": "KEY_MERGE", "S": "KEY_SPLIT",
    "c": "KEY_CLASS", "o": "KEY_SECOND", "/": "KEY_SEARCH", "?": "KEY_HELP", ".": "KEY_NEWER",
    "g": "KEY_GO",
}  # fmt: skip
"""Each key that ships, and the code of what it does."""


class BadKeys(ValueError):
    """A key that does not exist is moved, or two things would lie on one key."""


def check(moved: Mapping[str, str]) -> dict[str, str]:
    """The keys that really move, one visible character each. Raises `BadKeys`."""
    kept = {old: new for old, new in moved.items() if old != new}
    if unknown := sorted(set(kept) - set(SHIPPED)):
        raise BadKeys(f"no key {unknown[0]!r} ships")
    for new in kept.values():
        if len(new) != 1 or not new.isprintable() or new.isspace():
            raise BadKeys("a key is one visible character")
    lies = [kept.get(old, old) for old in SHIPPED]
    if twice := sorted({key for key in lies if lies.count(key) > 1}):
        raise BadKeys(f"two things would lie on {twice[0]!r}")
    return kept


async def move(tx: Tx, viewer: Viewer, moved: Mapping[str, str]) -> dict[str, str]:
    """Keep which keys the viewer moved; all others are as they ship. Raises `BadKeys`."""
    kept = check(moved)
    await person.set_keys(tx, viewer.person_id, kept)
    return kept
