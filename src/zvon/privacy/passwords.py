"""Passwords: after the word for one, some words later, and by what only a password looks like."""

import re
from collections.abc import Iterator

from zvon.privacy.mentions import Reading

_AFTER = re.compile(
    r"(?:\s+(?:je|je bilo|je bila|bilo|bila|was|is|sta|za \w+))?[\s:=»\"'„“`]*((?=\S*[\d!#$%&*?@^_+])[^\s»\"'“”`]{4,64})"
)
# A word of letters and digits some words after the cue, in the same clause.
_NEAR = re.compile(
    r"[^\n.;]{1,44}?[\s:/|»\"'„“`]((?=[^\s]*\d)(?=[^\s]*[A-Za-z]{3})[^\s»\"'“”`/@,;:|()]{6,40})(?=[\s,;)»\"'“”|]|$)"
)
# A word, a mark and digits; or a word, digits and a mark.
_SHAPE = re.compile(
    r"(?<![\w/.@=&?#%-])[^\W\d_]{4,}(?:[!#$%&*?]+\d{2,}|[.-]?\d{2,4}[!#$%&*?]+|\.20\d\d)(?![\w/.])"
)


def passwords(reading: Reading) -> Iterator[tuple[int, int]]:
    """Ranges of the text that hold a password."""
    text = reading.text
    for cue in reading.cues:
        if cue.section != "secret":
            continue
        found = _AFTER.match(text, cue.end) or _NEAR.match(text, cue.end)
        if found:
            yield found.start(1), found.end(1) - (found[1][-1] in ".,;:)")
    if any(mark in text for mark in "!#$%&*?") or ".20" in text:
        for found in _SHAPE.finditer(text):
            yield found.span()
