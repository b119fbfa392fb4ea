"""A part of the item as tokens with classes, and what the trained tagger says of them."""

from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct

from zvon.ml.pii.features import FACETS
from zvon.ml.pii.model import BadWeights, shipped
from zvon.ml.pii.tagger import Tagger
from zvon.ml.pii.tokens import Tokens, tokens
from zvon.privacy.lexeme import lex
from zvon.privacy.mentions import Reading
from zvon.privacy.pseudonym import REDACTION, TOKEN
from zvon.privacy.tables import BadTable

_PLACES = {
    "EMAIL": "<EMAIL>", "PHONE": "<PHONE>", "URL": "<URL>", "DOMAIN": "<URL>", "IP": "<NET>",
    "CIDR": "<NET>", "HOST": "<NET>", "MAC": "<NET>",
}  # fmt: skip
DIGITS, PLACE = 4, 7  # shapes of numbers and of known values


class Said(Struct, frozen=True):
    """A range of the text that the tagger takes for `kind`."""

    start: int
    end: int
    kind: str
    margin: float


class Lines(Struct, frozen=True):
    """The tokens of a part. `lex[i]` is a `Lex`, or more than those for numbers and known values."""

    text: str
    tokens: Tokens
    lex: list[int]
    shape: list[int]
    said: list[Said]
    whispered: bool = False
    """True when the writer uses no capitals, so that their absence says nothing."""

    def joined(self, i: int) -> bool:
        """True when one space, or a dot after an initial, is all between word i and the next."""
        gap = self.tokens.gaps[i + 1]
        return gap in {" ", "\u00a0"} or (gap == ". " and len(self.tokens.texts[i]) == 1)

    def capital(self, i: int) -> bool:
        """True for a word that begins with a capital and is no known value."""
        return self.shape[i] in {1, 2, 3, 6} and self.tokens.texts[i][0].isupper()

    def find(self, start: int, end: int) -> range:
        """The words that lie in a range of the text."""
        starts = self.tokens.starts
        low = _bisect(starts, start)
        high = low
        while high < len(starts) and starts[high] < end:
            high += 1
        return range(low, high)


def _bisect(values: Sequence[int], value: int) -> int:
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@cache
def tagger() -> Tagger:
    """The tagger with the shipped weights and lists. Raises `BadTable`: the gate stays closed."""
    try:
        return Tagger(shipped(), lex)
    except (BadWeights, OSError, ValueError, KeyError) as problem:
        raise BadTable(f"the weights of the tagger: {problem}") from None


MOST_WORDS = 100_000  # that the tagger reads of one part; lists and rules read them all
LEAN = 2.0  # what a value that stays unseen costs more than one taken for nothing; by authors apart


_FEW, _RARE = 6, 0.02
_AROUND = 3  # words whose features reach each other


def _made_here(reading: Reading, found: Tokens) -> list[int]:
    """The words that are pseudonyms of ours.

    What stands beside one was judged when its value stood there; without the value it looks
    otherwise, and what the gate let pass once it would stop the second time.
    """
    ours = [m.start for m in reading.mentions if m.fixed == "keep" and TOKEN.fullmatch(m.raw)]
    if "[" in reading.text:
        ours += [m.start() for m in REDACTION.finditer(reading.text)]
    return [_bisect(found.starts, start) for start in ours]


def lines(reading: Reading, brands: Iterable[tuple[int, int]] = ()) -> Lines:
    """Read a part: known values and brands are one token each."""
    places = [(m.start, m.end, _PLACES.get(m.type, "<ID>")) for m in reading.mentions]
    places += [(s, e, "<BRAND>") for s, e in brands if reading.free(s, e)]
    places.sort()
    found = tokens(reading.text, reading.words, places)
    reader, most = tagger(), MOST_WORDS
    classes, spans = reader.read(
        found.texts[:most], found.folded[:most], found.gaps[: most + 1], LEAN
    )
    classes += reader.classes(found.texts[most:], found.folded[most:])
    made = _made_here(reading, found)
    said = []
    for span in spans:
        first, last = span.first, span.last
        if any(first - _AROUND <= at < last + _AROUND for at in made):
            continue
        while first < last and classes[first] // FACETS == PLACE:
            first += 1
        while last > first and classes[last - 1] // FACETS == PLACE:
            last -= 1
        if first < last:
            said.append(Said(found.starts[first], found.ends[last - 1], span.kind, span.margin))
    shapes = [c // FACETS for c in classes]
    written = sum(shape < 2 or shape == 6 for shape in shapes)
    whispered = written > _FEW and shapes.count(1) <= written * _RARE
    return Lines(reading.text, found, [c % FACETS for c in classes], shapes, said, whispered)
