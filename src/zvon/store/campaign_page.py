"""The page of one campaign, as far as the viewer may see its reports."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.ml.predict import Next, Pattern, next_names, patterns
from zvon.model.observable import CODE, TYPE, ObservableType
from zvon.store import campaign, campaign_step
from zvon.store.campaign_board import SUPPRESSED
from zvon.store.campaign_step import Step
from zvon.store.party import Db
from zvon.store.visibility import counts_hidden

MAX_LISTED = 200
MOST_PREDICTED = 50
MOST_SHARED = 500  # values by which partners' events are looked for
NAMED = ("SAME_DOMAIN", "SAME_HOST")
_SIBLINGS = ("SAME_REGISTRATION", "SAME_CERTIFICATE")


class Day(Struct, frozen=True, kw_only=True):
    """Reports of one day and channel."""

    day: date
    channel: str
    reports: int


class Named(Struct, frozen=True, kw_only=True):
    """A name of the campaign: since when, in how many reports, and whether it is blocked."""

    name: str
    first_at: datetime
    last_at: datetime
    reports: int
    block: str | None = None


class KeyRow(Struct, frozen=True, kw_only=True):
    """A value that holds the campaign together.

    `id` is what a split is asked for with. `campaigns` is in how many campaigns it occurs;
    `suppressed` says that it links nothing, because too many have it or good pages show it.
    """

    id: int
    code: str
    type: str
    value: str
    strong: bool
    reports: int
    campaigns: int
    suppressed: bool


class Country(Struct, frozen=True, kw_only=True):
    """What was seen in a country: own reports, or events of a partner there."""

    country: str
    reports: int
    events: int


class Sibling(Struct, frozen=True, kw_only=True):
    """A name outside the campaign that was registered or certified with one of its own."""

    name: str
    code: str
    campaign: UUID | None = None
    number: str | None = None


class Member(Struct, frozen=True, kw_only=True):
    """A report of the campaign, and why it belongs."""

    id: UUID
    number: str
    channel: str
    received_at: datetime
    links: list[object]


class IncidentRef(Struct, frozen=True, kw_only=True):
    """An incident of the campaign."""

    id: UUID
    number: str
    state: str


class CampaignPage(Struct, frozen=True, kw_only=True):
    """All about a campaign. `hidden` is how many more reports it has, `None`: not told."""

    id: UUID
    number: str
    brand: str | None
    first_at: datetime
    last_at: datetime
    reports: int
    hidden: int | None
    members: tuple[Member, ...]
    days: tuple[Day, ...]
    names: tuple[Named, ...]
    keys: tuple[KeyRow, ...]
    countries: tuple[Country, ...]
    siblings: tuple[Sibling, ...]
    predicted: tuple[Next, ...]
    patterns: tuple[Pattern, ...]
    incidents: tuple[IncidentRef, ...]
    history: tuple[Step, ...]


async def page(db: Db, viewer: Viewer, uuid: UUID) -> CampaignPage:
    """One campaign; `db` is from `visibility.read`. Raises `Denied` and `LookupError`.

    A merged campaign answers as the one that it went into. One without a report that the viewer
    may see is not there.
    """
    viewer.require(Permission.INCIDENT_READ)
    found = await seen(db, uuid)
    hidden = None
    if counts_hidden(viewer):
        row = await (await db.execute("select zvon_campaign_reports(%s)", (found.id,))).fetchone()
        assert row is not None
        hidden = int(row[0]) - found.reports
    names = await _names(db, found.id)
    known = [each.name for each in names]
    return CampaignPage(
        id=found.uuid, number=found.number, brand=found.brand, first_at=found.first_at,
        last_at=found.last_at, reports=found.reports, hidden=hidden,
        members=await _members(db, found.id), days=await _days(db, found.id), names=tuple(names),
        keys=await _keys(db, found.id), countries=await _countries(db, found.id),
        siblings=await _siblings(db, found.id, known),
        predicted=next_names(known, limit=MOST_PREDICTED), patterns=patterns(known),
        incidents=await _incidents(db, found.id),
        history=tuple(await campaign_step.history(db, viewer, found.id)),
    )  # fmt: skip


async def seen(db: Db, uuid: UUID) -> campaign.Campaign:
    """The campaign, when the viewer of this transaction sees a report of it; `LookupError`."""
    found = await campaign.by_uuid(db, uuid)
    if not found.reports:
        raise LookupError(f"no campaign {uuid}")
    return found


async def names_of(db: Db, campaign_id: int) -> list[str]:
    """The names of a campaign, in the order in which they were first reported."""
    return [each.name for each in await _names(db, campaign_id)]


async def _members(db: Db, campaign_id: int) -> tuple[Member, ...]:
    rows = await db.execute(
        """
        select c.uuid, r.number, r.channel, r.received_at, coalesce(m.reasons, '[]')
        from report r join record c on c.id = r.record_id
        left join lateral (select reasons from campaign_member m where m.record_id = r.record_id
                           order by m.at desc limit 1) m on true
        where r.campaign_id = %s order by r.received_at desc, r.record_id desc limit %s
        """,
        (campaign_id, MAX_LISTED),
    )
    return tuple(
        Member(id=row[0], number=row[1], channel=row[2], received_at=row[3], links=list(row[4]))
        for row in await rows.fetchall()
    )


async def _days(db: Db, campaign_id: int) -> tuple[Day, ...]:
    rows = await db.execute(
        """
        select (received_at at time zone 'UTC')::date, channel, count(*) from report
        where campaign_id = %s group by 1, 2 order by 1, 2
        """,
        (campaign_id,),
    )
    return tuple(Day(day=r[0], channel=r[1], reports=r[2]) for r in await rows.fetchall())


async def _names(db: Db, campaign_id: int) -> list[Named]:
    rows = await db.execute(
        """
        select o.value, min(r.received_at), max(r.received_at), count(distinct r.record_id),
               (select state from block b where b.name = o.value order by b.id desc limit 1)
        from report r join report_key k on k.record_id = r.record_id and k.code = any(%s)
        join observable o on o.id = k.observable_id
        where r.campaign_id = %s group by o.value order by 2, 1
        """,
        (list(NAMED), campaign_id),
    )
    return [
        Named(name=r[0], first_at=r[1], last_at=r[2], reports=r[3], block=r[4])
        for r in await rows.fetchall()
    ]


async def _keys(db: Db, campaign_id: int) -> tuple[KeyRow, ...]:
    rows = await db.execute(
        """
        select k.observable_id, min(k.code), o.type, o.value, bool_or(k.strong), count(*),
               (select count(*) from (select from campaign_key c
                where c.observable_id = k.observable_id limit %(most)s) x),
               exists (select from campaign_key_common c where c.observable_id = k.observable_id)
        from report r join report_key k on k.record_id = r.record_id
        join observable o on o.id = k.observable_id
        where r.campaign_id = %(id)s
        group by k.observable_id, o.type, o.value order by 6 desc, 2, 4 limit %(limit)s
        """,
        {"id": campaign_id, "most": SUPPRESSED + 1, "limit": MAX_LISTED},
    )
    return tuple(
        KeyRow(id=r[0], code=r[1], type=TYPE[r[2]].value, value=r[3], strong=r[4], reports=r[5],
               campaigns=r[6], suppressed=r[7] or r[6] > SUPPRESSED)
        for r in await rows.fetchall()
    )  # fmt: skip


async def _countries(db: Db, campaign_id: int) -> tuple[Country, ...]:
    """Own reports, and partners' events that share an address, a name, an account or a kit."""
    rows = await db.execute(
        """
        with mine as (
          select distinct c.observable_id from report r
          join occurrence c on c.record_id = r.record_id
          join observable o on o.id = c.observable_id and o.type = any(%(types)s)
          where r.campaign_id = %(id)s and c.role = 1 limit %(most)s),
        events as (
          select c.record_id as id from mine join occurrence c using (observable_id)
          union select m.record_id from campaign_member m where m.campaign_id = %(id)s),
        told as (
          select e.id, e.payload from record e join events using (id)
          join party p on p.id = e.orgc_id and not p.own
          where e.kind = 'event' and not e.deleted
            and not exists (select from source_setup s where s.source_id = e.source_id))
        select n.country, count(r.record_id), 0 from node n
        join report r on r.campaign_id = %(id)s group by 1
        union all
        select country, coalesce(sum((t.payload->'counts'->>'reports')::int), 0), count(*)
        from told t, jsonb_array_elements_text(t.payload->'countries') country group by 1
        """,
        {
            "id": campaign_id,
            "types": [CODE[ObservableType.URL], CODE[ObservableType.DOMAIN],
                      CODE[ObservableType.IBAN]],
            "most": MOST_SHARED,
        },
    )  # fmt: skip
    found: dict[str, tuple[int, int]] = {}
    for country, reports, events in await rows.fetchall():
        before = found.get(country, (0, 0))
        found[country] = (before[0] + int(reports), before[1] + int(events))
    return tuple(
        Country(country=country, reports=reports, events=events)
        for country, (reports, events) in sorted(found.items(), key=lambda x: (-x[1][0], x[0]))
    )


async def _siblings(db: Db, campaign_id: int, own: Sequence[str]) -> tuple[Sibling, ...]:
    """Names of other campaigns with the same registration or certificate, and those on it."""
    rows = await db.execute(
        """
        with tied as (
          select distinct k.observable_id, k.code from report r
          join report_key k on k.record_id = r.record_id and k.code = any(%(codes)s)
          where r.campaign_id = %(id)s limit %(limit)s)
        select distinct n.value, t.code, c.uuid, c.number
        from tied t join report_key k using (observable_id)
        join report r on r.record_id = k.record_id and r.campaign_id <> %(id)s
        join campaign c on c.id = r.campaign_id
        join report_key d on d.record_id = k.record_id and d.code = any(%(named)s)
        join observable n on n.id = d.observable_id
        union
        select unnest(string_to_array(o.value, ' ')), t.code, null, null
        from tied t join observable o on o.id = t.observable_id
        where t.code = 'SAME_CERTIFICATE'
        order by 1 limit %(limit)s
        """,
        {"id": campaign_id, "codes": list(_SIBLINGS), "named": list(NAMED), "limit": MAX_LISTED},
    )
    known, found = set(own), dict[str, Sibling]()
    for name, code, uuid, number in await rows.fetchall():
        bare = name.removeprefix("*.")
        if "." in bare and bare not in known and (bare not in found or uuid is not None):
            found[bare] = Sibling(name=bare, code=code, campaign=uuid, number=number)
    return tuple(found.values())


async def _incidents(db: Db, campaign_id: int) -> tuple[IncidentRef, ...]:
    rows = await db.execute(
        "select uuid, number, state from incident where campaign_id = %s order by id limit %s",
        (campaign_id, MAX_LISTED),
    )
    return tuple(IncidentRef(id=r[0], number=r[1], state=r[2]) for r in await rows.fetchall())
