"""The tree of organisations: who is below whom, and how many people each has here."""

from uuid import UUID

from msgspec import Struct
from psycopg.errors import DatabaseError
from psycopg.rows import class_row

from zvon.access.permission import Denied, Permission
from zvon.access.viewer import Viewer
from zvon.store import party
from zvon.store.party import Db, Party
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Tx

KINDS = ("csirt", "soc", "isp", "bank", "post", "authority", "company", "peer", "public")
LOOP = "ZV030"


class BadParty(ValueError):
    """An organisation that cannot be, or a place in the tree where it cannot stand."""


class Branch(Struct, frozen=True, kw_only=True):
    """An organisation at its place: `depth` below the top, with its open accounts."""

    id: int
    uuid: UUID
    name: str
    kind: str
    country: str
    own: bool
    parent: UUID | None
    depth: int
    people: int
    machines: int


async def below(db: Db, party_id: int) -> frozenset[int]:
    """An organisation and all that stand below it."""
    rows = await (
        await db.execute(
            """
            with recursive b as (
              select id from party where id = %s
              union select p.id from party p join b on p.parent_id = b.id)
            select id from b
            """,
            (party_id,),
        )
    ).fetchall()
    return frozenset(int(row[0]) for row in rows)


async def scope(db: Db, viewer: Viewer) -> frozenset[int] | None:
    """Whose people the viewer manages: `None` is everybody's, for the operator's own."""
    return None if viewer.party_own else await below(db, viewer.party_id)


async def branches(db: Db, viewer: Viewer) -> list[Branch]:
    """The tree as far as the viewer may see it, each organisation before those below it."""
    viewer.require(Permission.PERSON_READ)
    seen = await scope(db, viewer)
    async with db.cursor(row_factory=class_row(Branch)) as cursor:
        await cursor.execute(
            """
            with recursive t as (
              select id, 0 as depth, not own as first,
                     array[name || ' ' || id] as path
              from party where (%(seen)s::bigint[] is null and parent_id is null)
                            or id = %(top)s
              union all
              select p.id, t.depth + 1, t.first, t.path || (p.name || ' ' || p.id)
              from party p join t on p.parent_id = t.id)
            select p.id, p.uuid, p.name, p.kind, p.country, p.own, a.uuid as parent, t.depth,
                   count(x.id) filter (where not x.machine) as people,
                   count(x.id) filter (where x.machine) as machines
            from t join party p on p.id = t.id
            left join party a on a.id = p.parent_id and t.depth > 0
            left join person x on x.party_id = p.id and not x.disabled
            group by p.id, a.uuid, t.depth, t.first, t.path order by t.first, t.path
            """,
            {"seen": None if seen is None else list(seen),
             "top": None if seen is None else viewer.party_id},
        )  # fmt: skip
        return await cursor.fetchall()


async def add(
    tx: Tx, viewer: Viewer, *, uuid: UUID, name: str, kind: str, country: str, parent: UUID | None
) -> Party:
    """Add an organisation, at the top or below another. Raises `Denied`, `BadParty`, `LookupError`."""
    _require(viewer, "party:create", name)
    text = name.strip()
    if not (1 <= len(text) <= 200 and text.isprintable()):
        raise BadParty("a name has 1 to 200 printable characters")
    if kind not in KINDS or kind in {"peer", "public"}:
        raise BadParty("this kind of organisation is not added by hand")
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise BadParty("a country has two capital letters")
    made = await party.put(tx, uuid=uuid, name=text, kind=kind, country=country)
    tx.audit(AuditEntry(actor=viewer.login, action="party:create", object=f"party:{uuid}",
                        detail={"name": text, "kind": kind, "country": country}))  # fmt: skip
    if parent is not None:
        await move(tx, viewer, uuid, parent)
    return made


async def move(tx: Tx, viewer: Viewer, uuid: UUID, parent: UUID | None) -> None:
    """Put an organisation below another, or at the top. Raises `Denied`, `BadParty`, `LookupError`."""
    _require(viewer, "party:move", str(uuid))
    await tx.execute("select pg_advisory_xact_lock(hashtext('party_tree'))")
    found = await party.get(tx.db, uuid)
    above = None if parent is None else await party.get(tx.db, parent)
    if found is None or (parent is not None and above is None):
        raise LookupError(f"there is no organisation {uuid if found is None else parent}")
    if found.own:
        raise BadParty("the operator stands at the top")
    try:
        async with savepoint(tx):
            await tx.execute(
                "update party set parent_id = %s where id = %s",
                (None if above is None else above.id, found.id),
            )
    except DatabaseError as problem:
        if problem.sqlstate not in {LOOP, "23514"}:
            raise
        raise BadParty("an organisation cannot be below itself") from None
    tx.audit(AuditEntry(actor=viewer.login, action="party:move", object=f"party:{uuid}",
                        detail={"below": None if parent is None else str(parent)}))  # fmt: skip


def _require(viewer: Viewer, action: str, target: str) -> None:
    if not (viewer.party_own and viewer.may(Permission.POLICY_MANAGE)):
        refused = AuditEntry(actor=viewer.login, action=action, object=target[:200],
                             outcome="refused", rule=Permission.POLICY_MANAGE.value)  # fmt: skip
        raise Denied(Permission.POLICY_MANAGE, refused)
