"""A mail opened into texts that the gate can read (RFC 5322, 2045, 2047, 2231), closed on doubt.

With a message forwarded inside, the outer ones are the reporter's and the innermost is the
attacker's; without one nobody's side is known, unless a mail stands quoted in the text. Files are
handed on unopened: whoever may start a process opens them (`collect.rebuild`).
"""

import codecs
import hashlib
from email.message import Message

from msgspec import Struct
from msgspec.structs import replace

from zvon.formats import forward, header, mail
from zvon.formats.charset import text_of
from zvon.formats.limit import MAX_DEPTH, MAX_PARTS, Undecodable
from zvon.model import suffix
from zvon.privacy.carrier.headers import carrier, read_head
from zvon.privacy.carrier.page import TooDeep, page_text
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts
from zvon.privacy.role.itself import shared_domains

_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined",
                          "unicode-escape", "raw-unicode-escape"})  # fmt: skip
MAX_BYTES = 50 * 1024 * 1024


class BadMail(ValueError):
    """The mail cannot be read, or is beyond the limits; nothing of it leaves."""


class File(Struct, frozen=True, kw_only=True):
    """A file of a mail, unopened: the part that its name became, whose it is, and its bytes."""

    part: str
    name: str
    media_type: str
    side: str
    body: bytes

    @property
    def sha256(self) -> str:
        """What identifies an attacker's file, and a victim's too: it leaves only with the first."""
        return hashlib.sha256(self.body).hexdigest()


class Opened(Struct, frozen=True, kw_only=True):
    """A mail, opened. `parts` may leave; `known` are read so that what they say of the victim is
    known, and never leave. `attackers` and `reporters` are values whose side the headers tell.
    `withheld` says in words what was not read and stays.
    """

    parts: tuple[Part, ...]
    known: tuple[Part, ...] = ()
    attackers: frozenset[str] = frozenset()
    reporters: frozenset[str] = frozenset()
    files: tuple[File, ...] = ()
    withheld: tuple[str, ...] = ()

    def facts(self, facts: Facts) -> Facts:
        """`facts` with what the headers tell."""
        return replace(
            facts,
            attackers=facts.attackers | (self.attackers - self.reporters),
            reporters=facts.reporters | self.reporters,
        )


def read_mail(raw: bytes, *, strict: bool = True) -> Opened:
    """Open a mail. Raises `BadMail`, whose message holds nothing of the mail.

    `strict` refuses what can only be guessed: a character set that nobody knows or that the bytes
    are not in. A name that is read wrongly is not found.
    """
    if len(raw) > MAX_BYTES:
        raise BadMail(f"a mail has at most {MAX_BYTES} bytes")
    reader = _Reader(strict=strict)
    try:
        reader.message(mail.parsed(raw), "", [])
    except (Undecodable, TooDeep) as problem:
        raise BadMail(str(problem)) from None
    except (LookupError, ValueError, RecursionError, AttributeError, TypeError) as problem:
        if isinstance(problem, BadMail):
            raise
        raise BadMail(f"the mail cannot be read: {type(problem).__name__}") from None
    return Opened(
        parts=tuple(reader.parts),
        known=tuple(reader.known),
        attackers=frozenset(reader.attackers),
        reporters=frozenset(reader.reporters),
        files=tuple(reader.files),
        withheld=tuple(dict.fromkeys(reader.withheld)),
    )


def open_mail(raw: bytes) -> list[Part]:
    """The texts of a mail that may leave once they are through the gate. Raises `BadMail`."""
    return list(read_mail(raw, strict=False).parts)


def html_text(source: str) -> str:
    """The text of a page, shown and hidden. Raises `BadMail` for one that was built to break us."""
    try:
        return page_text(source)
    except TooDeep as problem:
        raise BadMail(str(problem)) from None


class _Reader:
    """What was read of a mail so far."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.parts: list[Part] = []
        self.known: list[Part] = []
        self.attackers: set[str] = set()
        self.reporters: set[str] = set()
        self.files: list[File] = []
        self.withheld: list[str] = []

    def message(self, message: Message, where: str, outer: list[Message]) -> None:
        """One message, then those inside it."""
        if len(outer) > MAX_DEPTH:
            raise BadMail(f"messages are nested deeper than {MAX_DEPTH}")
        leaves = _leaves(message)
        inner = [leaf for leaf in leaves if leaf.get_content_type() == "message/rfc822"]
        side = "reporter" if inner else (_sender_side(message, outer) if outer else "")
        texts = [leaf for leaf in leaves if leaf not in inner]
        first = len(self.parts)
        for number, leaf in enumerate(texts, 1):
            self.leaf(leaf, where, number, side)
        if not inner and not outer:
            side = self._quoted(self.parts[first:], header.one(message, "subject"))
        head = read_head(message, outer, where, side)
        self.parts[first:first] = head.parts
        self.known += head.known
        self.attackers |= head.attackers
        self.reporters |= head.reporters
        self._room()
        for count, leaf in enumerate(inner, 1):
            payload = leaf.get_payload()
            for held in payload if isinstance(payload, list) else []:
                if isinstance(held, Message):
                    self.message(held, f"{where}message.{count}.", [*outer, message])

    def leaf(self, leaf: Message, where: str, number: int, side: str) -> None:
        """A part that holds no parts: a text, or a file."""
        kind, table = leaf.get_content_type(), carrier()
        name = _file_name(leaf)
        said = f"{where}attachment.{number}"
        if name:
            self.parts.append(Part(f"{said}.name", name, "header", side=side, whole="FILE"))
        if kind in table.closed:
            self.withheld.append(f"{said}: {kind}")
        elif kind in table.read or kind in table.text:
            text = self._text(leaf)
            if kind == "text/html":
                text = page_text(text)
            if kind in table.read:
                self.withheld.append(f"{said}: {kind}")
                self.known.append(Part(f"known.{said}", text, leaves=False, side="reporter"))
            else:
                self.parts.append(Part(f"{where}body.{number}", text))
        else:
            payload = leaf.get_payload(decode=True)
            if isinstance(payload, bytes) and payload:
                self.files.append(
                    File(part=said, name=name, media_type=kind, side=side, body=payload)
                )
            elif kind.startswith("message/"):
                self.withheld.append(f"{said}: {kind}")
        self._room()

    def _room(self) -> None:
        if len(self.parts) > 4 * MAX_PARTS or len(self.files) > MAX_PARTS:
            raise BadMail(f"a mail has at most {MAX_PARTS} parts")

    def _quoted(self, parts: list[Part], subject: str) -> str:
        """The side of a mail that forwards another in its text; who got that one is the victim's."""
        for part in parts:
            found = forward.find(part.text, subject=subject) if part.kind == "text/plain" else None
            if found is not None:
                for field in ("to", "cc"):
                    self.reporters |= _addresses(found.fields.get(field, ""))
                return "reporter"
        return ""

    def _text(self, leaf: Message) -> str:
        payload = leaf.get_payload(decode=True)
        if isinstance(payload, list):  # a report of a mail server holds headers as messages
            payload = "\n\n".join(str(each) for each in payload)
        if not isinstance(payload, bytes):
            return str(payload or "")
        charset = leaf.get_content_charset()
        return _exact(payload, charset) if self.strict else text_of(payload, charset)[0]


def _exact(payload: bytes, charset: str | None) -> str:
    """The text in the character set that it names, UTF-8 when it names none. Raises `BadMail`.

    ASCII is read as UTF-8, of which it is a part: many programs say the one and write the other.
    """
    named = "utf-8-sig" if charset in {None, "us-ascii", "ascii", "utf-8"} else str(charset)
    try:
        found = codecs.lookup(named)
        if not getattr(found, "_is_text_encoding", True) or found.name in _NO_CHARSETS:
            raise LookupError
        return payload.decode(named)
    except LookupError:
        said = "names a character set that nobody knows"
    except (UnicodeError, ValueError):
        said = "is not in the character set that it names"
    raise BadMail(f"a text of the mail {said}; what is guessed could hide a name")


def _leaves(message: Message) -> list[Message]:
    """Parts without parts, in order; attached messages are leaves. Raises `BadMail`."""
    leaves: list[Message] = []
    stack = [(message, 0)]
    while stack:
        part, level = stack.pop()
        if level > MAX_DEPTH or len(leaves) > MAX_PARTS:
            raise BadMail(f"a mail has at most {MAX_PARTS} parts, {MAX_DEPTH} deep")
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            stack += [(p, level + 1) for p in reversed(payload) if isinstance(p, Message)]
        else:
            leaves.append(part)
    return leaves


def _sender_side(message: Message, outer: list[Message]) -> str:
    """Whose the innermost message is: the attacker's, unless it came from the reporter's own side.

    Somebody may attach their own earlier mail, or a colleague's: then it is theirs, or nobody's.
    """
    around = {a.lower() for m in outer for _, a in header.addresses(m, "from", "to", "cc")}
    around |= {a.lower() for _, a in header.addresses(message, "to", "cc", "delivered-to")}
    homes = {_home(a) for m in outer for _, a in header.addresses(m, "from")} - shared_domains()
    senders = {a.lower() for _, a in header.addresses(message, "from", "sender")}
    if senders & around:
        return "reporter"
    return "" if {_home(a) for a in senders} & homes else "attacker"


def _home(address: str) -> str:
    """The registered name of an address's domain."""
    name = address.lower().rpartition("@")[2].rstrip(".")
    return suffix.registered(name) or name


def _file_name(leaf: Message) -> str:
    try:
        name = leaf.get_filename() or ""
    except (LookupError, UnicodeError, ValueError, TypeError):
        return "unreadable"
    return header.decoded(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _addresses(text: str) -> set[str]:
    return {word.strip("<>\"'(),;[]").lower() for word in text.split() if "@" in word}
