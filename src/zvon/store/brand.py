"""Which brands have confirmed their official names here; a policy with one version per change."""

from datetime import datetime

from psycopg.types.json import Jsonb

from zvon.model.brand import by_id
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

POLICY = "brands_verified"


class NoSuchBrand(LookupError):
    """The registry has no brand with this id."""


async def verified(db: Db) -> dict[str, str]:
    """The ids of verified brands, each with who confirmed it."""
    row = await (
        await db.execute(
            "select body from policy where name = %s order by version desc limit 1", (POLICY,)
        )
    ).fetchone()
    return dict(row[0]) if row else {}


async def verify(tx: Tx, brand_id: str, by: str, now: datetime) -> None:
    """The desk of a brand confirms its official names. Raises `NoSuchBrand`."""
    if brand_id not in by_id():
        raise NoSuchBrand(f"no brand {brand_id!r} in the registry")
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.policy', 0))")
    body = await verified(tx.db) | {brand_id: by}
    await tx.execute(
        """
        insert into policy (name, version, body, at)
        select %(name)s, coalesce(max(version), 0) + 1, %(body)s, %(at)s
        from policy where name = %(name)s
        """,
        {"name": POLICY, "body": Jsonb(body), "at": now},
    )
    tx.audit(AuditEntry(actor=by, action="brand:verify", object=brand_id))
