"""`zvon phish`: what an address looks like, without a server, database or network."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import App, Parameter

app = App(name="phish", help="Phishing scores for addresses.")
BLOCK = 1 << 20  # bytes
LONGEST = 1 << 16  # bytes of a line; the model looks at fewer
# Each is loaded only when it is asked for: `score` must start quickly.
app.command(
    "zvon.cli.phish_check:app", name="check", help="The verdict on an address, a text or a file."
)
app.command("zvon.cli.phish_bulk:app", name="bulk", help="Hand in many things at once.")
app.command("zvon.cli.phish_look:app", name="look", help="Look at one page without running it.")
app.command("zvon.cli.phish_watch:app", name="watch", help="Lookalikes in lists of names.")
app.command("zvon.cli.phish_sources:app", name="sources", help="Where a node gets names from.")


@app.command
def score(
    *,
    model: Annotated[Path | None, Parameter(help="Folder of a trained model.")] = None,
    stdin: Annotated[bool, Parameter(help="Read from standard input (the default).")] = True,
) -> int:
    """Read one URL per line, print one probability per line, in the same order.

    The probability is at the reference mix of one phish to two harmless addresses. A blank or
    unreadable line still gets a score, so that lines stay paired. One core, any number of lines.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # numpy starts its threads when it is imported
    from zvon.cli.model_folder import read_model
    from zvon.ml.url import load_shipped

    chosen = read_model(model) if model else load_shipped()
    if chosen is None:
        print("this installation has no lexical model; run `make train`", file=sys.stderr)
        return 2
    gc.freeze()  # what is loaded now stays to the end
    for lines in _blocks(sys.stdin.buffer):
        found = chosen.score_lines(lines).tolist()
        sys.stdout.write(("%.17g\n" * len(found)) % tuple(found))
    return 0


def _blocks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Lines without their ends, about a megabyte at a time; a longer line is cut short."""
    kept = b""
    while block := stream.read(BLOCK):
        *lines, kept = (kept + block).split(b"\n")
        kept = kept[:LONGEST]
        if lines:
            yield lines
    if kept:
        yield [kept]
