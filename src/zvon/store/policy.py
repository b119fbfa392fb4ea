"""Thresholds and policies as data: the newest version of a policy by its name."""

from typing import Any

from zvon.store.party import Db


async def newest(db: Db, name: str) -> dict[str, Any] | None:
    """The body of the newest version; `None` means that the shipped default holds."""
    row = await (
        await db.execute(
            "select body from policy where name = %s order by version desc limit 1", (name,)
        )
    ).fetchone()
    return None if row is None else row[0]
