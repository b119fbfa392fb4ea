"""Who sits where: one's own sessions, other people's for an administrator, and ending them."""

from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.person import managed
from zvon.access.viewer import Viewer
from zvon.store import party_tree, person, session
from zvon.store.party import Db
from zvon.store.session import OpenSession
from zvon.store.transaction import AuditEntry, Tx


class NoSession(LookupError):
    """The session has ended, or is not one that the caller may end."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no session {uuid}")


async def own(db: Db, viewer: Viewer, now: datetime) -> list[OpenSession]:
    """The viewer's own sessions, the last used first."""
    return await session.open_now(db, now, viewer.person_id)


async def everybody(db: Db, viewer: Viewer, now: datetime) -> list[OpenSession]:
    """The sessions of all whom the viewer manages. Raises `Denied` without `person:manage`."""
    viewer.require(Permission.PERSON_MANAGE)
    found = await session.open_now(db, now)
    seen = await party_tree.scope(db, viewer)
    if seen is None:
        return found
    theirs = {p.uuid for p in await person.list_all(db) if p.party_id in seen}
    return [each for each in found if each.person in theirs]


async def end(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """End one session: an own one, or that of somebody whom the viewer manages.

    Raises `NoSession` also for one that is not the viewer's to end: ids are not to be guessed.
    """
    found = {each.uuid: each for each in await session.open_now(tx.db, now, viewer.person_id)}
    if uuid not in found and viewer.may(Permission.PERSON_MANAGE):
        found = {each.uuid: each for each in await everybody(tx.db, viewer, now)}
    if uuid not in found or not await session.end(tx, uuid):
        raise NoSession(uuid)
    tx.audit(AuditEntry(actor=viewer.login, action="session:end", object=found[uuid].login,
                        detail={"session": str(uuid)}))  # fmt: skip


async def end_others(tx: Tx, viewer: Viewer) -> int:
    """End every session of the viewer but this one; how many ended."""
    count = await session.end_all(tx, viewer.person_id, viewer.session)
    tx.audit(AuditEntry(actor=viewer.login, action="session:end_all", object=viewer.login,
                        detail={"ended": count}))  # fmt: skip
    return count


async def end_of(tx: Tx, viewer: Viewer, person_uuid: UUID) -> int:
    """End every session of somebody whom the viewer manages. Raises `Denied`, `NoSuchPerson`."""
    who = await managed(tx, viewer, person_uuid, "session:end_all")
    count = await session.end_all(tx, who.id)
    tx.audit(AuditEntry(actor=viewer.login, action="session:end_all", object=who.login,
                        detail={"ended": count}))  # fmt: skip
    return count
