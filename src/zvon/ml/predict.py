"""The next names of a campaign: what its names have in common, and which ones follow.

Whoever registers names in rows makes them of the same parts: words, numbers, hyphens, dots and a
few suffixes. A shape is the parts of a name without their values; each shape has its values at
each place, and unseen combinations of these are the names to expect. A score is a rank and no
probability: registrars' customers invent new words, too.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

from msgspec import Struct

from zvon.model.suffix import registered

MOST_NAMES = 5_000  # of a campaign; the newest are taken
LEAST_NAMES = 2  # one name has no shape of its own
UNSEEN = 0.15  # share of a place's weight that goes to values seen elsewhere
NUMBERS_AHEAD = 10
WIDEST_RANGE = 400  # numbers apart; wider ones are random and are not counted on
LEAST_SUPPORT = 3  # names that a pattern must fit
LEAST_LITERAL = 4  # letters of its own that a pattern must have, else it would fit anything
SHARED = 0.8  # of the names that must have a word for it to stand in a pattern
NUMBER = "{#}"
HOLE = "{}"
_PIECE = re.compile(r"[.-]|[0-9]+|[^.0-9-]+")
_MAX_HOLE = 20
_MAX_NUMBER = 6


class Next(Struct, frozen=True):
    """A name that fits, and the logarithm of its weight among the campaign's shapes."""

    name: str
    score: float


class Pattern(Struct, frozen=True):
    """What the labels left of the suffix look like, under which suffixes, and in how many names.

    `{}` stands for 1 to 20 letters or digits, `{#}` for 1 to 6 digits.
    """

    text: str
    suffixes: tuple[str, ...]
    support: int


class _Name(Struct, frozen=True):
    pieces: tuple[str, ...]
    suffix: str

    @property
    def shape(self) -> tuple[str, ...]:
        """Separators as they stand, `#` for a number, `w` for a word."""
        return tuple(
            piece if piece in {".", "-"} else "#" if piece.isdigit() else "w"
            for piece in self.pieces
        )


def next_names(
    names: Sequence[str], *, words: Sequence[str] = (), limit: int = 200
) -> tuple[Next, ...]:
    """The names that fit the campaign best and are not among `names`, best first.

    `names` are hosts in the order in which they were seen. `words` are lures or brands that may
    stand where a word stands. The same names give the same answer; one name alone gives none.
    """
    read = _read(names)
    if len(read) < LEAST_NAMES:
        return ()
    repeats = any(_repeats(each.pieces) for each in read)
    seen = {_text(each) for each in read}
    suffixes = _weights(Counter(each.suffix for each in read), ())
    groups: dict[tuple[str, ...], list[_Name]] = {}
    for each in read:
        groups.setdefault(each.shape, []).append(each)
    everywhere = Counter(p for each in read for p in each.pieces if p.isalpha())
    streams = []
    for shape, members in sorted(groups.items()):
        places = [
            _place(shape[n], [m.pieces[n] for m in members], everywhere, words)
            for n in range(len(shape))
        ]
        share = math.log(len(members) / len(read))
        streams.append(_best([*places, suffixes], share))
    found: list[Next] = []
    known = set(seen)
    for score, values in heapq.merge(*streams, key=lambda each: -each[0]):
        name = "".join(values[:-1]) + "." + values[-1]
        if name not in known and (repeats or not _repeats(values[:-1])):
            known.add(name)
            found.append(Next(name, round(score, 6)))
            if len(found) == limit:
                break
    return tuple(found)


def _repeats(pieces: Sequence[str]) -> bool:
    """A word stands twice; people seldom write so."""
    words = [piece for piece in pieces if piece.isalpha()]
    return len(words) != len(set(words))


def patterns(names: Sequence[str]) -> tuple[Pattern, ...]:
    """Patterns that at least `LEAST_SUPPORT` of the names fit, those of most names first.

    A word that most names of a shape share stays; every other one is a hole. A pattern without
    enough letters of its own is left out: it would fit half of all names.
    """
    groups: dict[tuple[str, ...], list[_Name]] = {}
    for each in _read(names):
        groups.setdefault(each.shape, []).append(each)
    found: dict[str, list[_Name]] = {}
    for shape, members in sorted(groups.items()):
        for text in _texts(shape, members):
            fits = compiled(text)
            fitting = [m for m in members if fits.fullmatch("".join(m.pieces))]
            if len(fitting) >= LEAST_SUPPORT and _telling(text):
                found.setdefault(text, fitting)
    made = [
        Pattern(text, tuple(sorted({m.suffix for m in fitting})), len(fitting))
        for text, fitting in found.items()
    ]
    return tuple(sorted(made, key=lambda p: (-p.support, p.text)))


def compiled(text: str) -> re.Pattern[str]:
    """A pattern as an expression over the labels left of the suffix."""
    parts = re.split(r"(\{\}|\{#\})", text)
    return re.compile(
        "".join(
            f"[a-z0-9]{{1,{_MAX_HOLE}}}" if part == HOLE
            else f"[0-9]{{1,{_MAX_NUMBER}}}" if part == NUMBER
            else re.escape(part)
            for part in parts
        )
    )  # fmt: skip


def matches(text: str, host: str) -> bool:
    """True when the labels of `host` left of its suffix are as the pattern says."""
    left, _ = _halves(host)
    return bool(left) and compiled(text).fullmatch(left) is not None


def _read(names: Sequence[str]) -> list[_Name]:
    read = []
    for name in list(dict.fromkeys(names))[-MOST_NAMES:]:
        left, suffix = _halves(name)
        if left:
            read.append(_Name(tuple(_PIECE.findall(left)), suffix))
    return read


def _halves(host: str) -> tuple[str, str]:
    """The labels left of the public suffix, and the suffix."""
    name = host.lower().rstrip(".").removeprefix("www.")
    domain = registered(name)
    if domain is None:
        return "", ""
    suffix = domain.partition(".")[2]
    return name.removesuffix("." + suffix), suffix


def _text(name: _Name) -> str:
    return "".join(name.pieces) + "." + name.suffix


def _place(
    kind: str, values: Sequence[str], everywhere: Counter[str], words: Sequence[str]
) -> list[tuple[float, str]]:
    """The values that may stand at a place with their log weights, heaviest first."""
    if kind in {".", "-"}:
        return [(0.0, kind)]
    if kind == "#":
        return _numbers(values)
    elsewhere = [w for w in everywhere if w not in values] + [w for w in words if w.isalpha()]
    return _weights(Counter(values), elsewhere)


def _weights(seen: Counter[str], unseen: Sequence[str]) -> list[tuple[float, str]]:
    """Frequent values first; unseen ones share `UNSEEN`."""
    total = sum(seen.values())
    fresh = [value for value in dict.fromkeys(unseen) if value not in seen]
    keep = 1 - UNSEEN if fresh else 1.0
    rows = [(math.log(keep * n / total), value) for value, n in seen.items()]
    rows += [(math.log(UNSEEN / len(fresh)), value) for value in fresh]
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def _numbers(values: Sequence[str]) -> list[tuple[float, str]]:
    """Seen numbers, those between them, and those that come next, in the width that they have."""
    seen = sorted({int(value) for value in values if len(value) <= _MAX_NUMBER})
    if not seen or seen[-1] - seen[0] > WIDEST_RANGE:
        return _weights(Counter(values), ())
    padded = {len(v) for v in values if v.startswith("0") and len(v) > 1}
    width = padded.pop() if len(padded) == 1 else 0
    top = seen[-1]
    rows: dict[str, float] = {}
    for number in range(max(0, seen[0] - 2), top + NUMBERS_AHEAD + 1):
        ahead = max(0, number - top)
        rows[f"{number:0{width}d}"] = -0.15 * ahead
    for value in values:
        rows.setdefault(value, 0.0)
    total = math.log(sum(math.exp(w) for w in rows.values()))
    return sorted(((w - total, v) for v, w in rows.items()), key=lambda row: (-row[0], row[1]))


def _best(
    places: Sequence[Sequence[tuple[float, str]]], share: float
) -> Iterator[tuple[float, tuple[str, ...]]]:
    """Every combination of one value of each place, heaviest first (lazy k-best)."""
    order = count()
    start = (0,) * len(places)
    heap = [(-(share + sum(place[0][0] for place in places)), next(order), start)]
    queued = {start}
    while heap:
        cost, _, at = heapq.heappop(heap)
        yield -cost, tuple(place[n][1] for place, n in zip(places, at, strict=True))
        for n, place in enumerate(places):
            if at[n] + 1 < len(place):
                further = (*at[:n], at[n] + 1, *at[n + 1 :])
                if further not in queued:
                    queued.add(further)
                    step = cost + place[at[n]][0] - place[at[n] + 1][0]
                    heapq.heappush(heap, (step, next(order), further))


def _texts(shape: tuple[str, ...], members: Sequence[_Name]) -> list[str]:
    """Patterns of a shape: with the words that most share, and one for each frequent first word."""
    variants = [members]
    for n, kind in enumerate(shape):
        if kind == "w":
            frequent = Counter(m.pieces[n] for m in members).most_common(3)
            variants += [
                [m for m in members if m.pieces[n] == word]
                for word, times in frequent
                if LEAST_SUPPORT <= times < len(members) and len(word) >= LEAST_LITERAL
            ]
    return list(dict.fromkeys(_pattern(shape, group) for group in variants))


def _pattern(shape: tuple[str, ...], group: Sequence[_Name]) -> str:
    parts = []
    for n, kind in enumerate(shape):
        if kind in {".", "-"}:
            parts.append(kind)
        elif kind == "#":
            parts.append(NUMBER)
        else:
            word, times = Counter(m.pieces[n] for m in group).most_common(1)[0]
            parts.append(word if times >= SHARED * len(group) else HOLE)
    return re.sub(r"(?:\{\}){2,}|\{\}\{#\}|\{#\}\{\}", HOLE, "".join(parts))


def _telling(text: str) -> bool:
    """Enough letters of its own, and not one literal name."""
    letters = sum(c.isalpha() for c in re.sub(r"\{#?\}", "", text))
    return letters >= LEAST_LITERAL and "{" in text
