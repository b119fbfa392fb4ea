"""A document as one HTML file: no script, nothing from elsewhere, good to read, to hear and to print."""

import base64
import hashlib
from html import escape

from zvon.formats.paper.block import Block, Cell, Heading, Items, Link, Paper, Paragraph, Table

STYLE = """
:root { color-scheme: light }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 }
main, footer { max-width: 60rem; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.75rem; line-height: 1.25 }
h2 { font-size: 1.25rem; margin-top: 2.25rem; border-bottom: 1px solid #767676 }
h3 { font-size: 1.05rem; margin-top: 1.5rem }
p, li { max-width: 45rem }
.warns { border-left: 4px solid #8a4b00; padding: .5rem 1rem; background: #fff6e8 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .875rem; margin: 1rem 0 }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { text-align: left; vertical-align: top; border: 1px solid #767676; padding: .375rem .5rem }
thead th { background: #f0f0f0 }
tbody th { font-weight: 600 }
footer { border-top: 1px solid #767676; font-size: .8125rem; overflow-wrap: anywhere }
@page { size: A4; margin: 18mm 15mm 20mm }
@media print {
  main, footer { max-width: none; padding: 0 }
  body { font-size: 10pt }
  table { font-size: 8.5pt }
  thead { display: table-header-group }
  tr { break-inside: avoid }
  h2, h3, caption { break-after: avoid }
}
"""
# For the header that lets this style in and nothing else.
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def to_html(paper: Paper) -> str:
    """The whole file."""
    title = escape(paper.title)
    body = "\n".join(_block(block) for block in paper.blocks)
    foot = "\n".join(f"<p>{escape(line)}</p>" for line in paper.foot)
    return (
        f'<!doctype html>\n<html lang="{escape(paper.lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n{body}\n</main>\n<footer>\n{foot}\n</footer>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, warns):
            return f'<p class="warns">{escape(text)}</p>' if warns else f"<p>{escape(text)}</p>"
        case Items(texts):
            return "<ul>\n" + "\n".join(f"<li>{escape(each)}</li>" for each in texts) + "\n</ul>"
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    caption = escape(table.caption)
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in table.head)
    rows = "\n".join(
        f'<tr><th scope="row">{_cell(first)}</th>'
        + "".join(f"<td>{_cell(each)}</td>" for each in rest)
        + "</tr>"
        for first, *rest in table.rows
    )
    # A wide table scrolls by itself, also with the keys.
    return (
        f'<div class="wide" role="region" aria-label="{caption}" tabindex="0">\n<table>\n'
        f"<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n"
        "</tbody>\n</table>\n</div>"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.href)}">{escape(cell.text)}</a>'
    return escape(cell)
