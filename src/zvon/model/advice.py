"""What we advise to do about one name of a report; a person decides."""

from enum import StrEnum

from msgspec import Struct

from zvon.model.scope import Scope

READ_OFF_PICTURE = "read_off_picture"
"""The reason of an advice on a name that a machine read off a picture and nobody confirmed yet."""


class Action(StrEnum):
    """What the category's policy asks for."""

    PROPOSE_BLOCK = "propose_block"
    WARN = "warn"
    NONE = "none"


class NameAdvice(Struct, frozen=True, kw_only=True):
    """A name, how much of it a block would cover, and the rule that says so.

    With scope `none` the name is only named: `reason` tells why it must not be blocked. `url` is
    the clean address that led to the name.
    """

    name: str
    scope: Scope
    reason: str
    url: str | None = None
    action: Action = Action.PROPOSE_BLOCK
