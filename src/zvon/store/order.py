"""Orders of authorities: who ordered what, on which ground, until when, and the written copy.

An order by word of mouth is `announced` until its copy confirms it; without the copy in time it
lapses, and its blocks go to review: they are disputed and go on blocking until a person settles it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.deadline import due, length
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.lifecycle import BlockState
from zvon.store import party, policy, rule_pack
from zvon.store.block_eyes import check_text
from zvon.store.block_row import read
from zvon.store.block_step import move
from zvon.store.incident import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

POLICY = "orders"
PACK, GENERAL, STEP = "order-", "order-eu", "written_copy"
LONGEST = timedelta(days=366)
KINDS = ("written", "oral")
_STANDING = frozenset({BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.FAILED,
                       BlockState.EXPIRING})  # fmt: skip
_WAITING = frozenset({BlockState.PROPOSED, BlockState.VALIDATED, BlockState.APPROVED})


class BadOrder(ValueError):
    """A field of the order cannot be used; the message says which and why."""


class NoOrder(LookupError):
    """There is no such order."""


class Order(Struct, frozen=True, kw_only=True):
    """What an authority ordered. `written_due` is until when an oral order needs its copy.

    `document_sha256` is the hash of the document, in hex; `blocks` counts the blocks that rest on
    the order.
    """

    id: int
    uuid: UUID
    number: str
    authority: str
    reference: str
    kind: str
    state: str
    legal_ground: str
    received_at: datetime
    written_due: datetime | None
    written_at: datetime | None
    document_sha256: str | None
    expires_at: datetime
    person: str
    blocks: int

    def overdue(self, now: datetime) -> bool:
        """True when the written copy should be here and is not."""
        return self.written_at is None and self.written_due is not None and self.written_due <= now


_SELECT = """
select o.id, o.uuid, o.number, o.authority, o.reference, o.kind, o.state, o.legal_ground, o.received_at,
       o.written_due, o.written_at, encode(o.document_sha256, 'hex') as document_sha256,
       o.expires_at, p.login as person,
       (select count(*) from block b where b.order_id = o.id) as blocks
from authority_order o join person p on p.id = o.person_id
"""


async def record(
    tx: Tx,
    viewer: Viewer,
    *,
    authority: str,
    reference: str,
    kind: str,
    legal_ground: str,
    received_at: datetime,
    expires_at: datetime,
    document_sha256: str | None = None,
    now: datetime,
    random: Callable[[int], bytes],
) -> Order:
    """Write an order down. A written one needs the hash of its document; an oral one gets a date.

    Raises `BadOrder`, `BadProposal` for a text that is too short.
    """
    viewer.require(Permission.ORDER_WRITE)
    if kind not in KINDS:
        raise BadOrder(f"kind: written or oral, got {kind!r}")
    if not now - LONGEST <= received_at <= now:
        raise BadOrder("received_at: not in the future, and within the last year")
    if not now < expires_at <= now + LONGEST:
        raise BadOrder("expires_at: later than now, and within a year")
    if (kind == "written") != (document_sha256 is not None):
        raise BadOrder("document_sha256: a written order has a document, an oral one gets it later")
    digest = None if document_sha256 is None else _digest(document_sha256)
    texts = (
        check_text("authority", authority), check_text("reference", reference),
        check_text("legal_ground", legal_ground),
    )  # fmt: skip
    until = None
    if kind == "oral":
        until = await _written_due(tx, received_at)
    row = await (await tx.execute("select nextval('order_number')")).fetchone()
    assert row is not None
    uuid = uuid7(now, random(RANDOM_BYTES))
    number = spoken("O", now.year, int(row[0]))
    await tx.execute(
        """
        insert into authority_order (uuid, number, authority, reference, legal_ground, kind,
                                     state, received_at, written_due, written_at, document_sha256,
                                     expires_at, person_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, number, *texts, kind, "announced" if kind == "oral" else "confirmed", received_at,
         until, None if digest is None else now, digest, expires_at, viewer.person_id),
    )  # fmt: skip
    _tell(tx, viewer, uuid, number, "order:record", Op.ADD,
          authority=texts[0], reference=texts[1], kind=kind, expires=expires_at.isoformat())  # fmt: skip
    return await by_uuid(tx.db, uuid)


async def written(tx: Tx, viewer: Viewer, uuid: UUID, document_sha256: str, now: datetime) -> Order:
    """The written copy of an oral order came; it confirms one that had lapsed too.

    Blocks that went to review stay there until a person upholds or lifts them. Raises `BadOrder`
    when the copy was there already, or the order is over.
    """
    viewer.require(Permission.ORDER_WRITE)
    digest = _digest(document_sha256)
    row = await (
        await tx.execute(
            "update authority_order set written_at = %s, document_sha256 = %s, state = 'confirmed'"
            " where uuid = %s and written_at is null and state in ('announced', 'lapsed')"
            " returning number",
            (now, digest, uuid),
        )
    ).fetchone()
    if row is None:
        known = await by_uuid(tx.db, uuid)
        if known.written_at is None:
            raise BadOrder(f"{known.number} is over")
        raise BadOrder(f"{known.number}: the written copy is here already")
    _tell(tx, viewer, uuid, row[0], "order:written", Op.EDIT, document=document_sha256)
    return await by_uuid(tx.db, uuid)


async def list_all(db: Db, viewer: Viewer, *, limit: int = 500) -> list[Order]:
    """Orders, newest first."""
    viewer.require(Permission.ORDER_READ)
    async with db.cursor(row_factory=class_row(Order)) as cursor:
        await cursor.execute((_SELECT + " order by o.id desc limit %s").encode(), (limit,))
        return await cursor.fetchall()


async def by_uuid(db: Db, uuid: UUID) -> Order:
    """One order. Raises `NoOrder`."""
    async with db.cursor(row_factory=class_row(Order)) as cursor:
        await cursor.execute((_SELECT + " where o.uuid = %s").encode(), (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoOrder(f"there is no order {uuid}")
    return found


async def running(db: Db, uuid: UUID, now: datetime) -> Order:
    """The order on which blocks may rest now. Raises `NoOrder`, `BadOrder` when it has ended."""
    found = await by_uuid(db, uuid)
    if found.expires_at <= now or found.state == "ended":
        raise BadOrder(f"the order {found.number} has ended")
    if found.state == "lapsed":
        raise BadOrder(f"the order {found.number} has lapsed: its written copy did not come")
    return found


async def alarm(tx: Tx, now: datetime) -> list[Order]:
    """Let each oral order lapse whose written copy is overdue, and say so; return those orders.

    Its published blocks become disputed, those that wait for approval are held; a person decides.
    """
    async with tx.db.cursor(row_factory=class_row(Order)) as cursor:
        await cursor.execute(
            (
                _SELECT + " where o.written_due <= %s and o.written_at is null"
                " and o.state = 'announced' and o.alarmed_at is null and o.expires_at > %s"
                " order by o.id limit 100 for update of o"
            ).encode(),
            (now, now),
        )
        late = await cursor.fetchall()
    for one in late:
        await tx.execute(
            "update authority_order set alarmed_at = %s, state = 'lapsed' where id = %s",
            (now, one.id),
        )
        await _review(tx, one, now)
        tx.note(Change(kind="order", subject=one.uuid, op=Op.EDIT))
        tx.audit(AuditEntry(actor="system", action="order:overdue", object=f"order:{one.number}",
                            detail={"authority": one.authority, "blocks": one.blocks}))  # fmt: skip
        rows = await (
            await tx.execute(
                "select distinct incident_id from block where order_id = %s"
                " and incident_id is not null order by incident_id",
                (one.id,),
            )
        ).fetchall()
        for (incident,) in rows:
            await timeline(tx, incident, "block", "system", "ORDER_OVERDUE",
                           {"number": one.number, "authority": one.authority}, now)  # fmt: skip
    return late


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32 or len(text) != 64:
        raise BadOrder("document_sha256: 64 hexadecimal digits")
    return digest


async def settle(tx: Tx, now: datetime) -> None:
    """Bring states up to date: in force once blocks rest on a confirmed order, ended when over."""
    over = await tx.execute(
        "update authority_order set state = 'ended' where state <> 'ended' and expires_at <= %s"
        " returning uuid",
        (now,),
    )
    begun = await tx.execute(
        "update authority_order o set state = 'in_force' where o.state = 'confirmed' and exists"
        " (select from block b where b.order_id = o.id and b.published_at is not null"
        "  and b.lifted_at is null) returning uuid"
    )
    for (uuid,) in (*await over.fetchall(), *await begun.fetchall()):
        tx.note(Change(kind="order", subject=uuid, op=Op.EDIT))


async def _review(tx: Tx, one: Order, now: datetime) -> None:
    rows = await read(tx.db, "b.order_id = %(order)s and b.lifted_at is null", {"order": one.id})
    reason = f"the order {one.number} lapsed"
    if standing := [row for row in rows if row.state in _STANDING]:
        await move(tx, standing, BlockState.DISPUTED, actor="system", action="block:dispute",
                   reason=reason, now=now)  # fmt: skip
    if waiting := [row for row in rows if row.state in _WAITING]:
        await move(tx, waiting, BlockState.HELD, actor="system", action="block:hold",
                   reason=reason, now=now, also=", held_rule = %s", params=["order_lapsed"])  # fmt: skip


async def _written_due(tx: Tx, received_at: datetime) -> datetime:
    """When the written copy has to be here, by the policy of this node or the rule of its country."""
    body = await policy.newest(tx.db, POLICY)
    if body is not None and "written_hours" in body:
        return received_at + timedelta(hours=float(body["written_hours"]))
    country = (await party.own(tx.db)).country
    rules = await rule_pack.newest(tx.db, PACK + country.lower())
    rules = rules or await rule_pack.newest(tx.db, GENERAL)
    if rules is None:
        raise BadOrder(f"kind: no rule says when a written copy is due; load a pack {GENERAL}")
    step = rules.step(STEP)
    zone = "" if rules.country == "EU" else rules.country
    return due(received_at, length(step.due), zone=rules.zone, country=zone,
               moves=rules.weekend_moves).strict  # fmt: skip


def _tell(
    tx: Tx, viewer: Viewer, uuid: UUID, number: str, action: str, op: Op, **detail: str
) -> None:
    tx.note(Change(kind="order", subject=uuid, op=op))
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=f"order:{number}", detail=detail))
