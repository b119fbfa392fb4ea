"""Planted lookalikes: names that imitate a brand, made by shape, so that misses can be counted.

The shapes are those of published lures. Half of the words beside a brand are words that the
registry does not hold, because attackers do not read it. Nothing is ever looked up.
"""

import random
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from zvon.ml.brand import typo_limit
from zvon.model.brand import Brand, lure_words

TLDS = ("top", "com", "info", "online", "xyz", "cfd", "net", "eu", "click", "live", "cc", "shop")
OTHER_WORDS = ("obnova", "preklic", "nujno", "klub", "servis", "stranka", "portal", "nova", "moja",
               "hitro", "usluga", "korisnik", "podaci", "natjecaj", "obrazec", "spletna", "mobilna",
               "center", "group", "help", "24", "eu", "2026", "web")  # fmt: skip
DIGITS = {"o": "0", "i": "1", "l": "1", "e": "3", "s": "5", "a": "4", "t": "7", "b": "8"}
CYRILLIC = {
    "a": "а",
    "c": "с",
    "e": "е",
    "o": "о",
    "p": "р",
    "x": "х",
    "y": "у",
    "i": "і",
    "s": "ѕ",
}
PAIRS = {"m": "rn", "w": "vv"}


class Squat(Struct, frozen=True):
    """One planted name, whom it imitates, and how."""

    name: str
    brand: str
    shape: str


def planted(brands: Sequence[Brand], each: int, seed: int) -> list[Squat]:
    """`each` different names of each shape, by a fair choice among `brands`."""
    dice = random.Random(seed)
    found: dict[str, Squat] = {}
    for shape, make in SHAPES.items():
        made, tries = 0, 0
        while made < each and tries < each * 200:
            tries += 1
            brand = dice.choice(brands)
            name = make(brand, dice)
            official = any(name == n or (name or "").endswith(f".{n}") for n in brand.names)
            if name and name not in found and not official:
                found[name] = Squat(name, brand.id, shape)
                made += 1
    return list(found.values())


def _word(dice: random.Random) -> str:
    known = sorted(lure_words())
    return dice.choice(known if dice.random() < 0.5 else OTHER_WORDS)


def _alias(brand: Brand, dice: random.Random, least: int = 2) -> str | None:
    fit = [a for a in (*brand.distinctive, *brand.words) if len(a) >= least]
    return dice.choice(fit) if fit else None


def _sure(brand: Brand, dice: random.Random, least: int = 5) -> str | None:
    fit = [a for a in brand.distinctive if len(a) >= least]
    return dice.choice(fit) if fit else None


def _beside(alias: str, dice: random.Random) -> str:
    """An alias with one or two words before or behind it, by hyphens."""
    words = [alias, *(_word(dice) for _ in range(dice.choice((1, 1, 2))))]
    dice.shuffle(words)
    return "-".join(words) + "." + dice.choice(TLDS)


def _combo(brand: Brand, dice: random.Random) -> str | None:
    alias = _alias(brand, dice)
    return _beside(alias, dice) if alias else None


def _leet(brand: Brand, dice: random.Random) -> str | None:
    alias = _alias(brand, dice, 3)
    places = [n for n, c in enumerate(alias or "") if c in DIGITS]
    if not alias or not places:
        return None
    at = dice.choice(places)
    return _beside(alias[:at] + DIGITS[alias[at]] + alias[at + 1 :], dice)


def _homoglyph(brand: Brand, dice: random.Random) -> str | None:
    alias = _sure(brand, dice, 4) or _alias(brand, dice, 4)
    if not alias or not any(c in CYRILLIC for c in alias):
        return None
    other = "".join(CYRILLIC.get(c, c) for c in alias)
    label = other if alias in brand.distinctive else f"{other}-{dice.choice(sorted(lure_words()))}"
    return "xn--" + label.encode("punycode").decode() + "." + dice.choice(TLDS)


def _typo(brand: Brand, dice: random.Random) -> str | None:
    alias = _sure(brand, dice)
    if not alias or not typo_limit(alias):
        return None
    at = dice.randrange(1, len(alias) - 1)
    letter = dice.choice("abcdefghijklmnoprstuvz")
    wrong = dice.choice([
        alias[:at] + alias[at + 1 :], alias[:at] + letter + alias[at:], alias[:at] + letter + alias[at + 1 :],
        alias[:at] + alias[at + 1] + alias[at] + alias[at + 2 :], alias[:at] + alias[at] + alias[at:],
    ])  # fmt: skip
    if wrong == alias:
        return None
    return _beside(wrong, dice) if dice.random() < 0.5 else f"{wrong}.{dice.choice(TLDS)}"


def _glued(brand: Brand, dice: random.Random) -> str | None:
    alias = _alias(brand, dice, 5)
    word = dice.choice(sorted(lure_words()))
    return alias and dice.choice((alias + word, word + alias)) + "." + dice.choice(TLDS)


def _inside(brand: Brand, dice: random.Random) -> str | None:
    name = dice.choice(list(brand.official))
    return f"{name}{dice.choice('.-')}{_word(dice)}-{_word(dice)}.{dice.choice(TLDS)}"


def _other_tld(brand: Brand, dice: random.Random) -> str | None:
    alias = _sure(brand, dice)
    return alias and f"{alias}.{dice.choice(TLDS)}"


def _country(brand: Brand, dice: random.Random) -> str | None:
    alias, land = _alias(brand, dice, 3), brand.country.lower()
    return alias and f"{alias}-{land}.{dice.choice(TLDS)}"


def _subdomain(brand: Brand, dice: random.Random) -> str | None:
    alias = _alias(brand, dice, 3)
    return (
        alias and f"{alias}.{_word(dice)}-{dice.choice(sorted(lure_words()))}.{dice.choice(TLDS)}"
    )


def _cut(brand: Brand, dice: random.Random) -> str | None:
    alias = _sure(brand, dice, 6)
    if not alias:
        return None
    at = dice.randrange(2, len(alias) - 1)
    return f"{alias[:at]}-{alias[at:]}.{dice.choice(TLDS)}"


def _pair(brand: Brand, dice: random.Random) -> str | None:
    alias = _alias(brand, dice, 4)
    letters = [c for c in alias or "" if c in PAIRS]
    return alias and letters[0] and _beside(alias.replace(letters[0], PAIRS[letters[0]], 1), dice) if letters else None  # fmt: skip


SHAPES: dict[str, Callable[[Brand, random.Random], str | None]] = {
    "combosquat": _combo,
    "digit for letter": _leet,
    "foreign letters": _homoglyph,
    "typing error": _typo,
    "glued": _glued,
    "official name inside": _inside,
    "other top-level domain": _other_tld,
    "name and country": _country,
    "subdomain": _subdomain,
    "cut by a hyphen": _cut,
    "two letters for one": _pair,
}


def names(squats: Sequence[Squat]) -> Iterator[str]:
    """The names alone."""
    return (squat.name for squat in squats)
