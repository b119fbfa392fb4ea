"""A mailbox of ours, and those who write to it."""

from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 25}

Security = Literal["tls", "starttls", "plain"]


class BadAddress(ValueError):
    """The text is no address of a mail server; says what is expected."""


class MailServer(Struct, frozen=True, kw_only=True):
    """A server and how it is spoken to; plain only on this very machine."""

    host: str
    port: int
    user: str
    folder: str
    security: Security

    @property
    def name(self) -> str:
        """How the place is called in the database and in messages."""
        return f"{self.user}@{self.host}/{self.folder}"


class Asker(Struct, frozen=True, kw_only=True):
    """Who waits for an answer by mail. `token` opens the receipt."""

    address: str
    message_id: str
    token: str


def server(address: str, kind: Literal["imap", "smtp"]) -> MailServer:
    """Read `imaps://user@host:993/FOLDER` or `smtp://host`. Raises `BadAddress`."""
    expected = f"expected {kind}s://user@host[:port]{'/FOLDER' if kind == 'imap' else ''}"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise BadAddress(expected) from None
    if parts.scheme not in {kind, f"{kind}s"} or not parts.hostname or parts.password:
        raise BadAddress(f"{expected}; the password has a setting of its own")
    local = parts.hostname in LOOPBACK
    security: Security = "tls" if parts.scheme.endswith("s") else "plain" if local else "starttls"
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        security=security,
    )
