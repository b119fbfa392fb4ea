"""What the next shift should know: one row a thing, made for each reader from what is there now.

A kind of thing is a query; row security leaves out what the reader may not see, and the reader's
permissions which kinds are asked at all. Of a handover that was given only `kind` and `ref` of its
things are kept, and what they are called is read again, so that no title stays behind in a list.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

SOON = timedelta(hours=12)
MOST = 50
"""Things of one kind that a list holds; the page of that kind has the rest."""
LATE_AFTER = 3
"""A source is late after this many of its own intervals without an answer."""
NEWEST_CHANGES = 50_000


class Item(Struct, frozen=True, kw_only=True):
    """One thing on the list. `word` is its state now, `label` what it is called beside the incident.

    `at` is when it is due, or when it began. `incident` is there where it is about one.
    """

    kind: str
    ref: str
    at: datetime | None
    label: str
    word: str
    incident_id: int | None
    incident: UUID | None
    number: str | None
    title: str | None
    title_params: dict[str, Any] | None


class Kind(Struct, frozen=True, kw_only=True):
    """How things of one kind are found: all of them (`rows`), those of now, one by its `key`."""

    section: str
    needs: Permission
    rows: LiteralString
    now: LiteralString
    key: LiteralString
    order: LiteralString = "at nulls last"
    of_text: bool = False
    """Whether `key` is a text and no uuid."""


_P = Permission
_LIVE: LiteralString = "('published', 'enforced', 'expiring', 'failed', 'disputed')"
_CRITICAL: LiteralString = (
    "i.severity = 4 and i.state in ('new', 'triage', 'open', 'on_hold', 'contained')"
)
KINDS: dict[str, Kind] = {
    "critical": Kind(
        section="critical", needs=_P.INCIDENT_READ, key="i.uuid",
        rows="select i.uuid::text as ref, i.id as incident_id, i.first_at as at, '' as label,"
             " i.state as word from incident i where {which}",
        now=_CRITICAL,
    ),
    "block": Kind(
        section="approval", needs=_P.BLOCK_READ, key="b.uuid",
        rows="select b.uuid::text as ref, b.incident_id, b.proposed_at as at,"
             " b.number || ' ' || b.name as label, b.state as word from block b where {which}",
        now="b.state in ('validated', 'disputed')",
    ),
    "share": Kind(
        section="approval", needs=_P.SHARE_READ, key="s.uuid",
        rows="select s.uuid::text as ref, s.incident_id, s.prepared_at as at, g.name as label,"
             " s.state as word from share s join share_group g on g.uuid = s.group_uuid"
             " where {which}",
        now="s.state in ('held', 'waiting')",
    ),
    "countersign": Kind(
        section="approval", needs=_P.INCIDENT_READ, key="c.uuid",
        rows="select c.uuid::text as ref, c.incident_id, c.asked_at as at, p.login as label,"
             " c.act as word from countersign c join person p on p.id = c.asked_by where {which}",
        now="c.agrees is null and countersign_stands(c)",
    ),
    "bulk": Kind(
        section="approval", needs=_P.INCIDENT_READ, key="b.uuid",
        rows="select b.uuid::text as ref, null::bigint as incident_id, b.asked_at as at,"
             " p.login as label, b.state as word from bulk b join person p on p.id = b.asked_by"
             " where {which}",
        now="b.state = 'waiting'",
    ),
    "playbook": Kind(
        section="approval", needs=_P.PLAYBOOK_READ, key="v.uuid",
        rows="select v.uuid::text as ref, null::bigint as incident_id, v.changed_at as at,"
             " p.name || ' ' || v.number as label, v.state as word"
             " from playbook_version v join playbook p on p.id = v.playbook_id where {which}",
        now="v.state = 'dry_run'",
    ),
    "rule_pack": Kind(
        section="approval", needs=_P.OBLIGATION_READ, key="r.uuid",
        rows="select r.uuid::text as ref, null::bigint as incident_id, r.proposed_at as at,"
             " r.pack || ' ' || r.version as label, r.state as word from rule_pack r where {which}",
        now="r.state = 'proposed'",
    ),
    "review": Kind(
        section="review", needs=_P.REVIEW_READ, key="v.uuid",
        # What is judged blind does not say which incident it is.
        rows="select v.uuid::text as ref, case when v.kind = 'sample' and v.state = 'open' then null"
             " else v.incident_id end as incident_id, v.at, '' as label, v.state as word"
             " from review v where {which}",
        now="v.state in ('open', 'disputed')",
    ),
    "obligation": Kind(
        section="due", needs=_P.OBLIGATION_READ, key="s.uuid",
        rows="select s.uuid::text as ref, o.incident_id, s.due_at as at,"
             " o.number || ' ' || s.step as label, s.state as word"
             " from obligation_step s join obligation o on o.id = s.obligation_id where {which}",
        now="s.state in ('armed', 'drafting', 'in_review') and s.due_at <= %(soon)s",
    ),
    "order": Kind(
        section="due", needs=_P.ORDER_READ, key="o.uuid",
        rows="select o.uuid::text as ref, null::bigint as incident_id,"
             " case when o.state = 'announced' then o.written_due else o.expires_at end as at,"
             " o.number || ' ' || o.authority as label, o.state as word"
             " from authority_order o where {which}",
        now="o.state = 'announced' and o.written_due <= %(soon)s"
            " or o.state in ('confirmed', 'in_force') and o.expires_at <= %(soon)s",
    ),
    "appeal": Kind(
        section="due", needs=_P.APPEAL_READ, key="a.uuid",
        rows="select a.uuid::text as ref, null::bigint as incident_id, a.due_at as at,"
             " a.number || ' ' || a.name as label, a.state as word from appeal a where {which}",
        now="a.state = 'open' and a.due_at <= %(soon)s",
    ),
    "confirm": Kind(
        section="due", needs=_P.BLOCK_READ, key="b.uuid",
        rows="select b.uuid::text as ref, b.incident_id, b.confirm_by as at,"
             " b.number || ' ' || b.name as label, b.state as word from block b where {which}",
        now="b.confirm_by <= %(soon)s and b.state in " + _LIVE,
    ),
    "task": Kind(
        section="due", needs=_P.INCIDENT_READ, key="t.uuid",
        rows="select t.uuid::text as ref, t.incident_id, t.due_at as at, t.number as label,"
             " t.state as word from task t where {which}",
        now="t.state in ('todo', 'doing', 'blocked') and t.due_at <= %(soon)s",
    ),
    "snooze": Kind(
        section="back", needs=_P.INCIDENT_READ, key="i.uuid",
        rows="select i.uuid::text as ref, i.id as incident_id,"
             " coalesce(i.snoozed_until, i.hold_until) as at, '' as label, i.state as word"
             " from incident i where {which}",
        now="i.snoozed_until > %(now)s and i.snoozed_until <= %(soon)s"
            " or i.state = 'on_hold' and i.hold_until <= %(soon)s",
    ),
    "run": Kind(
        section="run", needs=_P.PLAYBOOK_READ, key="r.uuid",
        rows="select r.uuid::text as ref, r.incident_id, r.changed_at as at,"
             " r.number || ' ' || p.name as label, r.state as word"
             " from run r join playbook p on p.id = r.playbook_id where {which}",
        now="r.state = 'late' or r.state = 'failed' and r.ended_at > %(since)s",
    ),
    "contact": Kind(
        section="mail", needs=_P.CONTACT_READ, key="c.uuid",
        rows="select c.uuid::text as ref, null::bigint as incident_id, c.bounced_at as at,"
             " c.name as label, c.state as word from contact c where {which}",
        now="c.state = 'bounced'", order="at desc nulls last",
    ),
    "message": Kind(
        section="mail", needs=_P.MESSAGE_READ, key="x.uuid",
        rows="select x.uuid::text as ref, h.incident_id, x.at, x.subject as label, x.state as word"
             " from message x left join thread h on h.id = x.thread_id where {which}",
        now="x.state in ('held', 'unsure', 'unthreaded', 'quarantined')",
    ),
    "comment": Kind(
        section="partner", needs=_P.INCIDENT_READ, key="c.uuid",
        rows="select c.uuid::text as ref, c.incident_id, c.at, p.name as label, '' as word"
             " from comment c join peer p on p.uuid = c.origin where {which}",
        # Nobody here has said anything in that thread since.
        now="c.origin is not null and c.gone_at is null and not exists (select from comment a"
            " where a.by_person is not null and a.incident_id = c.incident_id and a.at > c.at"
            " and coalesce(a.root_id, a.id) = coalesce(c.root_id, c.id))",
    ),
    "source": Kind(
        section="source", needs=_P.SOURCE_READ, key="s.uuid",
        rows="select s.uuid::text as ref, null::bigint as incident_id,"
             " coalesce(p.read_at, p.tried_at) as at, s.name as label,"
             " case when p.failures > 0 then 'failing' else 'late' end as word"
             " from source_setup p join source s on s.id = p.source_id where {which}",
        now="not p.paused and p.removed_at is null and (p.failures > 0 or p.every_s is not null"
            " and p.read_at < %(now)s - make_interval(secs => p.every_s::double precision * %(late)s))",
    ),
    "policy": Kind(
        section="policy", needs=_P.INCIDENT_READ, key="q.ref", of_text=True, order="at desc",
        rows="select q.ref, null::bigint as incident_id, q.at, q.label, q.word from ("
             " select 'policy:' || name || '@' || version as ref, at, name || ' ' || version as label,"
             " 'policy' as word from policy"
             " union all select 'data:' || country || '@' || version, at, country || ' ' || version,"
             " 'data_policy' from data_policy"
             " union all select 'rule:' || uuid, coalesce(ended_at, at), name, 'review_rule'"
             " from review_rule where proposed_by is not null and state <> 'proposed'"
             " union all select 'pack:' || uuid, approved_at, pack || ' ' || version, 'rule_pack'"
             " from rule_pack where approved_at is not null"
             " union all select 'playbook:' || v.uuid, v.published_at, p.name || ' ' || v.number,"
             " 'playbook' from playbook_version v join playbook p on p.id = v.playbook_id"
             " where v.published_at is not null) q where {which}",
        now="q.at > %(since)s",
    ),
    "moved": Kind(
        section="moved", needs=_P.INCIDENT_READ, key="i.uuid", order="at desc",
        rows="select i.uuid::text as ref, i.id as incident_id, i.last_at as at, '' as label,"
             " i.state as word from incident i where {which}",
        now="i.uuid in (select c.subject from change c where c.kind = 'incident'"
            " and c.op in ('edit', 'revoke') and c.seq > %(seq)s"
            " group by c.subject order by max(c.seq) desc limit %(most)s)",
    ),
}  # fmt: skip
SECTIONS = ("critical", "approval", "due", "review", "back", "run", "mail", "partner", "source",
            "policy", "moved")  # fmt: skip


_LIST: LiteralString = """
select %(kind)s as kind, q.ref, q.at, q.label, q.word, q.incident_id, i.uuid as incident, i.number,
       i.title, i.title_params
from ({rows}) q left join incident i on i.id = q.incident_id
where q.incident_id is null or i.id is not null
order by {order}, q.ref limit %(limit)s
"""


async def now_open(
    db: Db, viewer: Viewer | None, *, since: datetime, seq: int, now: datetime
) -> list[Item]:
    """What is to be handed over now, by kind, what is due first before the rest.

    Without a viewer all that `db` shows is asked for, whatever the permissions.
    """
    head = await (await db.execute("select seq from head")).fetchone()
    newest = int(head[0]) if head is not None else 0
    values = {
        "since": since, "now": now, "soon": now + SOON, "late": LATE_AFTER, "most": MOST,
        "seq": max(seq, newest - NEWEST_CHANGES),
    }  # fmt: skip
    found: list[Item] = []
    for name, kind in KINDS.items():
        if viewer is None or viewer.may(kind.needs):
            found += await _select(db, name, kind, kind.now, values)
    return found


async def of_refs(db: Db, viewer: Viewer, refs: dict[str, Sequence[str]]) -> list[Item]:
    """The same things later, by kind: as far as they are there and the viewer may see them."""
    found: list[Item] = []
    for name, kind in KINDS.items():
        if refs.get(name) and viewer.may(kind.needs):
            chosen: LiteralString = " = any(%(refs)s::text[])" if kind.of_text else (
                " = any(%(refs)s::uuid[])"
            )  # fmt: skip
            found += await _select(db, name, kind, kind.key + chosen, {"refs": list(refs[name])})
    return found


async def _select(
    db: Db, name: str, kind: Kind, which: LiteralString, values: dict[str, Any]
) -> list[Item]:
    rows: LiteralString = kind.rows.replace("{which}", "(" + which + ")")
    query: LiteralString = _LIST.replace("{rows}", rows).replace("{order}", kind.order)
    async with db.cursor(row_factory=class_row(Item)) as cursor:
        await cursor.execute(query, {**values, "kind": name, "limit": MOST})
        return await cursor.fetchall()
