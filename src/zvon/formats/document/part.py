"""A document taken apart: its texts, each with where it stands and where its links lead."""

from msgspec import Struct


class Link(Struct, frozen=True, kw_only=True):
    """Where a reader of the part would be sent: the address as it stands, and what shows it.

    `start` and `end` are code points of the part's text, absent for what nobody sees. `element`
    is what holds it (`a`, `form`, `img`, `annotation`, `relation`, `qr`). `shown` is the other
    address that the text of the link pretends to lead to.
    """

    target: str
    element: str = "a"
    start: int | None = None
    end: int | None = None
    shown: str | None = None


class Part(Struct, frozen=True, kw_only=True):
    """One text of a document.

    `id` names it inside the document: `text`, `subject`, `remark`, `page:3`, `sheet:Hosts`,
    `comments`, `attachment:1/text`. `kind` is a word of `formats.kind`, or `subject`, `remark`,
    `comments`, `notes`, `sheet`, `slide`, `hidden`. `author` says whose words they are, where that
    is known: `reporter` for what somebody wrote around what they pass on. `derived` is `ocr` for
    letters read off a picture.
    """

    id: str
    kind: str
    text: str = ""
    links: tuple[Link, ...] = ()
    name: str = ""
    author: str = ""
    derived: str = ""


class Parts(Struct, frozen=True, kw_only=True):
    """A document, opened. `warnings` are sentences about what was left out, and why.

    `reason` says why there is nothing at all; `cut` that a limit was hit.
    """

    parts: tuple[Part, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""
    cut: bool = False
