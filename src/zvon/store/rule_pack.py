"""Rule packs in the store: every version stays, two people make one active, what runs keeps its own."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import combinations
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import rule_pack_shipped
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.obligation_form import Form, parse_form
from zvon.model.rule_pack import Pack
from zvon.model.rule_pack_file import BadPack, digest, overlaps, parse
from zvon.store.block_eyes import check_text
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]


class NoPack(LookupError):
    """There is no such pack, or none of it is active."""


class VersionTaken(ValueError):
    """The version of the pack or form is here with another content: a change needs a new version."""


class NotInState(ValueError):
    """The version is not in the state that this step needs."""


class PackRow(Struct, frozen=True, kw_only=True):
    """One version of a pack as it stands here. `checked_by` is empty until a lawyer is named."""

    id: int
    uuid: UUID
    pack: str
    version: str
    country: str
    side: str
    body: str
    sha256: str
    state: str
    disabled: str
    checked_by: str
    signed_by: str | None
    signed_at: datetime | None
    proposer: str | None
    proposer_id: int | None
    proposed_at: datetime | None
    approver: str | None
    approved_at: datetime | None
    reason: str
    loaded_at: datetime

    @property
    def rules(self) -> Pack:
        """The pack itself."""
        return _parsed(self.body, self.pack)


_SELECT = """
select r.id, r.uuid, r.pack, r.version, r.country, r.side, r.body, r.sha256, r.state, r.disabled,
       r.checked_by, s.login as signed_by, r.signed_at, p.login as proposer, r.proposer_id,
       r.proposed_at, a.login as approver, r.approved_at, r.reason, r.loaded_at
from rule_pack r left join person s on s.id = r.signed_by left join person p on p.id = r.proposer_id
left join person a on a.id = r.approver_id
"""


async def load(
    tx: Tx, packs: Mapping[str, str], forms: Mapping[str, str], now: datetime, random: Random, *,
    by: Viewer | None = None,
) -> list[PackRow]:  # fmt: skip
    """Take in files (names and contents); returns the versions that are new. All of them or none.

    A version that is here already stays. `by` is who asked and needs the permission; without one
    it is the machine itself, with what ships. Raises `BadPack`, `VersionTaken`, `Denied`.
    """
    if by is not None:
        by.require(Permission.RULE_PACK_MANAGE)
    actor = "system" if by is None else by.login
    await tx.execute("lock table rule_pack in share row exclusive mode")
    await _load_forms(tx, forms, now)
    known = await form_keys(tx.db)
    read = {file: parse(text, file=file, forms=known) for file, text in sorted(packs.items())}
    for one, other in combinations(read, 2):
        if overlaps(read[one], read[other]):
            raise BadPack(other, "pack.valid_from", f"holds on days on which {one} holds too")
    made = []
    for file, pack in read.items():
        text, sha = packs[file], digest(packs[file])
        row = await (
            await tx.execute(
                "select sha256 from rule_pack where pack = %s and version = %s",
                (pack.id, pack.version),
            )
        ).fetchone()
        if row is not None:
            if row[0] != sha:
                raise VersionTaken(f"{pack.id} {pack.version} is here with another content")
            continue
        uuid = uuid7(now, random(RANDOM_BYTES))
        await tx.execute(
            """
            insert into rule_pack (uuid, pack, version, country, side, body, sha256, disabled,
                                   checked_by, loaded_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (uuid, pack.id, pack.version, pack.country, pack.side, text, sha, pack.disabled,
             pack.checked_by, now),
        )  # fmt: skip
        _tell(tx, actor, "load", uuid, pack.id, Op.ADD, version=pack.version, sha256=sha)
        made.append(await get(tx.db, uuid))
    return made


async def load_shipped(tx: Tx, now: datetime, random: Random) -> list[PackRow]:
    """Take in what ships with the product and is not here yet."""
    return await load(
        tx, rule_pack_shipped.pack_texts(), rule_pack_shipped.form_texts(), now, random
    )


async def list_all(db: Db, viewer: Viewer) -> list[PackRow]:
    """Every version, by pack, the newest first. Raises `Denied`."""
    viewer.require(Permission.OBLIGATION_READ)
    return await _read(db, "true order by r.pack, r.id desc", {})


async def get(db: Db, uuid: UUID, *, lock: bool = False) -> PackRow:
    """One version. Raises `NoPack`."""
    tail = " for update of r" if lock else ""
    found = await _read(db, "r.uuid = %(uuid)s" + tail, {"uuid": uuid})
    if not found:
        raise NoPack(f"there is no rule pack {uuid}")
    return found[0]


async def by_id(db: Db, id: int) -> PackRow:
    """One version by its key."""
    return (await _read(db, "r.id = %(id)s", {"id": id}))[0]


async def active(db: Db, pack: str) -> PackRow:
    """The version of a pack that is active. Raises `NoPack`."""
    found = await _read(db, "r.pack = %(pack)s and r.state = 'active'", {"pack": pack})
    if not found:
        raise NoPack(f"no version of {pack} is active: two people activate one under /obligations")
    return found[0]


async def all_active(db: Db) -> list[PackRow]:
    """Every active version, by name."""
    return await _read(db, "r.state = 'active' order by r.pack", {})


async def newest(db: Db, pack: str) -> Pack | None:
    """The rules of a pack: the active version, else the last one loaded, else what ships."""
    found = await _read(
        db, "r.pack = %(pack)s and r.disabled = '' order by r.state = 'active' desc, r.id desc limit 1",
        {"pack": pack},
    )  # fmt: skip
    return found[0].rules if found else rule_pack_shipped.packs().get(pack)


async def propose(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> PackRow:
    """Ask that a version holds from now on; another person has to agree.

    Raises `Denied`, `NoPack`, `NotInState`, `Refused` for law that is none yet.
    """
    viewer.require(Permission.RULE_PACK_MANAGE)
    why = check_text("reason", reason)
    found = await get(tx.db, uuid, lock=True)
    if found.disabled:
        raise Refused(f"{found.pack} {found.version} cannot be activated: {found.disabled}",
                      _refusal(viewer, "propose", found, "disabled"))  # fmt: skip
    if found.state not in {"loaded", "retired"}:
        raise NotInState(f"{found.pack} {found.version} is {found.state}")
    await tx.execute(
        "update rule_pack set state = 'proposed', proposer_id = %s, proposed_at = %s, reason = %s,"
        " approver_id = null, approved_at = null where id = %s",
        (viewer.person_id, now, why, found.id),
    )
    _tell(tx, viewer.login, "propose", uuid, found.pack, Op.EDIT, version=found.version, reason=why)
    return await get(tx.db, uuid)


async def approve(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> PackRow:
    """Agree to a version of another person's choice: it is active, the one before retires.

    What runs keeps its version. Raises `Denied`, `NoPack`, `NotInState`, `Refused`.
    """
    viewer.require(Permission.RULE_PACK_MANAGE)
    await tx.execute("lock table rule_pack in share row exclusive mode")
    found = await get(tx.db, uuid, lock=True)
    if found.state != "proposed":
        raise NotInState(f"{found.pack} {found.version} is {found.state}, not proposed")
    if found.proposer_id == viewer.person_id:
        raise Refused(f"you proposed {found.pack} {found.version}; another person has to agree",
                      _refusal(viewer, "approve", found, "four_eyes"))  # fmt: skip
    await tx.execute(
        "update rule_pack set state = 'retired' where pack = %s and state = 'active'", (found.pack,)
    )
    await tx.execute(
        "update rule_pack set state = 'active', approver_id = %s, approved_at = %s where id = %s",
        (viewer.person_id, now, found.id),
    )
    _tell(tx, viewer.login, "approve", uuid, found.pack, Op.EDIT, version=found.version)
    return await get(tx.db, uuid)


async def withdraw(tx: Tx, viewer: Viewer, uuid: UUID, reason: str) -> PackRow:
    """Take a proposal back or turn it down, or retire an active version. Raises as `propose`."""
    viewer.require(Permission.RULE_PACK_MANAGE)
    why = check_text("reason", reason)
    found = await get(tx.db, uuid, lock=True)
    to = {"proposed": "loaded", "active": "retired", "loaded": "retired"}.get(found.state)
    if to is None:
        raise NotInState(f"{found.pack} {found.version} is {found.state}")
    await tx.execute(
        "update rule_pack set state = %s, reason = %s where id = %s", (to, why, found.id)
    )
    _tell(
        tx, viewer.login, "withdraw", uuid, found.pack, Op.EDIT, version=found.version, reason=why
    )
    return await get(tx.db, uuid)


async def sign(tx: Tx, viewer: Viewer, uuid: UUID, lawyer: str, now: datetime) -> PackRow:
    """Write down which lawyer checked a version; until then every paper says that nobody did.

    Raises `Denied`, `NoPack`.
    """
    viewer.require(Permission.RULE_PACK_MANAGE)
    name = check_text("checked_by", lawyer)
    found = await get(tx.db, uuid, lock=True)
    await tx.execute(
        "update rule_pack set checked_by = %s, signed_by = %s, signed_at = %s where id = %s",
        (name, viewer.person_id, now, found.id),
    )
    _tell(
        tx, viewer.login, "sign", uuid, found.pack, Op.EDIT, version=found.version, checked_by=name
    )
    return await get(tx.db, uuid)


async def form(db: Db, key: str) -> Form:
    """A form by `id@version`. Raises `NoPack`."""
    row = await (
        await db.execute("select body from obligation_form where key = %s", (key,))
    ).fetchone()
    if row is None:
        raise NoPack(f"there is no form {key}")
    return _parsed_form(row[0], key)


async def form_keys(db: Db) -> frozenset[str]:
    """The names of all forms."""
    rows = await (await db.execute("select key from obligation_form")).fetchall()
    return frozenset(row[0] for row in rows)


async def _load_forms(tx: Tx, forms: Mapping[str, str], now: datetime) -> None:
    for file, text in sorted(forms.items()):
        made, sha = parse_form(text, file=file), digest(text)
        row = await (
            await tx.execute("select sha256 from obligation_form where key = %s", (made.key,))
        ).fetchone()
        if row is None:
            await tx.execute(
                "insert into obligation_form (key, body, sha256, loaded_at) values (%s, %s, %s, %s)",
                (made.key, text, sha, now),
            )
        elif row[0] != sha:
            raise VersionTaken(f"the form {made.key} is here with another content")


async def _read(db: Db, where: str, params: dict[str, object]) -> list[PackRow]:
    """Versions that meet `where`, which is text of this file, never input."""
    async with db.cursor(row_factory=class_row(PackRow)) as cursor:
        await cursor.execute((_SELECT + " where " + where).encode(), params)
        return await cursor.fetchall()


def _tell(tx: Tx, actor: str, what: str, uuid: UUID, pack: str, op: Op, **detail: str) -> None:
    tx.note(Change(kind="rule_pack", subject=uuid, op=op))
    tx.audit(AuditEntry(actor=actor, action=f"rule_pack:{what}", object=f"rule_pack:{pack}",
                        detail=detail))  # fmt: skip


def _refusal(viewer: Viewer, what: str, found: PackRow, rule: str) -> AuditEntry:
    return AuditEntry(
        actor=viewer.login, action=f"rule_pack:{what}", object=f"rule_pack:{found.pack}",
        outcome="refused", rule=rule, detail={"version": found.version},
    )  # fmt: skip


class _Any(frozenset[str]):
    """Forms are checked when a pack comes in; a stored one is read without asking again."""

    def __contains__(self, item: object) -> bool:
        return True


@lru_cache(maxsize=256)
def _parsed(body: str, name: str) -> Pack:
    return parse(body, file=name, forms=_Any())


@lru_cache(maxsize=256)
def _parsed_form(body: str, name: str) -> Form:
    try:
        return parse_form(body, file=name)
    except BadPack as problem:
        raise NoPack(f"the form {name} cannot be read: {problem}") from None
