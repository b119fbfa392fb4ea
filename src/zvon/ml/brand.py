"""Does this address use somebody's name? The brand matcher.

The order is: official name, official name inside a longer one, token, glued token, typing error,
path. What an address gains from the message around it (`claimed` brands, language) counts as a
co-signal for short aliases and settles which of two brands with one alias is meant.
"""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import lru_cache

import ahocorasick
from msgspec import Struct
from rapidfuzz.distance import OSA

from zvon.ml import fold
from zvon.model import brand as model
from zvon.model.brand import Brand, Registry, lure_words

SHORT = 2  # aliases up to this length need their co-signal beside them
GLUED = 5  # aliases from this length may be glued to other words
TYPO = ((9, 2), (5, 1))  # (least length, distance)
HASH_LENGTH = 16
_PIECE = re.compile(r"[/?&=;#]")


class Technique(StrEnum):
    """How the name is used."""

    INSIDE = "inside"
    TOKEN = "token"  # noqa: S105 -- a word of a name, no secret
    GLUED = "glued"
    TYPO = "typo"
    PATH = "path"


class Hit(Struct, frozen=True, kw_only=True):
    """One use of a brand's name: how, with which alias, and what it was written as.

    `ill_formed` says that the host has an `xn--` label that no registry would accept.
    """

    brand: Brand
    technique: Technique
    alias: str
    written: str
    ill_formed: bool = False


class Matcher:
    """A compiled registry. Build it once; `match` is pure and safe to share."""

    def __init__(self, registry: Registry, lures: Collection[str]) -> None:
        self.registry = registry
        self.brands = registry.brands
        self.lures = frozenset(lures)
        self.alias: dict[str, list[tuple[Brand, bool]]] = {}
        self.inside: dict[str, Brand] = {}
        for brand in self.brands:
            for word, sure in (*((w, True) for w in brand.distinctive),
                               *((w, False) for w in brand.words)):  # fmt: skip
                self.alias.setdefault(word, []).append((brand, sure))
            self.inside.update(dict.fromkeys((*brand.official, *brand.hosts), brand))
        self.context = frozenset(word for b in self.brands for word in b.context)
        self.excluded = frozenset(word for b in self.brands for word in b.exclude)
        self.automaton = ahocorasick.Automaton()
        for word in (*self.alias, *self.inside):
            self.automaton.add_word(word, word)
        self.automaton.make_automaton()
        parts = sorted(self.lures | self.context, key=len, reverse=True)
        self.filler = re.compile("(?:" + "|".join(map(re.escape, parts)) + r"|\d)*")
        self.near: dict[tuple[str, bool, int], list[tuple[str, int]]] = {}
        for word in self.alias:
            limit = next((far for least, far in TYPO if len(word) >= least), 0)
            for length in range(len(word) - limit, len(word) + limit + 1) if limit else ():
                self.near.setdefault((word[0], True, length), []).append((word, limit))
                self.near.setdefault((word[-1], False, length), []).append((word, limit))
        self.read = lru_cache(maxsize=1 << 16)(self._read)

    def match(
        self, host: str, path: str = "", *, claimed: Collection[str] = (), lang: str | None = None
    ) -> tuple[Hit, ...]:
        """The brands whose name `host` (an A-label in lower case) or `path` uses, surest first.

        Empty for an official name of any brand. `claimed` are ids of brands that the message
        names itself. At most one hit per brand.
        """
        if self.registry.official(host) is not None:
            return ()
        hits = self._in_host(host, claimed) + self._in_path(path, claimed)
        if not hits:
            return ()
        best: dict[str, Hit] = {}
        for hit in hits:
            best.setdefault(hit.brand.id, hit)
        words = _words([t for label in host.split(".") for t in fold.tokens(fold.label(label)[0])])
        return _settle(tuple(best.values()), words, claimed, lang)

    def _in_host(self, host: str, claimed: Collection[str]) -> list[Hit]:
        if host.isascii() and "xn--" not in host:
            text, bad = host, False
        else:
            folded = [fold.label(label) for label in host.split(".")]
            text, bad = ".".join(label for label, _ in folded), any(b for _, b in folded)
        hits = [Hit(brand=brand, technique=Technique.INSIDE, alias=name, written=name,
                    ill_formed=bad) for name, brand in self._official_inside(text)]  # fmt: skip
        own, _, suffix = text.rpartition(".")
        row = fold.tokens(own or text)
        for at, token in enumerate(row):
            for alias, technique in self.read(token):
                beside = _words(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
                others = _words(row[:at] + row[at + 1 :]) | {suffix}
                hits += [
                    Hit(brand=brand, technique=technique, alias=alias, written=token,
                        ill_formed=bad)
                    for brand, sure in self.alias[alias]
                    if token not in brand.exclude
                    and self._enough(brand, sure, alias, technique, others, beside, claimed)
                ]  # fmt: skip
        return hits

    def _enough(
        self,
        brand: Brand,
        sure: bool,
        alias: str,
        technique: Technique,
        others: set[str],
        beside: set[str],
        claimed: Collection[str],
    ) -> bool:
        if sure or (brand.id in claimed and technique is not Technique.TYPO):
            return True
        if technique is Technique.GLUED:
            return True  # the words that it is glued to are the co-signal
        near = beside if len(alias) <= SHORT else others
        lure, context = not near.isdisjoint(self.lures), not near.isdisjoint(brand.context)
        return lure and context if technique is Technique.TYPO else lure or context

    def _official_inside(self, text: str) -> list[tuple[str, Brand]]:
        found = []
        for end, word in self.automaton.iter(text):
            if word not in self.inside:
                continue
            start, stop = end - len(word) + 1, end + 1
            if (start == 0 or text[start - 1] in ".-") and stop < len(text) and text[stop] in ".-":
                found.append((word, self.inside[word]))
        return sorted(found, key=lambda item: -len(item[0]))

    def _read(self, token: str) -> tuple[tuple[str, Technique], ...]:
        """The aliases that one token can be read as, by the surest technique."""
        if token in self.excluded:
            return ()
        for form in (token, *fold.unleet(token)):
            if form in self.alias:
                return ((form, Technique.TOKEN),)
        for form in (token, *fold.unleet(token)):
            glued = self._glued(form)
            if glued:
                return ((glued, Technique.GLUED),)
        for form in (token, *fold.unleet(token)):
            typo = self._typo(form)
            if typo:
                return ((typo, Technique.TYPO),)
        return ()

    def _glued(self, token: str) -> str | None:
        best = None
        for end, word in self.automaton.iter(token):
            if len(word) < GLUED or word not in self.alias or (best and len(word) <= len(best)):
                continue
            rest = (token[: end - len(word) + 1], token[end + 1 :])
            if any(r and not r.isdigit() for r in rest) and all(map(self.filler.fullmatch, rest)):
                best = word
        return best

    def _typo(self, token: str) -> str | None:
        length = len(token)
        near = (
            *self.near.get((token[0], True, length), ()),
            *self.near.get((token[-1], False, length), ()),
        )
        if not near or token in self.lures or token in self.context:
            return None
        best: tuple[int, str] | None = None
        for word, limit in near:
            distance = OSA.distance(word, token, score_cutoff=limit)
            if distance <= limit and (best is None or (distance, word) < best):
                best = (distance, word)
        return best[1] if best else None

    def _in_path(self, path: str, claimed: Collection[str]) -> list[Hit]:
        if len(path) < 2:
            return []
        folded = fold.accents(path)
        if next(self.automaton.iter(folded), None) is None:
            return []
        row = [token for piece in _PIECE.split(folded) if not _is_hash(piece)
               for token in fold.tokens(piece)]  # fmt: skip
        hits = []
        for at, token in enumerate(row):
            for brand, _ in self.alias.get(token, ()):
                others = {*row[:at], *row[at + 1 :]}
                signal = not others.isdisjoint(self.lures) or not others.isdisjoint(brand.context)
                if signal or brand.id in claimed:
                    hits.append(Hit(brand=brand, technique=Technique.PATH, alias=token,
                                    written=token))  # fmt: skip
        return hits


def _words(tokens: Iterable[str]) -> set[str]:
    """Tokens with every reading of them."""
    return {word for token in tokens for word in (token, *fold.unleet(token))}


def _is_hash(piece: str) -> bool:
    """A long piece with digits among its letters is a token of a machine, not a word."""
    return len(piece) >= HASH_LENGTH and "-" not in piece and any(c.isdigit() for c in piece)


def _settle(
    hits: tuple[Hit, ...], words: set[str], claimed: Collection[str], lang: str | None
) -> tuple[Hit, ...]:
    """Order hits: surest technique first; of brands with one alias the one that fits better."""
    order = {technique: n for n, technique in enumerate(Technique)}

    def misfit(hit: Hit) -> tuple[int, int, int, int, str]:
        return (
            0 if hit.brand.id in claimed else 1,
            order[hit.technique],
            -len(words.intersection(hit.brand.context)),
            0 if hit.brand.country.lower() == lang_country(lang) else 1,
            hit.brand.id,
        )

    return tuple(sorted(hits, key=misfit))


def lang_country(lang: str | None) -> str | None:
    """The country that a language points to, in lower case; none for English."""
    return {"sl": "si", "hr": "hr"}.get(lang or "")


@lru_cache(maxsize=4)
def compiled(registry: Registry) -> Matcher:
    """The matcher of a registry, compiled once for each state of it."""
    return Matcher(registry, lure_words())


def shipped() -> Matcher:
    """The matcher of the registry that ships with the program."""
    return compiled(model.shipped())
