"""What a page says for or against its address, each as a reason.

A page that our own guard refused, that did not answer or that no browser could show says nothing.
"""

from collections.abc import Iterable, Mapping

from zvon.assess.page import Page
from zvon.assess.reason import reason
from zvon.ml.evidence import Weights
from zvon.model.brand import Brand, Registry
from zvon.model.link import Link
from zvon.model.page import Asked
from zvon.model.suffix import registered
from zvon.model.verdict import Reason

PAGE, BROWSER = "page", "browser"
FORMS = (
    ("CARD_FORM", Asked.CARD),
    ("OTP_FORM", Asked.CODE),
    ("PASSWORD_FORM", Asked.PASSWORD),
    ("IDENTITY_FORM", Asked.IDENTITY),
    ("IDENTITY_FORM", Asked.BANK),
)
PROGRAM = ("application/vnd.android", "application/x-msdownload", "application/x-dosexec",
           "application/java-archive", "application/x-msi", "application/x-sh")  # fmt: skip
BUSINESS = frozenset({"imprint", "phone", "terms"})
STRONG = frozenset({"logo", "favicon", "title", "heading", "picture"})


def against(
    weights: Weights, registry: Registry, link: Link, page: Page, kit: int = 0
) -> Iterable[Reason]:
    """What incriminates a page that is not a brand's own. `kit` counts fake domains like it."""

    def fact(code: str, grade: str | None = None, *, source: str = PAGE,
             **params: str | int) -> Reason:  # fmt: skip
        return reason(weights, code, grade, source=source, span=link.span, **params)

    for code in dict.fromkeys(code for code, kind in FORMS if kind in page.asks):
        yield fact(code)
    foreign = elsewhere(registry, link, page)
    if foreign and page.wants:
        yield fact("FORM_ELSEWHERE", host=foreign)
    brand, where = claimed(registry, page)
    if brand is not None:
        if where in STRONG and (page.wants or Asked.ADDRESS in page.asks):
            yield fact("PAGE_BRAND", where, brand=brand.name, official=brand.official_text)
        else:
            yield fact("PAGE_MENTION", brand=brand.name)
    for what in sorted(page.cloak & {"form", "brand", "redirect", "text"}):
        yield fact("CLOAK", what, source=BROWSER)
    if kit:
        yield fact("SAME_KIT", n=kit)
    if page.archives:
        yield fact("KIT_ARCHIVE")
    if page.secrets:
        yield fact("BOT_TOKEN")
    if page.downloads:
        program = any(kind.startswith(PROGRAM) for kind in page.downloads)
        kind = "program" if program else "other"
        yield fact("PAGE_DOWNLOAD", kind, kind=kind)


def in_favour(
    weights: Weights, link: Link, page: Page, *, named: bool, shop: bool = False
) -> Iterable[Reason]:
    """What speaks for an address. With a brand's name on it (`named`) an owner can be copied.

    That a page asks for nothing says little of a `shop`: it takes its money at the end.
    """

    def fact(code: str, grade: str | None = None, *, source: str = PAGE) -> Reason:
        return reason(weights, code, grade, source=source, span=link.span)

    if not page.seen:
        return
    browser = 4 in page.seen
    if not page.wants and not page.downloads and not page.cloak and not shop:
        yield fact("NO_FORM", "browser" if browser else "plain",
                   source=BROWSER if browser else PAGE)  # fmt: skip
    if not named and page.owner:
        yield fact("OWNER_NAMED")
    elif not named and len(page.business & BUSINESS) > 1:
        yield fact("BUSINESS")


def broken_in(registry: Registry, link: Link, page: Page) -> str:
    """Why a page of a brand itself looks as if somebody broke in; empty when it does not."""
    if page.archives:
        return "archive"
    if page.secrets:
        return "secret"
    if page.cloak & {"form", "brand"}:
        return "cloak"
    return "form" if page.wants and elsewhere(registry, link, page) else ""


def elsewhere(registry: Registry, link: Link, page: Page) -> str:
    """The first foreign host that gets what is typed: of another domain, and of no known brand."""
    for host in page.sent_to:
        if registered(host) != link.registered and registry.official(host) is None:
            return host
    return ""


def claimed(registry: Registry, page: Page) -> tuple[Brand | None, str]:
    """The brand that the page says it is of, and where it says so."""
    icons: Mapping[int, Brand] = {
        icon: brand for brand in registry.brands for icon in brand.favicons
    }
    best = page.named[0] if page.named else None
    if best is None or best.where != "logo":
        for icon in sorted(page.favicons):
            if icon in icons:
                return icons[icon], "favicon"
    if best is None:
        return None, ""
    return registry.by_id.get(best.brand), best.where
