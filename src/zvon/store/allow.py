"""The allow zone of a subscriber: names that it alone never wants blocked."""

from collections.abc import Iterable

from zvon.formats.rpz import check_owner
from zvon.model.name import canonical
from zvon.model.suffix import is_suffix
from zvon.model.zone import zone_name
from zvon.store.party import Db
from zvon.store.transaction import Tx, ZoneOp
from zvon.store.zone import PASSTHRU

MOST = 1_000


class BadException(ValueError):
    """A name cannot be let pass; the message says which and why."""


def checked(subscriber: str, names: Iterable[str]) -> list[str]:
    """The names in canonical form, sorted, each once.

    Raises `BadName`, `RpzError`, and `BadException` for a public suffix, which would open
    everything below it, and for too many names.
    """
    found = sorted({canonical(name) for name in names})
    if len(found) > MOST:
        raise BadException(f"exceptions: at most {MOST} names")
    for name in found:
        if is_suffix(name):
            raise BadException(
                f"exceptions: {name} is a public suffix; name what you mean below it"
            )
        check_owner(f"*.{name}", zone_name("allow", subscriber))
    return found


async def names(db: Db, subscriber: str) -> list[str]:
    """The names that a subscriber lets pass."""
    rows = await (
        await db.execute(
            "select r.owner from zone_rule r join zone z on z.id = r.zone_id"
            " where z.name = %s and r.owner not like '*.%%' order by 1",
            (zone_name("allow", subscriber),),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def replace(tx: Tx, subscriber: str, wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """Let these names pass, and no others; returns (added, removed). In one serial."""
    row = await (
        await tx.execute(
            "select id from zone where name = %s for no key update",
            (zone_name("allow", subscriber),),
        )
    ).fetchone()
    assert row is not None
    there, new = set(await names(tx.db, subscriber)), set(wanted)
    for op, which in (("del", there - new), ("add", new - there)):
        for name in sorted(which):
            for owner in (name, f"*.{name}"):
                tx.zone_ops.append(
                    ZoneOp(zone_id=row[0], op="add" if op == "add" else "del", owner=owner,
                           rdata=PASSTHRU)
                )  # fmt: skip
    return sorted(new - there), sorted(there - new)
