"""What a person or a party sent us, as received."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from zvon.model.observable import Observable
from zvon.model.verdict import Span

Instant = Annotated[datetime, Meta(tz=True)]
MAX_REPORT_BYTES = 25 * 1024 * 1024


class Channel(StrEnum):
    """How the message reached the reporter."""

    SMS = "sms"
    IMESSAGE = "imessage"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    WEB = "web"
    UNKNOWN = "unknown"


class Door(StrEnum):
    """Which of our doors the report came through."""

    FORM = "form"
    API = "api"
    CLI = "cli"
    PEER = "peer"


class Lang(StrEnum):
    """The languages that the product speaks."""

    SL = "sl"
    HR = "hr"
    EN = "en"


class Mention(Struct, frozen=True, kw_only=True):
    """One observable at one place of the message.

    `shown` is the link text where it differs from the target. `side` is `attacker` for what the
    sender wrote, `reporter` for the forwarder's own headers and remarks, `link_text` for a name
    that is only displayed and never the target.
    """

    observable: Observable
    span: Span | None = None
    raw: str = ""
    shown: str | None = None
    side: str = "attacker"


class Message(Struct, frozen=True, kw_only=True):
    """The forwarded message, decoded.

    `text` is the readable body in Unicode; spans count its code points. `sender` is the address,
    number or name that the message claims. `remark` is what the reporter added, never evidence.
    `headers` holds the fields of the forwarded mail, in order.
    """

    channel: Channel
    text: str
    lang: Lang | None = None
    subject: str = ""
    sender: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    sent_at: Instant | None = None
    remark: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    mentions: tuple[Mention, ...] = ()
    attachments: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class ReportIn(Struct, frozen=True, kw_only=True):
    """What a door hands over: the bytes exactly as sent, and what the sender said of them."""

    body: bytes
    media_type: str
    channel: Channel
    door: Door
    lang: Lang
    received_at: Instant
    party_id: int | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """What the reporter gets back; `token` opens the receipt page and nothing else."""

    report: str
    uuid: UUID
    token: str
    status: str
