"""From letters to places: which boxes of a picture hold what the gate takes out."""

from collections.abc import Iterator

from zvon.collect.rebuild.answer import Box, Seen
from zvon.model.role import SpanState
from zvon.privacy.engine import Outcome

TEXT = "text"


def lines_of(seen: Seen) -> list[str]:
    """The lines of a picture in reading order, words with a blank between them."""
    lines: dict[int, list[str]] = {}
    for word in seen.words:
        lines.setdefault(word.line, []).append(word.text)
    return [" ".join(words) for words in lines.values()]


def boxes_of(seen: Seen, outcome: Outcome) -> Iterator[Box]:
    """The words and codes that the gate changed, `outcome` being on `lines_of` as `text`.

    A code that holds one value to be taken out goes as a whole: half a code cannot be read, and
    half of one is not what it was.
    """
    gone: list[tuple[int, int]] = []
    codes: set[str] = set()
    for span in outcome.spans:
        for each in (span, *span.inner):
            if each.state is SpanState.KEEP:
                continue
            if each.part == TEXT:
                gone.append((each.start, each.end))
            elif each.part.startswith("code."):
                codes.add(each.part)
    at, line = 0, None
    for word in seen.words:
        if line is not None:
            at += 1  # the blank or the end of the line before the word
        line = word.line
        if any(start < at + len(word.text) and at < end for start, end in gone):
            yield word.box
        at += len(word.text)
    for number, code in enumerate(seen.codes, 1):
        if f"code.{number}" in codes:
            yield code.box
