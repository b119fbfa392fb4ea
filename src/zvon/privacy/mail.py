"""A mail opened into texts that the gate can read: chosen headers, bodies, nested messages.

What is not listed here does not leave: routing headers, ids, boundaries, attachments as bytes.
"""

from email import policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser
from html.parser import HTMLParser

from zvon.privacy.engine import Part

MAX_BYTES = 50 * 1024 * 1024
MAX_PARTS = 200
MAX_DEPTH = 8
SENDER = ("From", "Reply-To", "Return-Path", "X-Originating-IP")
RECIPIENT = ("To", "Cc", "Delivered-To")
_BLOCK = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table", "blockquote"})


class BadMail(ValueError):
    """The mail cannot be read, or is beyond the limits; nothing of it leaves."""


def open_mail(raw: bytes) -> list[Part]:
    """The texts of a mail. Raises `BadMail`.

    With a message forwarded inside, its sender is the attacker's side and the outer one the
    reporter's; without one nobody's side is known.
    """
    if len(raw) > MAX_BYTES:
        raise BadMail(f"a mail has at most {MAX_BYTES} bytes")
    try:
        message = BytesParser(policy=policy.default).parsebytes(raw)
        parts: list[Part] = []
        nested = any(p.get_content_type() == "message/rfc822" for p in message.walk())
        _open(message, "", parts, 0, outer=nested)
    except (MessageError, LookupError, ValueError, RecursionError, AttributeError) as problem:
        if isinstance(problem, BadMail):
            raise
        raise BadMail(f"the mail cannot be read: {type(problem).__name__}") from None
    return parts


def _open(message: Message, where: str, out: list[Part], depth: int, *, outer: bool) -> None:
    if depth > MAX_DEPTH:
        raise BadMail(f"messages are nested deeper than {MAX_DEPTH}")
    _headers(message, where, out, inner=depth > 0, outer=outer)
    number = 0
    stack: list[Message] = [message]
    while stack:
        part = stack.pop(0)
        if len(out) > MAX_PARTS or len(stack) > MAX_PARTS:
            raise BadMail(f"a mail has at most {MAX_PARTS} parts")
        kind = part.get_content_type()
        if kind == "message/rfc822":
            number += 1
            for inner in part.get_payload():
                if isinstance(inner, Message):
                    _open(inner, f"{where}message.{number}.", out, depth + 1, outer=False)
        elif part.is_multipart():
            stack = [p for p in part.get_payload() if isinstance(p, Message)] + stack
        elif kind in {"text/plain", "text/html"} and isinstance(part, EmailMessage):
            number += 1
            text = _text(part)
            if kind == "text/html":
                text = html_text(text)
            out.append(Part(f"{where}body.{number}", text, kind))


def _headers(message: Message, where: str, out: list[Part], *, inner: bool, outer: bool) -> None:
    out.append(Part(f"{where}subject", str(message.get("Subject", "")), "header"))
    for name in SENDER:
        side = "attacker" if inner else ("reporter" if outer else "")
        for value in message.get_all(name, []):
            out.append(Part(f"{where}{name.lower()}", str(value), "header", side=side))
    for name in RECIPIENT:
        for value in message.get_all(name, []):
            out.append(Part(f"{where}{name.lower()}", str(value), "header", side="reporter", optional=True))  # fmt: skip


def _text(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")


class _Reader(HTMLParser):
    """All text of a page, shown or hidden, and after it where links and images lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCK:
            self.out.append("\n")
        for name, value in attrs:
            if name in {"href", "src", "action"} and value and not value.startswith(("data:", "cid:")):  # fmt: skip
                self.out.append(f" <{value}> ")
            elif name in {"alt", "title"} and value:
                self.out.append(f" {value} ")

    def handle_data(self, data: str) -> None:
        self.out.append(data)

    def handle_comment(self, data: str) -> None:
        self.out.append(f" {data} ")


def html_text(source: str) -> str:
    """The text of a page, in reading order. Styles and scripts are text too: nothing hides."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.out).splitlines())
    return "\n".join(line for line in lines if line)


def rebuilt(texts: dict[str, str]) -> bytes:
    """A new mail from gated texts: subject and one plain body, nothing copied from the old one."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = " ".join(texts.get("subject", "").split())
    body = [f"[{name}]\n{text}\n" for name, text in texts.items() if name != "subject" and text]
    message.set_content("\n".join(body))
    return message.as_bytes()
