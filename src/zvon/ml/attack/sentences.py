"""Sentences of a report with their places, and each as the model reads it.

Lines are cut at a full stop, question or exclamation mark before a capital, a digit or a bullet,
but not after an abbreviation. What names one victim, sample or server is made equal.
"""

import re
from collections.abc import Iterator

LONGEST = 1_200  # characters of one sentence; a longer run is cut
MOST_SENTENCES = 20_000

_LINE = re.compile(r"[^\r\n]+")
_END = re.compile(r"[.!?][\"'”’)\]]{0,3}\s+(?=[\"'“‘(\[]{0,3}[A-ZČŠŽĆĐ0-9•*–-])")
_ABBREVIATION = re.compile(
    r"(?i)(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|no|fig|approx|inc|ltd|corp|mr|mrs|dr|npr|oz|itd|tj|št|br)\.$"
)

_MASKS = re.compile(
    r"(?P<cite>\(Citation:[^)]{0,200}\))"
    r"|(?P<urlx>\b(?:[hH][tTxX]{2}[pP][sS]?|[fF][tTxX][pP])(?:\[?:\]?//)\S+)"
    r"|(?P<mailx>[\w.+-]{1,64}(?:@|\[@\]|\[at\])[\w-]{1,63}(?:\[?\.\]?[\w-]{1,63}){1,5})"
    r"|(?P<ipx>\b\d{1,3}(?:\[?\.\]?\d{1,3}){3}(?::\d{1,5})?\b)"
    r"|(?P<hashx>\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b)"
    r"|(?P<cvex>\b[cC][vV][eE]-\d{4}-\d{4,7}\b)"
    r"|(?P<hostx>\b[\w-]{1,63}(?:(?:\[\.\]|\.)[\w-]{1,63}){0,5}\[\.\][a-zA-Z]{2,12}(?:/\S*)?"
    r"|\b[\w-]{2,63}\.(?:com|net|org|info|ru|cn|top|xyz|io)\b(?:/\S*)?)"
    r"|(?P<none>\bT\d{4}(?:\.\d{3})?\b)"
    r"|(?P<hexx>\b0x[0-9a-fA-F]+)"
    r"|(?P<digit>\d+)"
)
# What every mask has; most sentences have none of it.
_MASKABLE = re.compile(r"[0-9@\[]|//|Citation|0x|\.(?:com|net|org|info|ru|cn|top|xyz|io)\b")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Places of the sentences of `text`, half-open, blanks around them left out."""
    for line in _LINE.finditer(text):
        start = line.start()
        for end in _END.finditer(text, line.start(), line.end()):
            stop = end.start() + 1
            if _ABBREVIATION.search(text, max(start, stop - 8), stop):
                continue
            yield from _pieces(text, start, end.end())
            start = end.end()
        yield from _pieces(text, start, line.end())


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = min(end, start + LONGEST)
        last = stop
        while last > start and text[last - 1].isspace():
            last -= 1
        if last > start:
            yield start, last
        start = stop


def masked(sentence: str) -> str:
    """The sentence in lower case between single blanks, with what is of one incident made equal."""
    if _MASKABLE.search(sentence):
        sentence = _MASKS.sub(_slot, sentence)
    return " ".join(sentence.split()).lower()


def _slot(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "digit":
        return "0"
    return " " if kind in {"cite", "none"} else f" {kind} "
