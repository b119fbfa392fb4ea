"""One decision on many incidents: what is done to each of them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from zvon.model.lifecycle import IncidentState
from zvon.model.verdict import AlertVerdict, VerdictWord

Instant = Annotated[datetime, Meta(tz=True)]
Login = Annotated[str, Meta(min_length=1, max_length=100)]


class BulkState(StrEnum):
    """Where a bulk decision stands."""

    PREVIEWED = "previewed"
    WAITING = "waiting"  # for a second person
    REFUSED = "refused"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Outcome(StrEnum):
    """What became of one item; `kept` could not be undone."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"
    KEPT = "kept"


class SayVerdict(Struct, frozen=True, kw_only=True, tag_field="kind", tag="verdict",
                 forbid_unknown_fields=True):  # fmt: skip
    """A verdict on what was reported."""

    word: VerdictWord


class SayAlertVerdict(Struct, frozen=True, kw_only=True, tag_field="kind", tag="alert_verdict",
                      forbid_unknown_fields=True):  # fmt: skip
    """What the incidents were; a duplicate is said of each by itself."""

    value: AlertVerdict

    def __post_init__(self) -> None:
        if self.value is AlertVerdict.DUPLICATE:
            raise ValueError("each duplicate repeats another incident: say it one by one")


class Assign(Struct, frozen=True, kw_only=True, tag_field="kind", tag="assign",
             forbid_unknown_fields=True):  # fmt: skip
    """An owner, by login."""

    login: Login


class Snooze(Struct, frozen=True, kw_only=True, tag_field="kind", tag="snooze",
             forbid_unknown_fields=True):  # fmt: skip
    """Out of sight until then."""

    until: Instant


class Move(Struct, frozen=True, kw_only=True, tag_field="kind", tag="move",
           forbid_unknown_fields=True):  # fmt: skip
    """Another state; merging needs a target for each and is done one by one."""

    to: IncidentState

    def __post_init__(self) -> None:
        if self.to in {IncidentState.MERGED, IncidentState.ON_HOLD}:
            raise ValueError("merging and holding are done one by one")


Action = SayVerdict | SayAlertVerdict | Assign | Snooze | Move


def ends_blocks(action: Action) -> bool:
    """True when it ends blocks of what it is said of: that part no undo brings back."""
    match action:
        case SayVerdict(word=word):
            return word is VerdictWord.BENIGN
        case SayAlertVerdict(value=value):
            return value in {AlertVerdict.FALSE_POSITIVE, AlertVerdict.BENIGN_POSITIVE}
        case Move(to=to):
            return to is IncidentState.REJECTED
        case _:
            return False


def encode(action: Action) -> dict[str, Any]:
    """The action as plain data, for its row; `decode` reads it back."""
    made: dict[str, Any] = msgspec.to_builtins(action)
    return made


def decode(body: Any) -> Action:
    """Read what `encode` wrote. Raises `msgspec.ValidationError`."""
    read: Action = msgspec.convert(body, Action)
    return read
