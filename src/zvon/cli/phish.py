"""`zvon phish`: what an address looks like, without a server, database or network."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="phish", help="Phishing scores for addresses.")
CHUNK = 4096
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

    The probability is at the mix of the training data, about one phish to two harmless ones. A
    blank or unreadable line still gets a score, so that lines stay paired.
    """
    from zvon.cli.models import read_model
    from zvon.ml.url import load_shipped

    chosen = read_model(model) if model else load_shipped()
    if chosen is None:
        print("this installation has no lexical model; run `make train`", file=sys.stderr)
        return 2
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    write = sys.stdout.write
    for start in range(0, len(lines), CHUNK):
        for p in chosen.score(lines[start : start + CHUNK]):
            write(f"{p:.12g}\n")
    return 0
