"""Does this address use somebody's name? The brand matcher.

The order is: official name, official name inside a longer one, token (also split by hyphens), glued
token, typing error, path. What an address gains from the message around it (`claimed` brands,
language) counts as a co-signal for short aliases and settles which of two brands with one alias is
meant. A name that firms in other countries bear too (`abroad`) needs a co-signal where such firms
have their names.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache

import ahocorasick
from msgspec import Struct
from rapidfuzz.distance import OSA

from zvon.ml import fold
from zvon.ml.brand_sieve import Sieve
from zvon.model import brand as model
from zvon.model.brand import Brand, Registry
from zvon.model.suffix import is_private, public_suffix

SHORT = 2  # aliases up to this length need their co-signal beside them
GLUED = 5  # aliases from this length may be glued to other words
TYPO = ((9, 2), (5, 1))  # (least length, distance)
SURE_TYPO = 7  # a typing error in a shorter name needs a co-signal
SPLIT = 5  # distinctive aliases from this length may be split by hyphens
HASH_LENGTH = 16
# From the last letter of `shop.com`: only a country follows, so that `com.au` is the suffix.
_COUNTRY = re.compile(r".\.[a-z]{2}")
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


class Words(Struct, frozen=True, kw_only=True):
    """The words that decide beside a brand's name: see `model.brand` for what each set means."""

    lures: frozenset[str]
    weak: frozenset[str]
    cheap: frozenset[str]


class _Place(Struct, frozen=True):
    """Where in a host an alias was read, and what stands around it (`words` has every reading)."""

    alias: str
    technique: Technique
    written: str
    words: frozenset[str]
    beside: frozenset[str]
    tld: str
    cheap: bool


class Matcher:
    """A compiled registry. Build it once; `match` is pure and safe to share."""

    def __init__(self, registry: Registry, words: Words) -> None:
        self.registry = registry
        self.brands = registry.brands
        self.words = words
        self.lures = words.lures
        self.alias: dict[str, list[tuple[Brand, bool]]] = {}
        self.inside: dict[str, Brand] = {}
        for brand in self.brands:
            for word, sure in (*((w, True) for w in brand.distinctive),
                               *((w, False) for w in brand.words)):  # fmt: skip
                self.alias.setdefault(word, []).append((brand, sure))
            self.inside.update(dict.fromkeys(brand.names, brand))
        self.split = frozenset(
            w for b in self.brands for w in b.distinctive if len(w) >= SPLIT
        )  # fmt: skip
        self.context = frozenset(word for b in self.brands for word in b.context)
        self.countries = frozenset(b.country.lower() for b in self.brands if b.country)
        excluded = [word for b in self.brands for word in b.exclude]
        self.excluded = frozenset(word for word in excluded if "." not in word)
        self.others = frozenset(word for word in excluded if "." in word)
        self.automaton = ahocorasick.Automaton()
        for word in (*self.alias, *self.inside):
            self.automaton.add_word(word, word)
        self.automaton.make_automaton()
        self.filler = {brand.id: _filler((*self.lures, *brand.context)) for brand in self.brands}
        self.near: dict[tuple[str, bool, int], list[tuple[str, int]]] = {}
        for word in self.alias:
            limit = typo_limit(word)
            for length in range(len(word) - limit, len(word) + limit + 1) if limit else ():
                self.near.setdefault((word[0], True, length), []).append((word, limit))
                self.near.setdefault((word[-1], False, length), []).append((word, limit))
        self.read = lru_cache(maxsize=1 << 16)(self._read)
        self.sieve = Sieve(
            whole=self.alias,
            glued=[word for word in self.alias if len(word) >= GLUED],
            split=self.split,
            inside=self.inside,
            typo={word: limit for word in self.alias if (limit := typo_limit(word))},
        )

    def match(
        self, host: str, path: str = "", *, claimed: Collection[str] = (), lang: str | None = None
    ) -> tuple[Hit, ...]:
        """The brands whose name `host` (an A-label in lower case) or `path` uses, surest first.

        Empty for an official name of any brand, and for a name that is excluded whole. `claimed`
        are ids of brands that the message names itself. At most one hit per brand. A brand on
        whose platform `host` lies is no hit.
        """
        if self.registry.official(host) is not None or self._is_others(host):
            return ()
        hits = self._in_host(host, claimed) + self._in_path(path, claimed)
        if not hits:
            return ()
        publisher = self.registry.publisher(host)
        best: dict[str, Hit] = {}
        for hit in hits:
            if hit.brand is not publisher:
                best.setdefault(hit.brand.id, hit)
        words = _words([t for label in host.split(".") for t in fold.tokens(fold.label(label)[0])])
        return _settle(tuple(best.values()), words, claimed, lang)

    def sweep(self, names: Sequence[str]) -> list[tuple[int, tuple[Hit, ...]]]:
        """`match` over many hosts at once: the place of each that is hit, with its hits.

        The same as asking one by one, and some times quicker, because nearly all names are put
        aside by what a whole batch holds. Best with 10,000 names or more; memory is about 200
        bytes a name.
        """
        return [(at, hits) for at in self.sieve.sift(names) if (hits := self.match(names[at]))]

    def _is_others(self, host: str) -> bool:
        while self.others and host:
            if host in self.others:
                return True
            _, _, host = host.partition(".")
        return False

    def _in_host(self, host: str, claimed: Collection[str]) -> list[Hit]:
        if host.isascii() and "xn--" not in host:
            text, bad = host, False
        else:
            folded = [fold.label(label) for label in host.split(".")]
            text, bad = ".".join(label for label, _ in folded), any(b for _, b in folded)
        hits = [Hit(brand=brand, technique=Technique.INSIDE, alias=name, written=name,
                    ill_formed=bad) for name, brand in self._official_inside(text)]  # fmt: skip
        for place in self._places(text, host):
            hits += [
                Hit(brand=brand, technique=place.technique, alias=place.alias,
                    written=place.written, ill_formed=bad)
                for brand, sure in self.alias[place.alias]
                if place.written not in brand.exclude and self._enough(brand, sure, place, claimed)
            ]  # fmt: skip
        return hits

    def _places(self, text: str, host: str) -> Iterator[_Place]:
        own, _, tld = text.rpartition(".")
        row = fold.tokens(own or text)
        found = [(at, at + 1, token, alias, technique)
                 for at, token in enumerate(row) for alias, technique in self.read(token)]  # fmt: skip
        if "-" in own:
            found += self._split(own)
        if not found:
            return
        suffix = public_suffix(text)  # `app` of `app.br` stands beside nothing
        row = row[: len(row) - len(fold.tokens(suffix.rpartition(".")[0]))] if own else row
        cheap = tld in self.words.cheap or is_private(host)
        for start, stop, written, alias, technique in found:
            if stop > len(row):
                continue
            before, after = row[:start], row[stop:]
            yield _Place(alias, technique, written, _words([*before, *after]),
                         _words([*before[-1:], *after[:1]]), tld, cheap)  # fmt: skip

    def _split(self, own: str) -> list[tuple[int, int, str, str, Technique]]:
        """Distinctive aliases that hyphens cut in two or three: `otp-banka`, `pay-pal`."""
        found, start = [], 0
        for label in own.split("."):
            row = fold.tokens(label)
            for at in range(len(row)):
                for stop in (at + 2, at + 3):
                    whole = "".join(row[at:stop])
                    for form in (whole, *fold.unleet(whole)) if stop <= len(row) else ():
                        if form in self.split and whole not in self.excluded:
                            found.append((start + at, start + stop, "-".join(row[at:stop]), form,
                                          Technique.TOKEN))  # fmt: skip
                            break
            start += len(row)
        return found

    def _enough(self, brand: Brand, sure: bool, place: _Place, claimed: Collection[str]) -> bool:
        typo = place.technique is Technique.TYPO
        if brand.id in claimed and not typo:
            return True
        if place.technique is Technique.GLUED:  # the words that it is glued to are the co-signal
            return self._is_glued(place.alias, place.written, brand)
        near = place.beside if len(place.alias) <= SHORT else place.words
        lure, context = not near.isdisjoint(self.lures), not near.isdisjoint(brand.context)
        at_home = place.tld in self.countries and place.tld in brand.context
        if not sure:
            context = context or (at_home and len(place.alias) > SHORT)
            if place.cheap and self._is_bait(brand, place):
                return True
            return lure and context if typo else lure or context
        if lure or context or (place.cheap and not typo):
            return True
        if place.alias not in brand.abroad:
            return not typo or at_home or len(place.alias) >= SURE_TYPO
        if typo:  # nothing stands beside it, so it has to begin and to end like the name
            same = place.alias[0] == place.written[0] and place.alias[-1] == place.written[-1]
            return place.cheap and same and len(place.alias) >= SURE_TYPO
        return not near.isdisjoint(self.words.weak) or any(word.isdigit() for word in near)

    def _is_bait(self, brand: Brand, place: _Place) -> bool:
        """A word of a brand of one country where names cost nothing, with no word beside it."""
        plain = len(place.alias) >= GLUED or (
            len(place.alias) > SHORT + 1 and place.written.isalpha()
        )
        return plain and bool(brand.country) and place.technique is Technique.TOKEN

    def _official_inside(self, text: str) -> list[tuple[str, Brand]]:
        found = []
        for end, word in self.automaton.iter(text):
            if word not in self.inside:
                continue
            start, stop = end - len(word) + 1, end + 1
            begins = start == 0 or text[start - 1] in ".-"
            if begins and text[stop : stop + 1] in {".", "-"} and not _COUNTRY.fullmatch(text, end):
                found.append((word, self.inside[word]))
        return sorted(found, key=lambda item: -len(item[0]))

    def _read(self, token: str) -> tuple[tuple[str, Technique], ...]:
        """The aliases that one token can be read as, by the surest technique."""
        if token in self.excluded:
            return ()
        forms = (token, *fold.unleet(token))
        for form in forms:
            if form in self.alias:
                return ((form, Technique.TOKEN),)
        for form in forms:
            glued = self._glued(form)
            if glued:
                return ((glued, Technique.GLUED),)
        for form in forms:
            typo = self._typo(form)
            if typo:
                return ((typo, Technique.TYPO),)
        return ()

    def _glued(self, token: str) -> str | None:
        best = None
        for _, word in self.automaton.iter(token):
            if len(word) < GLUED or word not in self.alias or (best and len(word) <= len(best)):
                continue
            if any(self._is_glued(word, token, brand) for brand, _ in self.alias[word]):
                best = word
        return best

    def _is_glued(self, alias: str, written: str, brand: Brand) -> bool:
        """True when all that `alias` is glued to is lures, the brand's own words and digits."""
        filler = self.filler[brand.id]
        for form in (written, *fold.unleet(written)):
            head, found, tail = form.partition(alias)
            words = any(rest and not rest.isdigit() for rest in (head, tail))
            if found and words and filler.fullmatch(head) and filler.fullmatch(tail):
                return True
        return False

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
                beside = {*row[max(0, at - 1) : at], *row[at + 1 : at + 2]}
                # Much is written about world-wide brands, so a lure has to stand beside their name.
                near = others if brand.country else beside
                signal = not near.isdisjoint(self.lures)
                signal |= bool(brand.country) and not others.isdisjoint(brand.context)
                if signal or brand.id in claimed:
                    hits.append(Hit(brand=brand, technique=Technique.PATH, alias=token,
                                    written=token))  # fmt: skip
        return hits


def typo_limit(alias: str) -> int:
    """How many typing errors an alias of this length may have."""
    return next((far for least, far in TYPO if len(alias) >= least), 0)


def _filler(parts: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(set(parts), key=lambda part: (-len(part), part))
    return re.compile("(?:" + "|".join(map(re.escape, longest_first)) + r"|\d)*")


def _words(tokens: Iterable[str]) -> frozenset[str]:
    """Tokens with every reading of them."""
    return frozenset(word for token in tokens for word in (token, *fold.unleet(token)))


def _is_hash(piece: str) -> bool:
    """A long piece with digits among its letters is a token of a machine, not a word."""
    return len(piece) >= HASH_LENGTH and "-" not in piece and any(c.isdigit() for c in piece)


def _settle(
    hits: tuple[Hit, ...], words: frozenset[str], claimed: Collection[str], lang: str | None
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
    words = Words(
        lures=model.lure_words(),
        weak=model.weak_lure_words(),
        cheap=model.cheap_suffixes(),
    )
    return Matcher(registry, words)


def shipped() -> Matcher:
    """The matcher of the registry that ships with the program."""
    return compiled(model.shipped())
