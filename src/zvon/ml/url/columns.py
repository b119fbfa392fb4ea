"""The columns that the trees see: shape, words, suffix and n-gram scores of each address.

Every column is one row of a float32 matrix; the order is that of the dictionary built here.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from zvon.ml.url.hashing import GRAMS, Spans, gram_buckets, leaving
from zvon.ml.url.layout import Floats, Ints, Layout, lay_out
from zvon.ml.url.suffixes import Cut, cut
from zvon.ml.url.tables import (
    GRAM_BITS,
    LETTER_BITS,
    OWN,
    REST,
    SUB,
    SUFFIX,
    Tables,
    suffix_bucket,
    word_bucket,
)
from zvon.ml.url.words import Words, words_of

CHUNK = 8192
_FIELD = 10  # bits of one counter in a packed sum; a span has at most 302 bytes
_FIRST = ("digit", "vowel", "consonant", "hyphen", "dot", "hex")
_SECOND = ("slash", "equals", "and", "percent", "underscore", "odd")
_SETS = (
    b"0123456789", b"aeiou", b"bcdfghjklmnpqrstvwxyz", b"-", b".", b"abcdef0123456789",
    b"/", b"=", b"&", b"%", b"_", b"@~+,;:!*()$|",
)  # fmt: skip
Columns = dict[str, NDArray[np.generic]]


def _packed(sets: Sequence[bytes]) -> NDArray[np.uint64]:
    table = np.zeros(256, np.uint64)
    for n, chars in enumerate(sets):
        table[list(chars)] += np.uint64(1 << (_FIELD * n))
    return table


_COUNTERS = (_packed(_SETS[:6]), _packed(_SETS[6:]))


class _Counts:
    """Counts of six kinds of byte in any span, from one running sum."""

    def __init__(self, layout: Layout, counters: NDArray[np.uint64]) -> None:
        self.sums = np.zeros(layout.size + 1, np.uint64)
        np.cumsum(counters[layout.flat], out=self.sums[1:])

    def between(self, first: Ints, last: Ints, kinds: int = len(_FIRST)) -> list[Floats]:
        """Counts of the first `kinds` kinds in the spans [first, last)."""
        span = self.sums[last] - self.sums[first]
        low = np.uint64((1 << _FIELD) - 1)
        return [((span >> np.uint64(_FIELD * n)) & low).astype(np.float32) for n in range(kinds)]


def _total(flags: NDArray[np.bool_], first: Ints, last: Ints) -> NDArray[np.int32]:
    sums = np.zeros(len(flags) + 1, np.int32)
    np.cumsum(flags, out=sums[1:])
    return np.asarray(sums[last] - sums[first])


def _shape(layout: Layout, at: Cut, counts: _Counts) -> Columns:
    """Lengths and counts of bytes in each part."""
    other = _Counts(layout, _COUNTERS[1]).between(layout.stop, layout.end)
    out: Columns = {
        "length": layout.length,
        "host.length": layout.stop - layout.host,
        "sub.length": at.own - layout.host,
        "own.length": np.maximum(at.suffix - at.own - 1, 0),
        "suffix.length": layout.stop - at.suffix,
        "rest.length": layout.end - layout.stop - 2,
        "host.labels": at.labels,
        "platform": at.platform,
    }
    for part, first, last in (
        ("sub", layout.host, at.own),
        ("own", at.own, at.suffix),
        ("suffix", at.suffix, layout.stop),
        ("rest", layout.stop, layout.end),
    ):
        found = dict(zip(_FIRST, counts.between(first, last), strict=True))
        if part == "suffix":
            out["suffix.digit"] = found["digit"]
            continue
        out.update({f"{part}.{kind}": column for kind, column in found.items()})
        letters = found["vowel"] + found["consonant"]
        out[f"{part}.vowels"] = found["vowel"] / np.maximum(letters, 1)
        out[f"{part}.digits"] = found["digit"] / np.maximum(last - first, 1).astype(np.float32)
    out.update({f"rest.{kind}": column for kind, column in zip(_SECOND, other, strict=True)})
    flat, rest = layout.flat, layout.rest
    out["rest.upper"] = _total(layout.raw != flat, layout.stop, layout.end)
    out["rest.query"] = _total((flat == ord("?")) & rest, layout.stop, layout.end)
    out["rest.fragment"] = _total((flat == ord("#")) & rest, layout.stop, layout.end)
    out["rest.closed"] = flat[layout.end - 2] == ord("/")
    after = flat[np.minimum(layout.stop + 1, layout.end - 1)]
    out["rest.first"] = (after == ord("/")) + 2 * (after == ord("?"))
    out["host.port"] = _total((flat == ord(":")) & ~rest, layout.host, layout.stop)
    out["foreign"] = _total(flat >= 128, layout.host, layout.end)
    return out


class _Part:
    """The words of one part of each address, for sums and extremes over them; 0 without words."""

    def __init__(self, words: Words, part: int, count: int) -> None:
        self.mine = np.flatnonzero(words.part == part)
        number = np.bincount(words.owner[self.mine], minlength=count)
        self.number = number.astype(np.float32)
        self.filled = np.flatnonzero(number)
        self.first = np.concatenate([[0], np.cumsum(number)[:-1]])[self.filled]

    def reduced(self, how: np.ufunc, values: Floats) -> Floats:
        out = np.zeros(len(self.number), np.float32)
        if len(self.filled):
            out[self.filled] = how.reduceat(values[self.mine], self.first)
        return out


def _wordy(layout: Layout, words: Words, counts: _Counts, tables: Tables) -> Columns:
    """What the words of an address, and their lengths, say."""
    known = word_bucket(words.hashes, words.part)
    odds, seen = tables.word[known], tables.word_seen[known]
    long = (words.last - words.first).astype(np.float32)
    digits = counts.between(words.first, words.last, 1)[0]
    mixed = ((digits > 0) & (digits < long)).astype(np.float32)
    out: Columns = {}
    for name, number in (("sub", SUB), ("own", OWN), ("rest", REST)):
        part = _Part(words, number, layout.count)
        out |= {
            f"{name}.word.top": part.reduced(np.maximum, odds),
            f"{name}.word.least": part.reduced(np.minimum, odds),
            f"{name}.word.sum": part.reduced(np.add, odds),
            f"{name}.words": part.number,
            f"{name}.rarest": part.reduced(np.minimum, seen),
            f"{name}.known": part.reduced(np.add, seen) / np.maximum(part.number, 1),
            f"{name}.longest": part.reduced(np.maximum, long),
            f"{name}.digit.run": part.reduced(np.maximum, digits),
            f"{name}.mixed": part.reduced(np.add, mixed),
        }
    out["rest.extension"] = words.extension(layout)
    return out


def _suffixes(layout: Layout, at: Cut, spans: Spans, tables: Tables) -> Columns:
    listed = suffix_bucket(spans.hashes(at.suffix, layout.stop))
    last = suffix_bucket(spans.hashes(at.last, layout.stop))
    return {
        "suffix.odds": tables.suffix[listed],
        "suffix.seen": tables.suffix_seen[listed],
        "last.odds": tables.suffix[last],
    }


def _grams(layout: Layout, at: Cut, tables: Tables) -> Columns:
    """Linear scores of hashed n-grams, whole and by part, and their strongest places."""
    begin = np.stack(
        [layout.start, at.own, np.maximum(at.suffix - 1, at.own), layout.stop], axis=1
    ).ravel()
    empty = (np.diff(np.concatenate([begin, [layout.size]])) == 0).reshape(-1, 4)
    sums = [np.zeros(layout.size, np.float32) for _ in tables.grams]
    letters = np.zeros(0, np.float32)
    for n, buckets in gram_buckets(layout, GRAM_BITS):
        out = leaving(layout, n)
        for total, weights in zip(sums, tables.grams, strict=True):
            found = weights[buckets]
            found[out] = 0
            total += found
        if n == 3:
            letters = tables.letters[buckets >> np.uint32(GRAM_BITS - LETTER_BITS)]
            letters[out] = 0

    def reduced(how: np.ufunc, values: Floats) -> Floats:
        parts: Floats = np.asarray(how.reduceat(values, begin)).reshape(-1, 4)
        parts[empty] = 0
        return parts

    lengths = {
        SUB: at.own - layout.host, OWN: np.maximum(at.suffix - at.own - 1, 0),
        SUFFIX: layout.stop - at.suffix, REST: layout.end - layout.stop - 2,
    }  # fmt: skip
    root = {part: np.sqrt(4 * (long + 2)).astype(np.float32) for part, long in lengths.items()}
    host_root = np.sqrt(4 * (layout.stop - layout.host + 2)).astype(np.float32)
    columns: Columns = {}
    for k, total in enumerate(sums):
        parts = reduced(np.add, total)
        columns[f"gram{k}"] = parts.sum(axis=1) / gram_root(layout)
        columns[f"gram{k}.host"] = parts[:, :REST].sum(axis=1) / host_root
        for name, part in (("sub", SUB), ("own", OWN), ("suffix", SUFFIX), ("rest", REST)):
            columns[f"gram{k}.{name}"] = parts[:, part] / root[part]
        top, least = reduced(np.maximum, total), reduced(np.minimum, total)
        columns[f"gram{k}.host.top"] = top[:, :SUFFIX].max(axis=1)
        columns[f"gram{k}.rest.top"] = top[:, REST]
        columns[f"gram{k}.host.least"] = least[:, :SUFFIX].min(axis=1)
        columns[f"gram{k}.rest.least"] = least[:, REST]
    parts, least = reduced(np.add, letters), reduced(np.minimum, letters)
    for name, part in (("sub", SUB), ("own", OWN), ("rest", REST)):
        columns[f"{name}.letters"] = parts[:, part] / (lengths[part] + 2)
    columns["sub.letters.least"], columns["own.letters.least"] = least[:, SUB], least[:, OWN]
    return columns


def gram_root(layout: Layout) -> Floats:
    """Square root of the number of n-grams of each address: the length that scores divide by."""
    number = np.maximum(len(GRAMS) * (layout.end - layout.start) - 10, 1)
    return np.asarray(np.sqrt(number), np.float32)


def columns(layout: Layout, tables: Tables) -> Columns:
    """All columns of a laid out chunk by name, each of shape (n,)."""
    spans = Spans.of(layout)
    at = cut(layout, spans, tables.rules)
    words = words_of(layout, at, spans)
    counts = _Counts(layout, _COUNTERS[0])
    return (
        _shape(layout, at, counts)
        | _wordy(layout, words, counts, tables)
        | _suffixes(layout, at, spans, tables)
        | _grams(layout, at, tables)
    )


def matrix(forms: Sequence[bytes], tables: Tables, names: Sequence[str]) -> Floats:
    """The named columns of forms of any number, shape (len(names), len(forms))."""
    out = np.empty((len(names), len(forms)), np.float32)
    for begin in range(0, len(forms), CHUNK):
        part = columns(lay_out(forms[begin : begin + CHUNK]), tables)
        for row, name in enumerate(names):
            out[row, begin : begin + CHUNK] = part[name]
    return out


def names_of(tables: Tables) -> tuple[str, ...]:
    """The names of all columns, in order."""
    return tuple(chain(columns(lay_out([b"a.example"]), tables)))
