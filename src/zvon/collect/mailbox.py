"""The jobs `collect.mailbox` and `collect.mail_reply`: reports by mail, and their answers.

Each message is taken in once: the place that was read up to is kept, and a message read twice
after a crash is the same report. Answers go out once they stand, and once more when they change.
"""

import asyncio
import hashlib
import hmac
import logging
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from pydantic import SecretStr

from zvon.access.seal import NONCE_BYTES, BadSeal, seal, unseal
from zvon.collect import imap, message
from zvon.collect.submit import Empty, TooLarge, submit
from zvon.formats import language, mail, mail_reply
from zvon.formats.limit import Undecodable
from zvon.jobs import Context
from zvon.locale import translator
from zvon.locale.sentence import answer as answer_sentences
from zvon.model.brand import by_id
from zvon.model.mailbox import Asker, MailServer, server
from zvon.model.report import Channel, Door, Lang, Receipt, ReportIn
from zvon.store import mailbox as boxes
from zvon.store.mailbox import Cursor, Due
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

log = logging.getLogger(__name__)

PURPOSE = "mail_reply"
Take = Callable[[Context, MailServer, imap.Held], Awaitable[bool]]
MOST_ROUNDS = 20
MOST_MAILS = 50
SMTP_TIMEOUT_S = 20.0


async def poll(context: Context, _payload: dict[str, Any]) -> None:
    """Take in what lies new in the mailbox; without one nothing happens."""
    settings = context.settings
    if settings.mailbox is not None:
        await _poll(context, settings.mailbox, settings.mailbox_password, _take)


async def poll_messages(context: Context, _payload: dict[str, Any]) -> None:
    """Take in what lies new in the mailbox of our letters' address, when that is another one."""
    settings = context.settings
    if settings.message_mailbox is not None and settings.message_mailbox != settings.mailbox:
        await _poll(
            context, settings.message_mailbox, settings.message_mailbox_password, _take_message
        )


async def _poll(context: Context, url: str, secret: SecretStr | None, take: Take) -> None:
    box = server(url, "imap")
    password = secret.get_secret_value() if secret else ""
    for _ in range(MOST_ROUNDS):
        async with read(context.pool, SYSTEM) as db:
            at = await boxes.cursor(db, box.name)
        try:
            found = await asyncio.to_thread(imap.fetch, box, password, at.validity, at.uid)
        except imap.MailboxFailed as problem:
            log.warning("mailbox %s: %s", box.name, problem)
            async with transaction(context.pool, context.clock()) as tx:
                await boxes.failed(tx, box.name, str(problem), context.clock())
            return
        last = at.uid if at.validity == found.validity else 0
        for held in found.messages:
            taken = await take(context, box, held)
            last = held.uid
            async with transaction(context.pool, context.clock()) as tx:
                place = Cursor(found.validity, last)
                await boxes.advance(tx, box.name, place, int(taken), context.clock())
        if not found.messages:
            async with transaction(context.pool, context.clock()) as tx:
                place = Cursor(found.validity, last)
                await boxes.advance(tx, box.name, place, 0, context.clock())
        if not found.more:
            return


async def _take(context: Context, box: MailServer, held: imap.Held) -> bool:
    """Take one message in; false for what is no report: empty, too large, or a machine's answer
    to an answer of ours.
    """
    if held.body is None:
        log.warning("mailbox %s: message %d is larger than a report may be", box.name, held.uid)
        return False
    head = mail_reply.head(held.body)
    if mail_reply.answers_us(head):
        return False
    if await message.belongs(context, held.body):
        await message.take(context, held.body, ())
        return True
    now = context.clock()
    submitted = ReportIn(
        body=held.body,
        media_type="message/rfc822",
        channel=Channel.EMAIL,
        door=Door.MAIL,
        lang=await _lang(held.body, context.settings.lang),
        received_at=now,
    )
    try:
        receipt = await submit(
            context.pool, submitted, now=now, random=context.random, key=f"mailbox:{box.name}"
        )
    except (Empty, TooLarge):
        return False
    asker = mail_reply.asker(head, _own(context), now)
    if asker is not None and context.settings.smtp is not None:
        async with transaction(context.pool, now) as tx:
            await _remember(context, tx, receipt, asker, now)
    return True


async def _take_message(context: Context, box: MailServer, held: imap.Held) -> bool:
    """Take one mail to our letters' address in; whatever it is, a person can find it."""
    if held.body is None:
        log.warning("mailbox %s: message %d is larger than a mail may be", box.name, held.uid)
        return False
    if not held.body:
        return False
    await message.take(context, held.body, ())
    return True


async def _remember(
    context: Context, tx: Tx, receipt: Receipt, asker: tuple[str, str], now: datetime
) -> None:
    who = Asker(address=asker[0], message_id=asker[1], token=receipt.token)
    key = context.node.key
    sealed = seal(key, f"{PURPOSE}:{receipt.report}", msgspec.json.encode(who),
                  context.random(NONCE_BYTES))  # fmt: skip
    sender = hmac.digest(key, f"{PURPOSE}:{asker[0]}".encode(), hashlib.sha256)
    await boxes.wait(tx, receipt.report, sealed, sender, now)


async def tell(context: Context, _payload: dict[str, Any]) -> None:
    """Send the answers that are due; without a mail server nothing happens.

    A mail that the server does not take is tried again with the next run.
    """
    settings = context.settings
    if settings.smtp is None or settings.mailbox_address is None:
        return
    for _ in range(MOST_MAILS):
        now = context.clock()
        async with transaction(context.pool, now) as tx:
            due = await boxes.next_due(tx, now)
            if not due:
                await boxes.forget(tx, now)
                return
            if not await _send(context, due, now):
                return
            await boxes.told(tx, due, now)


async def _send(context: Context, due: Sequence[Due], now: datetime) -> bool:
    """Send one mail with all answers that one person waits for; false when it was not taken."""
    settings = context.settings
    assert settings.smtp is not None
    assert settings.mailbox_address is not None
    askers = {}
    for each in due:
        # With another node key nobody can be told any more; the row is then only closed.
        with suppress(BadSeal, msgspec.DecodeError):
            opened = unseal(context.node.key, f"{PURPOSE}:{each.number}", each.sealed)
            askers[each.record_id] = msgspec.json.decode(opened, type=Asker)
    known = [each for each in due if each.record_id in askers]
    if not known:
        return True
    first = askers[known[0].record_id]
    body = mail_reply.compose(
        sender=settings.mailbox_address,
        to=first.address,
        subject=_subject(known),
        sentences=[s for each in known for s in _sentences(context, each, askers[each.record_id])],
        answered=first.message_id,
        identifier=context.random(12).hex(),
        now=now,
    )
    to = server(settings.smtp, "smtp")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    try:
        await asyncio.to_thread(_post, to, password, first.address, body)
    except smtplib.SMTPRecipientsRefused:
        return True  # nobody there; trying again would not help
    except (OSError, smtplib.SMTPException) as problem:
        log.warning("an answer was not sent by %s: %s", to.host, type(problem).__name__)
        return False
    return True


def _sentences(context: Context, each: Due, asker: Asker) -> list[str]:
    speak = translator(each.lang)
    brand = None if each.brand is None else by_id().get(each.brand)
    told = answer_sentences(
        speak, each.answer, number=each.number, addons=each.addons,
        brand=brand.name if brand else each.brand, category=each.category,
    )  # fmt: skip
    changed = [speak.text("MAIL_CHANGED", number=each.number)] if each.before is not None else []
    url = f"{context.settings.console_url}/receipt/{asker.token}"
    return [*changed, *told, speak.text("MAIL_RECEIPT", url=url)]


def _subject(due: Sequence[Due]) -> str:
    speak = translator(due[0].lang)
    numbers = ", ".join(each.number for each in due[:3])
    code = "MAIL_SUBJECT" if due[0].before is None else "MAIL_SUBJECT_CHANGED"
    return speak.text(code, number=numbers + (" …" if len(due) > 3 else ""))


def _post(to: MailServer, password: str, address: str, body: bytes) -> None:
    """Hand one mail to the server. The empty return path keeps bounces from coming back."""
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if to.security == "tls":
        client = smtplib.SMTP_SSL(to.host, to.port, timeout=SMTP_TIMEOUT_S, context=context)
    else:
        client = smtplib.SMTP(to.host, to.port, timeout=SMTP_TIMEOUT_S)
    with client:
        client.ehlo()
        if to.security == "starttls" and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
        if to.user:
            client.login(to.user, password)
        client.sendmail("", [address], body)


def _own(context: Context) -> frozenset[str]:
    address = context.settings.mailbox_address
    return frozenset({address.lower()} if address else ())


async def _lang(body: bytes, otherwise: str) -> Lang:
    """The language of what the sender says, else of what they pass on."""
    try:
        message = await asyncio.to_thread(mail.read, body, to_us=True)
    except (Undecodable, RecursionError):
        return Lang(otherwise)
    return language.detect(message.remark) or message.lang or Lang(otherwise)
