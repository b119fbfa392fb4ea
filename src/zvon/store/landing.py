"""The host of the landing page, as data: rules with the action `landing` point to it."""

from datetime import datetime

from psycopg.types.json import Jsonb

from zvon.model.name import canonical
from zvon.store.party import Db
from zvon.store.policy import newest
from zvon.store.transaction import AuditEntry, Tx

POLICY = "landing"


async def put(tx: Tx, name: str | None, now: datetime) -> None:
    """Remember the host of the settings; nothing is written when it is known already.

    Rules that stand in zones keep their target; the new one holds for what is published from now
    on. Raises `BadName`.
    """
    wanted = canonical(name) if name else None
    known = await newest(tx.db, POLICY)
    if (known or {}).get("name") == wanted:
        return
    await tx.execute(
        """
        insert into policy (name, version, body, at)
        select %(name)s, coalesce(max(version), 0) + 1, %(body)s, %(at)s
        from policy where name = %(name)s
        """,
        {"name": POLICY, "body": Jsonb({"name": wanted}), "at": now},
    )
    tx.audit(
        AuditEntry(actor="system", action="policy:landing", object=wanted or "none",
                   detail={"was": (known or {}).get("name")})
    )  # fmt: skip


async def target(db: Db) -> str | None:
    """The target of landing rules, a name with a dot at the end; `None` without a landing page."""
    known = await newest(db, POLICY)
    return f"{known['name']}." if known and known["name"] else None
