"""What was written and what came back: the messages that wait, one of them, and an incident's part."""

from typing import Any
from uuid import UUID

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.mail_policy import shipped
from zvon.model.marking import Tlp
from zvon.share import mail_gate
from zvon.store import contact, exhibit, message, message_send, notice
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.message_words import LOOKS, TEMPLATES
from zvon.web.pages.page import quoted, render

MOST_CONTACTS = 100
SHOWN = 20_000


async def facts_for(db: Db, who: Viewer, incident: UUID) -> dict[str, Any]:
    """The values of `incident_messages.html`; nothing of it for those who may not read messages."""
    may = who.may(Permission.MESSAGE_READ)
    send = who.may(Permission.MESSAGE_SEND)
    return {
        "msg_may": may,
        "msg_threads": await message.threads_of(db, who, incident) if may else [],
        "msg_contacts": await contact.page(db, who, limit=MOST_CONTACTS) if send else [],
        "msg_templates": list(TEMPLATES),
        "msg_classes": [each.id for each in shipped().notice.classes],
        "msg_looks": LOOKS,
        "msg_quoted": shown,
        "msg_sealed": await _sealed(db, who, incident) if may else {},
    }


async def _sealed(db: Db, who: Viewer, incident: UUID | None) -> dict[str, tuple[UUID, str]]:
    """Which files are exhibits of the incident already, by hash."""
    if incident is None or not who.may(Permission.EXHIBIT_READ):
        return {}
    return await exhibit.known_hashes(db, who, incident)


def shown(text: str) -> Any:
    """Somebody's words: escaped, bounded, and nothing in them can be opened by accident."""
    return quoted(text[:SHOWN].replace("http", "hxxp"))


@get("/messages", opt={"permission": Permission.MESSAGE_READ}, include_in_schema=False)
async def messages_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """What waits for a person, notices to look at, and the newest messages."""
    async with read(context.pool, who, context.clock()) as db:
        values = {
            "waiting": await message.waiting(db, who),
            "newest": await message.newest(db, who),
            "notices": await notice.waiting(db, who),
            "msg_looks": LOOKS,
            "sends": context.settings.smtp is not None,
        }
    return render(request, "messages.html", values)


@get("/messages/{id:uuid}", opt={"permission": Permission.MESSAGE_READ}, include_in_schema=False)
async def message_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One message; of a draft what would leave, and what the gate takes out."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        found = await message.get(db, who, id)
        preview = None
        if found.state in {"draft", "held", "queued"} and who.may(Permission.MESSAGE_SEND):
            it = await message_send.as_claimed(db, found.uuid)
            preview = None if it is None else await mail_gate.preview(context, db, it, now)
        sealed = await _sealed(db, who, found.incident)
    values = {
        "it": found, "preview": preview, "msg_looks": LOOKS, "msg_quoted": shown,
        "marking": Tlp(found.tlp).label, "msg_sealed": sealed,
    }  # fmt: skip
    return render(request, "message.html", values)


@get("/notices/{id:uuid}", opt={"permission": Permission.MESSAGE_READ}, include_in_schema=False)
async def notice_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One notice, and what it tells."""
    async with read(context.pool, who, context.clock()) as db:
        found, facts = await notice.get(db, who, id)
    return render(request, "notice.html", {"n": found, "facts": facts})


HANDLERS = (messages_page, message_page, notice_page)
