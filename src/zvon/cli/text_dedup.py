"""`zvon text dedup`: which texts say the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

app = App(name="dedup", help="Which texts say the same.")


@app.default
def dedup(
    *,
    jsonl: Annotated[
        Path, Parameter(help="Lines of {id, text}, or `-`.", allow_leading_hyphen=True)
    ],
    threshold: Annotated[float, Parameter(help="Similarity of one cluster, 0 to 1.")] = 0.5,
) -> int:
    """Print for each text its cluster (the id of the cluster's first text) and its nearest one.

    Texts are placed in the order in which they come; an earlier one never changes its cluster.
    """
    from zvon.cli.text_lines import BadLine, Text, lines, out
    from zvon.ml.dedup import Marks, marks, place

    if not 0 < threshold <= 1:
        raise ValueError("--threshold lies between 0 and 1")
    ids: list[Any] = []

    def texts() -> Iterator[Marks]:
        for one in lines(jsonl):
            if isinstance(one, Text):
                ids.append(one.id if one.id is not None else len(ids))
                yield marks(one.text)
            else:
                assert isinstance(one, BadLine)
                out({"error": one.error, "line": one.line})

    for n, found in enumerate(place(texts(), threshold)):
        out({
            "id": ids[n],
            "cluster": ids[found.cluster],
            "nearest": None if found.nearest is None else ids[found.nearest],
            "jaccard": found.jaccard,
        })  # fmt: skip
    return 0
