"""A condition as people build it: a few comparisons that must all hold, or of which one is enough."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from zvon.model.playbook import Variable, VariableType
from zvon.model.playbook_condition import (
    Among,
    Comparison,
    Condition,
    Every,
    Exists,
    Opposite,
    Reference,
    Scalar,
    Some,
    Test,
)
from zvon.model.playbook_values import reference

Way = Literal["is", "is_not", "less", "at_most", "more", "at_least", "like", "among", "exists",
              "missing"]  # fmt: skip
WAYS: tuple[Way, ...] = ("is", "is_not", "less", "at_most", "more", "at_least", "like", "among",
                         "exists", "missing")  # fmt: skip
_TESTS: dict[str, Test] = {
    "is": Test.EQUAL, "is_not": Test.UNEQUAL, "less": Test.LESS, "at_most": Test.MOST,
    "more": Test.MORE, "at_least": Test.LEAST, "like": Test.LIKE,
}  # fmt: skip
_SPOKEN = {test: way for way, test in _TESTS.items()}


class Term(Struct, frozen=True, kw_only=True):
    """One comparison: a variable, how it is compared, and with what (as a person writes it)."""

    variable: str
    way: Way
    value: str = ""


class Terms(Struct, frozen=True):
    """Comparisons that are joined in one way."""

    terms: tuple[Term, ...]
    joined: Literal["all", "any"] = "all"


def terms_of(condition: Condition) -> Terms | None:
    """A condition as rows of a form; none when brackets make it more than that."""
    parts: Sequence[Condition]
    joined: Literal["all", "any"] = "all"
    if isinstance(condition, Every | Some):
        parts, joined = condition.of, "all" if isinstance(condition, Every) else "any"
    else:
        parts = (condition,)
    found = [_term(each) for each in parts]
    if any(each is None for each in found):
        return None
    return Terms(tuple(each for each in found if each is not None), joined)


def condition_of(terms: Terms, scope: dict[str, Variable]) -> Condition:
    """The condition that the rows say. Raises `ValueError` for no row, or one without a value."""
    made = tuple(_condition(each, scope) for each in terms.terms)
    if not made:
        raise ValueError("a condition has at least one comparison")
    if len(made) == 1:
        return made[0]
    return Every(made) if terms.joined == "all" else Some(made)


def _term(condition: Condition) -> Term | None:
    match condition:
        case Exists(name):
            return Term(variable=name, way="exists")
        case Opposite(Exists(name)):
            return Term(variable=name, way="missing")
        case Among(name, values):
            return Term(variable=name, way="among", value=", ".join(map(_spoken, values)))
        case Comparison(name, test, Reference(other)):
            return Term(variable=name, way=_way(test), value=other)
        case Comparison(name, test, value) if not isinstance(value, Reference):
            return Term(variable=name, way=_way(test), value=_spoken(value))
        case _:
            return None


def _way(test: Test) -> Way:
    return next(way for way in WAYS if way == _SPOKEN[test])


def _spoken(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _condition(term: Term, scope: dict[str, Variable]) -> Condition:
    kind = scope.get(term.variable, Variable()).type
    match term.way:
        case "exists":
            return Exists(term.variable)
        case "missing":
            return Opposite(Exists(term.variable))
        case "among":
            values = tuple(_read(each.strip(), kind) for each in term.value.split(",")
                           if each.strip())  # fmt: skip
            if not values:
                raise ValueError("value: at least one, with commas between them")
            return Among(term.variable, values)
        case way:
            text = term.value.strip()
            if not text:
                raise ValueError("value: is missing")
            other = reference(text)
            right = _read(text, kind) if other is None else Reference(other)
            return Comparison(term.variable, _TESTS[way], right)


def _read(text: str, kind: VariableType) -> Scalar:
    try:
        if kind in {VariableType.INTEGER, VariableType.LONG}:
            return int(text)
        if kind is VariableType.FLOAT:
            return float(text.replace(",", "."))
    except ValueError:
        return text  # the check says that it is no number
    if kind is VariableType.BOOL and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text
