"""Outlook messages (.msg, MS-OXMSG) rewritten as the mails that they were, attachments and all."""

import re
from contextlib import suppress
from email.encoders import encode_base64
from email.header import Header
from email.message import Message as Mail
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from io import BytesIO
from typing import Any

from zvon.collect.open.budget import Unreadable
from zvon.formats import rtf
from zvon.formats.limit import MAX_DEPTH, MAX_PARTS
from zvon.model.report import PartOutcome

NO_OUTLOOK = "Outlook messages cannot be read here: the extra `visual` is not installed"

# What the new mail says of itself; all else of the old head is kept.
_OWN = frozenset({"content-type", "mime-version", "content-transfer-encoding", "content-length"})
_LETTERS = r"[^\s\"<>,;()@\x00-\x1f]*[^\x00-\x7f][^\s\"<>,;()@\x00-\x1f]*"
_FOREIGN = re.compile(rf"{_LETTERS}(?: {_LETTERS})*")
# An attached message is a storage inside the attachment; its properties begin 8 octets earlier
# than those of a file's top (MS-OXMSG 2.4.1).
_ATTACHED_MESSAGE = "__substg1.0_3701000D"
_ATTACHED_OFFSET = 24
_RTF = 0x1009  # PidTagRtfCompressed


def as_mail(body: bytes) -> bytes:
    """The message as an RFC 5322 mail. Raises `Unreadable`."""
    try:
        import oxmsg  # noqa: PLC0415 -- optional
        from olefile import OleFileIO  # noqa: PLC0415 -- comes with oxmsg
        from oxmsg.storage import Storage  # noqa: PLC0415 -- optional
    except ImportError:
        raise Unreadable(PartOutcome.UNAVAILABLE, NO_OUTLOOK) from None
    with OleFileIO(BytesIO(body)) as file:
        if not any(name.startswith("__properties_version1.0") for [name, *_] in file.listdir()):
            raise Unreadable(PartOutcome.LISTED, "an old Office document, which is not read")
        message = oxmsg.Message(Storage.from_ole(file))
        return _mail(message, 0).as_bytes()


def _mail(message: Any, depth: int) -> MIMEMultipart:
    mail = MIMEMultipart("mixed")
    _head(mail, message)
    body = MIMEMultipart("alternative")
    for kind, text in (("plain", message.body), ("html", _html(message))):
        if text:
            body.attach(MIMEText(text.replace("\x00", ""), kind, "utf-8"))
    if body.get_payload():
        mail.attach(body)
    for number, attachment in enumerate(message.attachments):
        if number == MAX_PARTS:
            break
        part = _attached(attachment, depth)
        if part is not None:
            mail.attach(part)
    return mail


def _head(mail: Mail, message: Any) -> None:
    known = set()
    for name, value in message.message_headers.items():
        if name.lower() not in _OWN and re.fullmatch(r"[!-9;-~]{1,100}", name):
            known.add(name.lower())
            mail[name] = _field(str(value))
    people = ", ".join(
        formataddr((each.name or "", each.email_address), "utf-8")
        for each in message.recipients
        if each.email_address
    )
    for name, value in (
        ("From", message.sender),
        ("Subject", message.subject),
        ("Date", format_datetime(message.sent_date) if message.sent_date else None),
        ("To", people),
    ):
        if name.lower() not in known and value:
            mail[name] = _field(value)


def _field(value: str) -> str:
    """A value on one line, in ASCII: words of other letters are encoded (RFC 2047), runs of them
    as one, and an address beside them stays readable.
    """
    flat = " ".join(value.split())[:4000]
    return _FOREIGN.sub(lambda run: Header(run[0], "utf-8", maxlinelen=4000).encode(), flat)


def _html(message: Any) -> str | None:
    """The page, which Outlook often keeps only inside the RTF."""
    with suppress(LookupError, UnicodeError, ValueError):
        if found := message.html_body:
            return str(found)
    packed = message.properties.binary_prop_value(_RTF)
    if not packed:
        return None
    with suppress(rtf.BadRtf):
        return rtf.html(rtf.decompress(packed))
    return None


def _attached(attachment: Any, depth: int) -> Mail | None:
    inner = next(
        (s for s in attachment._storage.storages if s.name == _ATTACHED_MESSAGE),
        None,
    )
    if inner is not None:
        if depth >= MAX_DEPTH:
            raise Unreadable(PartOutcome.REFUSED, f"mails are nested deeper than {MAX_DEPTH}")
        held = MIMEBase("message", "rfc822")
        held.set_payload([_mail(_embedded(inner), depth + 1)])
        return held
    content = attachment.file_bytes
    if not content:
        return None
    main, _, sub = (attachment.mime_type or "").partition("/")
    if (
        not re.fullmatch(r"[\w.+-]{1,60}", main)
        or not re.fullmatch(r"[\w.+-]{1,100}", sub)
        or main in {"message", "multipart"}
    ):
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(content)
    encode_base64(part)
    name = " ".join((attachment.file_name or "").split())[:200]
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


def _embedded(storage: Any) -> Any:
    """An attached message, read with the offset of its own properties."""
    from oxmsg import Message  # noqa: PLC0415 -- optional
    from oxmsg.properties import Properties  # noqa: PLC0415 -- optional

    class Embedded(Message):
        @property
        def _properties(self) -> Properties:
            return Properties(self._storage, properties_header_offset=_ATTACHED_OFFSET)

    return Embedded(storage)
