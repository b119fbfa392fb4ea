"""The cover of a mail: what was signed, byte for byte, with its signature, or what is encrypted.

A signature holds for bytes, so the signed part is cut out of the mail as it came and never parsed
and written again (RFC 1847, RFC 3156, RFC 8551).
"""

import re
from base64 import b64decode
from binascii import Error
from typing import Literal

from msgspec import Struct

from zvon.formats.mail import parsed

MAX_BOUNDARY = 200
_SMIME = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_INLINE = re.compile(rb"-----BEGIN PGP MESSAGE-----\r?\n.*?-----END PGP MESSAGE-----", re.DOTALL)


class Signed(Struct, frozen=True):
    """A part as it was signed, with CRLF, and the detached signature over it."""

    kind: Literal["pgp", "smime"]
    part: bytes
    signature: bytes


class Encrypted(Struct, frozen=True):
    """An OpenPGP message; `inline` when it stands in the text instead of a cover of its own."""

    body: bytes
    inline: bool = False


def unwrap(body: bytes) -> Signed | Encrypted | None:
    """The outermost cover of a mail, or `None`. Raises `Undecodable` as `mail.parsed` does."""
    top = parsed(body)
    kind = top.get_content_type()
    if kind == "multipart/signed":
        return _signed(body, top.get_boundary() or "", str(top.get_param("protocol") or "").lower())
    if kind == "multipart/encrypted":
        for part in top.walk():
            payload = part.get_payload(decode=True)
            if part.get_content_type() == "application/octet-stream" and isinstance(payload, bytes):
                return Encrypted(payload)
        return None
    found = _INLINE.search(body) if kind == "text/plain" else None
    return Encrypted(found[0], inline=True) if found else None


def _signed(body: bytes, boundary: str, protocol: str) -> Signed | None:
    if not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
        return None
    mark = re.escape(b"--" + boundary.encode("ascii"))
    _, split, rest = body.replace(b"\r\n", b"\n").partition(b"\n\n")
    # The line end before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
    pieces = re.split(rb"(?:\A|\n)" + mark + rb"(?:--)?[ \t]*(?=\n|\Z)", rest if split else b"")
    if len(pieces) < 4:
        return None
    part, other = (piece.removeprefix(b"\n") for piece in pieces[1:3])
    signature = _payload(other)
    if signature is None:
        return None
    return Signed("smime" if protocol in _SMIME else "pgp", part.replace(b"\n", b"\r\n"), signature)


def _payload(part: bytes) -> bytes | None:
    head, split, body = part.partition(b"\n\n")
    if not split:
        return None
    if re.search(rb"(?im)^content-transfer-encoding:[ \t]*base64", head):
        try:
            return b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", body), validate=True)
        except (Error, ValueError):
            return None
    return body
