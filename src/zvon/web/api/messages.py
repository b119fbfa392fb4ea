"""Messages and notices: writing, looking at what would leave, sending, and what came back."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, get, patch, post
from litestar.params import Parameter
from msgspec import Meta, Struct, convert

from zvon.access.permission import Permission
from zvon.formats.mail_said import Abuse, Said
from zvon.model.mail_policy import shipped
from zvon.model.message import MessageState
from zvon.model.report import AuthResult
from zvon.respond import message_file
from zvon.respond import notice as owners
from zvon.share import mail_gate, takedown_mail
from zvon.store import exhibit, message, message_draft, message_in, message_send, notice
from zvon.store.message import Message, NoMessage, Thread
from zvon.store.message_draft import Draft
from zvon.store.notice import Fact, Notice
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.exhibits import ExhibitOut, exhibit_out
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Lang = Literal["sl", "hr", "en"]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class NewMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to a contact or an address, about an incident, in a thread, or both."""

    subject: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Annotated[str, Meta(min_length=1, max_length=50_000)]
    lang: Lang = "en"
    contact: UUID | None = None
    address: Annotated[str, Meta(max_length=254)] | None = None
    incident: UUID | None = None
    thread: UUID | None = None
    answers: UUID | None = None
    template: Annotated[str, Meta(max_length=60)] = "letter"
    remind: bool = False


class Edit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes in a draft; `verdicts` say `keep` or `hide` for places that the gate asks about."""

    version: Version
    subject: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    text: Annotated[str, Meta(min_length=1, max_length=50_000)] | None = None
    verdicts: Annotated[dict[str, Literal["keep", "hide"]], Meta(max_length=500)] = {}


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a message by a person's word."""

    version: Version
    to: Literal["queued", "cancelled", "handled", "sent"]


class Attach(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The incident that a mail belongs to."""

    version: Version
    incident: UUID


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell the owners of what an incident holds; the class follows from it when not said."""

    of_class: Annotated[str, Meta(max_length=60)] | None = None


class LangIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The language of the letters."""

    lang: Lang = "en"


class FileOut(Struct, frozen=True, kw_only=True):
    """A file of a mail; it is kept packed and never opened here."""

    name: str
    media_type: str
    size: int
    sha256: str


class MessageOut(Struct, frozen=True, kw_only=True):
    """A message. `verified` is false when nobody vouches for its sender; it then changed nothing."""

    id: UUID
    direction: str
    state: str
    thread: UUID | None
    incident: UUID | None
    contact: UUID | None
    sender: str
    sender_name: str
    recipients: list[str]
    subject: str
    text: str
    lang: str
    tlp: int
    trust: str
    verified: bool
    machine: str
    protection: str
    signature: str
    signer: str
    found_by: str
    reason: str
    files: list[FileOut]
    authentication: list[AuthResult]
    reports: list[Abuse]
    template: str
    wording: str
    attempts: int
    reminders: int
    next_at: datetime | None
    by: str
    at: datetime
    sent_at: datetime | None
    version: int


class ThreadOut(Struct, frozen=True, kw_only=True):
    """Messages that answer each other, the oldest first."""

    id: UUID
    subject: str
    incident: UUID | None
    last_at: datetime
    messages: list[MessageOut]


class Messages(Struct, frozen=True):
    """Messages, the newest first, and the time of the last one when there are more."""

    messages: list[MessageOut]
    next: datetime | None


class Threads(Struct, frozen=True):
    """Threads, the newest first."""

    threads: list[ThreadOut]


class SpanOut(Struct, frozen=True, kw_only=True):
    """A place in the letter that the gate decides about; `place` names it in a word of a person."""

    place: str
    type: str
    text: str
    state: str
    replacement: str


class PreviewOut(Struct, frozen=True, kw_only=True):
    """What would leave, and what it was before the gate; `reason` says why it would stop."""

    subject: str
    text: str
    before: str
    state: str
    reason: str
    spans: list[SpanOut]


class NoticeOut(Struct, frozen=True, kw_only=True):
    """A notice that is gathered, waits for a person, or was sent."""

    id: UUID
    contact: UUID
    contact_name: str
    of_class: str
    state: str
    facts: int
    first_at: datetime
    last_at: datetime
    message: UUID | None
    message_state: str | None
    version: int


class NoticeWhole(NoticeOut, frozen=True, kw_only=True):
    """A notice with what it tells."""

    tells: list[Fact]


class NoticesOut(Struct, frozen=True):
    """Notices that are gathered or wait for a person."""

    notices: list[NoticeOut]


class ToldOut(Struct, frozen=True, kw_only=True):
    """How many owners are told how many new things; for `unknown` values no owner is known."""

    owners: int
    facts: int
    unknown: list[str]


class QueuedOut(Struct, frozen=True, kw_only=True):
    """A letter that waits to be sent, and to whom."""

    message: UUID
    address: str


class Letters(Struct, frozen=True):
    """Letters that were queued."""

    letters: list[QueuedOut]


@get("/messages", opt={"permission": Permission.MESSAGE_READ}, responses=problems(*SIGNED, 422))
async def list_messages(
    context: In,
    who: Who,
    waiting: bool = False,
    before: Annotated[datetime | None, Parameter()] = None,
    limit: Annotated[int, Parameter(ge=1, le=message.PAGE)] = message.PAGE,
) -> Messages:
    """All messages; with `waiting` those that a person must look at."""
    wanted = None if before is None else before.astimezone() if before.tzinfo is None else before
    async with read(context.pool, who, context.clock()) as db:
        some = message.waiting if waiting else message.newest
        found = await some(db, who, before=wanted, limit=limit)
    return Messages([_out(m) for m in found], found[-1].at if len(found) == limit else None)


@post("/messages", opt={"permission": Permission.MESSAGE_SEND}, responses=problems(*SIGNED, 404, 422))  # fmt: skip
async def write(context: In, who: Who, data: NewMessage) -> MessageOut:
    """Keep a draft; nothing leaves before it is queued and the gate lets it out."""
    now = context.clock()
    new = Draft(
        subject=data.subject, text=data.text, lang=data.lang, contact=data.contact,
        address=data.address, incident=data.incident, thread=data.thread, answers=data.answers,
        template=data.template, remind=data.remind,
    )  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await message_draft.draft(tx, who, new, now, context.random)
        return _out(await message.known(tx.db, made))


@get("/messages/{id:uuid}", opt={"permission": Permission.MESSAGE_READ}, responses=problems(*SIGNED, 404))  # fmt: skip
async def get_message(context: In, who: Who, id: UUID) -> MessageOut:
    """One message."""
    async with read(context.pool, who, context.clock()) as db:
        return _out(await message.get(db, who, id))


@patch(
    "/messages/{id:uuid}", opt={"permission": Permission.MESSAGE_SEND},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def edit(context: In, who: Who, id: UUID, data: Edit) -> MessageOut:
    """Change a draft, or decide about places in one that the gate holds."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(
            await message_draft.edit(tx, who, id, data.version, subject=data.subject,
                                     text=data.text, verdicts=data.verdicts)
        )  # fmt: skip


@get(
    "/messages/{id:uuid}/preview", opt={"permission": Permission.MESSAGE_SEND},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def preview(context: In, who: Who, id: UUID) -> PreviewOut:
    """What would leave now, with what the gate takes out; nothing is sent."""
    now = context.clock()
    who.require(Permission.MESSAGE_SEND)
    async with read(context.pool, who, now) as db:
        it = await message_send.as_claimed(db, (await message.get(db, who, id)).uuid)
        if it is None:
            raise NoMessage(f"message {id} is none of ours")
        seen = await mail_gate.preview(context, db, it, now)
    return PreviewOut(
        subject=seen.subject, text=seen.text, before=seen.before, state=seen.state,
        reason=seen.reason, spans=[SpanOut(**span) for span in seen.spans],
    )  # fmt: skip


@post(
    "/messages/{id:uuid}/state", opt={"permission": Permission.MESSAGE_SEND}, status_code=200,
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def move(context: In, who: Who, id: UUID, data: Move) -> MessageOut:
    """Send a draft, send one again, cancel it, or call one handled."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        to = MessageState(data.to)
        return _out(await message_draft.move(tx, who, id, data.version, to, now))


@post(
    "/messages/{id:uuid}/incident", opt={"permission": Permission.MESSAGE_SEND}, status_code=200,
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def attach(context: In, who: Who, id: UUID, data: Attach) -> MessageOut:
    """Say which incident a mail belongs to."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await message_in.attach(
            tx, who, id, data.version, data.incident, now, context.random
        )
    return _out(done)


@get(
    "/messages/{id:uuid}/files/{sha256:str}", opt={"permission": Permission.MESSAGE_READ},
    responses=problems(*SIGNED, 404), media_type="application/octet-stream",
)  # fmt: skip
async def get_file(
    context: In,
    who: Who,
    id: UUID,
    sha256: Annotated[str, Parameter(pattern="^[0-9a-f]{64}$", max_length=64)],
) -> Response[bytes]:
    """A file of a mail, as it came; a browser only ever keeps it, and the audit says who did."""
    file = await message_file.take(context, who, id, sha256)
    return Response(file.body, media_type="application/octet-stream", headers=_kept(sha256))


@post(
    "/messages/{id:uuid}/files/{sha256:str}/exhibit", opt={"permission": Permission.EXHIBIT_WRITE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def seal_file(
    context: In,
    who: Who,
    id: UUID,
    sha256: Annotated[str, Parameter(pattern="^[0-9a-f]{64}$", max_length=64)],
) -> ExhibitOut:
    """Make a file of a mail an exhibit of its incident, sealed as it came; the same file is one."""
    made = await message_file.seal(context, who, id, sha256)
    async with read(context.pool, who) as db:
        return exhibit_out(await exhibit.get(db, who, made))


@get(
    "/messages/{id:uuid}/raw", opt={"permission": Permission.MESSAGE_READ},
    responses=problems(*SIGNED, 404), media_type="application/octet-stream",
)  # fmt: skip
async def get_raw(context: In, who: Who, id: UUID) -> Response[bytes]:
    """A mail as it came, byte for byte; the audit says who took it."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        await message.get(db, who, id)
    async with transaction(context.pool, now) as tx:
        body = await message_in.raw_of(tx.db, id)
        tx.audit(AuditEntry(actor=who.login, action="message:raw", object=f"message:{id}"))
    return Response(body, media_type="application/octet-stream", headers=_kept(f"{id}.eml"))


@get("/threads/{id:uuid}", opt={"permission": Permission.MESSAGE_READ}, responses=problems(*SIGNED, 404))  # fmt: skip
async def get_thread(context: In, who: Who, id: UUID) -> ThreadOut:
    """One thread with its messages."""
    async with read(context.pool, who, context.clock()) as db:
        return _thread(await message.thread(db, who, id))


@get(
    "/incidents/{id:uuid}/threads", opt={"permission": Permission.MESSAGE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def incident_threads(context: In, who: Who, id: UUID) -> Threads:
    """The threads of an incident."""
    async with read(context.pool, who, context.clock()) as db:
        return Threads([_thread(each) for each in await message.threads_of(db, who, id)])


@post(
    "/incidents/{id:uuid}/notices", opt={"permission": Permission.MESSAGE_SEND}, status_code=200,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def notify(context: In, who: Who, id: UUID, data: Notify) -> ToldOut:
    """Put what is an owner's into the notice to that owner; the first of a kind waits for a look."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        told = await owners.gather(
            tx, who, id, context.settings.country, now, context.random, of_class=data.of_class
        )
    return ToldOut(owners=told.owners, facts=told.facts, unknown=told.unknown)


@get("/notices", opt={"permission": Permission.MESSAGE_READ}, responses=problems(*SIGNED))
async def list_notices(context: In, who: Who) -> NoticesOut:
    """Notices that are gathered or wait for a person."""
    async with read(context.pool, who, context.clock()) as db:
        return NoticesOut([_notice(each) for each in await notice.waiting(db, who)])


@get("/notices/{id:uuid}", opt={"permission": Permission.MESSAGE_READ}, responses=problems(*SIGNED, 404))  # fmt: skip
async def get_notice(context: In, who: Who, id: UUID) -> NoticeWhole:
    """One notice with what it tells."""
    async with read(context.pool, who, context.clock()) as db:
        found, facts = await notice.get(db, who, id)
    return NoticeWhole(**_fields(found), tells=facts)


@post(
    "/notices/{id:uuid}/confirmation", opt={"permission": Permission.MESSAGE_SEND},
    status_code=200, responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def confirm_notice(context: In, who: Who, id: UUID) -> NoticeOut:
    """Send a notice that somebody looked at; later ones of its class go by themselves."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _notice(await notice.confirm(tx, who, id, shipped().notice, now, context.random))


@post(
    "/notices/{id:uuid}/drop", opt={"permission": Permission.MESSAGE_SEND}, status_code=200,
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def drop_notice(context: In, who: Who, id: UUID) -> NoticeOut:
    """Do not send a notice."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _notice(await notice.drop(tx, who, id))


@post(
    "/takedowns/{id:uuid}/letters", opt={"permission": Permission.TAKEDOWN_WRITE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def send_takedown(context: In, who: Who, id: UUID, data: LangIn) -> Letters:
    """Send a takedown package by mail to each of its contacts, once."""
    queued = await takedown_mail.send(context, who, id, data.lang)
    return Letters([QueuedOut(message=each.message, address=each.address) for each in queued])


def _kept(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff"}  # fmt: skip


def _out(m: Message) -> MessageOut:
    said = convert(m.said, Said)
    return MessageOut(
        id=m.uuid, direction=m.direction, state=m.state, thread=m.thread, incident=m.incident,
        contact=m.contact, sender=m.sender, sender_name=m.sender_name, recipients=m.recipients,
        subject=m.subject, text=m.text or str(m.fields.get("text", "")), lang=m.lang, tlp=m.tlp,
        trust=m.trust, verified=m.verified, machine=m.machine, protection=m.protection,
        signature=m.signature, signer=m.signer, found_by=m.found_by, reason=m.reason,
        files=[FileOut(**file) for file in m.files],
        authentication=list(said.authentication), reports=list(said.reports), template=m.template, wording=m.wording,
        attempts=m.attempts, reminders=m.reminders, next_at=m.next_at, by=m.by_login, at=m.at,
        sent_at=m.sent_at, version=m.version,
    )  # fmt: skip


def _thread(t: Thread) -> ThreadOut:
    return ThreadOut(id=t.uuid, subject=t.subject, incident=t.incident, last_at=t.last_at,
                     messages=[_out(m) for m in t.messages])  # fmt: skip


def _fields(n: Notice) -> dict[str, Any]:
    return {
        "id": n.uuid, "contact": n.contact, "contact_name": n.contact_name,
        "of_class": n.of_class, "state": n.state, "facts": n.facts, "first_at": n.first_at,
        "last_at": n.last_at, "message": n.message, "message_state": n.message_state,
        "version": n.version,
    }  # fmt: skip


def _notice(n: Notice) -> NoticeOut:
    return NoticeOut(**_fields(n))


router = Router(
    "/",
    route_handlers=[list_messages, write, get_message, edit, preview, move, attach, get_file, seal_file,
                    get_raw, get_thread, incident_threads, notify, list_notices, get_notice,
                    confirm_notice, drop_notice, send_takedown],
    tags=["messages"],
)  # fmt: skip
