"""What a collector and its node say to each other, beside the batches."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from zvon.model.policy import Agreement

Count = Annotated[int, Meta(ge=0, le=2**53)]
Text = Annotated[str, Meta(max_length=500)]
MAX_SOURCES = 200
SKEW_S = 300.0
"""A clock that is further off is wrong, and said to be."""


class Sharing(Struct, frozen=True, kw_only=True):
    """The sharing policy that a collector applies before it sends: its name, and what it says."""

    name: str
    agreement: Agreement


class Enrolled(Struct, frozen=True, kw_only=True):
    """The node's answer to an enrolment.

    `kind` says what the token was for: `collector`, or `outpost` (a probe and counter of hits at
    a subscriber's). `node_key` is the node's public key in hexadecimal: from now on what it
    answers has to be signed with that.
    """

    kind: str
    id: UUID
    name: str
    node: UUID
    node_key: str
    policy: Sharing | None = None


class SourceStatus(Struct, frozen=True, kw_only=True):
    """One source at a collector: `n` batches were written, `waiting` items are not sent yet.

    `lost` items had no room since the program started, `refused` the node would not have.
    """

    name: Annotated[str, Meta(max_length=200)]
    kind: Annotated[str, Meta(max_length=40)]
    spool: UUID
    n: Count
    waiting: Count
    bytes: Count
    lost: Count = 0
    refused: Count = 0
    priority: Annotated[int, Meta(ge=0, le=9)] = 5
    read_at: datetime | None = None
    problem: Text = ""


class NextLoss(Struct, frozen=True, kw_only=True):
    """What would be dropped first when the node stays away, and when at the present rate."""

    source: Annotated[str, Meta(max_length=200)]
    at: datetime


class Status(Struct, frozen=True, kw_only=True):
    """What a collector says of itself. `at` is its own clock, uncorrected.

    `used` and `most` are bytes of the spool; `level` is the share that last raised a warning, in
    per cent (0, 70, 90, 100: dropping).
    """

    nonce: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    at: Annotated[datetime, Meta(tz=True)]
    started_at: Annotated[datetime, Meta(tz=True)]
    version: Annotated[str, Meta(max_length=40)]
    used: Count
    most: Count
    free: Count
    level: Annotated[int, Meta(ge=0, le=100)] = 0
    next_loss: NextLoss | None = None
    sources: Annotated[tuple[SourceStatus, ...], Meta(max_length=MAX_SOURCES)] = ()
    problems: Annotated[tuple[Text, ...], Meta(max_length=50)] = ()


class Orders(Struct, frozen=True, kw_only=True):
    """The node's answer: its time, the policy to apply, and the last batch it has of each spool."""

    now: datetime
    policy: Sharing | None
    taken: dict[str, int]


class Taken(Struct, frozen=True, kw_only=True):
    """The newest batch of the spool that is safe at the node, which is then true of all earlier."""

    n: int
