"""A mailbox read over IMAP (RFC 3501): every message is one delivery, and stays where it is."""

import asyncio
from typing import Annotated

from msgspec import Meta, Struct

from zvon.collect import imap
from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.server import allowed
from zvon.model.mailbox import server

ROUNDS = 20


class Imap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`imaps://user@host/FOLDER` (`INBOX` when not said); the password is the source's secret."""

    mailbox: Annotated[str, Meta(min_length=8, max_length=1000)]

    def __post_init__(self) -> None:
        server(self.mailbox, "imap")


async def read(reading: Reading) -> bool:
    """Take messages in the order of their UIDs; a mailbox with a new validity is read anew."""
    box = server(reading.settings.mailbox, "imap")
    await allowed(reading.context.settings, box.host, box.port)
    for _ in range(ROUNDS):
        at = reading.cursor
        validity, after = int(at.get("validity", 0)), int(at.get("uid", 0))
        try:
            found = await asyncio.to_thread(imap.fetch, box, reading.secret, validity, after)
        except imap.MailboxFailed as problem:
            raise Failed(str(problem)) from None
        for held in found.messages:
            place = {"validity": found.validity, "uid": held.uid}
            if held.body is None:
                reading.skip(f"message {held.uid} is larger than a message may be")
                await reading.advance(place)
            elif not held.body:  # deleted meanwhile
                await reading.advance(place)
            else:
                await reading.take(
                    held.body, name=f"{held.uid}.eml", media_type="message/rfc822",
                    external=f"{found.validity}/{held.uid}", cursor=place,
                )  # fmt: skip
        if not found.messages and found.validity != validity:
            await reading.advance({"validity": found.validity, "uid": 0})
        if not found.more:
            return False
    return True


IMAP = Kind(
    name="imap", how="pull", settings=Imap, credential="needed", read=read, every_s=60
)  # fmt: skip
