"""A document before it is HTML or Markdown: headings, paragraphs, lists and tables."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """Which document: the plan, the record of processing (GDPR, Article 30), the DPIA (Article 35)."""

    PLAN = "dmp"
    PROCESSING = "processing"
    ASSESSMENT = "dpia"


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


class Table(Struct, frozen=True, tag=True):
    """A table; each row begins with what it is about. `caption` says what the table shows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Items | Table


class Document(Struct, frozen=True, kw_only=True):
    """A whole document. `live` are indexes of the blocks that show the state of a node.

    What is not live follows from the policy alone, so that it can be written again and compared.
    """

    kind: Kind
    country: str
    lang: str
    title: str
    blocks: tuple[Block, ...]
    live: frozenset[int]
    policy_sha256: str
    policy_line: str
    made_line: str


class Writer:
    """Collects the blocks of one document in order."""

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
        rows: Sequence[Sequence[str]],
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
