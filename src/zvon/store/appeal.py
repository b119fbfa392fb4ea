"""Appeals: somebody says that a block is wrong, with a clock of its own and one answer for all.

Whoever files one learns nothing of blocks or investigations by it: a name that nobody ever heard of
gets the same number, link and time.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, BadSeal, seal, unseal
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.lifecycle import BlockState
from zvon.model.name import BadName, canonical
from zvon.model.neverblock import chain
from zvon.store import block, label, policy
from zvon.store.block_eyes import check_text, refuse_own
from zvon.store.block_row import BlockRow, Db, read
from zvon.store.block_step import move
from zvon.store.incident import timeline
from zvon.store.transaction import AuditEntry, Change, Op, Tx

POLICY = "appeals"
HOURS = 24
TOKEN_BYTES = 16
MOST_TEXT, MOST_CONTACT = 4_000, 320
LANGS = frozenset({"sl", "hr", "en"})
ACTOR = "appeal"
_DISPUTABLE = frozenset({BlockState.PUBLISHED, BlockState.ENFORCED, BlockState.FAILED,
                         BlockState.EXPIRING})  # fmt: skip


class BadAppeal(ValueError):
    """A field of the appeal cannot be used; the message says which and why."""


class NoAppeal(LookupError):
    """There is no such appeal."""


class DecidedAppeal(ValueError):
    """It was decided already."""


class Status(Struct, frozen=True, kw_only=True):
    """What the person who filed it may see: nothing of the block."""

    number: str
    name: str
    lang: str
    state: str
    filed_at: datetime
    due_at: datetime
    decided_at: datetime | None
    reason: str


class Appeal(Struct, frozen=True, kw_only=True):
    """What we see of it. `block` is what the name is blocked by, if it is; `letter` is our apology."""

    id: int
    uuid: UUID
    number: str
    name: str
    text: str
    lang: str
    state: str
    filed_at: datetime
    due_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    has_contact: bool
    block: UUID | None
    block_number: str | None
    block_name: str | None
    block_state: str | None
    letter: UUID | None

    def overdue(self, now: datetime) -> bool:
        """True when it should be decided and is not."""
        return self.state == "open" and self.due_at <= now


_SELECT = """
select a.id, a.uuid, a.number, a.name, a.text, a.lang, a.state, a.filed_at, a.due_at,
       p.login as decided_by, a.decided_at, a.reason, a.contact_sealed is not null as has_contact,
       b.uuid as block, b.number as block_number, b.name as block_name, b.state as block_state,
       m.uuid as letter
from appeal a left join person p on p.id = a.decided_by left join block b on b.id = a.block_id
left join message m on m.once = 'appeal:' || a.uuid::text
"""


async def file(
    tx: Tx,
    *,
    name: str,
    text: str,
    contact: str = "",
    lang: str = "en",
    now: datetime,
    random: Callable[[int], bytes],
    key: bytes,
) -> tuple[Appeal, str]:
    """Take an appeal; return it with the token of its page, which is kept as a hash only.

    `contact` is sealed with the node key. A block that stands for the name becomes `disputed` and
    goes on blocking. Raises `BadAppeal`.
    """
    canon = _name(name)
    _check(text, contact, lang)
    uuid = uuid7(now, random(RANDOM_BYTES))
    token = random(TOKEN_BYTES).hex()
    standing = await _standing(tx.db, canon)
    row = await (await tx.execute("select nextval('appeal_number')")).fetchone()
    assert row is not None
    number = spoken("P", now.year, int(row[0]))
    sealed = None
    if contact.strip():
        sealed = seal(key, _purpose(uuid), contact.strip().encode(), random(NONCE_BYTES))
    body = await policy.newest(tx.db, POLICY)
    due = now + timedelta(hours=float((body or {}).get("hours", HOURS)))
    await tx.execute(
        """
        insert into appeal (uuid, number, token_sha256, name, block_id, contact_sealed, text, lang,
                            filed_at, due_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, number, _hash(token), canon, standing[0].id if standing else None, sealed,
         text.strip(), lang, now, due),
    )  # fmt: skip
    tx.note(Change(kind="appeal", subject=uuid, op=Op.ADD))
    tx.audit(AuditEntry(actor=ACTOR, action="appeal:file", object=f"appeal:{number}",
                        detail={"name": canon, "due": due.isoformat()}))  # fmt: skip
    disputed = [one for one in standing if one.state in _DISPUTABLE]
    if disputed:
        await move(tx, disputed, BlockState.DISPUTED, actor=ACTOR, action="block:dispute",
                   reason=f"appeal {number}", now=now)  # fmt: skip
    return await _by_uuid(tx.db, uuid), token


async def by_token(db: Db, token: str) -> Status:
    """What the link of an appeal shows. Raises `NoAppeal`."""
    async with db.cursor(row_factory=class_row(Status)) as cursor:
        await cursor.execute(
            "select number, name, lang, state, filed_at, due_at, decided_at, reason from appeal"
            " where token_sha256 = %s",
            (_hash(token),),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NoAppeal("there is no such appeal")
    return found


async def open_list(db: Db, viewer: Viewer, *, decided: bool = False) -> list[Appeal]:
    """Open appeals, the most urgent first; with `decided` the latest decided ones instead."""
    viewer.require(Permission.APPEAL_READ)
    order = "<> 'open' order by a.decided_at desc" if decided else "= 'open' order by a.due_at"
    async with db.cursor(row_factory=class_row(Appeal)) as cursor:
        await cursor.execute((_SELECT + f" where a.state {order}, a.id limit 500").encode())
        return await cursor.fetchall()


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Appeal:
    """One appeal. Raises `NoAppeal`."""
    viewer.require(Permission.APPEAL_READ)
    return await _by_uuid(db, uuid)


async def contact(tx: Tx, viewer: Viewer, uuid: UUID, key: bytes) -> str | None:
    """How to reach the person who filed it; reading it is written down. `None`: not given."""
    viewer.require(Permission.APPEAL_DECIDE)
    row = await (
        await tx.execute("select number, contact_sealed from appeal where uuid = %s", (uuid,))
    ).fetchone()
    if row is None:
        raise NoAppeal(f"there is no appeal {uuid}")
    if row[1] is None:
        return None
    tx.audit(AuditEntry(actor=viewer.login, action="appeal:contact", object=f"appeal:{row[0]}"))
    try:
        return unseal(key, _purpose(uuid), bytes(row[1])).decode()
    except BadSeal:
        return None  # sealed with a key that is gone; the appeal can be decided all the same


async def decide(
    tx: Tx, viewer: Viewer, uuid: UUID, *, granted: bool, reason: str, now: datetime
) -> Appeal:
    """Grant it, which lifts what blocks the name in this transaction, or refuse it with a reason.

    The reason is shown to the person who filed it. Nobody refuses an appeal against their own
    proposal (`OwnProposal`). Raises `DecidedAppeal`, `NoAppeal`, `HeldBack`.
    """
    viewer.require(Permission.APPEAL_DECIDE)
    why = check_text("reason", reason)
    row = await (
        await tx.execute(
            "select id, number, name, state from appeal where uuid = %s for update", (uuid,)
        )
    ).fetchone()
    if row is None:
        raise NoAppeal(f"there is no appeal {uuid}")
    id_, number, name, state = row
    if state != "open":
        raise DecidedAppeal(f"{number} was decided already")
    standing = await _standing(tx.db, name, lock=True)
    if not granted:
        refuse_own(viewer, standing, "appeal:decide")
    await tx.execute(
        "update appeal set state = %s, decided_by = %s, decided_at = %s, reason = %s,"
        " block_id = coalesce(block_id, %s) where id = %s",
        ("granted" if granted else "refused", viewer.person_id, now, why,
         standing[0].id if standing else None, id_),
    )  # fmt: skip
    tx.note(Change(kind="appeal", subject=uuid, op=Op.EDIT))
    tx.audit(AuditEntry(actor=viewer.login, action="appeal:decide", object=f"appeal:{number}",
                        detail={"name": name, "granted": granted, "reason": why,
                                "blocks": [one.number for one in standing]}))  # fmt: skip
    if granted:
        harmless = label.Said(word="benign", category="benign", source=label.APPEAL,
                              person_id=viewer.person_id)  # fmt: skip
        await label.put(tx, harmless, [label.Subject(url=name)], now)
    if granted and standing:
        await block.lift(tx, viewer, [one.uuid for one in standing], f"appeal {number}: {why}", now)
    elif standing:
        await _back(tx, viewer, standing, f"appeal {number} refused: {why}", now)
    return await _by_uuid(tx.db, uuid)


async def alarm(tx: Tx, now: datetime) -> list[Appeal]:
    """Say once of each open appeal that it is overdue; return those appeals."""
    async with tx.db.cursor(row_factory=class_row(Appeal)) as cursor:
        await cursor.execute(
            (
                _SELECT + " where a.state = 'open' and a.due_at <= %s and a.alarmed_at is null"
                " order by a.id limit 100 for update of a"
            ).encode(),
            (now,),
        )
        late = await cursor.fetchall()
    for one in late:
        await tx.execute("update appeal set alarmed_at = %s where id = %s", (now, one.id))
        tx.note(Change(kind="appeal", subject=one.uuid, op=Op.EDIT))
        tx.audit(AuditEntry(actor="system", action="appeal:overdue", object=f"appeal:{one.number}",
                            detail={"name": one.name, "due": one.due_at.isoformat()}))  # fmt: skip
        if one.block is None:
            continue
        row = await (
            await tx.execute("select incident_id from block where uuid = %s", (one.block,))
        ).fetchone()
        if row is not None and row[0] is not None:
            told = {"number": one.number, "name": one.name}
            await timeline(tx, row[0], "block", "system", "APPEAL_OVERDUE", told, now)
    return late


async def _back(
    tx: Tx, viewer: Viewer, standing: list[BlockRow], reason: str, now: datetime
) -> None:
    """A refused appeal ends the dispute, unless another one about the same block is open."""
    rows = await (
        await tx.execute(
            "select distinct block_id from appeal where state = 'open' and block_id = any(%s)",
            ([one.id for one in standing],),
        )
    ).fetchall()
    still = {row[0] for row in rows}
    ended = [one for one in standing if one.state is BlockState.DISPUTED and one.id not in still]
    await block.settled(tx, ended, viewer.login, "block:uphold", reason, now)


async def _standing(db: Db, name: str, *, lock: bool = False) -> list[BlockRow]:
    """The blocks of names that resolvers apply to `name` now: its own first, then wider ones."""
    rows = await read(
        db,
        "b.trigger = 'qname' and b.published_at is not null and b.lifted_at is null"
        " and (b.name = %(name)s or (b.scope <> 'host' and b.name = any(%(above)s)))",
        {"name": name, "above": list(chain(name))},
        lock=lock,
    )
    return sorted(rows, key=lambda row: -len(row.name))


async def _by_uuid(db: Db, uuid: UUID) -> Appeal:
    async with db.cursor(row_factory=class_row(Appeal)) as cursor:
        await cursor.execute((_SELECT + " where a.uuid = %s").encode(), (uuid,))
        found = await cursor.fetchone()
    if found is None:
        raise NoAppeal(f"there is no appeal {uuid}")
    return found


def _name(text: str) -> str:
    try:
        name = canonical(text)
    except BadName as problem:
        raise BadAppeal(f"name: {problem}") from None
    if "." not in name:
        raise BadAppeal("name: a whole name, as in the address bar")
    return name


def _check(text: str, contact: str, lang: str) -> None:
    for field, said, most in (("text", text, MOST_TEXT), ("contact", contact, MOST_CONTACT)):
        if len(said) > most:
            raise BadAppeal(f"{field}: at most {most} characters")
        if "\x00" in said or any("\ud800" <= c <= "\udfff" for c in said):
            raise BadAppeal(f"{field}: a character that cannot be stored")
    if not text.strip():
        raise BadAppeal("text: say why the block is wrong")
    if lang not in LANGS:
        raise BadAppeal(f"lang: one of {', '.join(sorted(LANGS))}")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


async def from_contact(db: Db, pattern: str, key: bytes) -> list[UUID]:
    """Appeals whose sealed contact matches `pattern`, for the request of a person."""
    cursor = await db.execute(
        "select uuid, contact_sealed from appeal where contact_sealed is not null order by id"
    )
    found = []
    for uuid, sealed in await cursor.fetchall():
        try:
            text = unseal(key, _purpose(uuid), bytes(sealed)).decode("utf-8", "replace")
        except BadSeal:  # of a key that is gone: nobody can read it
            continue
        if re.search(pattern, text, re.IGNORECASE):
            found.append(uuid)
    return found


async def forget_contact(tx: Tx, uuids: Sequence[UUID]) -> int:
    """Erase who filed these appeals; how many."""
    gone = await tx.execute(
        "update appeal set contact_sealed = null where uuid = any(%s)"
        " and contact_sealed is not null",
        (list(uuids),),
    )
    return gone.rowcount


def _purpose(uuid: UUID) -> str:
    return f"appeal:{uuid}"
