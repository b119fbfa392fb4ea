"""`zvon text lang`: the language of a text and of its paragraphs."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="lang", help="Which language a text is in, by paragraph.")


@app.default
def lang(
    file: Annotated[
        Path | None, Parameter(help="A file, or `-` for standard input.", allow_leading_hyphen=True)
    ] = None,
    /,
    *,
    jsonl: Annotated[
        Path | None, Parameter(help="Lines of {id, text} instead.", allow_leading_hyphen=True)
    ] = None,
) -> int:
    """Print one JSON line for each text: its language, the shares, its paragraphs."""
    from zvon.cli.text_lines import BadLine, out, read
    from zvon.ml.language import answer, paragraphs

    for one in read(file, jsonl):
        if isinstance(one, BadLine):
            out({"error": one.error, "line": one.line})
            continue
        found = answer(one.text)
        row = {
            "id": one.id,
            "lang": found.lang,
            "scores": dict(found.scores),
            "paragraphs": [
                {"start": p.start, "end": p.end, "lang": p.lang} for p in paragraphs(one.text)
            ],
        }
        if found.variant:
            row["variant"] = found.variant
        out(row)
    return 0
