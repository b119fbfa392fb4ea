"""What all looks at an address brought together: nothing that was seen once is forgotten.

Stages 3 and 4 leave evidence rows about the address that was asked for, and captures with the
words of the page. An address that nobody looked at has no page here: that is not an empty page.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from zvon.assess.claim import claims
from zvon.model import url
from zvon.model.brand import Brand, Registry
from zvon.model.evidence import Evidence, EvidenceCode, Instant
from zvon.model.observable import ObservableType
from zvon.model.page import Asked, Capture, Vantage

HEAD_CHARS = 30  # a page says whose it is in its very first words; whom one pays with comes later
LIST_CHARS = 100
MOST_FINALS = 5

# What only a page that answered can leave behind.
_ANSWERED = frozenset(
    {EvidenceCode.TITLE, EvidenceCode.FORM, EvidenceCode.SKELETON, EvidenceCode.RESOURCES,
     EvidenceCode.EMPTY, EvidenceCode.PARKED, EvidenceCode.SCREENSHOT, EvidenceCode.LOOK}
)  # fmt: skip
WANTS = frozenset({Asked.PASSWORD, Asked.CARD, Asked.CODE, Asked.BANK, Asked.IDENTITY, Asked.LOGIN})


class Named(Struct, frozen=True, order=True):
    """A brand (id) that a page names: `where` is title, logo, favicon, heading, picture or text."""

    where: str
    brand: str


class Page(Struct, frozen=True, kw_only=True):
    """One address as it was seen. `seen` are the stages (3, 4) that saw it.

    `tried` are those that looked, also where the guard refused or nothing answered. `finals` are the addresses that it led to. `picture` are brands that are only painted.
    """

    seen: frozenset[int]
    tried: frozenset[int] = frozenset()
    finals: tuple[str, ...] = ()
    asks: frozenset[Asked] = frozenset()
    sent_to: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    cloak: frozenset[str] = frozenset()
    downloads: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    parked: bool = False
    empty: bool = False
    owner: bool = False
    business: frozenset[str] = frozenset()
    favicons: frozenset[int] = frozenset()
    text: str = ""

    @property
    def wants(self) -> bool:
        """True when a form asks for what a thief can use at once."""
        return bool(self.asks & WANTS)


def pages(
    evidence: Sequence[Evidence],
    captures: Sequence[Capture] = (),
    *,
    registry: Registry,
    lang: str | None = None,
) -> dict[str, Page]:
    """The pages by the address that was asked for; the order of the rows does not matter.

    A look that ended on the brand's own page is left out of what is held against another address:
    kits send those home whom they do not want.
    """
    home = _sent_home(evidence, registry)
    evidence = [row for row in evidence if _look(row) not in home]
    captures = [look for look in captures if not _ended_home(look, registry)]
    rows: dict[str, list[Evidence]] = {}
    for row in evidence:
        if row.stage >= 3 and row.observable.type is ObservableType.URL:
            rows.setdefault(row.observable.value, []).append(row)
    looks: dict[str, list[Capture]] = {}
    for capture in captures:
        looks.setdefault(capture.url, []).append(capture)
    return {
        asked: _page(rows.get(asked, []), looks.get(asked, []), lang, registry.brands)
        for asked in sorted({*rows, *looks})
    }


def _look(row: Evidence) -> tuple[str, int, Instant]:
    return row.observable.value, row.stage, row.seen_at


def _sent_home(
    evidence: Sequence[Evidence], registry: Registry
) -> frozenset[tuple[str, int, Instant]]:
    return frozenset(
        _look(row)
        for row in evidence
        if row.code is EvidenceCode.FINAL and _home(row.observable.value, row.value, registry)
    )


def _ended_home(look: Capture, registry: Registry) -> bool:
    hops = look.facts.hops if look.facts is not None else ()
    return bool(hops) and _home(look.url, hops[-1].url, registry)


def _home(asked: str, final: str, registry: Registry) -> bool:
    """True when a foreign address ended on an official page."""
    first, last = host_of(asked), host_of(final)
    return registry.official(last) is not None and registry.official(first) is None


def host_of(address: str) -> str:
    """The host of an address; empty for what is none."""
    try:
        return url.parse(address).host
    except url.BadUrl:
        return ""


def _page(
    rows: Sequence[Evidence],
    looks: Sequence[Capture],
    lang: str | None,
    brands: Sequence[Brand],
) -> Page:
    by: dict[EvidenceCode, set[str]] = {}
    for row in rows:
        by.setdefault(row.code, set()).add(row.value)

    def values(code: EvidenceCode) -> tuple[str, ...]:
        return tuple(sorted(by.get(code, ())))

    seen = {row.stage for row in rows if row.code in _ANSWERED}
    seen |= {look.stage for look in looks if look.facts is not None}
    texts = sorted({look.facts.text for look in looks if look.facts is not None})
    asks = {kind for kind in Asked if kind.value in by.get(EvidenceCode.FORM, set())}
    elsewhere = {str(row.params["target"]) for row in rows
                 if row.code is EvidenceCode.FORM and row.params.get("target")}  # fmt: skip
    tried = {row.stage for row in rows} | {look.stage for look in looks}
    return Page(
        seen=frozenset(seen),
        tried=frozenset(tried),
        finals=values(EvidenceCode.FINAL)[:MOST_FINALS],
        asks=frozenset(asks),
        sent_to=tuple(sorted(elsewhere | by.get(EvidenceCode.FORM_TARGET, set()))),
        named=_named(by, looks, rows, lang, brands),
        cloak=frozenset(by.get(EvidenceCode.CLOAK, set())),
        downloads=values(EvidenceCode.DOWNLOAD),
        archives=values(EvidenceCode.KIT_ARCHIVE),
        secrets=values(EvidenceCode.SECRET),
        parked=EvidenceCode.PARKED in by,
        empty=EvidenceCode.EMPTY in by,
        owner=EvidenceCode.OWNER in by,
        business=frozenset(word for value in values(EvidenceCode.BUSINESS)
                           for word in value.split()),
        favicons=frozenset(int(v) for v in values(EvidenceCode.FAVICON) if v.lstrip("-").isdigit()),
        text="\n".join(texts),
    )  # fmt: skip


def _named(
    by: Mapping[EvidenceCode, set[str]],
    looks: Sequence[Capture],
    rows: Sequence[Evidence],
    lang: str | None,
    brands: Sequence[Brand],
) -> tuple[Named, ...]:
    """Whom the page names, each brand at its most telling place."""
    found: set[Named] = set()

    def read(text: str, where: str) -> None:
        found.update(Named(where, c.brand.id) for c in claims(text, lang, where, brands=brands))

    def headed(text: str, where: str) -> None:
        named = claims(text, lang, where, brands=brands)
        # Who lists several at once, carriers or banks, claims to be none of them.
        alone = len({each.brand.id for each in named if each.span.start < LIST_CHARS}) == 1
        for each in named:
            first = alone and each.span.start < HEAD_CHARS
            found.add(Named(where if first else "text", each.brand.id))

    for title in by.get(EvidenceCode.TITLE, ()):
        read(title, "title")
    for look in looks:
        if look.facts is not None:
            read(look.facts.title, "title")
            headed(look.facts.text, "heading")
        if look.read and look.vantage is not Vantage.PLAIN:
            headed(look.read, "picture")
    found |= {Named("logo", value) for value in by.get(EvidenceCode.LOGO, ())}
    for row in rows:
        if row.code is EvidenceCode.BRAND:
            where = str(row.params.get("where", "text"))
            found.add(Named({"ocr": "picture"}.get(where, where), row.value))
    best: dict[str, Named] = {}
    for each in sorted(found, key=lambda n: (PLACES.index(n.where), n.brand)):
        best.setdefault(each.brand, each)
    return tuple(sorted(best.values(), key=lambda n: (PLACES.index(n.where), n.brand)))


# The most telling place first; a mention in running text is no claim to be the brand.
PLACES = ("logo", "favicon", "title", "heading", "picture", "text")
