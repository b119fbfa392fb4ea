"""What the isolated opener says: a message, or where and why there is none."""

from msgspec import Struct

from zvon.model.report import Message


class Answer(Struct, frozen=True, kw_only=True):
    """Without a message, `position` and `reason` are those of `Undecodable`."""

    message: Message | None = None
    position: str = ""
    reason: str = ""
