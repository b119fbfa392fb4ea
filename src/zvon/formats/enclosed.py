"""What a person tells us and the file that they hand in beside it, as one mail (RFC 2046)."""

import hashlib
from base64 import encodebytes
from email.header import Header

from zvon.formats.kind import Kind, kind_of

MEDIA_TYPE = "multipart/mixed"


def enclose(text: str, name: str, media_type: str, body: bytes) -> bytes:
    """A mail to us with `text` as its words and `body` attached; the same always gives the same.

    A mail stays one, so that it is the object and the words are the remark.
    """
    boundary = f"zvon-{hashlib.sha256(body).hexdigest()[:32]}"
    clean = Header(" ".join(name.split())[:200], "utf-8", maxlinelen=4000).encode()
    clean = clean.replace('"', "").replace("\\", "")
    # Not in base64: card numbers in it must be found before it is stored.
    words = text.encode("utf-8", "replace")
    parts = [_part(boundary, "text/plain; charset=utf-8", "8bit", "inline", words)]
    if kind_of(body, media_type, name) is Kind.MAIL:
        parts.append(_part(boundary, "message/rfc822", "8bit", "attachment", body))
    else:
        shown = f'attachment; filename="{clean}"'
        kind = "application/octet-stream"
        parts.append(_part(boundary, kind, "base64", shown, encodebytes(body)))
    head = f'MIME-Version: 1.0\r\nContent-Type: {MEDIA_TYPE}; boundary="{boundary}"\r\n\r\n'
    return head.encode() + b"".join(parts) + f"--{boundary}--\r\n".encode()


def _part(boundary: str, kind: str, encoding: str, shown: str, body: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f"Content-Disposition: {shown}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
