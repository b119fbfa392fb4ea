"""Attack 1: somebody who knows some originals and their pseudonyms learns others from them.

The attacker put victims of its own into reports and found them again in what was released. For
every other original it knows that it is among the released pseudonyms and guesses which, by
everything that a scheme can leave in a pseudonym: the value itself in part, its order, its
neighbourhood to a known one. The best of the guesses counts.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address

from msgspec.structs import replace

from zvon.privacy.attack.finding import Finding, judged

Pair = tuple[str, str]
Guess = Callable[[Sequence[Pair], Sequence[str], Sequence[str]], dict[str, set[str]]]

_CODE = re.compile(r"[0-9a-z]{16}(?=[@.]|$)")


def known_mapping(pairs: Sequence[Pair], known: int = 20) -> Finding:
    """How often a pseudonym of the rest is found by who knows `known` of `pairs` (spread evenly).

    `pairs` are (original, pseudonym), each original once. A guess of several counts in part, so
    that "one of these five" is a fifth of a hit. The kind of a pseudonym is there to be seen, so
    chance is one of all the unknown ones of the kind, and who is alone of a kind does not count.
    """
    unique = dict(pairs)
    if len(set(unique.values())) < len(unique):
        # One pseudonym for two originals tells nobody apart; it is known as a group, once.
        unique = {original: token for token, original in {t: o for o, t in unique.items()}.items()}
    ordered = sorted(unique.items())
    step = max(1, len(ordered) // known) if known else 0
    mine = ordered[::step][:known] if known else []
    rest = [pair for pair in ordered if pair not in set(mine)]
    kinds = [some for some in _by_kind(rest).values() if len(some) > 1]
    scores = dict.fromkeys(GUESSES, 0.0)
    for some in kinds:
        told = _by_kind(mine).get(_kind(some[0][1]), [])
        originals, tokens = [o for o, _ in some], sorted(t for _, t in some)
        for name, guess in GUESSES.items():
            scores[name] += _score(guess(told, originals, tokens), dict(some))
    best = max(scores, key=lambda name: scores[name])
    trials = sum(map(len, kinds))
    bits = _prefix_bits(mine, rest)
    found = judged(
        "known mapping", round(scores[best]), trials, len(kinds) / trials if trials else 0.0,
        known=len(mine), best=best if scores[best] else "", kinds=len(kinds), prefix_bits=bits,
    )  # fmt: skip
    return replace(found, passed=False) if bits else found


def _by_kind(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    out: dict[str, list[Pair]] = {}
    for pair in pairs:
        out.setdefault(_kind(pair[1]), []).append(pair)
    return out


def _kind(token: str) -> str:
    """What a pseudonym says openly: its form without the codes, or the word before the first `-`."""
    if _CODE.search(token):
        return _CODE.sub("#", token)
    return token.partition("-")[0] if "-" in token else ""


def _score(guesses: dict[str, set[str]], truth: dict[str, str]) -> float:
    return sum(1 / len(some) for o, some in guesses.items() if truth[o] in some)


def _likeness(mine: Sequence[Pair], originals: Sequence[str], tokens: Sequence[str]) -> dict[str, set[str]]:  # fmt: skip
    """The pseudonym that shares the longest beginning or end with the value itself."""
    del mine
    return _nearest(originals, tokens)


def _neighbour(mine: Sequence[Pair], originals: Sequence[str], tokens: Sequence[str]) -> dict[str, set[str]]:  # fmt: skip
    """What is near a known value has a pseudonym near the known pseudonym."""
    if not mine:
        return {}
    table = dict(mine)
    near = _nearest(originals, [original for original, _ in mine])
    wanted = {o: table[min(some)] for o, some in near.items()}
    found = _nearest(sorted(set(wanted.values())), tokens)
    return {o: found[token] for o, token in wanted.items() if token in found}


def _order(mine: Sequence[Pair], originals: Sequence[str], tokens: Sequence[str]) -> dict[str, set[str]]:  # fmt: skip
    """The pseudonym at the same place of the order as the value."""
    del mine
    return {o: {t} for o, t in zip(sorted(originals), sorted(tokens), strict=False)}


GUESSES: dict[str, Guess] = {"likeness": _likeness, "neighbour": _neighbour, "order": _order}


def _nearest(values: Sequence[str], among: Sequence[str]) -> dict[str, set[str]]:
    """For each value those of `among` with the longest shared beginning, or the longest end.

    No shared character is no guess. At most 50: more is a guess into the blue.
    """
    as_bits = all(_bits(text) for text in (*values, *among))
    form = _bits if as_bits else _bare
    forward = sorted((form(a), a) for a in among)
    backward = sorted((form(a)[::-1], a) for a in among)
    out: dict[str, set[str]] = {}
    for value in values:
        bare = form(value)
        first = _longest(bare, forward)
        second = _longest(bare[::-1], backward)
        length, some = max(first, second, key=lambda found: found[0])
        if length >= 2 and len(some) <= 50:
            out[value] = some
    return out


def _longest(text: str, among: Sequence[tuple[str, str]]) -> tuple[int, set[str]]:
    at = bisect_left(among, (text, ""))
    best = max((_shared(text, among[i][0]) for i in (at - 1, at) if 0 <= i < len(among)), default=0)
    some: set[str] = set()
    i = bisect_left(among, (text[:best], ""))
    while i < len(among) and len(some) <= 50 and _shared(text, among[i][0]) == best:
        some.add(among[i][1])
        i += 1
    return best, some


def _shared(a: str, b: str) -> int:
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n


def _bare(text: str) -> str:
    """What tells values of one kind apart: of a pseudonym its code, without the kind."""
    found = _CODE.search(text)
    return found[0] if found else text.lower()


def _prefix_bits(mine: Sequence[Pair], rest: Sequence[Pair]) -> int:
    """How many leading bits of unknown addresses the known pseudonyms tell, beyond guessing.

    The attacker takes for each unknown pseudonym the known one with the longest shared beginning
    and claims that the originals share as many bits. Counted is the longest prefix (8, 16, 24)
    that is right for more of them than the most common prefix among the known ones is.
    """
    known = [(_bits(o), _bits(t) or _bare(t)) for o, t in mine if _bits(o)]
    others = [(_bits(o), _bits(t) or _bare(t)) for o, t in rest if _bits(o)]
    if len(known) < 2 or not others:
        return 0
    told = 0
    for length in (8, 16, 24):
        common: dict[str, int] = {}
        for bits, _ in known:
            common[bits[:length]] = common.get(bits[:length], 0) + 1
        usual = max(common, key=lambda prefix: (common[prefix], prefix))
        blind = sum(bits.startswith(usual) for bits, _ in others)
        right = claims = 0
        for bits, token in others:
            near = max(known, key=lambda pair: _shared(pair[1], token))
            claims += 1
            right += near[0][:length] == bits[:length]
        found = judged("prefix", right, claims, max(blind, 1) / claims)
        if not found.passed and right > blind:
            told = length
    return told


@lru_cache(maxsize=65536)
def _bits(text: str) -> str:
    """An address as bits; empty when it is none."""
    try:
        made = ip_address(text)
    except ValueError:
        return ""
    return format(int(made), "032b" if made.version == 4 else "0128b")
