"""The never-block lists as rows: loaded at start, read by the block gate inside its transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from zvon.model import control, guard, neverblock
from zvon.model.brand import Registry
from zvon.model.guard import Protected
from zvon.model.name import BadName, canonical
from zvon.model.neverblock import (
    REMOVABLE,
    ProtectedList,
    ProtectedName,
    chain,
    key,
)
from zvon.model.prefix import BadPrefix
from zvon.model.prefix import canonical as canonical_prefix
from zvon.store import brand
from zvon.store.transaction import AuditEntry, Tx

BRANDS, OWN, PREFIX = "brand", "own", "prefix"
# A node confirms its lists at every start and every day; after a year of neither, something is
# wrong with it, and nothing is published.
FRESH = timedelta(days=400)
# How long a name that was blocked by mistake cannot be blocked again, unless the policy `appeals`
# says otherwise in `protect_days`. Two people may take it out sooner.
FREED_DAYS = 90
# A wildcard needs one reason against it. More would only fill memory: `com` covers a million.
MOST_BELOW = 3


async def load(
    tx: Tx, now: datetime, *, own: Iterable[str] = (), actor: str = "system"
) -> list[str]:
    """Bring the shipped lists, the brands' official names and our own into the database; idempotent.

    `own` are hosts of this node: console, landing page, partners' door. Returns the lists that
    changed. A list whose hash is the one that is loaded is only confirmed.
    """
    version, prefixes = neverblock.shipped_prefixes()
    await _controls(tx)
    registry = await brand.current(tx.db)
    ranges = ProtectedList(PREFIX, version,
                           tuple(ProtectedName(p.prefix, p.reason) for p in prefixes))  # fmt: skip
    return [
        entry.list
        for entry in (*neverblock.shipped(), brand_list(registry), _own(own), ranges)
        if await put(tx, entry, now, actor=actor)
    ]


async def _controls(tx: Tx) -> None:
    """The names that must go on resolving; an operator may have more of them."""
    names = control.shipped()
    await tx.execute(
        "insert into control_name (name, country, reason)"
        " select n, c, r from unnest(%s::text[], %s::text[], %s::text[]) x(n, c, r)"
        " on conflict do nothing",
        ([one.name for one in names], [one.country for one in names],
         [one.reason for one in names]),
    )  # fmt: skip


async def controls(db: AsyncConnection[TupleRow], country: str | None = None) -> list[str]:
    """The control names of a country and those of all; without a country all there are."""
    rows = await (
        await db.execute(
            "select name from control_name where %(c)s::text is null or country in ('*', %(c)s)"
            " order by name",
            {"c": country},
        )
    ).fetchall()
    return [row[0] for row in rows]


def brand_list(registry: Registry) -> ProtectedList:
    """What the brands of a registry call their own, as a never-block list."""
    names = {
        name: ProtectedName(name, f"official name of {one.name}")
        for one in registry.brands
        for name in one.names
    }
    return ProtectedList(BRANDS, "registry", tuple(sorted(names.values())))


def _own(hosts: Iterable[str]) -> ProtectedList:
    names: set[str] = {"zvon"}
    for host in hosts:
        try:
            names.add(canonical(host))
        except BadName:
            continue  # an address; the gate refuses addresses of ours by their range
    return ProtectedList(
        OWN, "settings", tuple(ProtectedName(name, "a name of this node") for name in sorted(names))
    )


async def put(tx: Tx, entry: ProtectedList, now: datetime, *, actor: str) -> bool:
    """Replace one list whole; false when it is the one that is loaded already."""
    known = await (
        await tx.execute(
            "update neverblock_list set confirmed_at = %s, stale_at = %s"
            " where list = %s and sha256 = %s returning list",
            (now, now + FRESH, entry.list, entry.sha256),
        )
    ).fetchone()
    if known is not None:
        return False
    names = {protected.name: protected for protected in entry.names}
    rows = list(names.values())
    if entry.list == PREFIX:
        await tx.execute("delete from neverblock_prefix where list = %s", (PREFIX,))
        await tx.execute(
            "insert into neverblock_prefix (prefix, list, reason, version)"
            " select p, %s, r, %s from unnest(%s::cidr[], %s::text[]) x(p, r)",
            (PREFIX, entry.version, [p.name for p in rows], [p.reason for p in rows]),
        )
    else:
        await tx.execute("delete from neverblock where list = %s", (entry.list,))
        await tx.execute(
            "insert into neverblock (name, key, list, reason, version)"
            " select n, k, %s, r, %s from unnest(%s::text[], %s::text[], %s::text[]) x(n, k, r)",
            (entry.list, entry.version, [p.name for p in rows], [key(p.name) for p in rows],
             [p.reason for p in rows]),
        )  # fmt: skip
    await note(tx, entry.list, entry.version, entry.sha256, len(rows), now, now + FRESH)
    tx.audit(
        AuditEntry(
            actor=actor,
            action="neverblock:load",
            object=entry.list,
            detail={"version": entry.version, "sha256": entry.sha256.hex(), "names": len(rows)},
        )
    )
    return True


async def standing(db: AsyncConnection[TupleRow], names: Sequence[str]) -> list[str]:
    """Names among these, or below them, that a published block stands against."""
    rows = await (
        await db.execute(
            "select distinct b.name from block b where b.trigger = 'qname'"
            " and b.published_at is not null and b.lifted_at is null and exists ("
            "   select from unnest(%s::text[]) x(n) where b.name = n or b.name like '%%.' || n)"
            " order by b.name",
            (list(names),),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def note(
    tx: Tx, of: str, version: str, sha256: bytes, size: int, now: datetime, stale_at: datetime
) -> None:
    """Write down that a list is loaded, and until when that may be relied on."""
    await tx.execute(
        """
        insert into neverblock_list (list, version, sha256, size, loaded_at, confirmed_at, stale_at)
        values (%(list)s, %(version)s, %(sha)s, %(size)s, %(now)s, %(now)s, %(stale)s)
        on conflict (list) do update set version = excluded.version, sha256 = excluded.sha256,
          size = excluded.size, loaded_at = excluded.loaded_at,
          confirmed_at = excluded.confirmed_at, stale_at = excluded.stale_at
        """,
        {"list": of, "version": version, "sha": sha256, "size": size, "now": now,
         "stale": stale_at},
    )  # fmt: skip


async def facts(
    db: AsyncConnection[TupleRow],
    names: Collection[str],
    now: datetime,
    *,
    prefixes: Collection[str] = (),
) -> guard.GuardFacts:
    """What the gate must know of `names` and `prefixes`: the lists loaded, and what is near them.

    A list whose rows are not as many as it says, or that is too old, is not loaded. What our
    constituency and subscribers own, and what an appeal freed, is protected beside the lists; what
    two people took out for a day is not.
    """
    loaded, required = await _lists(db, now)
    above = sorted({key(parent) for name in names for parent in chain(name)})
    rows = await (
        await db.execute(
            _NEAR,
            {
                "above": above,
                "asked": sorted(key(name) for name in names),
                "now": now,
                "most": MOST_BELOW,
                "freed": FREED_DAYS,
            },
        )
    ).fetchall()
    out = {row[0] for row in rows if row[1] == "-"}
    protected = [
        Protected(key(row[0]), row[1], row[2])
        for row in rows
        if row[1] != "-" and not (row[1] in REMOVABLE and row[0] in out)
    ]
    ranges = await _ranges(db, prefixes) if prefixes else []
    return guard.facts(loaded, protected, ranges, required=required)


_NEAR = """
with above as (select unnest(%(above)s::text[]) collate "C" as key),
     asked as (select unnest(%(asked)s::text[]) collate "C" as key)
select n.key, n.list, n.reason from above join neverblock n using (key)
union all
select p.key, 'popular-operator', 'popular' from above join popular_name p using (key)
union all
select n.key, 'subscriber', 'a name of a subscriber' from above join subscriber_name n using (key)
union all
select b.key, b.list, b.reason from asked a cross join lateral (
  select n.key, n.list, n.reason from neverblock n
  where n.key > a.key || '.' and n.key < a.key || '/' order by n.key limit %(most)s) b
union all
select b.key, 'popular-operator', 'popular' from asked a cross join lateral (
  select p.key from popular_name p
  where p.key > a.key || '.' and p.key < a.key || '/' order by p.key limit %(most)s) b
union all
select b.key, 'subscriber', 'a name of a subscriber' from asked a cross join lateral (
  select n.key from subscriber_name n
  where n.key > a.key || '.' and n.key < a.key || '/' order by n.key limit %(most)s) b
union all
select c.key, 'constituency', 'a name of our constituency' from (
  select array_to_string(array(select part from unnest(string_to_array(value, '.'))
    with ordinality u(part, o) order by o desc), '.') collate "C" as key
  from constituency where kind = 'domain') c
union all
select array_to_string(array(select part from unnest(string_to_array(name, '.'))
    with ordinality u(part, o) order by o desc), '.') collate "C",
  case op when 'add' then 'people' else '-' end, reason
from neverblock_change
where approved_at is not null and ended_at is null and expires_at > %(now)s
union all
select array_to_string(array(select part from unnest(string_to_array(a.name, '.'))
    with ordinality u(part, o) order by o desc), '.') collate "C",
  'appeal', 'freed by appeal ' || a.number
from appeal a join block b on b.id = a.block_id
where a.state = 'granted' and b.published_at is not null
  and a.decided_at > %(now)s - make_interval(days => coalesce(
    (select (body->>'protect_days')::integer from policy where name = 'appeals'
     order by version desc limit 1), %(freed)s))
"""


async def _lists(db: AsyncConnection[TupleRow], now: datetime) -> tuple[list[str], list[str]]:
    """The lists that are whole and fresh, and those that have to be.

    The millions of the operator's list are not counted each time; `popularity.confirm` does it.
    """
    rows = await (
        await db.execute(
            """
            select list, required, stale_at > %s and size = case list
                when 'popular-operator' then
                  case when exists (select from popular_name) then size else -1 end
                when 'prefix' then (select count(*) from neverblock_prefix)
                else (select count(*) from neverblock n where n.list = l.list) end
            from neverblock_list l
            """,
            (now,),
        )
    ).fetchall()
    return [row[0] for row in rows if row[2]], [row[0] for row in rows if row[1]]


async def _ranges(db: AsyncConnection[TupleRow], prefixes: Collection[str]) -> list[Protected]:
    """Protected ranges that overlap `prefixes`: the list, our constituency's, our subscribers'."""
    listed = await (
        await db.execute(
            "select prefix::text, list, reason from neverblock_prefix"
            " where prefix && any(%s::inet[])",
            (sorted(prefixes),),
        )
    ).fetchall()
    ours = await (
        await db.execute(
            """
            select value, 'constituency', 'addresses of our constituency' from constituency
            where kind = 'prefix'
            union all
            select trim(part), 'subscriber', 'a resolver of a subscriber'
            from subscriber s, unnest(string_to_array(s.address, ',')) part
            where s.removed_at is null
            """
        )
    ).fetchall()
    found = [Protected(*row) for row in listed]
    for value, of, reason in ours:
        try:
            found.append(Protected(canonical_prefix(value), of, reason))
        except BadPrefix:
            continue  # the register takes any text; what is no range protects no address
    return found


class Loaded(Struct, frozen=True, kw_only=True):
    """A list as the gate sees it; `good` when it is whole and not too old."""

    list: str
    version: str
    sha256: bytes
    size: int
    loaded_at: datetime
    confirmed_at: datetime
    stale_at: datetime
    good: bool


async def lists(db: AsyncConnection[TupleRow], now: datetime) -> list[Loaded]:
    """Every list, by name."""
    good, _ = await _lists(db, now)
    rows = await (
        await db.execute(
            "select list, version, sha256, size, loaded_at, confirmed_at, stale_at"
            " from neverblock_list order by list"
        )
    ).fetchall()
    return [
        Loaded(list=row[0], version=row[1], sha256=bytes(row[2]), size=row[3], loaded_at=row[4],
               confirmed_at=row[5], stale_at=row[6], good=row[0] in good)
        for row in rows
    ]  # fmt: skip


async def near(db: AsyncConnection[TupleRow], name: str) -> Sequence[Protected]:
    """The rows that protect `name` or lie below it, for `zvon dns explain`."""
    moment = await (await db.execute("select now()")).fetchone()
    assert moment is not None
    found = await facts(db, [name], moment[0])
    return [
        entry
        for entries in found.by_name.values()
        for entry in entries
        if entry.name in chain(name) or entry.name.endswith("." + name)
    ]


async def put_subscriber(tx: Tx, subscriber: str, names: Iterable[str]) -> None:
    """Replace the names that a subscriber calls its own. Raises `BadName`."""
    own = sorted({canonical(name) for name in names})
    await tx.execute(
        "delete from subscriber_name where subscriber_id = (select id from subscriber where name = %s)",
        (subscriber,),
    )
    await tx.execute(
        "insert into subscriber_name (subscriber_id, name, key) select s.id, n, k"
        " from subscriber s, unnest(%s::text[], %s::text[]) x(n, k) where s.name = %s",
        (own, [key(name) for name in own], subscriber),
    )
