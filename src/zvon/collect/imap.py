"""Fetching mails over IMAP (RFC 3501, RFC 8314), a few at a time; blocking, for a thread."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct

from zvon.model.mailbox import MailServer
from zvon.model.report import MAX_REPORT_BYTES

TIMEOUT_S = 20.0
AT_ONCE = 20
MAX_BYTES = 50 * 1024 * 1024

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")


class MailboxFailed(OSError):
    """The mailbox could not be read; says why, without the password."""


class Held(Struct, frozen=True):
    """One message; `body` is `None` when it is larger than a report may be."""

    uid: int
    body: bytes | None


class Fetched(Struct, frozen=True):
    """Messages in the order of their UIDs; `more` says that others wait behind them."""

    validity: int
    messages: tuple[Held, ...]
    more: bool


def fetch(server: MailServer, password: str, validity: int, after: int) -> Fetched:
    """Read at most `AT_ONCE` messages behind `after`; nothing in the mailbox changes.

    When the mailbox has another validity now, all of it is new. Raises `MailboxFailed`.
    """
    try:
        client = _connected(server)
    except (OSError, imaplib.IMAP4.error) as problem:
        raise MailboxFailed(f"no connection to {server.host}: {problem}") from None
    try:
        client.login(server.user, password)
        said, _ = client.select(_quoted(server.folder), readonly=True)
        if said != "OK":
            raise MailboxFailed(f"there is no folder {server.folder}")
        _, [now] = client.response("UIDVALIDITY")
        current = int(now or b"0")
        start = after if current == validity else 0
        uids = _behind(client, start)
        return Fetched(current, tuple(_messages(client, uids[:AT_ONCE])), len(uids) > AT_ONCE)
    except (OSError, imaplib.IMAP4.error, ValueError, UnicodeError) as problem:
        if isinstance(problem, MailboxFailed):
            raise
        raise MailboxFailed(f"{server.host} failed: {str(problem)[:200]}") from None
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            client.logout()
        with suppress(OSError):
            client.shutdown()  # a server that hangs up at once leaves our end open


def _connected(server: MailServer) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if server.security == "tls":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context, timeout=TIMEOUT_S)
    client = imaplib.IMAP4(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        client.starttls(ssl_context=context)
    return client


def _behind(client: imaplib.IMAP4, after: int) -> list[int]:
    """`UID SEARCH` of a range always gives the last message too, so what is older is left out."""
    said, [found] = client.uid("SEARCH", f"UID {after + 1}:*")
    if said != "OK":
        raise MailboxFailed("the search for new messages was refused")
    return sorted(uid for uid in map(int, (found or b"").split()) if uid > after)


def _messages(client: imaplib.IMAP4, uids: list[int]) -> Iterator[Held]:
    total = 0
    for uid in uids:
        _, sized = client.uid("FETCH", str(uid), "(RFC822.SIZE)")
        size = _SIZE.search(b" ".join(_bytes(sized)))
        length = int(size[1]) if size else 0
        if length > MAX_REPORT_BYTES:
            yield Held(uid, None)
            continue
        if total and total + length > MAX_BYTES:
            return
        total += length
        _, parts = client.uid("FETCH", str(uid), "(BODY.PEEK[])")
        body = next((part[1] for part in parts if isinstance(part, tuple)), None)
        # A message that was deleted since the search has no body, and nothing is lost.
        yield Held(uid, body if isinstance(body, bytes) else b"")


def _bytes(parts: object) -> Iterator[bytes]:
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, bytes):
            yield part
        elif isinstance(part, tuple):
            yield from (each for each in part if isinstance(each, bytes))


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
