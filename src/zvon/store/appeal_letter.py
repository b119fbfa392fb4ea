"""The letter to whoever filed an appeal that was right: what we did, until when, and that we are sorry.

It is a draft that a person sends. It leaves as every letter does: through the gate.
"""

from datetime import datetime
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import translator
from zvon.model.marking import Tlp
from zvon.store import appeal, message_template
from zvon.store.appeal import Appeal
from zvon.store.message_row import BadMessage, Random, insert, new_thread, recipient
from zvon.store.message_template import COMMON
from zvon.store.transaction import AuditEntry, Tx

TEMPLATE = "apology"


async def draft(
    tx: Tx, viewer: Viewer, uuid: UUID, key: bytes, now: datetime, random: Random
) -> UUID:
    """Keep the draft, in the language of the appeal; the message's identifier. Asked again it is
    the same one.

    Opens the sealed contact, which is written down. The letter says nothing of an incident: who
    objected knows the name and that it was blocked. Raises `Denied`, `NoAppeal`, `BadMessage`
    for an appeal that was not granted, that blocked nothing, or that left no mail address.
    """
    viewer.require(Permission.APPEAL_DECIDE)
    viewer.require(Permission.MESSAGE_SEND)
    found = await appeal.get(tx.db, viewer, uuid)
    if found.letter is not None:
        return found.letter
    since, until = await _blocked(tx, found)
    address = await appeal.contact(tx, viewer, uuid, key)
    if not address:
        raise BadMessage("contact: they left none")
    to = await recipient(tx, None, address, found.lang, now, random)
    speak = translator(found.lang)
    fields = {"name": found.name, "since": speak.date(since), "until": speak.date(until),
              "appeal": found.number}  # fmt: skip
    wording = await message_template.current(tx.db, TEMPLATE, found.lang)
    subject, _ = wording.fill({**dict.fromkeys(COMMON, ""), **fields})
    thread_id = await new_thread(tx, subject, None, None, now, random)
    made = await insert(
        tx, state="draft", thread_id=thread_id, record_id=None, to=to, tlp=int(Tlp.GREEN),
        subject=subject, lang=found.lang, template=TEMPLATE, fields=fields, remind=False,
        once=f"appeal:{uuid}", answers="", by=viewer.login, now=now, random=random,
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.MESSAGE_SEND,
                        object=f"message:{made}",
                        detail={"draft": True, "appeal": found.number}))  # fmt: skip
    return made


async def _blocked(tx: Tx, found: Appeal) -> tuple[datetime, datetime]:
    """From when to when the name was blocked."""
    row = await (
        await tx.execute(
            "select published_at, lifted_at from block where uuid = %s"
            " and published_at is not null and lifted_at is not null",
            (found.block,),
        )
    ).fetchone()
    if found.state != "granted" or row is None:
        raise BadMessage(f"{found.number}: no block was lifted because of it")
    return row[0], row[1]
