"""What a document of ours is made of before it is a file: headings, paragraphs, lists, tables."""

from collections.abc import Sequence

from msgspec import Struct


class Heading(Struct, frozen=True, tag=True):
    """A heading of the second or third level."""

    text: str
    level: int = 2


class Paragraph(Struct, frozen=True, tag=True):
    """One paragraph; `warns` for what the reader must not overlook."""

    text: str
    warns: bool = False


class Items(Struct, frozen=True, tag=True):
    """A list without an order."""

    texts: tuple[str, ...]


class Link(Struct, frozen=True, tag=True):
    """A cell that leads somewhere: a path of the node, or an address."""

    text: str
    href: str


Cell = str | Link


class Table(Struct, frozen=True, tag=True):
    """A table; each row begins with what it is about. `caption` says what the table shows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


Block = Heading | Paragraph | Items | Table


class Paper(Struct, frozen=True, kw_only=True):
    """A whole document; `foot` are the lines below it."""

    lang: str
    title: str
    blocks: tuple[Block, ...]
    foot: tuple[str, ...] = ()


class Writer:
    """Collects the blocks of one document in order; `live` are indexes of those marked so."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.live: set[int] = set()

    def head(self, text: str, level: int = 2) -> None:
        """Begin a section."""
        self.blocks.append(Heading(text, level))

    def say(self, text: str, *, warns: bool = False, live: bool = False) -> None:
        """Add a paragraph."""
        self._add(Paragraph(text, warns), live=live)

    def items(self, texts: Sequence[str], *, live: bool = False) -> None:
        """Add a list, unless it is empty."""
        if texts:
            self._add(Items(tuple(texts)), live=live)

    def table(
        self,
        caption: str,
        head: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        live: bool = False,
    ) -> None:
        """Add a table, unless it has no rows."""
        if rows:
            made = Table(caption, tuple(head), tuple(tuple(row) for row in rows))
            self._add(made, live=live)

    def _add(self, block: Block, *, live: bool) -> None:
        if live:
            self.live.add(len(self.blocks))
        self.blocks.append(block)
