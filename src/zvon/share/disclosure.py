"""Reading the ledger of what left and what was stopped; those who may are few."""

from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import disclosure as rows
from zvon.store.disclosure import Disclosure, Wanted
from zvon.store.party import Db


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Disclosure:
    """One line. Raises `Denied`, `NoDisclosure`."""
    viewer.require(Permission.DISCLOSURE_READ)
    return await rows.get(db, uuid)


async def page(
    db: Db, viewer: Viewer, wanted: Wanted, *, after: tuple[datetime, int] | None = None,
    limit: int = rows.PAGE,
) -> list[Disclosure]:  # fmt: skip
    """Lines, newest first; `after` is time and number of the last one seen. Raises `Denied`."""
    viewer.require(Permission.DISCLOSURE_READ)
    return await rows.newest(db, wanted, after=after, limit=limit)


async def counts(db: Db, viewer: Viewer, wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many lines there are by door and outcome. Raises `Denied`."""
    viewer.require(Permission.DISCLOSURE_READ)
    return await rows.counts(db, wanted)
