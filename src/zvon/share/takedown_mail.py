"""A takedown package by mail: one letter to each of its contacts, with the archive attached.

The archive passed the gate when it was made; the letter around it passes it when it is sent.
"""

from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import msgspec
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.url import defang
from zvon.store import contact_change, message_write, takedown
from zvon.store.takedown import NoTakedown
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import viewer_setting


class NobodyToTell(ValueError):
    """The package names no contact: nobody is known for the page."""


class Queued(Struct, frozen=True):
    """A letter that waits to be sent, and to whom."""

    message: UUID
    address: str


async def send(context: Context, viewer: Viewer, uuid: UUID, lang: str) -> list[Queued]:
    """Queue the letters of a package; the same package to the same address is one letter.

    Raises `Denied`, `NoTakedown`, `NobodyToTell`, `BadContact`.
    """
    viewer.require(Permission.TAKEDOWN_WRITE)
    viewer.require(Permission.MESSAGE_SEND)
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        row = await takedown.row(tx.db, uuid)
        if row is None:
            raise NoTakedown(f"there is no takedown package {uuid}")
        if not row.contacts:
            raise NobodyToTell(f"nobody is known for {defang(row.url)}")
        fields = _fields(await takedown.archive(tx.db, uuid, context.node.key))
        queued = []
        for each in row.contacts:
            to = await contact_change.for_address(
                tx, each.address, source="rdap", kind="provider", lang=lang, now=now,
                random=context.random,
            )  # fmt: skip
            made = await message_write.queue_notice(
                tx, incident_id=row.incident_id, contact_uuid=to.uuid, template="takedown",
                fields=fields, key=f"takedown:{uuid}:{to.uuid}", by=viewer.login,
                lang=lang, takedown_id=row.id, now=now, random=context.random,
            )  # fmt: skip
            queued.append(Queued(made, to.address))
        tx.audit(AuditEntry(actor=viewer.login, action="takedown:send", object=f"takedown:{uuid}",
                            detail={"letters": len(queued)}))  # fmt: skip
    return queued


def _fields(archive: bytes) -> dict[str, str]:
    """Page and time as the package's report states them: what the gate let into it, no more."""
    with ZipFile(BytesIO(archive)) as package:
        report = msgspec.json.decode(package.read("report.xarf.json"), type=dict[str, Any])
    return {"page": defang(str(report["url"])), "seen": str(report["timestamp"])}
