"""When a playbook goes one way and when the other: comparisons of variables, and what joins them.

A condition is a small tree, never code. It is written to and read from the comparison expressions
of STIX 2.1 patterns (section 9), as CACAO 2.0 asks (section 4.8), by `formats.cacao.condition`.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

MAX_DEPTH = 32
MAX_TERMS = 200
MAX_LIST = 200

Text = Annotated[str, Meta(max_length=2000)]
Scalar = bool | int | float | Text
Value = Scalar | list[Text] | None
"""What a variable may hold while a playbook runs."""


class Test(StrEnum):
    """How two values are compared."""

    __test__ = False  # not a test of ours, whatever its name

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    MOST = "<="
    MORE = ">"
    LEAST = ">="
    LIKE = "like"  # `%` is any text and `_` one character, as in STIX


class Reference(Struct, frozen=True, tag="variable"):
    """The value that another variable has when the condition is read."""

    name: str


class Comparison(Struct, frozen=True, tag="comparison"):
    """`variable test value`; false while the variable has no value."""

    variable: str
    test: Test
    value: Scalar | Reference


class Among(Struct, frozen=True, tag="among"):
    """The variable is one of the values; a list of texts when any of its items is."""

    variable: str
    values: Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=MAX_LIST)]


class Exists(Struct, frozen=True, tag="exists"):
    """The variable has a value: neither nothing nor an empty text or list."""

    variable: str


class Every(Struct, frozen=True, tag="and"):
    """All of them hold."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=MAX_TERMS)]


class Some(Struct, frozen=True, tag="or"):
    """At least one of them holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=MAX_TERMS)]


class Opposite(Struct, frozen=True, tag="not"):
    """It does not hold."""

    of: "Condition"


Condition = Comparison | Among | Exists | Every | Some | Opposite


def holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Whether the condition is true of the values of the variables.

    Numbers are compared as numbers when both sides are, else as texts; nothing raises.
    """
    match condition:
        case Every(of):
            return all(holds(each, values) for each in of)
        case Some(of):
            return any(holds(each, values) for each in of)
        case Opposite(of):
            return not holds(of, values)
        case Exists(name):
            return not _empty(values.get(name))
        case Among(name, wanted):
            return any(_equal(mine, one) for mine in _each(values.get(name)) for one in wanted)
        case Comparison(name, test, right):
            other = values.get(right.name) if isinstance(right, Reference) else right
            return _compared(values.get(name), test, other)


def terms(condition: Condition) -> Iterator[Comparison | Among | Exists]:
    """The comparisons in a condition, from left to right."""
    waiting: list[Condition] = [condition]
    while waiting:
        match waiting.pop():
            case Every(of) | Some(of):
                waiting.extend(reversed(of))
            case Opposite(of):
                waiting.append(of)
            case term:
                yield term


def variables(condition: Condition) -> frozenset[str]:
    """The variables that a condition reads."""
    found: set[str] = set()
    for term in terms(condition):
        found.add(term.variable)
        if isinstance(term, Comparison) and isinstance(term.value, Reference):
            found.add(term.value.name)
    return frozenset(found)


def depth(condition: Condition) -> int:
    """How many levels the tree has."""
    deepest, waiting = 0, [(condition, 1)]
    while waiting:
        one, level = waiting.pop()
        deepest = max(deepest, level)
        match one:
            case Every(of) | Some(of):
                waiting.extend((each, level + 1) for each in of)
            case Opposite(of):
                waiting.append((of, level + 1))
            case _:
                pass
    return deepest


def _empty(value: Value) -> bool:
    return value is None or value in ("", [])


def _each(value: Value) -> list[Scalar]:
    if value is None:
        return []
    return [*value] if isinstance(value, list) else [value]


def _number(value: Scalar) -> float | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value)


def _spoken(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equal(left: Scalar, right: Scalar) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return one == other
    return _spoken(left) == _spoken(right)


def _compared(left: Value, test: Test, right: Value) -> bool:
    if _empty(left) or right is None:
        return False
    if isinstance(left, list) or isinstance(right, list):
        mine, theirs = _each(left), _each(right)
        same = any(_equal(a, b) for a in mine for b in theirs)
        return same if test is Test.EQUAL else not same if test is Test.UNEQUAL else False
    assert left is not None
    if test is Test.EQUAL:
        return _equal(left, right)
    if test is Test.UNEQUAL:
        return not _equal(left, right)
    if test is Test.LIKE:
        return _like(_spoken(left), _spoken(right))
    one, other = _number(left), _number(right)
    order = (one, other) if one is not None and other is not None else None
    a, b = order if order is not None else (_spoken(left), _spoken(right))
    if isinstance(a, str) or isinstance(b, str):
        less, same = str(a) < str(b), str(a) == str(b)
    else:
        less, same = a < b, a == b
    return {
        Test.LESS: less, Test.MOST: less or same, Test.MORE: not less and not same,
        Test.LEAST: not less,
    }[test]  # fmt: skip


def _like(text: str, pattern: str) -> bool:
    """`%` and `_` matched without going back more than to the last `%`: linear for our sizes."""
    at = place = 0
    star = mark = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "%":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in {"_", text[at]}:
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return not pattern[place:].strip("%")
