"""What a format says of its fields, as data: `data/structured/*.toml`, one file for each format.

A rule is a few words: `keep` and the shape that the value must have, `text` for words of people,
a type of value with the side it belongs to (`IP`, `USER victim`, `DOMAIN|IP attacker`), `drop` for
what never leaves but is read, so that it is known as the victim's.
"""

import re
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from zvon.privacy.tables import DATA, BadTable, read


class Action(StrEnum):
    """What happens to a field."""

    KEEP = "keep"
    TEXT = "text"
    VALUE = "value"
    DROP = "drop"


SHAPES = {
    "uuid": re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    "digits": re.compile(r"-?\d{1,12}"),
    "time": re.compile(
        r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?Z|[+-]\d\d:?\d\d)?)?"
        r"|\d{4}/\d\d/\d\d[ -]\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{9,13}(?:\.\d{1,9})?"
    ),
    "hex": re.compile(r"(?i)[0-9a-f]{8,128}"),
    "version": re.compile(r"v?\d{1,5}(?:\.\d{1,5}){0,4}"),
    "id": re.compile(r"(?i)[a-z][a-z0-9-]{1,60}--[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
}
"""What a kept field must look like; what does not goes through the gate as text."""


class Rule(Struct, frozen=True):
    """`types` are those of the value, one for each piece between bars; `shape` is for `keep`.

    `lead` is what the value continues where the format keeps its beginning in another field, as a
    request keeps its host.
    """

    action: Action
    types: tuple[str, ...] = ()
    side: str = ""
    shape: str = ""
    lead: str = ""


TEXT = Rule(Action.TEXT)
DROP = Rule(Action.DROP)


class Table(Struct, frozen=True):
    """The rules of a format. `path` is tried first, then `key`, the last part of the path.

    `words` are the terms that a field may hold, by its key; `names` are all keys known to the
    format, so that no other key leaves without being read. `typed` maps what a format calls a
    type of value to a rule, `becomes` to the type that takes a pseudonym in its place.
    """

    path: dict[str, Rule]
    key: dict[str, Rule]
    words: dict[str, frozenset[str]]
    names: frozenset[str]
    typed: dict[str, Rule]
    lists: dict[str, frozenset[str]]

    def rule(self, path: tuple[str, ...]) -> Rule | None:
        """The rule for a field, or `None` when the format does not know it."""
        return self.path.get(".".join(path)) or self.key.get(path[-1] if path else "")

    def holds(self, rule: Rule, key: str, value: str) -> bool:
        """True when a kept field looks as the format says."""
        if rule.shape == "word":
            return value in self.words.get(key, frozenset())
        return SHAPES[rule.shape].fullmatch(value) is not None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    path: dict[str, str] = {}
    key: dict[str, str] = {}
    words: dict[str, list[str]] = {}
    names: list[str] = []
    typed: dict[str, str] = {}
    lists: dict[str, list[str]] = {}


def parse(text: str) -> Rule:
    """One rule as written. Raises `BadTable`."""
    first, *rest = text.split()
    side = rest[0] if rest else ""
    match first:
        case "text" if side in {"", "attacker", "reporter"}:
            return Rule(Action.TEXT, side=side)
        case "drop" if not rest:
            return DROP
        case "keep" if rest and (side in SHAPES or side == "word"):
            return Rule(Action.KEEP, shape=side)
        case _ if first.replace("|", "").isupper() and side in {"", "attacker", "reporter", "victim"}:  # fmt: skip
            return Rule(Action.VALUE, types=tuple(first.split("|")), side=side)
        case _:
            raise BadTable(f"no rule for a field: {text!r}")


@cache
def table(name: str) -> Table:
    """The rules of a format that ships. Raises `BadTable`."""
    row: Any = read(DATA / "structured" / f"{name}.toml")
    try:
        file = msgspec.convert(row, _File)
    except msgspec.ValidationError as problem:
        raise BadTable(f"{name}.toml: {problem}") from None
    path = {where: parse(text) for where, text in file.path.items()}
    key = {where: parse(text) for where, text in file.key.items()}
    known = {part for where in (*path, *key) for part in where.split(".")}
    return Table(
        path=path,
        key=key,
        words={where: frozenset(words) for where, words in file.words.items()},
        names=frozenset(known | path.keys() | set(file.names)),
        typed={kind: parse(text) for kind, text in file.typed.items()},
        lists={name: frozenset(values) for name, values in file.lists.items()},
    )
