"""A node that writes letters, and a mail server (aiosmtpd) that does what a test tells it to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.share.world import World, world_of
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.marking import Tlp
from zvon.share import mail_out
from zvon.store import contact_change, message, message_draft, message_write
from zvon.store.contact import Contact
from zvon.store.contact_change import NewContact
from zvon.store.message import Message
from zvon.store.message_draft import Draft
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

OWN = "cert@cert.example"


class Sink:
    """What the mail server was given. `refuse` and `answer` are what it says; `cut` hangs up."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.senders: list[str] = []
        self.recipients: list[str] = []
        self.refuse: dict[str, str] = {}
        self.answer = ""
        self.cut = False
        self.port = 0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        body = envelope.original_content or b""
        self.raw.append(body)
        letter = message_from_bytes(body, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.senders.append(envelope.mail_from or "")
        self.recipients += envelope.rcpt_tos
        if self.cut:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 taken"


class Desk:
    """A node with people, an incident and a mail server; a test moves its clock."""

    def __init__(self, world: World, context: Context, sink: Sink, clock: list[datetime]) -> None:
        self.world, self.context, self.sink, self._clock = world, context, sink, clock

    @property
    def now(self) -> datetime:
        return self._clock[0]

    @property
    def pool(self) -> Pool:
        return self.context.pool

    def later(self, **span: float) -> None:
        self._clock[0] += timedelta(**span)

    async def contact(self, address: str = "abuse@gostitelj.example", **said: Any) -> Contact:
        new = NewContact(**{"name": "Gostitelj", "address": address, "lang": "sl",
                            "tlp": int(Tlp.AMBER), **said})  # fmt: skip
        async with transaction(self.pool, self.now) as tx:
            return await contact_change.put(tx, new, self.now, os.urandom)

    async def draft(self, to: Contact, text: str = "Prosimo, poglejte.", **said: Any) -> UUID:
        new = Draft(**{"subject": "Vprašanje", "text": text, "lang": "sl", "contact": to.uuid,
                       "incident": self.world.incident, **said})  # fmt: skip
        ana = self.world.analyst
        async with transaction(self.pool, self.now, viewer=viewer_setting(ana)) as tx:
            return await message_draft.draft(tx, ana, new, self.now, os.urandom)

    async def move(self, uuid: UUID, to: Any) -> Message:
        ana = self.world.analyst
        it = await self.message(uuid)
        async with transaction(self.pool, self.now, viewer=viewer_setting(ana)) as tx:
            return await message_draft.move(tx, ana, uuid, it.version, to, self.now)

    async def notice(self, to: Contact, key: str = "run:1:1", **fields: Any) -> UUID:
        async with transaction(self.pool, self.now) as tx:
            return await message_write.queue_notice(
                tx, incident_id=self.world.found.incident_id, contact_uuid=to.uuid,
                template="incident_notice", fields=fields, key=key, by="run", now=self.now,
                random=os.urandom,
            )  # fmt: skip

    async def send(self, uuid: UUID | None = None) -> None:
        await mail_out.send(self.context, {} if uuid is None else {"message": str(uuid)})

    async def message(self, uuid: UUID) -> Message:
        async with read(self.pool, SYSTEM) as db:
            return await message.known(db, uuid)

    async def rows(self, query: Any, *params: Any) -> list[tuple[Any, ...]]:
        async with read(self.pool, SYSTEM) as db:
            return await (await db.execute(query, params)).fetchall()


@asynccontextmanager
async def desk_of(pool: Pool, now: datetime, root: Path) -> AsyncIterator[Desk]:
    """The node, its mail server listening."""
    world = await world_of(pool, now, root)
    sink = Sink()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(sink, hostname="posta.example", loop=loop, timeout=30.0), "127.0.0.1", 0
    )
    try:
        sink.port = listening.sockets[0].getsockname()[1]
        settings = Settings(root=root, name="SI-CERT", country="SI", message_address=OWN,
                            contact=OWN, smtp=f"smtp://127.0.0.1:{sink.port}")  # fmt: skip
        clock = [now]
        yield Desk(
            world, Context(pool, settings, world.node, lambda: clock[0], os.urandom), sink, clock
        )
    finally:
        listening.close()
