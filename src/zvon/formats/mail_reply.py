"""Answering mails by machine without harm (RFC 3834): whom to answer, and how the answer looks."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as Mail
from email.utils import format_datetime

from zvon.formats import authentication, header, received
from zvon.model import suffix
from zvon.model.observable import BadValue, ObservableType, canonical

OURS = "zvon-answer"
"""Begins the identifiers of our answers, so that what comes back to them is known."""

MAX_AGE = timedelta(days=3)
HEAD_BYTES = 262_144

_NOBODY = re.compile(
    r"(?i)^(?:mailer-daemon|postmaster|daemon|root|bounces?|no-?reply|do-?not-?reply|donotreply|"
    r"ne-?odgovarjaj|ne-?odgovaraj|listserv|majordomo|owner-.+|.+-(?:request|owner|bounces?))(?:\+.*)?$"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_LISTS = ("list-id", "list-unsubscribe", "list-post", "x-loop", "x-autoreply", "x-autorespond",
          "feedback-id")  # fmt: skip


def head(body: bytes) -> Mail:
    """The fields of a mail, without its body."""
    return message_from_bytes(body[:HEAD_BYTES].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0] + b"\n\n",
                              policy=header.Bounded())  # fmt: skip


def asker(mail: Mail, own: Collection[str], now: datetime) -> tuple[str, str] | None:
    """Address and message identifier to answer to; `None` for what must never be answered.

    Never answered are machines, lists, bulk mail, bounces, ourselves, mails older than
    `MAX_AGE`, and senders that their own domain disowns (`dmarc=fail`): the answer would go to
    somebody who never wrote. `own` are addresses of ours.
    """
    if automatic(mail) or header.one(mail, "return-path").strip() == "<>":
        return None
    if any(header.all_of(mail, name) for name in _LISTS):
        return None
    if header.one(mail, "precedence").strip().lower() in {"bulk", "list", "junk", "auto_reply"}:
        return None
    if re.search(r"(?i)\b(?:all|autoreply|oof)\b", header.one(mail, "x-auto-response-suppress")):
        return None
    found = header.addresses(mail, "from")
    if len(found) != 1:
        return None
    try:
        address = canonical(ObservableType.EMAIL, found[0][1]).value
    except BadValue:
        return None
    if address in own or not address.isascii() or _NOBODY.match(address.partition("@")[0]):
        return None
    sent = header.date(header.one(mail, "date"))
    if sent is None or abs(now - sent) > MAX_AGE or _disowned(mail, own):
        return None
    named = _MESSAGE_ID.search(header.one(mail, "message-id"))
    return address, named[0] if named else ""


def automatic(mail: Mail) -> bool:
    """True when a machine wrote it: an answer of its own, a bounce, a report of delivery."""
    said = header.one(mail, "auto-submitted").partition(";")[0].strip().lower()
    kind = header.one(mail, "content-type").partition(";")[0].strip().lower()
    return said not in {"", "no"} or kind == "multipart/report"


def answers_us(mail: Mail) -> bool:
    """True for what another machine sent because of an answer of ours."""
    said = " ".join(header.one(mail, name) for name in ("in-reply-to", "references"))
    return automatic(mail) and OURS in said


def compose(
    *,
    sender: str,
    to: str,
    subject: str,
    sentences: Sequence[str],
    answered: str,
    identifier: str,
    now: datetime,
) -> bytes:
    """The answer as it is sent. Nothing of what was reported is in it, nor its subject.

    `answered` is the identifier of the mail that is answered, or empty; `identifier` makes ours.
    """
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{OURS}.{identifier}@{sender.rpartition('@')[2]}>"
    if answered:
        mail["In-Reply-To"] = answered
        mail["References"] = answered
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("\n\n".join(sentences) + "\n", charset="utf-8")
    return mail.as_bytes()


def _disowned(mail: Mail, own: Collection[str]) -> bool:
    """True when our own mail server found that the sender's domain did not send it."""
    hops = [received.hop(field) for field in header.all_of(mail, "received")]
    names = {address.rpartition("@")[2] for address in own}
    names |= {hop.by for hop in hops[:1] if hop.by}
    trusted = {suffix.registered(name) or name for name in names}
    found = authentication.results(header.all_of(mail, "authentication-results"), [], trusted)
    return any(each.method == "dmarc" and each.result == "fail" for each in found)
