"""A document as Markdown (CommonMark with tables), for those who keep their papers as text."""

import re
from collections.abc import Sequence

from zvon.formats.paper.block import Block, Cell, Heading, Items, Link, Paper, Paragraph, Table

# Names come from people and from policies: none of them may become markup, HTML or a foot.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~])")


def to_markdown(paper: Paper) -> str:
    """The whole file."""
    parts = [f"# {plain(paper.title)}", *(_block(block) for block in paper.blocks)]
    parts += ["---", *(plain(line) for line in paper.foot)]
    return "\n\n".join(parts) + "\n\n"


def plain(text: str) -> str:
    """`text` on one line with every sign escaped that Markdown would read."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {plain(text)}"
        case Paragraph(text, warns):
            return f"> **{plain(text)}**" if warns else plain(text)
        case Items(texts):
            return "\n".join(f"- {plain(each)}" for each in texts)
        case Table():
            head = _row(block.head)
            return "\n".join([
                f"**{plain(block.caption)}**", "", head, "|" + " --- |" * len(block.head),
                *(_row(row) for row in block.rows),
            ])  # fmt: skip


def _row(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_cell(each) or " " for each in cells) + " |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f"[{plain(cell.text)}]({cell.href.replace(' ', '%20').replace(')', '%29')})"
    return plain(cell)
