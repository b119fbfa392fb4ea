"""Addresses that we make up: what lures look like, so that a small feed is not all there is.

Nothing here is copied from a list. Shapes: a brand glued to a lure word on a cheap ending, an
official name inside a longer host, a mangled brand as a customer of a shared platform, a random
name, a kit inside a hacked ordinary site. Harmless counterparts use the same platforms and endings,
so that neither a platform nor an ending decides alone.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from zvon.ml.url.form import score_form
from zvon.ml.url_training import vocabulary as v
from zvon.ml.url_training.rows import Labelled, capped
from zvon.model.brand import Brand

PINNED_COUNTRIES = ("SI", "HR")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALNUM = _LETTERS + "0123456789"
_SWAPS = {"o": "0", "l": "1", "i": "l", "e": "3", "s": "5", "a": "e", "u": "o", "c": "k"}


class _Maker:
    """A seeded source of names; every method draws one."""

    def __init__(self, brands: Sequence[Brand], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        own = [a for b in brands for a in (*b.distinctive, *b.words) if len(a) > 2]
        self.brands = (*v.BRANDS, *v.BRANDS, *own)
        self.official = (*v.OFFICIAL, *(name for b in brands for name in b.names))

    def one(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def text(self, letters: str, least: int, most: int) -> str:
        size = int(self.rng.integers(least, most + 1))
        return "".join(letters[n] for n in self.rng.integers(len(letters), size=size))

    def mangled(self, word: str) -> str:
        """One or two small changes: a letter lost, doubled, swapped with its neighbour, replaced,
        or pushed in.
        """
        for _ in range(int(self.rng.integers(1, 3))):
            at = int(self.rng.integers(len(word)))
            word = self.one((
                word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
                word[:at] + _SWAPS.get(word[at], "i") + word[at + 1 :],
                word[:at] + self.one("aeiouhsx") + word[at:],
            )) or word  # fmt: skip
        return word

    def lure(self) -> str:
        return self.one(v.LURES)

    def name(self) -> str:
        """The label that a swindler registers."""
        brand = self.one(self.brands)
        if self.chance(0.35):
            brand = self.mangled(brand)
        join = self.one(("-", "-", ""))
        shapes = (
            brand + join + self.lure(),
            self.lure() + join + brand,
            join.join((brand, self.lure(), self.lure())),
            join.join((self.lure(), self.lure())),
            f"{brand}{join}{self.text('0123456789', 1, 4)}",
            f"{brand}{join}{self.one(v.COUNTRIES)}",
            f"{brand}-{self.text(_LETTERS, 2, 4)}",
            f"{self.lure()}{self.text('0123456789', 2, 6)}",
            self.text(_ALNUM, 7, 12),
            brand,
        )
        return self.one(shapes).strip("-")

    def ordinary(self) -> str:
        """A label that an ordinary firm or person would take."""
        join = self.one(("", "", "-"))
        return join.join(self.one(v.ORDINARY) for _ in range(int(self.rng.integers(1, 4))))

    def kit_path(self) -> str:
        brand, lure, code = self.one(self.brands), self.lure(), self.text("0123456789abcdef", 6, 32)
        page = self.one(v.PAGES)
        return self.one((
            f"/{lure}", f"/{lure}/", f"/{page}", f"/{brand}/{page}", f"/{lure}/{page}",
            f"/{self.text(_ALNUM, 3, 8)}/", f"/{self.text(_LETTERS, 1, 2)}", f"/{lure}/{code}/{page}",
            f"/{self.one(v.LANGUAGES)}/{lure}", f"/{page}?id={code}", f"/{brand}/{lure}/{page}",
            f"/{self.text(_LETTERS, 2, 6)}/{self.text(_LETTERS, 2, 8)}/{page}", f"/?{lure}={code}",
        ))  # fmt: skip

    def phish(self) -> tuple[str, str]:
        """Address and registered domain of one lure."""
        kind = self.rng.random()
        path = self.kit_path() if self.chance(0.45) else ""
        if kind < 0.40:
            domain = f"{self.name()}.{self.one(v.CHEAP)}"
            sub = self.one(("", "", "", "", f"{self.lure()}.", f"{self.one(self.brands)}.",
                            f"{self.text(_ALNUM, 3, 6)}.", f"{self.one(v.COUNTRIES)}."))  # fmt: skip
            return sub + domain + path, domain
        if kind < 0.50:
            tail = self.one((self.lure(), self.text(_ALNUM, 4, 8), f"{self.lure()}-{self.lure()}"))
            official, join = self.one(self.official), self.one(("-", "."))
            domain = f"{tail}.{self.one(v.CHEAP)}"
            if join == "-":
                domain = f"{official.rpartition('.')[2]}-{domain}"
                return f"{official.rpartition('.')[0]}.{domain}{path}", domain
            return f"{official}.{domain}{path}", domain
        if kind < 0.94:
            label = self.name() if self.chance(0.75) else self.text(_ALNUM, 8, 24)
            if self.chance(0.2):
                label += "-" + self.text(_ALNUM, 4, 9)
            domain = f"{label}.{self.one(v.PLATFORMS)}"
            return domain + (path if self.chance(0.5) else ""), domain
        domain = f"{self.ordinary()}.{self.one(v.COMMON)}"
        folder = self.one(v.HACKED)
        return f"{domain}{folder}{self.kit_path()}", domain

    def plain_path(self) -> str:
        """A path of an ordinary site: pages, articles, products, parts of a publishing system."""
        words = "-".join(self.one(v.ORDINARY) for _ in range(int(self.rng.integers(1, 6))))
        number, code = self.text("0123456789", 1, 7), self.text("0123456789abcdef", 6, 40)
        year, ending = self.one(v.YEARS), self.one(v.FILES)
        system, kind = self.one(v.SYSTEM), self.one(v.ASSETS)
        return self.one((
            "/" + words, f"/{words}/", f"/{self.one(v.SECTIONS)}/{words}", f"/{words}.html",
            f"/{self.one(v.SECTIONS)}", f"/{self.one(v.SECTIONS)}/{number}", "/index.php",
            "/index.html", f"/{self.one(v.ORDINARY)}.php", f"/index.php?id={number}",
            f"/{year}/{self.one(v.MONTHS)}/{words}", f"/{self.one(v.LANGUAGES)}/{words}",
            f"/{self.one(v.LANGUAGES)}", f"{system}/{self.one(v.ORDINARY)}/{kind}",
            f"{system}/{words}/assets/{kind}/{self.one(v.ORDINARY)}{ending}",
            f"/wp-content/uploads/{year}/{self.one(v.MONTHS)}/{words}{ending}", f"/{kind}",
            f"/{kind}/{words}{ending}", f"/{kind}/{code}{ending}", f"/{code}", f"/{number}",
            f"/{self.text(_ALNUM, 5, 10)}", f"/?p={number}", f"/{words}?utm_source={words}",
            f"/{self.text(_ALNUM + '-_', 30, 120)}", f"/{self.text(_LETTERS, 1, 3)}/{code}",
            f"/{self.one(v.ACCOUNT)}", f"/{self.one(v.ACCOUNT)}.php", f"/{self.one(v.ACCOUNT)}.html",
        ))  # fmt: skip

    def plain_name(self) -> str:
        """The label of an ordinary site: words, initials, numbers, an accented word."""
        kind = self.rng.random()
        if kind < 0.62:
            return self.ordinary()
        if kind < 0.74:
            return self.text(_LETTERS, 3, 8)
        if kind < 0.8:
            return self.text("0123456789", 3, 9)
        if kind < 0.86:
            return self.one(v.ORDINARY) + self.text("0123456789", 1, 4)
        if kind < 0.92:
            return self.one(v.ORDINARY)[:4] + self.text(_LETTERS, 2, 5)
        if kind < 0.96:
            return "xn--" + self.text(_LETTERS, 3, 9) + "-" + self.text(_ALNUM, 3, 6)
        return self.one(self.brands) + self.one(v.ORDINARY)

    def harmless(self) -> tuple[str, str]:
        """Address and domain of an ordinary site, also on the platforms and endings of lures."""
        kind = self.rng.random()
        path = "" if self.chance(0.4) else self.plain_path()
        if kind < 0.08:  # lists from elsewhere hold few Slovenian and Croatian sites
            name = "-".join(self.one(v.NEARBY) for _ in range(int(self.rng.integers(1, 4))))
            domain = f"{name}.{self.one(v.ENDINGS_HERE)}"
            sub = f"{self.one(v.SUBDOMAINS)}." if self.chance(0.4) else ""
            return sub + domain + path, domain
        if kind < 0.28:
            domain = f"{self.ordinary()}.{self.one(v.PLATFORMS)}"
            return domain + path, domain
        domain = f"{self.plain_name()}.{self.one(v.CHEAP if kind < 0.45 else v.COMMON)}"
        sub = f"{self.one(v.SUBDOMAINS)}." if self.chance(0.3) else ""
        return sub + domain + path, domain


def made_rows(
    brands: Sequence[Brand], count: int, *, seed: int, day: str, weight: float
) -> list[Labelled]:
    """`count` lures and as many harmless counterparts; the same seed, the same rows."""
    maker = _Maker(brands, seed)
    rows = []
    for phishing, draw in ((True, maker.phish), (False, maker.harmless)):
        for _ in range(count):
            url, domain = draw()
            rows.append(Labelled(score_form(url), phishing, day, domain, "made", weight))
    return rows


def official_rows(brands: Sequence[Brand], weight: float) -> list[Labelled]:
    """Official names of the registry with pages that banks, Posts and offices have."""
    return [
        Labelled(score_form(name + path), False, "", name, "official", weight)
        for brand in brands
        for name in brand.names
        for path in v.OFFICIAL_PATHS
    ]


def bare_rows(benign: Iterable[Labelled]) -> list[Labelled]:
    """The hosts of harmless links without their paths, one for each domain.

    Lists of links hold few bare hosts and feeds hold many: without these rows "no path" would be
    learned as a sign of phishing.
    """
    return [
        Labelled("https://" + score_form(r.url)[8:].split("/")[0].split("?")[0], False, "",
                 r.domain, "bare", r.weight)
        for r in capped(benign, 1)
    ]  # fmt: skip


def pinned_urls(brands: Sequence[Brand]) -> list[str]:
    """Slovenian and Croatian official names with pages that no training row has.

    None of these may raise an alarm. Official names elsewhere are the gate's matter alone: some,
    such as `netflix.shop`, are built like lures.
    """
    return [
        score_form(name + path)
        for brand in brands
        if brand.country in PINNED_COUNTRIES
        for name in brand.names
        for path in v.PINNED_PATHS
    ]
