"""A text as the tagger reads it: words, with one token for a value that is known already."""

from collections.abc import Sequence

from msgspec import Struct


class Tokens(Struct, frozen=True):
    """Words in order. `gaps[i]` stands before word i; the last one is what follows them all."""

    texts: list[str]
    folded: list[str]
    gaps: list[str]
    starts: list[int]
    ends: list[int]


def tokens(
    text: str,
    words: Sequence[tuple[int, int, str, str]],
    places: Sequence[tuple[int, int, str]],
) -> Tokens:
    """Tokens of `text` from its words (start, end, text, folded) and known values in order.

    Words inside a known value (start, end, what it is) are one token `<WHAT>`.
    """
    out = Tokens([], [], [], [], [])
    texts, folded, starts, ends = out.texts, out.folded, out.starts, out.ends
    known = iter((*places, (len(text) + 1, len(text) + 1, "")))
    low, high, kind = next(known)
    for start, end, word, plain in words:
        while start >= low:
            if start < high or low == high:
                break
            if not starts or starts[-1] != low:
                texts.append(kind)
                folded.append(kind)
                starts.append(low)
                ends.append(high)
            low, high, kind = next(known)
        if low <= start < high:
            continue
        if end > low:  # a value begins inside this word: the value wins
            continue
        texts.append(word)
        folded.append(plain)
        starts.append(start)
        ends.append(end)
    while low <= len(text):
        texts.append(kind)
        folded.append(kind)
        starts.append(low)
        ends.append(high)
        low, high, kind = next(known)
    gaps = out.gaps
    at = 0
    for start, end in zip(starts, ends, strict=True):
        gaps.append(text[at : min(start, at + 12)])
        at = end
    gaps.append(text[at : at + 12])
    return out
