"""What of a text speaks: words without addresses, numbers, codes and names.

Surnames with ć and đ are common in Slovenian mails, and indicators are English everywhere, so
neither may vote.
"""

import re
from collections.abc import Iterator

LEAST_LETTERS = 20  # fewer say too little
LEAST_WITHOUT_NAMES = 5  # fewer letters, and names are better than nothing
MOST_CHARS = 20_000  # as much of a paragraph as decides

_TOKEN = re.compile(r"\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
# An address, a file, a code: a sign inside that words do not have.
_CODE = re.compile(r"[0-9@\\_=<>{}|]|://|\[\.\]|\w\.\w|\w/\w|[a-zäöüčšž][A-Z]")
_EDGE = "\"'„“”»«‚‘’()[]{}<>*.,;:!?…–—-"
_END = (".", "!", "?", ":", "…")
_SURNAMES = str.maketrans("ćđĆĐ", "cdCD")
_LONG = 30  # letters of a word that nobody speaks
_BREAK = re.compile(r"\n[ \t\r]*\n|\n(?=[ \t]*[>•*-])|\r\n|\n")


def spoken(text: str) -> str:
    """The words of `text` that tell its language, lower case, between single blanks.

    Names (a capital inside a sentence) are left out where enough is left without them; else they
    stand without the accents that surnames carry over borders.
    """
    words: list[str] = []
    names: list[tuple[int, str]] = []
    first = True
    for token in text[:MOST_CHARS].split():
        core = token.strip(_EDGE)
        if _CODE.search(core) or len(core) > _LONG:
            first = token.endswith(_END)
            continue
        for word in _LETTERS.findall(core):
            if not first and word[0].isupper():
                names.append((len(words), word))
            else:
                words.append(word)
            first = False
        if token.endswith(_END):
            first = True
    if names and sum(map(len, words)) < LEAST_WITHOUT_NAMES:
        for place, word in reversed(names):
            words.insert(place, word.translate(_SURNAMES))
    return " ".join(words).lower()


def letters(prose: str) -> int:
    """How many letters `spoken` left."""
    return len(prose) - prose.count(" ")


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The places of the lines that hold something, without the blanks around them."""
    at = 0
    for match in _BREAK.finditer(text):
        yield from _trimmed(text, at, match.start())
        at = match.end()
    yield from _trimmed(text, at, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(bare)
