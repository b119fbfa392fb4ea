"""What a running node says about itself for its documents; counts and names, nothing of a person."""

from datetime import datetime

from msgspec import Struct


class ClassFacts(Struct, frozen=True, kw_only=True):
    """One class of data: how much of it, how old, and when its last purge was done."""

    rows: int
    oldest: datetime | None = None
    purged_at: datetime | None = None


class Recipient(Struct, frozen=True, kw_only=True):
    """A sharing group or a partner. `members` of a group is a number; their names stay inside."""

    name: str
    group: bool
    country: str = ""
    members: int = 0


class KeyFacts(Struct, frozen=True, kw_only=True):
    """The pseudonym keys of one sharing group: those in use and those destroyed."""

    group: str
    living: int
    destroyed: int
    newest: str


class SourceFacts(Struct, frozen=True, kw_only=True):
    """Where data comes from."""

    name: str
    kind: str


class Facts(Struct, frozen=True, kw_only=True):
    """The state of a node at a moment; `readers` are the roles that may open a class here."""

    at: datetime
    node: str
    version: int
    classes: dict[str, ClassFacts]
    recipients: tuple[Recipient, ...] = ()
    keys: tuple[KeyFacts, ...] = ()
    sources: tuple[SourceFacts, ...] = ()
    released: int = 0
    stopped: int = 0
    open_requests: int = 0
