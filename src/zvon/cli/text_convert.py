"""`zvon text convert`: a document of any kind as its texts, with where their links lead."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from zvon.formats.document.part import Parts

app = App(name="convert", help="Take a mail, page, PDF, Office or Outlook file apart.")

DOCUMENTS = frozenset({".eml", ".html", ".htm", ".pdf", ".docx", ".msg", ".xlsx", ".pptx", ".odt"})
"""Endings of files that are opened and not read as text."""

DONE, BAD_INPUT, LIMIT = 0, 2, 3


@app.default
def convert(
    file: Annotated[
        Path,
        Parameter(help="A document, or `-` for standard input.", allow_leading_hyphen=True),
    ],
    /,
) -> int:
    """Print `{"parts":[{"id","kind","text","links"}],"warnings":[]}`.

    The document is opened in a process of its own, without network, within limits of memory and
    time. Exit code 2: it cannot be read (`error` says why); 3: a limit was hit, and what was read
    until then is printed.
    """
    import sys

    import msgspec

    opened = parts_of(file)
    sys.stdout.buffer.write(msgspec.json.encode(shown(opened)) + b"\n")
    if opened.cut:
        return LIMIT
    return BAD_INPUT if opened.reason else DONE


def parts_of(file: Path) -> "Parts":
    """Open a document; `reason` says why there is nothing. Raises `OSError`."""
    import asyncio
    import sys

    from zvon.collect.open import opener

    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    return asyncio.run(opener.parts(body, name="" if str(file) == "-" else file.name))


def shown(opened: "Parts") -> dict[str, Any]:
    """The parts as the command prints them: fields that say nothing are left out."""
    rows = []
    for part in opened.parts:
        links = [
            {key: value for key in link.__struct_fields__
             if (value := getattr(link, key)) is not None}
            for link in part.links
        ]  # fmt: skip
        row: dict[str, Any] = {"id": part.id, "kind": part.kind, "text": part.text, "links": links}
        for key in ("name", "author", "derived"):
            if value := getattr(part, key):
                row[key] = value
        rows.append(row)
    answer: dict[str, Any] = {"parts": rows, "warnings": list(opened.warnings)}
    if opened.reason:
        answer["error"] = opened.reason
    return answer
