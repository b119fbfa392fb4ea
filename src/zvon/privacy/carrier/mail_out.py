"""A mail built anew from gated texts; nothing is copied from the old one, not even a boundary.

The texts have the names that `privacy.mail` gave them: `message.2.from` is a header of the second
message inside. The same texts give the same bytes.
"""

import hashlib
import re
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.policy import Compat32
from io import BytesIO

_INNER = re.compile(r"message\.(\d+)\.")
_HEADERS = {"from": "From", "reply-to": "Reply-To", "return-path": "Return-Path",
            "sender": "Sender", "subject": "Subject", "date": "Date", "x-mailer": "X-Mailer",
            "user-agent": "User-Agent", "list-unsubscribe": "List-Unsubscribe"}  # fmt: skip
_BODY = re.compile(r"body\.\d+")
_BAD = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def rebuilt(texts: dict[str, str]) -> bytes:
    """A mail whose headers, bodies and inner messages are the gated `texts`."""
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=Compat32(linesep="\r\n")).flatten(
        _message(texts, "0")
    )
    return out.getvalue()


def _message(texts: dict[str, str], place: str) -> Message:
    message = Message(policy=Compat32())
    own = {name: text for name, text in texts.items() if not _INNER.match(name)}
    inner: dict[int, dict[str, str]] = {}
    for name, text in texts.items():
        if found := _INNER.match(name):
            inner.setdefault(int(found[1]), {})[name[found.end() :]] = text
    bodies: list[str] = []
    beside: list[str] = []
    for name, text in own.items():
        field = _HEADERS.get(name)
        if field and field not in message and text.strip():
            message[field] = _field(text)
        elif _BODY.fullmatch(name):
            bodies.append(text)
        elif text.strip():
            beside.append(f"[{name}] {text}")
    if beside:
        bodies.append("\n".join(beside) + "\n")
    message["MIME-Version"] = "1.0"
    if len(bodies) == 1 and not inner:
        _set_text(message, bodies[0])
        return message
    digest = hashlib.blake2b("\0".join(own.values()).encode("utf-8", "replace"), digest_size=9)
    message["Content-Type"] = f'multipart/mixed; boundary="part-{place}-{digest.hexdigest()}"'
    message.set_payload([])
    for body in bodies:
        part = Message(policy=Compat32())
        _set_text(part, body)
        message.attach(part)
    for number in sorted(inner):
        held = Message(policy=Compat32())
        held["Content-Type"] = "message/rfc822"
        held.set_payload([_message(inner[number], f"{place}.{number}")])
        message.attach(held)
    return message


def _set_text(message: Message, text: str) -> None:
    clean = _BAD.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    message["Content-Type"] = 'text/plain; charset="utf-8"'
    message["Content-Transfer-Encoding"] = "8bit"
    message.set_payload(clean.encode().decode("ascii", "surrogateescape"))


def _field(text: str) -> str:
    """A value on one line in ASCII; an address behind a name in other letters stays readable."""
    flat = _BAD.sub("", " ".join(text.split()))
    if flat.isascii():
        return flat
    name, mark, address = flat.rpartition(" <")
    if mark and address.isascii():
        return f"{Header(name, 'utf-8', maxlinelen=72).encode()} <{address}"
    return Header(flat, "utf-8", maxlinelen=72).encode()
