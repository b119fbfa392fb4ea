"""Does a page show different things to different visitors? What differs, and to whom it shows.

A page that adapts is no cloak: a narrow lay-out, another language, an own host for telephones, an
app that builds itself by scripts all differ and mean no harm. A cloak keeps what it asks for, or
whose name it uses, from those whom it takes for scanners.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from zvon.ml import fold
from zvon.model.brand import Registry
from zvon.model.page import Asked, PageFacts, Vantage
from zvon.model.suffix import registered

# What somebody can be robbed of; a search field or a newsletter is no secret.
PRECIOUS = frozenset({Asked.PASSWORD, Asked.CARD, Asked.CODE, Asked.BANK, Asked.IDENTITY,
                      Asked.ADDRESS})  # fmt: skip
SHINGLE = 3
LEAST_WORDS = 30  # a page with less text of its own is a shell that scripts fill
DIFFERENT = 0.1  # share of common shingles (Jaccard) below which two texts have nothing in common
OTHER_PAGE = 0.4  # below it a form may be part of a page that only some are shown
MOST_WORDS = 3000
FIRST = 2000  # characters: who a page says it is stands at its head
LEAST_NAME = 5  # a shorter name is too often an ordinary word


class What(StrEnum):
    """What differs; the values of the evidence `visual.cloak`."""

    FORM = "form"
    BRAND = "brand"
    REDIRECT = "redirect"
    TEXT = "text"


class View(Struct, frozen=True):
    """A page as one vantage saw it to the end, and the brands (ids) that it names."""

    vantage: Vantage
    facts: PageFacts
    brands: frozenset[str] = frozenset()


class Difference(Struct, frozen=True, order=True):
    """`vantage` is shown what `hidden_from` is not."""

    what: What
    vantage: Vantage
    hidden_from: Vantage


def differences(views: Sequence[View]) -> tuple[Difference, ...]:
    """What the page hides from some; each vantage that did not see it must be left out before.

    A form or a brand that one vantage lacks counts between the two browsers. Against the page
    without scripts it counts only where that page had a text of its own, so that an empty shell
    is no cloak.
    """
    found: set[Difference] = set()
    for at, one in enumerate(views):
        for other in views[at + 1 :]:
            found.update(_between(one, other))
    return tuple(sorted(found))


def named(registry: Registry, facts: PageFacts) -> frozenset[str]:
    """The brands (ids) whose names stand in the title or among the first words of a page."""
    text = fold.accents(f"{facts.title}\n{facts.text[:FIRST]}")
    return frozenset(
        brand.id for brand in registry.brands
        if any(len(name) >= LEAST_NAME and _stands(name, text) for name in brand.called)
    )  # fmt: skip


def _stands(name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(name, at + 1)
    return False


def _between(one: View, other: View) -> Iterator[Difference]:
    plain = Vantage.PLAIN in {one.vantage, other.vantage}
    first, second = _words(one.facts.text), _words(other.facts.text)
    alike = _common(first, second)
    if plain and (min(len(first), len(second)) < LEAST_WORDS or alike > OTHER_PAGE):
        return
    asks, also_asks = _precious(one), _precious(other)
    left = _site(one), _site(other)
    for here, there, mine, theirs in (
        (one, other, asks, also_asks),
        (other, one, also_asks, asks),
    ):
        if mine and not theirs:
            yield Difference(What.FORM, here.vantage, there.vantage)
            if not _same_site(*left):
                yield Difference(What.REDIRECT, here.vantage, there.vantage)
        if here.brands and not there.brands and alike <= OTHER_PAGE:
            yield Difference(What.BRAND, here.vantage, there.vantage)
    same_tongue = one.facts.lang == other.facts.lang
    if same_tongue and min(len(first), len(second)) >= LEAST_WORDS and alike < DIFFERENT:
        here, there = sorted(
            (one, other), key=lambda v: (v.vantage is not Vantage.PHONE, v.vantage)
        )
        yield Difference(What.TEXT, here.vantage, there.vantage)


def _precious(view: View) -> frozenset[Asked]:
    return frozenset(kind for form in view.facts.forms for kind in form.asks) & PRECIOUS


def _site(view: View) -> str:
    hops = view.facts.hops
    host = hops[-1].url.partition("://")[2].partition("/")[0].rpartition("@")[2] if hops else ""
    host = host.partition(":")[0].lower()
    return registered(host) or host


def _same_site(left: str, right: str) -> bool:
    """Also for one firm in two countries: `shop.si` and `shop.hr`."""
    return left == right or left.partition(".")[0] == right.partition(".")[0]


def _words(text: str) -> list[str]:
    return fold.accents(text.lower()).split()[:MOST_WORDS]


def _common(left: list[str], right: list[str]) -> float:
    """Jaccard similarity of the sets of three words in a row."""
    one, other = _shingles(left), _shingles(right)
    return len(one & other) / len(one | other) if one | other else 1.0


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    if len(words) < SHINGLE:
        return {tuple(words)} if words else set()
    return {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
