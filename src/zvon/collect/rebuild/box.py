"""From letters to places: which boxes of a picture hold what the gate takes out."""

from collections.abc import Iterator, Sequence

from zvon.collect.rebuild.answer import Box, Seen, Word
from zvon.model.role import SpanState
from zvon.privacy.engine import Outcome

TEXT, TURNED = "text", "known.turned"


def lines_of(words: Sequence[Word]) -> list[str]:
    """The lines of words in reading order, with a blank between two words."""
    lines: dict[int, list[str]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.text)
    return [" ".join(words) for words in lines.values()]


def boxes_of(seen: Seen, outcome: Outcome) -> Iterator[Box]:
    """The words and codes that the gate changed.

    `outcome` is on the lines of `seen.words` as `text`, of `seen.turned` as `known.turned`, and on
    each code. A code that holds one value to be taken out goes as a whole: half a code cannot be
    read, and half of one is not what it was.
    """
    gone: dict[str, list[tuple[int, int]]] = {}
    for span in outcome.spans:
        for each in (span, *span.inner):
            if each.state is not SpanState.KEEP:
                gone.setdefault(each.part, []).append((each.start, each.end))
    yield from _touched(seen.words, gone.get(TEXT, []))
    yield from _touched(seen.turned, gone.get(TURNED, []))
    for number, code in enumerate(seen.codes, 1):
        if f"code.{number}" in gone:
            yield code.box


def _touched(words: Sequence[Word], gone: list[tuple[int, int]]) -> Iterator[Box]:
    """Places of the words that stand in a range of their lines."""
    at = 0
    for word in words:
        end = at + len(word.text)
        if any(start < end and at < stop for start, stop in gone):
            yield word.box
        at = end + 1  # the blank or the end of the line behind it
