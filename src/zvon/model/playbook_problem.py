"""One finding about a playbook: which step, what, and how bad."""

from enum import StrEnum

from msgspec import Struct


class Weight(StrEnum):
    """An `error` stops publishing; a `warning` may not be meant; a `note` says what was filled in."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Problem(Struct, frozen=True, kw_only=True):
    """A finding; its sentence is in the catalogues under `code`, with `params` in it.

    `step` is the step where it has to be put right; none when it concerns the whole playbook.
    """

    code: str
    weight: Weight
    step: str | None = None
    params: dict[str, str | int] = {}


def error(code: str, step: str | None = None, **params: str | int) -> Problem:
    """A finding that stops publishing."""
    return Problem(code=f"PLAYBOOK_{code}", weight=Weight.ERROR, step=step, params=params)


def warning(code: str, step: str | None = None, **params: str | int) -> Problem:
    """A finding that may be meant."""
    return Problem(code=f"PLAYBOOK_{code}", weight=Weight.WARNING, step=step, params=params)


def note(code: str, step: str | None = None, **params: str | int) -> Problem:
    """What was filled in."""
    return Problem(code=f"PLAYBOOK_{code}", weight=Weight.NOTE, step=step, params=params)


def stops(problems: list[Problem]) -> bool:
    """Whether one of them is an error."""
    return any(each.weight is Weight.ERROR for each in problems)
