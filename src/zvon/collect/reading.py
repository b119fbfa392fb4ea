"""Reading a report of any kind: here what is plain, in a process of its own what may be hostile."""

import asyncio

from zvon.collect.open import opener
from zvon.formats.decode import EMPTY
from zvon.formats.decode import decode as read_message
from zvon.formats.kind import OPENED, Kind, kind_of
from zvon.formats.limit import Undecodable
from zvon.formats.mail import NOT_READ
from zvon.model.report import Channel, Message


async def read_any(
    body: bytes, media_type: str, channel: Channel, *, to_us: bool = False
) -> Message:
    """The message of a report of any kind. Raises `Undecodable`.

    Text, pages and mails without files are read here; what needs more than that is opened in a
    process of its own. A mail whose files break their reader is still read without them.
    """
    if kind_of(body, media_type) in OPENED:
        return await opener.read(body, media_type, channel, to_us=to_us)
    empty: Undecodable | None = None
    try:
        message = await asyncio.to_thread(read_message, body, media_type, channel, to_us=to_us)
    except Undecodable as problem:
        if kind_of(body, media_type) is not Kind.MAIL or problem.reason != EMPTY:
            raise
        empty = problem
    else:
        if NOT_READ not in message.warnings and not message.attachments:
            return message
    try:
        return await opener.read(body, media_type, channel, to_us=to_us)
    except Undecodable:
        if empty is not None:
            raise
        return message
