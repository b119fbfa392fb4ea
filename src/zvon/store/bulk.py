"""Rows of decisions on many incidents: the frozen list, its result item by item."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.bulk import Action, BulkState, Outcome, decode, ends_blocks
from zvon.store.incident_filter import Filter, conditions, scope
from zvon.store.party import Db

LIVE = ["validated", "published", "enforced", "expiring", "failed", "disputed", "held"]
PAGE = 200


class NoBulk(LookupError):
    """There is no such decision, or it is not for this viewer."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no bulk decision {uuid}")


class NothingChosen(ValueError):
    """No incident that the viewer sees was chosen."""


class TooMany(ValueError):
    """More incidents than one decision may be on."""


class NotInState(ValueError):
    """The decision is past this step, or it lapsed."""


class Bulk(Struct, frozen=True, kw_only=True):
    """One decision on many; `total` counts its items, `body_sha` is over action and list.

    `seen` counts those items that the viewer may see, `results` them by outcome.
    """

    id: int
    uuid: UUID
    action: Action
    body_sha: str
    reason: str
    state: BulkState
    need: int
    total: int
    asked_by: str
    asker: int
    asked_at: datetime
    expires_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    results: dict[str, int] = {}

    @property
    def seen(self) -> int:
        """How many of its items the viewer may see."""
        return sum(self.results.values())


class Effect(Struct, frozen=True, kw_only=True):
    """What a decision would touch: incidents by party, and those where a part cannot be undone."""

    parties: dict[str, int]
    states: dict[str, int]
    irreversible: int
    blocks: int


class BulkItem(Struct, frozen=True, kw_only=True):
    """One incident of the list, and what became of it; `detail` is a code of the catalogue."""

    n: int
    incident: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    tlp: int
    state: str
    outcome: str
    detail: str


_CHOSEN: LiteralString = (
    "select i.id, i.uuid, i.version from incident i where {where}"
    " order by i.rank desc, i.id desc limit %(most)s"
)
_HEAD: LiteralString = """
select b.id, b.uuid, b.action, encode(b.body_sha, 'hex') as body_sha, b.reason, b.state, b.need,
       b.total, p.login as asked_by, b.asked_by as asker, b.asked_at, b.expires_at,
       c.login as confirmed_by, b.confirmed_at, b.ended_at
from bulk b join person p on p.id = b.asked_by left join person c on c.id = b.confirmed_by
"""


class _Head(Struct, frozen=True):
    id: int
    uuid: UUID
    action: dict[str, Any]
    body_sha: str
    reason: str
    state: str
    need: int
    total: int
    asked_by: str
    asker: int
    asked_at: datetime
    expires_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_at: datetime | None


async def chosen(
    db: Db, viewer: Viewer, what: Sequence[UUID] | Filter, now: datetime, most: int
) -> list[tuple[int, UUID, int]]:
    """Identifier and version of the incidents that were named, or that fit a filter.

    Raises `NothingChosen` and `TooMany`.
    """
    viewer.require(Permission.INCIDENT_READ)
    if isinstance(what, Filter):
        narrowing, values = conditions(what, now)
        where: LiteralString = " and ".join([scope(what), *narrowing])
        values |= {"person": viewer.person_id}
    else:
        where, values = "i.uuid = any(%(uuids)s)", {"uuids": list(dict.fromkeys(what))}
    rows = await (
        await db.execute(
            _CHOSEN.replace("{where}", where),
            {**values, "most": most + 1},
        )
    ).fetchall()
    if not rows:
        raise NothingChosen("nothing that you see was chosen")
    if len(rows) > most:
        raise TooMany(f"one decision is on at most {most} incidents; narrow the choice")
    return rows


async def effect(db: Db, action: Action, ids: Sequence[int]) -> Effect:
    """What these incidents are, and where blocks would end for good."""
    rows = await (
        await db.execute(
            "select p.name, i.state, count(*) from incident i join party p on p.id = i.orgc_id"
            " where i.id = any(%s) group by 1, 2",
            (list(ids),),
        )
    ).fetchall()
    parties: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for name, state, n in rows:
        parties[name] += n
        states[state] += n
    ended = (0, 0)
    if ends_blocks(action):
        found = await (
            await db.execute(
                "select count(distinct incident_id), count(*) from block"
                " where incident_id = any(%s) and state = any(%s)",
                (list(ids), LIVE),
            )
        ).fetchone()
        ended = found or ended
    return Effect(parties=dict(parties), states=dict(states), irreversible=ended[0],
                  blocks=ended[1])  # fmt: skip


async def get(db: Db, viewer: Viewer, uuid: UUID, *, lock: bool = False) -> Bulk:
    """One decision, with its results as far as the viewer sees the items. Raises `NoBulk`."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(_Head)) as cursor:
        await cursor.execute(
            _HEAD + "where b.uuid = %s" + (" for no key update of b" if lock else ""), (uuid,)
        )
        head = await cursor.fetchone()
    if head is None:
        raise NoBulk(uuid)
    counted = await (
        await db.execute(
            "select outcome, count(*) from bulk_item where bulk_id = %s group by outcome",
            (head.id,),
        )
    ).fetchall()
    fields = {name: getattr(head, name) for name in _Head.__struct_fields__}
    fields |= {"action": decode(head.action), "state": BulkState(head.state)}
    return Bulk(**fields, results=dict(counted))


async def ids_of(db: Db, bulk: Bulk) -> list[int]:
    """The incidents of the list, as far as `db` sees them."""
    rows = await (
        await db.execute(
            "select incident_id from bulk_item where bulk_id = %s order by n", (bulk.id,)
        )
    ).fetchall()
    return [row[0] for row in rows]


async def items(
    db: Db, bulk: Bulk, after: int = 0, limit: int = PAGE, outcome: Outcome | None = None
) -> list[BulkItem]:
    """The list in its order, from the one after `after`."""
    async with db.cursor(row_factory=class_row(BulkItem)) as cursor:
        await cursor.execute(
            """
            select b.n, i.uuid as incident, i.number, i.title, i.title_params, i.tlp, i.state,
                   b.outcome, b.detail
            from bulk_item b join incident i on i.id = b.incident_id
            where b.bulk_id = %(bulk)s and b.n > %(after)s
              and (%(outcome)s::text is null or b.outcome = %(outcome)s)
            order by b.n limit %(limit)s
            """,
            {"bulk": bulk.id, "after": after, "limit": limit,
             "outcome": None if outcome is None else outcome.value},
        )  # fmt: skip
        return await cursor.fetchall()


async def list_all(db: Db, viewer: Viewer, most: int = 50) -> list[Bulk]:
    """The latest decisions that were more than a preview; those that wait for a person first."""
    viewer.require(Permission.INCIDENT_READ)
    rows = await (
        await db.execute(
            "select uuid from bulk where state <> 'previewed' or asked_by = %s"
            " order by state = 'waiting' desc, id desc limit %s",
            (viewer.person_id, most),
        )
    ).fetchall()
    return [await get(db, viewer, row[0]) for row in rows]
