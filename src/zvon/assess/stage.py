"""Which addresses of a report are looked at next, and when again.

A page without its scripts is cheap, so every target that is not settled gets that look; a browser
is dear, so it is for those that a brand, a form, another model or a difference makes worth it.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta

from msgspec import Struct

from zvon.assess.decide import clean
from zvon.assess.facts import Facts, LinkFacts
from zvon.model.page import Asked
from zvon.model.verdict import Verdict, VerdictWord

MOST_URLS = 5

# Kits arm late and die early, so both looks are repeated.
AGAIN = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))

_WORTH = frozenset(
    {"BRAND_NOT_OFFICIAL", "BRAND_IN_PATH", "PAGE_BRAND", "PAGE_MENTION", "CARD_FORM", "OTP_FORM",
     "PASSWORD_FORM", "IDENTITY_FORM", "HREF_MISMATCH", "SHORTENER", "LEXICAL", "SHARED_PLATFORM"}
)  # fmt: skip


class Wanted(Struct, frozen=True):
    """The addresses for stage 3 and 4, and whether a name that turned up late needs stage 2."""

    fetch: tuple[str, ...] = ()
    render: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def wanted(facts: Facts, verdict: Verdict, asked: Collection[str] = ()) -> Wanted:
    """What to look at next. `asked` are addresses that an analyst wants to have looked at.

    Nothing of a report that is settled as official: there a page would tell nothing new.
    """
    if verdict.word is VerdictWord.BENIGN and clean(facts) and not asked:
        return Wanted()
    targets = {(t.via or t.link).url: t for t in reversed(facts.links)}
    first = list(dict.fromkeys((t.via or t.link).url for t in facts.links))
    open_ = [url for url in first if targets[url].official is None or url in asked][:MOST_URLS]
    fetch = [url for url in open_ if not _seen(facts.links, url, 3)]
    render = [
        url
        for url in open_
        if not _seen(facts.links, url, 4)
        and _answered(facts.links, url)
        and (url in asked or _worth(facts, url))
    ]
    late = [
        t.link.host
        for t in facts.links
        if t.via is not None
        and t.link.host
        and t.age_days is None
        and t.official is None
        and not t.link.platform
    ]
    return Wanted(tuple(fetch), tuple(render), tuple(dict.fromkeys(late)))


def _of(links: Iterable[LinkFacts], url: str) -> list[LinkFacts]:
    return [t for t in links if (t.via or t.link).url == url]


def _seen(links: Iterable[LinkFacts], url: str, stage: int) -> bool:
    return any(t.page is not None and stage in t.page.tried for t in _of(links, url))


def _answered(links: Iterable[LinkFacts], url: str) -> bool:
    """True when there is a page: what our guard refused, a browser will not reach either."""
    return any(t.page is not None and 3 in t.page.seen for t in _of(links, url))


def _worth(facts: Facts, url: str) -> bool:
    """True when a browser may find what a look without scripts cannot."""
    for target in _of(facts.links, url):
        codes = {reason.code for reason in target.reasons}
        page = target.page
        if codes & _WORTH or facts.claimed:
            return True
        if page is not None and (page.empty or page.asks - {Asked.SEARCH}):
            return True
    return False
