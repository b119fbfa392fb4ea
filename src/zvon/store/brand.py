"""The brand registry of this node: what ships, what desks changed, and names that they call theirs.

`current` is what everything that clears or guards goes by. A brand is verified when its desk has
confirmed its official names; that is a policy with one version per change.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, convert
from msgspec.structs import replace
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.brand import CONFIRMED, Brand, Registry, shipped
from zvon.store.desk import NoSuchBrand, see
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

POLICY = "brands_verified"
_STATE = """
select current_database(),
  coalesce((select max(id) from brand_edit), 0),
  (select md5(coalesce(string_agg(brand || ' ' || name, ',' order by brand, name), ''))
   from brand_word where ours),
  coalesce((select max(version) from policy where name = %s), 0)
"""
_built: dict[tuple[str, int, str, int], Registry] = {}
_MOST_BUILT = 4


class Version(Struct, frozen=True, kw_only=True):
    """One state of a brand's row; version 0 is the one that ships."""

    version: int
    by: str | None
    reason: str
    at: datetime | None
    body: Brand


class Word(Struct, frozen=True, kw_only=True):
    """What a desk said of a name: theirs, or not."""

    brand: str
    name: str
    ours: bool
    by: str | None
    at: datetime


async def current(db: Db) -> Registry:
    """The registry as it is now: shipped rows, the newest edit of each, and desks' own names.

    The same state gives the same object, so that what is compiled from it is compiled once.
    """
    row = await (await db.execute(_STATE, (POLICY,))).fetchone()
    assert row is not None
    state = (str(row[0]), int(row[1]), str(row[2]), int(row[3]))
    found = _built.get(state)
    if found is None:
        found = await _build(db, f"{shipped().version}+{state[1]}.{state[2][:8]}.{state[3]}")
        while len(_built) >= _MOST_BUILT:
            _built.pop(next(iter(_built)))
        _built[state] = found
    return found


async def _build(db: Db, version: str) -> Registry:
    edits = await (
        await db.execute("select distinct on (brand) brand, body from brand_edit"
                         " order by brand, id desc")
    ).fetchall()  # fmt: skip
    words = await (
        await db.execute("select brand, name from brand_word where ours order by name, brand")
    ).fetchall()
    confirmed = await verified(db)
    rows = {brand.id: brand for brand in shipped().brands}
    rows |= {brand: convert(body, Brand) for brand, body in edits}
    taken = {name for brand in rows.values() for name in brand.names}
    theirs: dict[str, dict[str, str]] = {}
    for brand, name in words:
        if brand in rows and name not in taken:
            taken.add(name)
            theirs.setdefault(brand, {})[name] = CONFIRMED
    return Registry(
        tuple(
            replace(brand, hosts={**brand.hosts, **theirs.get(brand.id, {})},
                    verified_by=confirmed.get(brand.id, ""))
            for brand in rows.values()
        ),
        version,
    )  # fmt: skip


async def verified(db: Db) -> dict[str, str]:
    """The ids of verified brands, each with who confirmed it."""
    row = await (
        await db.execute(
            "select body from policy where name = %s order by version desc limit 1", (POLICY,)
        )
    ).fetchone()
    return dict(row[0]) if row else {}


async def verify(tx: Tx, brand: str, by: str, now: datetime) -> None:
    """Note that a brand's official names are confirmed; who may is `brand_change.verify`'s to ask.

    Raises `NoSuchBrand`.
    """
    if brand not in (await current(tx.db)).by_id:
        raise NoSuchBrand(brand)
    await put_verified(tx, await verified(tx.db) | {brand: by}, now)
    tx.audit(AuditEntry(actor=by, action="brand:verify", object=brand))


async def put_verified(tx: Tx, body: dict[str, str], now: datetime) -> None:
    """A new version of who confirmed which brand."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.policy', 0))")
    await tx.execute(
        """
        insert into policy (name, version, body, at)
        select %(name)s, coalesce(max(version), 0) + 1, %(body)s, %(at)s
        from policy where name = %(name)s
        """,
        {"name": POLICY, "body": Jsonb(body), "at": now},
    )


async def visible(db: Db, viewer: Viewer) -> list[Brand]:
    """The brands that the viewer may see, by id: a desk its own, the operator's people all."""
    viewer.require(Permission.BRAND_READ)
    mine = await see(db, viewer)
    found = (await current(db)).brands
    return sorted((b for b in found if mine is None or b.id in mine), key=lambda b: b.id)


async def get(db: Db, viewer: Viewer, brand: str) -> Brand:
    """One brand. Raises `NoSuchBrand`, also for somebody else's."""
    viewer.require(Permission.BRAND_READ)
    found = (await current(db)).by_id.get(brand)
    if found is None or not await _may_see(db, viewer, brand):
        raise NoSuchBrand(brand)
    return found


async def history(db: Db, viewer: Viewer, brand: str) -> list[Version]:
    """Every version of a brand's row, the newest first; the one that ships is the last."""
    await get(db, viewer, brand)
    rows = await (
        await db.execute(
            "select e.id, p.login, e.reason, e.at, e.body from brand_edit e"
            " left join person p on p.id = e.by_person where e.brand = %s order by e.id desc",
            (brand,),
        )
    ).fetchall()
    found = [
        Version(version=row[0], by=row[1], reason=row[2], at=row[3], body=convert(row[4], Brand))
        for row in rows
    ]
    first = shipped().by_id.get(brand)
    if first is not None:
        found.append(Version(version=0, by=None, reason="", at=None, body=first))
    return found


async def words(db: Db, viewer: Viewer, brand: str) -> list[Word]:
    """What the brand's desk said of names, the newest first."""
    await get(db, viewer, brand)
    return await _words(db, [brand])


async def _words(db: Db, brands: Sequence[str]) -> list[Word]:
    async with db.cursor(row_factory=class_row(Word)) as cursor:
        await cursor.execute(
            "select w.brand, w.name, w.ours, p.login as by, w.at from brand_word w"
            " left join person p on p.id = w.by_person where w.brand = any(%s)"
            " order by w.at desc, w.name",
            (list(brands),),
        )
        return await cursor.fetchall()


async def said_not_ours(db: Db, names: Sequence[str]) -> dict[str, str]:
    """Of these hosts, those that a brand's desk called not theirs, each with the brand."""
    rows = await (
        await db.execute(
            "select name, min(brand) from brand_word where not ours and name = any(%s)"
            " group by name",
            (list(names),),
        )
    ).fetchall()
    return {row[0]: row[1] for row in rows}


async def _may_see(db: Db, viewer: Viewer, brand: str) -> bool:
    mine = await see(db, viewer)
    return mine is None or brand in mine


def body(brand: Brand) -> dict[str, object]:
    """A brand's row as it is stored in an edit: whole, without who verified it."""
    plain: dict[str, object] = msgspec.to_builtins(replace(brand, verified_by=""))
    return plain
