"""Where one text stands inside another as a word: no letter or digit beside it."""

from collections.abc import Iterator


def places(needle: str, text: str) -> Iterator[int]:
    """Where `needle` begins in `text` as a word. Both are folded; `needle` is not empty."""
    at = text.find(needle)
    size = len(text)
    while at >= 0:
        end = at + len(needle)
        if not (at and text[at - 1].isalnum()) and not (end < size and text[end].isalnum()):
            yield at
            at = text.find(needle, end)
        else:
            at = text.find(needle, at + 1)


def has_word(needle: str, text: str) -> bool:
    """True when `needle` stands in `text` as a word."""
    return next(places(needle, text), -1) >= 0
