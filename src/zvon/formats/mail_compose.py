"""A mail of ours as it is sent (RFC 5322), with or without a signature or a cover around it.

The part that a signature covers is made once, with the line ends that travel, and never parsed
again: a signature holds for bytes (RFC 1847 section 2.1).
"""

import re
from base64 import encodebytes
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from msgspec import Struct

from zvon.formats.mail import File

MAX_SUBJECT = 300
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


class Head(Struct, frozen=True, kw_only=True):
    """The fields of a mail. `machine` marks one that no person wrote (RFC 3834)."""

    sender: str
    sender_name: str
    to: str
    reply_to: str
    subject: str
    message_id: str
    answers: tuple[str, ...]
    at: datetime
    machine: bool
    lang: str


class Wrapped(Struct, frozen=True):
    """A body in a cover: the type of the whole with its parameters, and its parts as bytes."""

    media_type: str
    parts: tuple[bytes, ...]


def content(text: str, files: Sequence[File]) -> bytes:
    """The body and its files as one MIME part with CRLF; equal input gives equal bytes."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail.set_content(text.rstrip("\n") + "\n", charset="utf-8", cte="base64")
    for file in files:
        kind = file.media_type.lower()
        main, _, sub = (kind if _TYPE.fullmatch(kind) else "application/octet-stream").partition("/")  # fmt: skip
        mail.add_attachment(file.body, maintype=main, subtype=sub, filename=_clean(file.name)[:120])
    if files:
        mail.set_boundary(f"zvon-{len(files)}-parts-of-one-mail")
    del mail["MIME-Version"]
    return mail.as_bytes()


def signed(part: bytes, signature: bytes, *, smime: bool, micalg: str) -> Wrapped:
    """A part with its detached signature (RFC 3156 section 5, RFC 8551 section 3.5.3)."""
    if smime:
        body = encodebytes(signature).replace(b"\n", b"\r\n")
        other = (
            b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
            b"Content-Transfer-Encoding: base64\r\n"
            b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n' + body
        )
        protocol = "application/pkcs7-signature"
    else:
        other = b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n' + _crlf(
            signature
        )
        protocol = "application/pgp-signature"
    kind = f'multipart/signed; micalg={micalg}; protocol="{protocol}"'
    return Wrapped(kind, (part, other))


def encrypted(ciphertext: bytes) -> Wrapped:
    """An OpenPGP message in its cover (RFC 3156 section 4)."""
    return Wrapped(
        'multipart/encrypted; protocol="application/pgp-encrypted"',
        (
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
            b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n'
            + _crlf(ciphertext),
        ),
    )


def mail(head: Head, body: bytes | Wrapped) -> bytes:
    """The whole mail; `body` is what `content` made, or a cover around it."""
    fields = [
        ("From", formataddr((_clean(head.sender_name), head.sender), "utf-8")),
        ("To", head.to),
        ("Reply-To", head.reply_to),
        ("Subject", _encoded(head.subject[:MAX_SUBJECT])),
        ("Date", format_datetime(head.at)),
        ("Message-ID", head.message_id),
    ]
    if head.answers:
        fields.append(("In-Reply-To", head.answers[0]))
        fields.append(("References", "\r\n ".join(reversed(head.answers[:20]))))
    if head.machine:
        fields.append(("Auto-Submitted", "auto-generated"))
        fields.append(("X-Auto-Response-Suppress", "All"))
    fields += [("Content-Language", head.lang), ("MIME-Version", "1.0")]
    top = "".join(f"{name}: {_one_field(value)}\r\n" for name, value in fields).encode("ascii")
    if isinstance(body, bytes):
        return top + body
    mark = b"zvon-cover-" + head.message_id.strip("<>").partition("@")[0].encode("ascii")[-24:]
    made = top + b"Content-Type: " + body.media_type.encode("ascii")
    made += b';\r\n boundary="' + mark + b'"\r\n\r\n'
    for part in body.parts:
        made += b"--" + mark + b"\r\n" + part + b"\r\n"
    return made + b"--" + mark + b"--\r\n"


def _one_field(value: str) -> str:
    """A value with no line end but those of a folded field: nobody adds a field of their own."""
    return re.sub(r"\r?\n(?![ ])|\r(?!\n)|\0", " ", value)


def _encoded(text: str) -> str:
    clean = _clean(text)
    if clean.isascii():
        return clean
    return Header(clean, "utf-8", maxlinelen=70, header_name="Subject").encode(linesep="\r\n")


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _crlf(text: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", text)
