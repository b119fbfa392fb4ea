"""A document as Markdown (CommonMark with tables), for those who keep their papers as text."""

import re

from zvon.privacy.plan.document import Block, Document, Heading, Items, Paragraph, Table
from zvon.privacy.plan.seal import sealed

# Names come from people and from policies: none of them may become markup, HTML or a foot.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~])")


def to_markdown(document: Document) -> str:
    """The whole file."""
    parts = [f"# {plain(document.title)}", *(_block(block) for block in document.blocks)]
    parts += ["---", plain(document.policy_line), plain(document.made_line)]
    return sealed(document, "\n\n".join(parts) + "\n\n", "<!-- ", " -->\n")


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


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(plain(each) or " " for each in cells) + " |"
