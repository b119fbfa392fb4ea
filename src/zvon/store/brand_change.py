"""Changing the brand registry: a desk its own brands, with a version and an audit row each time.

What becomes official is protected by the block gate from that moment. A change of the official
names ends the brand's verification: somebody has to confirm the new ones before they clear anything.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.brand import Brand
from zvon.model.brand_check import BadBrand, check, refused
from zvon.model.name import BadName, canonical
from zvon.store import brand as brands
from zvon.store import neverblock
from zvon.store.desk import NoSuchBrand, see
from zvon.store.neverblock_change import lift_protected
from zvon.store.transaction import AuditEntry, Tx

LEAST_REASON = 3


class Changed(Struct, frozen=True, kw_only=True):
    """A brand after a change: warnings for people, and what became of blocks of its names.

    `lifted` are names whose blocks ended. `blocked` are names that a block still stands against:
    the word of a desk alone lifts nothing, a person of the operator has to.
    """

    brand: Brand
    warnings: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


async def edit(tx: Tx, viewer: Viewer, row: Brand, reason: str, now: datetime) -> Changed:
    """Put a new version of a brand's row, or a new brand; only the operator's people add brands.

    Raises `BadBrand`, and `Refused` when the brand is somebody else's.
    """
    await _locked(tx)
    registry = await brands.current(tx.db)
    known = registry.by_id.get(row.id)
    await _mine(tx, viewer, row.id, "edit")
    if known is None and not viewer.party_own:
        raise Refused(f"there is no brand {row.id}; the operator's people add brands",
                      _entry(viewer, "edit", row.id, rule="new_brand"))  # fmt: skip
    reason = _reason(reason)
    # Names that the desk called its own stay with the words that say so.
    theirs = await _said(tx, row.id)
    row = replace(row, hosts={n: how for n, how in row.hosts.items() if n not in theirs})
    warnings = check(row, registry)
    await tx.execute(
        "insert into brand_edit (brand, body, by_person, reason, at) values (%s, %s, %s, %s, %s)",
        (row.id, Jsonb(brands.body(row)), viewer.person_id, reason, now),
    )
    before = set(known.names) - theirs if known else set()
    if set(row.names) != before:
        await _unverify(tx, row.id, now)
    tx.audit(_entry(viewer, "edit", row.id, reason=reason,
                    added=sorted(set(row.names) - before),
                    removed=sorted(before - set(row.names))))  # fmt: skip
    return await _protected(tx, viewer, row.id, set(row.names) - before, now, warnings)


async def add_logo(
    tx: Tx, viewer: Viewer, brand: str, value: int, reason: str, now: datetime
) -> Changed:
    """Add the perceptual hash of a logo (64 bits) to a brand's row. Raises `NoSuchBrand`."""
    await _mine(tx, viewer, brand, "edit")
    row = (await brands.current(tx.db)).by_id.get(brand)
    if row is None:
        raise NoSuchBrand(brand)
    logo = f"{value & (2**64 - 1):016x}"
    kept = tuple(one for one in row.logos if one != logo)
    return await edit(tx, viewer, replace(row, logos=(*kept, logo)), reason, now)


async def restore(
    tx: Tx, viewer: Viewer, brand: str, reason: str, now: datetime, *, version: int | None = None
) -> Changed:
    """Make an earlier version the newest again: the one before, or the one named (0 ships).

    Raises `NoSuchBrand`, also when there is no such version.
    """
    viewer.require(Permission.BRAND_EDIT)
    found = await brands.history(tx.db, viewer, brand)
    if version is None:
        earlier = found[1:2]
    else:
        earlier = [one for one in found if one.version == version]
    if not earlier:
        raise NoSuchBrand(f"{brand} in an earlier version")
    return await edit(tx, viewer, earlier[0].body, reason, now)


async def say(
    tx: Tx, viewer: Viewer, brand: str, name: str, *, ours: bool, now: datetime, reason: str = ""
) -> Changed:
    """A desk says whether a name is theirs. Theirs is never proposed again; not theirs confirms.

    Raises `NoSuchBrand`, `BadBrand` for a name that cannot be one brand's, and `Refused`.
    """
    await _locked(tx)
    await _mine(tx, viewer, brand, "say")
    registry = await brands.current(tx.db)
    row = registry.by_id.get(brand)
    if row is None:
        raise NoSuchBrand(brand)
    name = _host(name)
    if ours:
        wrong = list(refused(name, replace(row, official={}), registry))
        if wrong:
            raise BadBrand([{"field": "name", "reason": f"{name}: {why}"} for why in wrong])
    elif (owner := registry.official(name)) is not None and name not in await _said(tx, brand):
        raise BadBrand([{"field": "name", "reason": f"{name} is official of {owner.name}"}])
    await tx.execute(
        "insert into brand_word (brand, name, ours, by_person, at) values (%s, %s, %s, %s, %s)"
        " on conflict (brand, name) do update set ours = excluded.ours,"
        " by_person = excluded.by_person, at = excluded.at",
        (brand, name, ours, viewer.person_id, now),
    )
    tx.audit(_entry(viewer, "say", brand, name=name, ours=ours, reason=reason))
    return await _protected(tx, viewer, brand, {name} if ours else (), now)


async def unsay(tx: Tx, viewer: Viewer, brand: str, name: str, now: datetime) -> Changed:
    """Take back what was said of a name. Raises `NoSuchBrand` when nothing was."""
    await _locked(tx)
    await _mine(tx, viewer, brand, "unsay")
    name = _host(name)
    gone = await tx.execute("delete from brand_word where brand = %s and name = %s", (brand, name))
    if not gone.rowcount:
        raise NoSuchBrand(f"{brand} with a word about {name}")
    tx.audit(_entry(viewer, "unsay", brand, name=name))
    return await _protected(tx, viewer, brand, (), now)


async def verify(tx: Tx, viewer: Viewer, brand: str, now: datetime) -> Brand:
    """Confirm a brand's official names: from now on they clear a report. Raises `NoSuchBrand`."""
    await _locked(tx)
    await _mine(tx, viewer, brand, "verify")
    await brands.verify(tx, brand, viewer.login, now)
    return (await brands.current(tx.db)).by_id[brand]


async def _mine(tx: Tx, viewer: Viewer, brand: str, action: str) -> None:
    viewer.require(Permission.BRAND_EDIT)
    mine = await see(tx.db, viewer)
    if mine is not None and brand not in mine:
        raise Refused(f"{brand} is not a brand of yours",
                      _entry(viewer, action, brand, rule="own_brand"))  # fmt: skip


async def _protected(
    tx: Tx, viewer: Viewer, brand: str, names: Iterable[str], now: datetime,
    warnings: Sequence[str] = (),
) -> Changed:  # fmt: skip
    """Bring the gate's list up to date, and see what stands against names that became official."""
    registry = await brands.current(tx.db)
    await neverblock.put(tx, neverblock.brand_list(registry), now, actor=viewer.login)
    fresh, lifted, blocked = sorted(names), [], []
    if fresh and viewer.party_own:
        lifted = [row.name for row in await lift_protected(tx, fresh, now)]
    elif fresh:
        blocked = await neverblock.standing(tx.db, fresh)
    return Changed(brand=registry.by_id[brand], warnings=tuple(warnings), lifted=tuple(lifted),
                   blocked=tuple(blocked))  # fmt: skip


async def _said(tx: Tx, brand: str) -> set[str]:
    rows = await (
        await tx.execute("select name from brand_word where brand = %s and ours", (brand,))
    ).fetchall()
    return {row[0] for row in rows}


async def _unverify(tx: Tx, brand: str, now: datetime) -> None:
    confirmed = await brands.verified(tx.db)
    if confirmed.pop(brand, None) is not None:
        await brands.put_verified(tx, confirmed, now)


async def _locked(tx: Tx) -> None:
    """One change of the registry at a time: what was checked against it must still hold."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.brand', 0))")


def _host(name: str) -> str:
    try:
        return canonical(name.strip())
    except BadName as problem:
        raise BadBrand([{"field": "name", "reason": str(problem)}]) from None


def _reason(reason: str) -> str:
    reason = reason.strip()
    if len(reason) < LEAST_REASON:
        raise BadBrand([{"field": "reason", "reason": f"at least {LEAST_REASON} characters"}])
    return reason


def _entry(
    viewer: Viewer, action: str, brand: str, *, rule: str = "", **detail: object
) -> AuditEntry:
    return AuditEntry(actor=viewer.login, action=f"brand:{action}", object=brand,
                      outcome="refused" if rule else "done", rule=rule, detail=detail)  # fmt: skip
