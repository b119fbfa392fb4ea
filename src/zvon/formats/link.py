"""From a page to mentions: the target of a link counts, what it shows is a claim."""

from collections.abc import Iterator

from msgspec import structs

from zvon.formats.extract import extract
from zvon.formats.html import Link, Page
from zvon.formats.limit import MAX_URLS
from zvon.formats.wrapper import inner
from zvon.model import url
from zvon.model.brand import official
from zvon.model.observable import BadValue, Observable, ObservableType, canonical
from zvon.model.report import Mention
from zvon.model.verdict import Span

TOO_MANY = "too-many-urls"

_ADDRESSED = {ObservableType.URL, ObservableType.DOMAIN, ObservableType.EMAIL,
              ObservableType.IPV4, ObservableType.IPV6}  # fmt: skip


def mentions(page: Page, region: str) -> tuple[list[Mention], tuple[str, ...]]:
    """The mentions of a page in order of place, and warnings.

    A name that a link only shows has the side `link_text`, and the target carries it as `shown`.
    """
    in_text = extract(page.text, region=region)
    found: list[Mention] = []
    covered: set[int] = set()
    for link in page.links[:MAX_URLS]:
        target = _target(link)
        if target is None:
            continue
        shown = None
        for i, mention in enumerate(in_text):
            if mention.observable.type in _ADDRESSED and _inside(mention, link):
                covered.add(i)
                if host_of(mention.observable) != host_of(target.observable):
                    shown = mention.raw
                    found.append(structs.replace(mention, side="link_text"))
        found.append(structs.replace(target, shown=shown))
        found += inside(target)
    found += [mention for i, mention in enumerate(in_text) if i not in covered]
    found.sort(key=_place)
    return found, (TOO_MANY,) if len(page.links) > MAX_URLS else ()


def inside(mention: Mention) -> Iterator[Mention]:
    """What an address carries inside: behind a wrapper the target, elsewhere one more.

    An official address that another one only carries is a decoy as easily as a target, so it
    counts as shown.
    """
    if mention.observable.type is not ObservableType.URL:
        return
    for value, known in inner(mention.observable.value):
        decoy = not known and official(url.parse(value).host) is not None
        yield structs.replace(
            mention,
            observable=Observable(ObservableType.URL, value),
            side="link_text" if decoy and mention.side == "attacker" else mention.side,
        )


def host_of(value: Observable) -> str:
    """The host that an address, a domain or a mail address names."""
    if value.type is ObservableType.URL:
        return url.parse(value.value).host.removeprefix("www.")
    return value.value.rpartition("@")[2].removeprefix("www.")


def _target(link: Link) -> Mention | None:
    """The link as a mention; `None` for what leads nowhere (an anchor, a picture inside)."""
    raw = link.target
    kind = ObservableType.URL
    if raw.lower().startswith("mailto:"):
        kind, raw = ObservableType.EMAIL, raw.partition("?")[0]
    elif raw.lower().startswith("tel:"):
        kind, raw = ObservableType.PHONE, raw[4:]
    elif "://" not in raw[:12]:
        return None
    try:
        value = canonical(kind, raw)
    except BadValue:
        return None
    span = None if link.start is None or link.end is None else Span(link.start, link.end)
    return Mention(observable=value, span=span, raw=link.target)


def _inside(mention: Mention, link: Link) -> bool:
    if mention.span is None or link.start is None or link.end is None:
        return False
    return link.start <= mention.span.start < link.end


def _place(mention: Mention) -> tuple[int, int]:
    return (mention.span.start, mention.span.end) if mention.span else (1 << 60, 0)
