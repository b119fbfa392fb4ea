"""Files of mails that came: taken out as they are, and made exhibits when a person says so.

A file stays packed in its mail; it is found by its hash, under our own cover too, and never opened.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from anyio.to_thread import run_sync

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats import mail_file
from zvon.formats.limit import Undecodable
from zvon.formats.mail import File
from zvon.jobs import Context
from zvon.respond import exhibit as keep
from zvon.store import exhibit, incident_decision, message, message_in, message_key
from zvon.store.message import Message, NoMessage
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


class NoIncidentYet(ValueError):
    """The mail belongs to no incident, so there is nothing that its file would be an exhibit of."""


async def take(context: Context, viewer: Viewer, uuid: UUID, sha256: str) -> File:
    """A file of a mail, as it came; the audit says who took it. Raises `Denied`, `NoMessage`."""
    now = context.clock()
    async with read(context.pool, viewer, now) as db:
        found = await message.get(db, viewer, uuid)
    file = await _find(context, found, sha256)
    async with transaction(context.pool, now) as tx:
        tx.audit(AuditEntry(actor=viewer.login, action="message:file", object=f"message:{uuid}",
                            detail={"sha256": sha256}))  # fmt: skip
    return file


async def seal(context: Context, viewer: Viewer, uuid: UUID, sha256: str) -> UUID:
    """Make a file of a mail an exhibit of the incident that the mail belongs to; its identifier.

    A file that the incident has already stays the one exhibit, whichever mail brought it first.
    Raises `Denied`, `NoMessage`, `NoIncidentYet`, `BadExhibit`.
    """
    viewer.require(Permission.EXHIBIT_WRITE)
    now = context.clock()
    async with read(context.pool, viewer, now) as db:
        found = await message.get(db, viewer, uuid)
    if found.incident is None:
        raise NoIncidentYet("the mail belongs to no incident yet; put it there first")
    file = await _find(context, found, sha256)
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        current = await incident_decision.lock(tx, found.incident)
        same = await exhibit.with_hash(tx.db, current.id, bytes.fromhex(sha256))
        if same is not None:
            return same
        return await keep.add(
            tx, viewer, found.incident, name=file.name, media_type=file.media_type,
            body=_once(file.body), origin="message", note=f"{found.message_id} {found.sender}".strip(),
            secured_at=found.at, now=now, random=context.random,
        )  # fmt: skip


async def _find(context: Context, found: Message, sha256: str) -> File:
    """The file, when the mail lists it."""
    if not any(each["sha256"] == sha256 for each in found.files):
        raise NoMessage(f"message {found.uuid} has no such file")
    async with read(context.pool, SYSTEM) as db:
        body = await message_in.raw_of(db, found.uuid)
        secrets = await message_key.for_opening(db, context.node.key)
    try:
        file = await run_sync(mail_file.find, body, sha256, secrets)
    except Undecodable:
        file = None
    if file is None:
        raise NoMessage(
            f"the file stood in a covered part of message {found.uuid} that no key opens"
        )
    return file


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
