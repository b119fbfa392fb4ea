"""A document as DOCX (ECMA-376), for offices that edit what they send on."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph as DocxParagraph

from zvon.formats.paper.block import Block, Cell, Heading, Items, Link, Paper, Paragraph, Table

# The same document is the same bytes: the day in the archive is the first that ZIP knows.
_DAY = (1980, 1, 1, 0, 0, 0)


def to_docx(paper: Paper) -> bytes:
    """The whole file."""
    made = Document()
    made.core_properties.title = _plain(paper.title)[:255]
    made.core_properties.language = paper.lang
    made.core_properties.author = "zvon"
    made.add_heading(_plain(paper.title), level=0)
    for block in paper.blocks:
        _block(made, block)
    for line in paper.foot:
        made.add_paragraph(_plain(line)).runs[0].font.size = Pt(8)
    return _undated(made)


def _block(made: Docx, block: Block) -> None:
    match block:
        case Heading(text, level):
            made.add_heading(_plain(text), level=level - 1)
        case Paragraph(text, warns):
            made.add_paragraph(_plain(text)).runs[0].bold = warns
        case Items(texts):
            for text in texts:
                made.add_paragraph(_plain(text), style="List Bullet")
        case Table():
            _table(made, block)


def _table(made: Docx, table: Table) -> None:
    made.add_paragraph(_plain(table.caption)).runs[0].bold = True
    grid = made.add_table(rows=1, cols=len(table.head), style="Table Grid")
    for cell, text in zip(grid.rows[0].cells, table.head, strict=True):
        cell.paragraphs[0].add_run(_plain(text)).bold = True
    for row in table.rows:
        for cell, said in zip(grid.add_row().cells, row, strict=True):
            _fill(cell.paragraphs[0], said)
    made.add_paragraph()


def _fill(place: DocxParagraph, said: Cell) -> None:
    if not isinstance(said, Link):
        place.add_run(_plain(said))
        return
    link = OxmlElement("w:hyperlink")
    link.set(
        qn("r:id"),
        place.part.relate_to(said.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True),
    )
    run = place.add_run(_plain(said.text))
    run.font.underline = True
    link.append(run._element)
    place._element.append(link)


def _plain(text: str) -> str:
    """`text` without what XML 1.0 has no place for; never empty, so that it has a run."""
    kept = "".join(
        c for c in text
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )  # fmt: skip
    return kept or " "


def _undated(made: Docx) -> bytes:
    raw, out = BytesIO(), BytesIO()
    made.save(raw)
    with ZipFile(raw) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name, _DAY), old.read(name), ZIP_DEFLATED)
    return out.getvalue()
