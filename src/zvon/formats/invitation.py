"""The invitation: one line of text that a person carries to the partner's operator.

It says where the inviting node is, how its TLS key and its signing key are known, to which
group it leads, and holds a token that works once.
"""

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from zvon.formats import canonical
from zvon.formats.membership import Country, Hex32, Name, Url
from zvon.formats.note import PeerError

PREFIX = "zvon-invite-"
TOKEN_BYTES = 32
MAX_TEXT = 4096

_BODY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Invitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the invited node must know before its first byte; keep it as secret as a password."""

    v: Literal[1] = 1
    node: UUID
    name: Name
    country: Country
    url: Url
    tls_pin: Hex32
    signing_key: Hex32
    group: UUID
    token: Hex32
    expires: Annotated[datetime, Meta(tz=True)]


def write(invitation: Invitation) -> str:
    """The invitation as text: base64url without padding."""
    return PREFIX + base64.urlsafe_b64encode(canonical.encode(invitation)).decode().rstrip("=")


def read(text: str) -> Invitation:
    """Read an invitation, spaces and line breaks around it allowed. Raises `PeerError`."""
    text = text.strip()
    body = text.removeprefix(PREFIX)
    if len(text) > MAX_TEXT or body == text or _BODY.fullmatch(body) is None:
        raise PeerError(f"an invitation begins with {PREFIX} and is one line")
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error:
        raise PeerError("the invitation is cut off") from None
    return canonical.decode(data, Invitation, limit=MAX_TEXT, what="the invitation")
