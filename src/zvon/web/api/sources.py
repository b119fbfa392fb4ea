"""Sources: where data comes from, how each does, and setting them up."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from litestar import Router, delete, get, patch, post
from msgspec import UNSET, Meta, Struct, UnsetType

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES
from zvon.collect.source.kind import Kind, checked
from zvon.collect.source.kinds import kind, kinds
from zvon.formats.registry import formats
from zvon.jobs import Context, enqueue
from zvon.model.ids import RANDOM_BYTES
from zvon.model.marking import Pap, Tlp
from zvon.store import source, source_change, source_day, source_quality
from zvon.store.source import Setup
from zvon.store.source_change import Edit, NewSource
from zvon.store.source_quality import Quality
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

SECRET_BYTES = 32
LATELY = timedelta(days=7)
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Secret = Annotated[str, Meta(min_length=1, max_length=4000)]
Text = Annotated[str, Meta(max_length=2000)]
Short = Annotated[str, Meta(max_length=60)]
Every = Annotated[int, Meta(ge=5, le=2_678_400)]
Keep = Literal["auto", "values", "whole"]
TlpName = Literal["clear", "green", "amber", "amber+strict", "red"]
PapName = Literal["clear", "green", "amber", "red"]


class NewSourceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source to set up. `settings` are those of its kind, see `GET /sources/kinds`.

    A webhook without a `secret` is given one. `party` is the organisation that it belongs to.
    `tlp` and `pap` hold for what says none itself; `zone` for times without one; `region` (two
    letters) for telephone numbers without a prefix; an empty `format` means: by content.
    """

    name: Name
    kind: Short
    settings: dict[str, Any] = {}
    secret: Secret | None = None
    party: UUID | None = None
    about: Text = ""
    format: Short = ""
    keep: Keep = "auto"
    tlp: TlpName = "amber"
    pap: PapName = "green"
    lang: Annotated[str, Meta(max_length=10)] = ""
    zone: Short = "UTC"
    region: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "SI"
    every_s: Every | None = None


class EditIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `settings` are replaced as a whole."""

    settings: dict[str, Any] | UnsetType = UNSET
    secret: Secret | UnsetType | None = UNSET
    about: Text | UnsetType = UNSET
    format: Short | UnsetType = UNSET
    keep: Keep | UnsetType = UNSET
    tlp: TlpName | UnsetType = UNSET
    pap: PapName | UnsetType = UNSET
    lang: Annotated[str, Meta(max_length=10)] | UnsetType = UNSET
    zone: Short | UnsetType = UNSET
    region: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | UnsetType = UNSET
    every_s: Every | UnsetType = UNSET


class SourceOut(Struct, frozen=True, kw_only=True):
    """A source and how it does. `state` is one word: `paused`, `failing`, `waiting` (nothing came
    yet) or `good`. `address` is where it sends to, for what is sent to us.
    """

    id: UUID
    name: str
    kind: str
    how: str
    about: str
    format: str
    settings: dict[str, Any]
    has_secret: bool
    keep: str
    tlp: str
    pap: str
    lang: str
    zone: str
    region: str
    every_s: int | None
    state: str
    paused: bool
    at_collector: bool
    address: str
    tried_at: datetime | None
    read_at: datetime | None
    delivered_at: datetime | None
    next_at: datetime | None
    failed_at: datetime | None
    failures: int
    problem: str
    lag_s: float | None
    made_at: datetime


class Made(Struct, frozen=True, kw_only=True):
    """A source that was set up. `secret` is the one that was made for it; it is shown only now."""

    source: SourceOut
    secret: str | None


class Row(Struct, frozen=True, kw_only=True):
    """A source in the list, and what it did in the last seven days."""

    source: SourceOut
    lately: dict[str, int]


class Sources(Struct, frozen=True, kw_only=True):
    """All sources, by name."""

    sources: list[Row]


class DayOut(Struct, frozen=True, kw_only=True):
    """A day (UTC) of a source; `delay_s` is the mean from its own time to our receipt."""

    day: date
    deliveries: int
    bytes: int
    records: int
    observables: int
    fresh: int
    quarantined: int
    failures: int
    delay_s: float | None


class QualityOut(Struct, frozen=True, kw_only=True):
    """A week of a source beside the others; see `source_quality.Quality` for what each means."""

    source: str
    week: date
    volume: int
    exclusive: float | None
    first: float | None
    delay_s: float | None
    good: float
    bad: float
    accuracy: float | None
    overlap: dict[str, float]
    sample: float


class Page(Struct, frozen=True, kw_only=True):
    """A source, its last thirty days, and its weeks, newest first."""

    source: SourceOut
    days: list[DayOut]
    weeks: list[QualityOut]


class Qualities(Struct, frozen=True, kw_only=True):
    """The last week of every source, those with most values first."""

    weeks: list[QualityOut]


class KindOut(Struct, frozen=True, kw_only=True):
    """A kind of source: its settings as JSON Schema, and whether it has a secret."""

    name: str
    how: str
    secret: str
    every_s: int | None
    about: str
    settings: dict[str, Any]


class Kinds(Struct, frozen=True, kw_only=True):
    """The kinds of sources that this node knows, and the formats that it reads."""

    kinds: list[KindOut]
    formats: list[str]


@get("/sources", opt={"permission": Permission.SOURCE_READ}, responses=problems(*SIGNED))
async def list_sources(context: In, who: Who) -> Sources:
    """Every source, how it does, and what it did in the last seven days."""
    async with read(context.pool, who) as db:
        found = await source.list_all(db, who)
        totals = await source_day.totals(db, (context.clock() - LATELY).date())
    return Sources(
        sources=[Row(source=_out(context, s), lately=totals.get(s.id, {})) for s in found]
    )


@get("/sources/kinds", opt={"permission": Permission.SOURCE_READ}, responses=problems(*SIGNED))
async def list_kinds(who: Who) -> Kinds:
    """Kinds of sources with their settings, and the formats."""
    who.require(Permission.SOURCE_READ)
    return Kinds(
        kinds=[_kind(each) for _, each in sorted(kinds().items())], formats=sorted(formats())
    )


@get("/sources/quality", opt={"permission": Permission.SOURCE_READ}, responses=problems(*SIGNED))
async def list_quality(context: In, who: Who) -> Qualities:
    """What every source was worth in its last week."""
    async with read(context.pool, who) as db:
        names = {s.id: s.name for s in await source.list_all(db, who)}
        found = await source_quality.list_newest(db, who)
    return Qualities(
        weeks=[_quality(names[each.source_id], each) for each in found if each.source_id in names]
    )


@post(
    "/sources", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def add_source(context: In, who: Who, data: NewSourceIn) -> Made:
    """Set up a source; what is fetched is fetched at once."""
    of_kind = kind(data.kind)
    checked(of_kind, data.settings)
    _sensible(data.format, data.zone)
    made = None
    if of_kind.name == "webhook" and data.secret is None:
        made = urlsafe_b64encode(context.random(SECRET_BYTES)).decode().rstrip("=")
    secret = data.secret or made
    _proven(of_kind, secret)
    new = NewSource(
        name=data.name, kind=of_kind.name, settings=data.settings, secret=secret,
        party=data.party, about=data.about, format=data.format, keep=data.keep,
        tlp=TLP[data.tlp], pap=PAP[data.pap], lang=data.lang, zone=data.zone, region=data.region,
        every_s=(data.every_s or of_kind.every_s) if of_kind.how == "pull" else None,
    )  # fmt: skip
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        added = await source_change.create(
            tx, who, new, context.node.key, now, context.random(RANDOM_BYTES),
            context.random(NONCE_BYTES),
        )  # fmt: skip
    return Made(source=_out(context, added), secret=made)


@get(
    "/sources/{id:uuid}", opt={"permission": Permission.SOURCE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_source(context: In, who: Who, id: UUID) -> Page:
    """A source: its last success, lag, volume by day, problem, and quality by week."""
    async with read(context.pool, who) as db:
        found = await source.get(db, who, id)
        days = await source_day.days(db, found.id, context.clock())
        weeks = await source_quality.weeks(db, found.id)
    return Page(
        source=_out(context, found),
        days=[
            DayOut(day=d.day, deliveries=d.deliveries, bytes=d.bytes, records=d.records,
                   observables=d.observables, fresh=d.fresh, quarantined=d.quarantined,
                   failures=d.failures, delay_s=d.delay_s / d.delayed if d.delayed else None)
            for d in days
        ],
        weeks=[_quality(found.name, each) for each in weeks],
    )  # fmt: skip


@patch(
    "/sources/{id:uuid}", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def change_source(context: In, who: Who, id: UUID, data: EditIn) -> SourceOut:
    """Change how a source is read; it is read from where it was."""
    async with read(context.pool, who) as db:
        of_kind = kind((await source.get(db, who, id)).kind)
    if data.settings is not UNSET:
        checked(of_kind, data.settings)
    _sensible(data.format or "", "UTC" if data.zone is UNSET else data.zone)
    if data.secret is not UNSET:
        _proven(of_kind, data.secret)
    if data.every_s is not UNSET and of_kind.how != "pull":
        raise BadInput(f"every_s: a source of the kind {of_kind.name} is not fetched")
    given = {name: getattr(data, name) for name in data.__struct_fields__}
    edit = Edit(**{
        **given,
        "tlp": UNSET if data.tlp is UNSET else TLP[data.tlp],
        "pap": UNSET if data.pap is UNSET else PAP[data.pap],
    })  # fmt: skip
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        changed = await source_change.change(
            tx, who, id, edit, context.node.key, now, context.random(NONCE_BYTES)
        )
    return _out(context, changed)


@post(
    "/sources/{id:uuid}/pause", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def pause_source(context: In, who: Who, id: UUID) -> SourceOut:
    """Take nothing from a source until it is resumed."""
    async with transaction(context.pool, context.clock(), viewer=viewer_setting(who)) as tx:
        return _out(context, await source_change.pause(tx, who, id))


@post(
    "/sources/{id:uuid}/resume", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def resume_source(context: In, who: Who, id: UUID) -> SourceOut:
    """Take from a source again, from now on and from where it was read."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(context, await source_change.resume(tx, who, id, now))


@post(
    "/sources/{id:uuid}/read", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def read_now(context: In, who: Who, id: UUID) -> SourceOut:
    """Have a source fetched now, without waiting for its time."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        source.operator(who, Permission.SOURCE_MANAGE)
        found = await source.by_uuid(tx.db, id)
        if found.every_s is None or found.paused or found.collector_id is not None:
            raise BadInput("only a source that is fetched, and not paused, can be read now")
        await enqueue(
            tx, "collect.pull_one", {"id": found.id}, dedupe=f"collect.pull_one {found.id}"
        )
    return _out(context, found)


@delete(
    "/sources/{id:uuid}", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404), status_code=204,
)  # fmt: skip
async def remove_source(context: In, who: Who, id: UUID) -> None:
    """Take from a source no longer, and forget its secret; what it gave stays."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await source_change.remove(tx, who, id, now)


TLP: Mapping[str, Tlp] = {
    "clear": Tlp.CLEAR, "green": Tlp.GREEN, "amber": Tlp.AMBER, "amber+strict": Tlp.AMBER_STRICT,
    "red": Tlp.RED,
}  # fmt: skip
PAP: Mapping[str, Pap] = {
    "clear": Pap.CLEAR, "green": Pap.GREEN, "amber": Pap.AMBER, "red": Pap.RED,
}  # fmt: skip
_TLP = {value: name for name, value in TLP.items()}
_PAP = {value: name for name, value in PAP.items()}


def state_of(found: Setup) -> str:
    """One word for how a source does: `paused`, `failing`, `waiting` or `good`."""
    if found.paused:
        return "paused"
    if found.failures:
        return "failing"
    return "good" if found.read_at or found.delivered_at else "waiting"


def _out(context: Context, found: Setup) -> SourceOut:
    of_kind = kinds().get(found.kind)
    base = context.settings.console_url
    address = {
        "webhook": f"{base}/in/{found.uuid}",
        "api": f"{base}/api/v1/sources/{found.uuid}/deliveries",
    }.get(found.kind, "")
    return SourceOut(
        id=found.uuid, name=found.name, kind=found.kind, how=of_kind.how if of_kind else "push",
        about=found.about, format=found.format, settings=found.settings,
        has_secret=found.has_secret, keep=found.keep, tlp=_TLP[found.tlp], pap=_PAP[found.pap],
        lang=found.lang, zone=found.zone, region=found.region, every_s=found.every_s,
        state=state_of(found), paused=found.paused, at_collector=found.collector_id is not None,
        address=address, tried_at=found.tried_at, read_at=found.read_at,
        delivered_at=found.delivered_at, next_at=found.next_at, failed_at=found.failed_at,
        failures=found.failures, problem=found.problem, lag_s=found.lag_s, made_at=found.made_at,
    )  # fmt: skip


def _quality(name: str, each: Quality) -> QualityOut:
    return QualityOut(
        source=name, week=each.week, volume=each.volume, exclusive=each.exclusive,
        first=each.first, delay_s=each.delay_s, good=each.good, bad=each.bad,
        accuracy=each.accuracy, overlap=each.overlap, sample=each.sample,
    )  # fmt: skip


def _kind(each: Kind) -> KindOut:
    (schema,), parts = msgspec.json.schema_components([each.settings])
    settings = parts[each.settings.__name__] if "$ref" in schema else schema
    return KindOut(
        name=each.name, how=each.how, secret=each.credential,
        every_s=each.every_s if each.how == "pull" else None,
        about=" ".join((each.settings.__doc__ or "").split()), settings=settings,
    )  # fmt: skip


def _sensible(format: str | UnsetType, zone: str) -> None:
    if isinstance(format, str) and format and format not in formats():
        raise BadInput(f"format: expected one of {', '.join(sorted(formats()))}, or none")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("zone: expected a name such as Europe/Ljubljana") from None


def _proven(of_kind: Kind, secret: str | None) -> None:
    if of_kind.credential == "needed" and secret is None:
        raise BadInput(f"secret: a source of the kind {of_kind.name} needs one")
    if of_kind.credential == "none" and secret is not None:
        raise BadInput(f"secret: a source of the kind {of_kind.name} has none")


router = Router(
    "/",
    route_handlers=[
        list_sources, list_kinds, list_quality, add_source, get_source, change_source,
        pause_source, resume_source, read_now, remove_source,
    ],
    tags=["sources"],
)  # fmt: skip
