"""Mail that our own mail server hands over (LMTP, RFC 2033): an answer for each recipient."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import structlog
from aiosmtpd import lmtp
from aiosmtpd.smtp import Envelope, Session
from msgspec import Meta, Struct

from zvon.collect import message
from zvon.collect.source.kind import Kind
from zvon.collect.take import Empty, TooLarge, take
from zvon.config import host_port
from zvon.formats.mail_token import is_own
from zvon.jobs import Context
from zvon.store.source import Setup

log = structlog.get_logger("zvon.collect.source")

MOST = 50 << 20
MOST_RECIPIENTS = 100
UNIX = "unix:"

Address = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^\s<>@]+@[^\s<>@]+$")]


class Lmtp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addresses whose mail this source is."""

    addresses: Annotated[list[Address], Meta(min_length=1, max_length=50)]


FindMail = Callable[[str], Setup | None]
"""The source of an address in lower case, a paused one too."""


class Desk:
    """What `aiosmtpd` asks: may mail for this recipient come, and here it is."""

    def __init__(self, context: Context, find: FindMail) -> None:
        self._context, self._find = context, find

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient that is a source; for a paused one the mail server keeps the mail."""
        found = self._find(address.lower())
        if found is None and self._ours(address):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 ok"
        if found is None:
            return "550 5.1.1 no source has this address"
        if found.paused:
            return "450 4.2.1 this source is paused"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        """One line for each recipient, in their order: taken, or to be brought again."""
        body = envelope.original_content or b""
        return "\r\n".join([await self._take(each, body) for each in envelope.rcpt_tos])

    async def _take(self, address: str, body: bytes) -> str:
        found = self._find(address.lower())
        if found is None and self._ours(address):
            return await self._answer(address, body)
        if found is None or found.paused:
            return "450 4.2.1 this source is paused"
        try:
            made = await take(
                self._context, found.id, body, name="message.eml", media_type="message/rfc822",
                format=found.format,
            )  # fmt: skip
        except Empty:
            return "554 5.6.0 the message is empty"
        except TooLarge:
            return "552 5.3.4 the message is too large"
        except Exception:  # whatever it is, the mail server keeps the mail
            log.exception("mail waits", source=found.name)
            return "451 4.3.0 try again later"
        return f"250 2.0.0 taken as {made}"

    def _ours(self, address: str) -> bool:
        """Is it the address of our letters, with or without a code behind a plus?"""
        own = message.own_address(self._context)
        return own is not None and is_own(address, own)

    async def _answer(self, address: str, body: bytes) -> str:
        """Take an answer to a letter of ours."""
        if not body.strip():
            return "554 5.6.0 the message is empty"
        try:
            made = await message.take(self._context, body, [address])
        except Exception:  # whatever it is, the mail server keeps the mail
            log.exception("an answer waits")
            return "451 4.3.0 try again later"
        return f"250 2.0.0 taken as {made}"


async def listen(address: str, context: Context, find: FindMail) -> asyncio.Server:
    """Take mail at `host:port` or `unix:/path`. Raises `OSError` when somebody else does."""
    loop = asyncio.get_running_loop()
    desk = Desk(context, find)

    def protocol() -> lmtp.LMTP:
        return lmtp.LMTP(
            desk, data_size_limit=MOST, enable_SMTPUTF8=True, hostname=context.settings.name,
            ident="zvon", loop=loop, timeout=120.0,
        )  # fmt: skip

    if address.startswith(UNIX):
        path = Path(address.removeprefix(UNIX))
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return await loop.create_unix_server(protocol, path)
    host, port = host_port(address)
    return await loop.create_server(protocol, host, port)


LMTP = Kind(name="lmtp", how="push", settings=Lmtp)
