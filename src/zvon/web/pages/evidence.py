"""What arrived, quoted, with the numbers of the reasons that point into it (`evidence.html`)."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from zvon.model.verdict import Reason
from zvon.web.pages.page import quoted

MAX_SHOWN = 4000
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def marked(text: str, reasons: Sequence[Reason]) -> Iterator[tuple[Any, list[int]]]:
    """Pieces of a hostile text with the numbers of the reasons that point at them; links defanged."""
    shown = text[:MAX_SHOWN]
    spans = [
        (r.span.start, min(r.span.end, len(shown)), number)
        for number, r in enumerate(reasons, start=1)
        if r.span is not None and r.span.part == "text" and r.span.start < len(shown)
    ]
    cuts = sorted({0, len(shown), *(s[0] for s in spans), *(s[1] for s in spans)})
    for start, end in pairwise(cuts):
        piece = _LINK.sub(lambda m: "hxxp" + m[0][4:], shown[start:end])
        yield quoted(piece), [n for a, b, n in spans if a <= start and b == end]
