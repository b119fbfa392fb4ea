"""Proof on the final text: no original is left in it, under any usual spelling or coding.

A hit stops the release. The output is read in every way once (`spelling`), then all values are
looked for in all readings: a few by themselves, many with one automaton (Aho and Corasick, 1975).
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import ahocorasick
from msgspec import Struct

from zvon.privacy import spelling
from zvon.privacy.fold import fold
from zvon.privacy.within import has_word

MIN_PLAIN = 3
MIN_ENCODED = 5
MIN_NUMBER = 6
# From this many values on, building an automaton costs less than looking for each.
MANY = 200
_NOT_DIGIT = re.compile(r"\D")
_NOT_WORD = re.compile(r"[\W_]")
_HOST = re.compile(r"(?:[\w-]+\.)+[\w-]{2,}")


class Original(Struct, frozen=True):
    """A value that must not leave. `whole_word` for short or ordinary words."""

    text: str
    kind: str
    whole_word: bool = False


class Hit(Struct, frozen=True):
    """An original that is still there; names the entity's type and the form, never the value."""

    kind: str
    form: str


class Residue(Struct, frozen=True):
    """The result of a scan; `transforms` is how many readings of the output were compared."""

    transforms: int
    hits: tuple[Hit, ...]


class Needles:
    """Values made ready to be looked for; compile those of a register once, those of an item each.

    `plain` are folded texts, `numbers` bare digits, `coded` the bytes of a value as a code would
    hold them; each with the values that it stands for.
    """

    def __init__(self, originals: Iterable[Original]) -> None:
        self.plain: dict[str, list[Original]] = {}
        self.numbers: dict[str, list[Original]] = {}
        self.coded: dict[bytes, list[Original]] = {}
        for original in dict.fromkeys(originals):
            self._take(original)
        self._automaton = _automaton(self.plain) if len(self.plain) > MANY else None
        self._coded = (
            _automaton({code.decode("latin-1"): None for code in self.coded})
            if len(self.coded) > MANY
            else None
        )

    def _take(self, original: Original) -> None:
        text = fold(original.text).strip()
        if len(text) < MIN_PLAIN:
            return
        self.plain.setdefault(text, []).append(original)
        if not text.isalpha():
            self._take_parts(original, text)
        if len(text) >= MIN_ENCODED:
            low = original.text.strip().lower()
            spelled = (
                {text} if text == low and low.isascii() else {text, low, original.text.upper()}
            )
            for form in spelled:
                # Codes are compared in lower case of ASCII, as `spelling.codes` gives them.
                code = form.encode("utf-8", "surrogatepass").lower()
                self.coded.setdefault(code, []).append(original)

    def _take_parts(self, original: Original, text: str) -> None:
        """A host with its labels turned round, and a number without what stands between digits."""
        if not original.whole_word and "." in text and (found := _HOST.search(text)):
            turned = ".".join(reversed(found[0].split(".")))
            self.plain.setdefault(turned, []).append(original)
        bare = _NOT_DIGIT.sub("", text)
        if len(bare) >= MIN_NUMBER and len(bare) >= len(_NOT_WORD.sub("", text)) - 2:
            self.numbers.setdefault(bare, []).append(original)

    def in_text(self, text: str) -> Iterator[Original]:
        """Values in a folded text."""
        for needle in self._present(text):
            for original in self.plain[needle]:
                if not original.whole_word or has_word(needle, text):
                    yield original

    def in_code(self, raw: bytes) -> Iterator[Original]:
        """Values in decoded bytes."""
        if self._coded is not None:
            text = raw.decode("latin-1")
            for code in {code for _, code in self._coded.iter(text)}:
                yield from self.coded[code.encode("latin-1")]
            return
        for needle, originals in self.coded.items():
            if needle in raw:
                yield from originals

    def _present(self, text: str) -> Iterable[str]:
        if self._automaton is not None:
            return {needle for _, needle in self._automaton.iter(text)}
        return [needle for needle in self.plain if needle in text]


def _automaton(needles: Iterable[str]) -> ahocorasick.Automaton:
    built = ahocorasick.Automaton()
    for needle in needles:
        built.add_word(needle, needle)
    built.make_automaton()
    return built


@lru_cache(maxsize=8)
def needles(originals: frozenset[Original]) -> Needles:
    """The needles of a set that comes again and again, such as a register's names."""
    return Needles(originals)


def scan(output: str, originals: Iterable[Original], *more: Needles) -> Residue:
    """Look for each original, and for those of `more`, in `output` under every form."""
    sets = (Needles(originals), *more)
    hits = {Hit(o.kind, form) for form, o in _found(output, sets)}
    return Residue(len(spelling.NAMES), tuple(sorted(hits, key=lambda h: (h.kind, h.form))))


def _found(output: str, sets: tuple[Needles, ...]) -> Iterator[tuple[str, Original]]:
    read = list(spelling.texts(output))
    plain = read[0][1]
    bare = spelling.digits(plain)
    # One search over all readings; which of them it was is asked only after a hit.
    every = "\n\x00\n".join([text for _, text in read] + [bare])
    coded = list(spelling.codes(output))
    raw = b"\n".join(code for _, code in coded)
    for known in sets:
        if any(True for _ in known.in_text(every)):
            for form, text in [*read, ("digits", bare)]:
                yield from ((form, original) for original in known.in_text(text))
        for number, owners in known.numbers.items():
            if number in bare:
                yield from (("digits", original) for original in owners)
        if any(True for _ in known.in_code(raw)):
            for form, code in coded:
                yield from ((form, original) for original in known.in_code(code))
