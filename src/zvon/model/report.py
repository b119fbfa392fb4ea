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
    WATCH = "watch"
    UNKNOWN = "unknown"


class Door(StrEnum):
    """Which of our doors the report came through."""

    FORM = "form"
    API = "api"
    CLI = "cli"
    PEER = "peer"
    WATCH = "watch"
    MAIL = "mail"


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

    `derived` says how a machine read it: `ocr` off the letters of a picture, where `0` may be `O`,
    `qr` out of a printed code, nothing where it came as text. `part` is `attachment:N` for what
    stands in the file `Message.parts[N - 1]`.
    """

    observable: Observable
    span: Span | None = None
    raw: str = ""
    shown: str | None = None
    side: str = "attacker"
    derived: str = ""
    part: str = ""


class PartOutcome(StrEnum):
    """What became of a file that came with a report."""

    READ = "read"
    LISTED = "listed"  # named, and nothing to read in it
    BROKEN = "broken"  # cut off or not what it says
    LOCKED = "locked"  # needs a password
    REFUSED = "refused"  # larger, deeper or more than the limits allow
    UNAVAILABLE = "unavailable"  # this installation has no reader for it


class Part(Struct, frozen=True, kw_only=True):
    """A file that came with a report, or is the report: what it is and what was read in it.

    `kind` is a word of `formats.kind`; `text` its readable text, cut; `codes` are its printed
    codes for people, account numbers and passwords masked; `reason` says what an outcome other
    than `read` came from.
    """

    name: str
    kind: str
    outcome: PartOutcome = PartOutcome.READ
    reason: str = ""
    text: str = ""
    derived: str = ""
    codes: tuple[str, ...] = ()


class AuthResult(Struct, frozen=True, kw_only=True):
    """What the recipient's own server found about a mail (RFC 8601): `spf`, `dkim` or `dmarc`.

    `domain` is the name that was checked. What other servers claim to have found is left out.
    """

    method: str
    result: str
    domain: str | None = None


class Message(Struct, frozen=True, kw_only=True):
    """The forwarded message, decoded.

    `text` is the readable body in Unicode; spans count its code points. `sender` is the address,
    number or name that the message claims. `remark` is what the reporter added, never evidence.
    `headers` holds the fields of the forwarded mail, in order; `auth` what the recipient's server
    found about its origin; `parts` the files that came with it.
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
    parts: tuple[Part, ...] = ()
    auth: tuple[AuthResult, ...] = ()


class ReportIn(Struct, frozen=True, kw_only=True):
    """What a door hands over: the bytes exactly as sent, and what the sender said of them."""

    body: bytes
    media_type: str
    channel: Channel
    door: Door
    lang: Lang
    received_at: Instant
    party_id: int | None = None


def written_to_us(door: Door, media_type: str) -> bool:
    """True when a mail is its sender's report to us, and not the message that is reported: one to
    our own mailbox, and what our form encloses like one.
    """
    return door is Door.MAIL or (door is Door.FORM and media_type.startswith("multipart/"))


class Receipt(Struct, frozen=True, kw_only=True):
    """What the reporter gets back; `token` opens the receipt page and nothing else."""

    report: str
    uuid: UUID
    token: str
    status: str
