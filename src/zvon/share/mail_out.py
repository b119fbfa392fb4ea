"""The job `share.mail`: letters that wait leave, one after another, each once.

The mail server is spoken to first; only when it takes sender and recipient does a letter pass the
gate, in the transaction that writes down that it is handed over. A server that cannot be reached
costs no try: everything waits, and goes out in order once it is back.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from anyio.to_thread import run_sync

from zvon.formats import mail_compose, mail_token
from zvon.formats.letter_text import BadTemplate
from zvon.formats.mail_compose import Head
from zvon.formats.mail_token import Token
from zvon.jobs import Context
from zvon.model.mail_policy import MailPolicy, shipped
from zvon.model.mailbox import server
from zvon.model.message import MessageState
from zvon.share.ledger import NotReleased
from zvon.share.mail_cover import Cover, NoCover, cover
from zvon.share.mail_files import files_of
from zvon.share.mail_gate import Written, let_out
from zvon.share.mail_smtp import Broken, NotReached, Post, Refused
from zvon.store import message_key, message_send
from zvon.store.message_send import Claim, Lost
from zvon.store.message_template import NoTemplate
from zvon.store.transaction import transaction

log = structlog.get_logger("zvon.share.mail")

MOST = 500
ID_BYTES = 16


async def send(context: Context, payload: dict[str, Any]) -> None:
    """Send the letter that `message` names, and everything else that is due.

    Without a mail server or an address of our own nothing happens, and all of it waits.
    """
    own = own_address(context)
    async with transaction(context.pool, context.clock()) as tx:
        await message_send.expired(tx, context.clock())
    if context.settings.smtp is None or own is None:
        return
    first = UUID(str(payload["message"])) if "message" in payload else None
    post: Post | None = None
    try:
        for n in range(MOST):
            it = await _claim(context, own, first if n == 0 else None)
            if it is None:
                if n == 0 and first is not None:
                    continue
                return
            post = await _send(context, it, own, post)
            if post is None:
                return
    finally:
        if post is not None:
            await run_sync(post.close)


def own_address(context: Context) -> str | None:
    """The address that letters come from and answers go to."""
    return context.settings.message_address or context.settings.mailbox_address


async def _claim(context: Context, own: str, uuid: UUID | None) -> Claim | None:
    policy, now = shipped().sending, context.clock()
    identifier = f"<zvon.{context.random(ID_BYTES).hex()}@{own.rpartition('@')[2]}>"
    async with transaction(context.pool, now) as tx:
        return await message_send.claim(
            tx, now, timedelta(seconds=policy.lease), identifier, uuid=uuid
        )


async def _send(context: Context, it: Claim, own: str, post: Post | None) -> Post | None:
    """Try one letter; the conversation to go on with, or `None` when the server is away."""
    policy = shipped()
    if it.machine and await _too_many(context, it, policy):
        await _end(
            context, it, MessageState.QUEUED, "RATE", again=timedelta(hours=1), counted=False
        )
        return post or await _open(context)
    try:
        post = post or await _connect(context)
        bounce = mail_token.address(own, context.node.key, Token("bounce", it.ref))
        await run_sync(post.envelope, bounce, it.address, it.uuid.hex)
    except NotReached as problem:
        log.warning("the mail server is away", why=str(problem))
        await _end(context, it, MessageState.QUEUED, "SERVER_AWAY", again=timedelta(seconds=policy.sending.rests[0]),
                   counted=False)  # fmt: skip
        if post is not None:
            await run_sync(post.close)
        return None
    except Refused as no:
        await _refused(context, it, no, bounced=True)
        return post
    try:
        body = await _hand(context, it, own)
    except (NotReleased, NoCover, BadTemplate, NoTemplate) as stopped:
        reason = stopped.reason if isinstance(stopped, NotReleased | NoCover) else "BAD_TEMPLATE"
        await _end(context, it, MessageState.HELD, reason)
        return await _forget(post)
    except Lost:
        return await _forget(post)
    try:
        code, answer = await run_sync(post.data, body)
    except Refused as no:
        await _refused(context, it, no, bounced=False)
        return post
    except Broken:
        # Taken or not: a person, or a report of delivery, says.
        await _end(context, it, MessageState.UNSURE, "NO_ANSWER")
        await run_sync(post.close)
        return None
    await _end(context, it, MessageState.SENT, answer, code=code)
    return post


async def _hand(context: Context, it: Claim, own: str) -> bytes:
    """Let the letter out and write down that it is handed over, in one transaction; its bytes."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        said = await let_out(tx, context, it, now)
        files = await files_of(tx, context, it, now)
        keys = await message_key.current(tx.db, context.node.key)
        made = cover(mail_compose.content(said.text, files), it, keys)
        subject = f"{said.subject} {mail_token.subject_mark(context.node.key, it.ref)}"
        await message_send.handed(
            tx, it, now, sender=own, subject=said.subject, text=said.text, wording=said.wording,
            protection=made.protection,
        )  # fmt: skip
    return mail_compose.mail(_head(context, it, own, subject, made, said), made.body)


def _head(context: Context, it: Claim, own: str, subject: str, made: Cover, said: Written) -> Head:
    # Behind a cover nobody outside reads what it is about.
    shown = mail_token.subject_mark(context.node.key, it.ref) if made.hides else subject
    answers = (it.in_reply_to,) if it.in_reply_to else ()
    return Head(
        sender=own, sender_name=context.node.name, to=it.address,
        reply_to=mail_token.address(own, context.node.key, Token("thread", it.ref)), subject=shown,
        message_id=it.message_id, answers=answers, at=context.clock(), machine=it.machine,
        lang=it.lang,
    )  # fmt: skip


async def _refused(context: Context, it: Claim, no: Refused, *, bounced: bool) -> None:
    policy, now = shipped().sending, context.clock()
    if no.lasting:
        state = MessageState.BOUNCED if bounced else MessageState.FAILED
        await _end(context, it, state, no.answer, code=no.code)
        return
    if now - it.queued_at > timedelta(seconds=policy.give_up):
        await _end(context, it, MessageState.FAILED, no.answer, code=no.code)
        return
    await _end(context, it, MessageState.QUEUED, no.answer, code=no.code, again=policy.rest(it.n))


async def _end(
    context: Context, it: Claim, state: MessageState, answer: str, *, code: int | None = None,
    again: timedelta | None = None, counted: bool = True,
) -> None:  # fmt: skip
    now = context.clock()
    with suppress(Lost):
        async with transaction(context.pool, now) as tx:
            await message_send.ended(
                tx, it, state, now, code=code, answer=answer,
                again_at=None if again is None else now + again, counted=counted,
            )  # fmt: skip


async def _too_many(context: Context, it: Claim, policy: MailPolicy) -> bool:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        sent = await message_send.sent_by_machine(tx, it.address, now - timedelta(hours=1))
    return sent >= policy.sending.machine_per_hour


async def _connect(context: Context) -> Post:
    settings = context.settings
    assert settings.smtp is not None
    to = server(settings.smtp, "smtp")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    return await run_sync(Post, to, password)


async def _open(context: Context) -> Post | None:
    try:
        return await _connect(context)
    except NotReached:
        return None


async def _forget(post: Post) -> Post | None:
    try:
        await run_sync(post.forget)
    except NotReached:
        await run_sync(post.close)
        return None
    return post


__all__ = ["own_address", "send"]
