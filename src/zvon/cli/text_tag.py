"""`zvon text tag`: which ATT&CK techniques a text speaks of, with the sentences that say so."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from zvon.ml.attack.predict import Technique

app = App(name="tag", help="ATT&CK techniques, each with its sentences.")


@app.default
def tag(
    file: Annotated[
        Path | None,
        Parameter(help="A file, or `-` for standard input.", allow_leading_hyphen=True),
    ] = None,
    /,
    *,
    top: Annotated[int, Parameter(help="How many, besides all that are suggested.")] = 10,
    min_score: Annotated[float, Parameter(help="Least score, 0 to 1.")] = 0.0,
    sentences: Annotated[bool, Parameter(help="One line for each sentence.", negative="")] = False,
    jsonl: Annotated[
        Path | None,
        Parameter(help="Lines of {id, text} instead.", allow_leading_hyphen=True),
    ] = None,
) -> int:
    """Print one JSON line for each text, its techniques in order of their calibrated score.

    `suggested` are those worth putting before a person; nothing is decided here.
    """
    import os

    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # numpy starts its threads when it is imported
    from zvon.cli.text_lines import BadLine, out, read
    from zvon.ml.attack.predict import by_sentence
    from zvon.ml.attack.predict import tag as techniques_of

    if top < 0 or not 0 <= min_score <= 1:
        raise ValueError("--top is 0 or more, --min-score lies between 0 and 1")
    for one in read(file, jsonl):
        if isinstance(one, BadLine):
            out({"error": one.error, "line": one.line})
        elif sentences:
            for found in by_sentence(one.text, top=top, least=min_score):
                out({
                    "id": one.id,
                    "start": found.start,
                    "end": found.end,
                    "techniques": [_shown(technique) for technique in found.techniques],
                })  # fmt: skip
        else:
            tagged = techniques_of(one.text, top=top, least=min_score)
            out({
                "id": one.id,
                "attack_version": tagged.attack_version,
                "techniques": [_shown(technique) for technique in tagged.techniques],
            })  # fmt: skip
    return 0


def _shown(one: "Technique") -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "score": one.score,
        "suggested": one.suggested,
        "evidence": [{"start": e.start, "end": e.end, "score": e.score} for e in one.evidence],
    }
    if one.literal:
        row["literal"] = True
    if one.low:
        row["low_confidence"] = True
    if one.was:
        row["was"] = list(one.was)
    return row
