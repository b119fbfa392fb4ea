"""What a look at a page brought: pure facts, without the page."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]
MAX_PAGE_TEXT = 20_000


class Vantage(StrEnum):
    """From where we looked: `plain` runs no scripts, the others are a browser."""

    PLAIN = "plain"
    DESKTOP = "desktop"
    PHONE = "phone"


class Outcome(StrEnum):
    """How a look ended. `refused` is our own guard, `unavailable` that we have no browser."""

    SEEN = "seen"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class Asked(StrEnum):
    """What a form asks for; also the values of `page.form`."""

    PASSWORD = "password"  # noqa: S105 -- the kind of a field
    CARD = "card"
    CODE = "code"
    LOGIN = "login"
    BANK = "bank"
    IDENTITY = "identity"
    ADDRESS = "address"
    PHONE = "phone"
    SEARCH = "search"
    OTHER = "other"


class Hop(Struct, frozen=True):
    """One step of a chain. `via` is how it led on: `http`, `meta`, `script`, `frame` or ``."""

    url: str
    status: int
    via: str = ""


class Form(Struct, frozen=True):
    """One form: what it asks for, and the host that gets it (`None`: the page's own)."""

    asks: tuple[Asked, ...]
    target: str | None = None
    target_url: str = ""


class PageFacts(Struct, frozen=True, kw_only=True):
    """A page as one vantage saw it; the same bytes give the same facts.

    `hops` starts with the address that was asked for and ends with the one that answered. `text`
    is what a reader sees, at most `MAX_PAGE_TEXT` characters. `skeleton` is a hash (hex) of tags
    and class shapes without text, `nodes` how many it has. `resources` are hashes (hex) of the
    scripts, styles and pictures by content or, where not fetched, by host and path. `favicon` is
    MurmurHash3 of the base64 of the icon, as the field uses it. `links_out` counts links by host.
    `secrets` are hashes of tokens of messengers that a kit sends its loot to.

    `sends` are hosts that a script sends what is typed to, `onward` is where a script sends the
    visitor. `business` are the marks of a firm that says who it is, `owner_ids` the kinds of
    numbers of owners that are valid; the numbers stay on the page. `hints` are words for what a
    page hides or is: `eval`, `packed`, `bot-check`, `default-page` (`formats.page.traces`).
    """

    hops: tuple[Hop, ...]
    status: int
    media_type: str = ""
    title: str = ""
    lang: str | None = None
    text: str = ""
    forms: tuple[Form, ...] = ()
    skeleton: str = ""
    nodes: int = 0
    resources: tuple[str, ...] = ()
    favicon: int | None = None
    links_out: dict[str, int] = {}
    frames: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    kit_archives: tuple[str, ...] = ()
    parked: bool = False
    generator: str = ""
    owner_ids: tuple[str, ...] = ()
    certificate: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    onward: str | None = None
    business: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Capture(Struct, frozen=True, kw_only=True):
    """One look. `html` and `screenshot` are SHA-256 (hex) of evidence files that are kept.

    `uuid` is `None` as long as it is not stored. `read` is what OCR saw, `phash` has 64 bits.
    """

    url: str
    stage: int
    vantage: Vantage
    outcome: Outcome
    reason: str = ""
    facts: PageFacts | None = None
    phash: int | None = None
    read: str = ""
    html: str | None = None
    screenshot: str | None = None
    took_ms: int = 0
    at: Instant
    uuid: UUID | None = None
