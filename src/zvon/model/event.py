"""An event as it is shared: what happened, without the people it happened to."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from zvon.model.observable import ObservableType
from zvon.model.verdict import Category, Probability, VerdictWord

Instant = Annotated[datetime, Meta(tz=True)]
Code = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{0,79}\Z")]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,30}\Z")]
Word = Annotated[str, Meta(max_length=2_000)]
Params = Annotated[dict[Key, Word | int], Meta(max_length=20)]
Text = Annotated[str, Meta(max_length=50_000)]
Short = Annotated[str, Meta(max_length=300)]

KitMark = Annotated[str, Meta(pattern=r"^[0-9]{1,9}:[0-9a-f]{32}\Z")]

MAX_NAMES = 1_000
MAX_OBSERVABLES = 10_000
MAX_PARTS = 40
MAX_KITS = 64


class Title(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message id and its parameters, so that each reader sees their own language."""

    code: Code
    params: Params = {}


class EventName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and the scope that its origin advises; the receiver decides anew."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    scope: Annotated[str, Meta(max_length=30)]
    reason: Short = ""


class EventObservable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of the attacker's side. `side` is there only before the sharing gate."""

    type: ObservableType
    value: Annotated[str, Meta(min_length=1, max_length=4_000)]
    side: str | None = None


class EventReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason of the verdict, without the place in the text that it came from."""

    code: Code
    params: Params = {}
    weight: float = 0.0
    source: Short = ""


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one organisation tells others about an incident.

    `uuid` is the identity of the shared event everywhere (feed entry, partner's record, MISP);
    it is not the incident's, so that two groups cannot be linked by it. `parts` are texts by
    name: `message.text`, `message.subject`, and `r2.text` and so on for further messages.
    `kits` are keyed marks of pages, which only members of the group can compare. `tlp` and `pap`
    are `model.marking` levels.
    """

    uuid: UUID | None
    title: Title
    parts: Annotated[dict[Short, Text], Meta(max_length=MAX_PARTS)] = {}
    names: Annotated[tuple[EventName, ...], Meta(max_length=MAX_NAMES)] = ()
    observables: Annotated[tuple[EventObservable, ...], Meta(max_length=MAX_OBSERVABLES)] = ()
    reasons: Annotated[tuple[EventReason, ...], Meta(max_length=100)] = ()
    verdict: VerdictWord = VerdictWord.UNDETERMINED
    category: Category = Category.UNSURE
    brand: Annotated[str, Meta(max_length=100)] | None = None
    probability: Probability | None = None
    counts: Annotated[dict[Short, int], Meta(max_length=20)] = {}
    first: Instant
    last: Instant
    kits: Annotated[tuple[KitMark, ...], Meta(max_length=MAX_KITS)] = ()
    countries: Annotated[tuple[str, ...], Meta(max_length=250)] = ()
    tlp: Annotated[int, Meta(ge=0, le=4)]
    pap: Annotated[int, Meta(ge=0, le=3)]
    lang: str | None = None


def wire(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, keys with no value left out."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    plain["observables"] = [
        {k: v for k, v in o.items() if v is not None} for o in plain["observables"]
    ]
    if not event.kits:
        del plain["kits"]
    return plain
