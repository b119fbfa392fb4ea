"""Which organisations are trusted partners: for which brands their people may block alone."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import brand as registry
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

KINDS = ("bank", "post")


class BadTrust(ValueError):
    """The organisation or a brand cannot be used; the message says which and why."""


class Partner(Struct, frozen=True, kw_only=True):
    """An organisation; with `brands` its people have the hour for attacks on these."""

    uuid: UUID
    name: str
    kind: str
    country: str
    own: bool
    brands: list[str]


async def list_all(db: Db, viewer: Viewer) -> list[Partner]:
    """Every organisation, the operator first, then by name."""
    viewer.require(Permission.POLICY_READ)
    async with db.cursor(row_factory=class_row(Partner)) as cursor:
        await cursor.execute(
            "select uuid, name, kind, country, own, brands from party order by own desc, name, id"
        )
        return await cursor.fetchall()


async def trust(tx: Tx, viewer: Viewer, party: UUID, brands: Sequence[str]) -> tuple[str, ...]:
    """Let the people of a bank or the Post block for an hour in attacks on these brands.

    No brands end the trust. Returns the brands; raises `BadTrust` and `LookupError`.
    """
    viewer.require(Permission.POLICY_MANAGE)
    chosen = tuple(sorted(set(brands)))
    known = (await registry.current(tx.db)).by_id
    for brand in chosen:
        if brand not in known:
            raise BadTrust(f"brands: no brand {brand!r} in the registry")
    row = await (
        await tx.execute("select name, kind, own from party where uuid = %s for update", (party,))
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no organisation {party}")
    if chosen and (row[1] not in KINDS or row[2]):
        raise BadTrust(f"{row[0]} is neither a bank nor the Post")
    await tx.execute("update party set brands = %s where uuid = %s", (list(chosen), party))
    tx.audit(AuditEntry(actor=viewer.login, action="party:trust", object=f"party:{party}",
                        detail={"name": row[0], "brands": list(chosen)}))  # fmt: skip
    return chosen
