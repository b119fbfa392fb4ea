"""Everything that a page says about itself, from its bytes alone: nothing is run, nothing fetched."""

import hashlib
import re
from collections import Counter
from urllib.parse import urljoin

from msgspec import Struct

from zvon.formats import html as shown
from zvon.formats.language import detect
from zvon.formats.page import owner as owners
from zvon.formats.page import site
from zvon.formats.page.document import Document, document
from zvon.formats.page.forms import elsewhere, forms, resolved
from zvon.formats.page.scripts import MAX_SCRIPT, secrets, told
from zvon.formats.page.skeleton import MORE, skeleton
from zvon.model.page import MAX_PAGE_TEXT, Hop, PageFacts
from zvon.model.url import BadUrl, parse

MAX_TITLE = 300
LANG_TEXT = 5_000  # as much as decides
MOST_HOSTS = 100
MOST_FRAMES = 20
MOST_RESOURCES = 200
LEAST_INLINE = 200
_SPACE = re.compile(r"\s+")
_ICON = re.compile(r"(?i)\b(?:icon|shortcut)\b")


class Resource(Struct, frozen=True):
    """A part of the page: what it is, and where."""

    kind: str
    url: str


class Reading(Struct, frozen=True, kw_only=True):
    """The facts of a page, and the addresses of its parts. `icon` is where its favicon is."""

    facts: PageFacts
    icon: str
    resources: tuple[Resource, ...]


def read(html: bytes, url: str, *, charset: str | None = None) -> PageFacts:
    """The facts of a page that came from `url`; never fails, and what was wrong is in `warnings`.

    `resources` are hashes of inline scripts and styles; `hops` and `status` are for the caller to
    fill in. `charset` is what the server claims.
    """
    return reading(html, url, charset=charset).facts


def reading(html: bytes, url: str, *, charset: str | None = None) -> Reading:
    """Like `read`, with the addresses of favicon, scripts, styles and pictures."""
    try:
        host = parse(url).host
    except BadUrl:
        host = ""
    page = document(html, charset)
    visible = shown.read(page.html)
    base = _base(page, url)
    script = _script(page)
    says = told(script, host)
    title = _title(page)
    text = _text(page, visible.text)
    what = site.kind(page, base, host, title, visible.text)
    bones, nodes, cut = skeleton(page.tree.root)
    calls = bool(page.css("a[href^='tel:']"))
    who = owners.owner(text, calls)
    found = forms(page, base, host)
    hints = {*says.hints, *what.hints, *({"owner-id-wrong"} if who.wrong else ())}
    hints |= {word for word in visible.warnings if word == shown.HIDDEN_TEXT}
    facts = PageFacts(
        hops=(Hop(url, 0),),
        status=0,
        title=title,
        lang=_lang(page, visible.text),
        text=text,
        forms=found,
        skeleton=bones,
        nodes=nodes,
        resources=_inline(page),
        links_out=_links_out(visible, base, host),
        frames=_frames(page, base),
        secrets=tuple(sorted({*says.secrets, *_in_forms(page)})),
        kit_archives=what.archives,
        parked=what.parked,
        generator=_generator(page),
        owner_ids=who.ids,
        warnings=(*page.warnings, *((MORE,) if cut else ())),
        sends=says.sends,
        onward=_onward(base, says.onward),
        business=who.business,
        hints=tuple(sorted(hints)),
    )
    return Reading(facts=facts, icon=_icon(page, base), resources=_resources(page, base))


def _base(page: Document, url: str) -> str:
    for node in page.css("base[href]")[:1]:
        try:
            return urljoin(url, node.attributes.get("href") or "")
        except ValueError:
            break
    return url


def _script(page: Document) -> str:
    parts, length = [], 0
    for node in page.css("script"):
        text = node.text(deep=True)
        if text:
            parts.append(text)
            length += len(text)
            if length > MAX_SCRIPT:
                break
    return "\n".join(parts)[:MAX_SCRIPT]


def _title(page: Document) -> str:
    texts = [node.text(deep=True) for node in page.css("head title, title")[:1]]
    texts += [
        node.attributes.get("content") or "" for node in page.css("meta[property='og:title']")[:1]
    ]
    for text in texts:
        clean = _SPACE.sub(" ", text).strip()
        if clean:
            return clean[:MAX_TITLE]
    return ""


def _text(page: Document, visible: str) -> str:
    """What a reader sees, then what stands in pictures' places, in fields and on buttons."""
    more: dict[str, None] = {}
    for node in page.css(
        "img[alt], input[placeholder], input[type=submit][value], input[type=button][value]"
    )[:200]:
        attributes = node.attributes
        said = attributes.get("alt") or attributes.get("placeholder") or attributes.get("value")
        if said and said.strip():
            more[_SPACE.sub(" ", said.strip())[:200]] = None
    return "\n".join((visible, *more))[:MAX_PAGE_TEXT].strip()


def _lang(page: Document, text: str) -> str | None:
    """The language that the text is in; where it says too little, the one that the page claims."""
    found = detect(text[:LANG_TEXT])
    if found is not None:
        return found.value
    for node in page.css("html[lang]")[:1]:
        claimed = (node.attributes.get("lang") or "").strip().lower().replace("_", "-")
        if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", claimed):
            return str(claimed.partition("-")[0])
    return None


def _inline(page: Document) -> tuple[str, ...]:
    """Hashes of scripts and styles that stand in the page itself, the long ones only."""
    found: dict[str, None] = {}
    for node in page.css("script:not([src]), style")[:MOST_RESOURCES]:
        text = _SPACE.sub(" ", node.text(deep=True) or "").strip()
        if len(text) >= LEAST_INLINE:
            found[content_hash(text.encode("utf-8", "replace"))] = None
    return tuple(sorted(found))


def content_hash(body: bytes) -> str:
    """The hash (16 hex digits) by which parts of pages are compared."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def _links_out(visible: shown.Page, base: str, host: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for target, times in Counter(link.target for link in visible.links[:2000]).items():
        url = resolved(base, target)
        if url is not None and elsewhere(url, host):
            counts[url.host] += times
    return dict(sorted(counts.most_common(MOST_HOSTS)))


def _frames(page: Document, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in page.css("iframe[src], frame[src]")[:MOST_FRAMES]:
        url = resolved(base, node.attributes.get("src") or "")
        if url is not None:
            found[str(url)] = None
    return tuple(found)


def _in_forms(page: Document) -> set[str]:
    """Tokens that stand in a form's address or in hidden fields."""
    values = [node.attributes.get("action") or node.attributes.get("value") or ""
              for node in page.css("form[action], input[type=hidden][value]")[:200]]  # fmt: skip
    return set(secrets("\n".join(each[:500] for each in values)))


def _generator(page: Document) -> str:
    for node in page.css("meta[name=generator i][content]")[:1]:
        return _SPACE.sub(" ", node.attributes.get("content") or "").strip()[:100]
    return ""


def _onward(base: str, target: str | None) -> str | None:
    url = resolved(base, target) if target else None
    return str(url) if url is not None and str(url) != base else None


def _icon(page: Document, base: str) -> str:
    """The favicon's address, `/favicon.ico` where the page names none; empty for `data:`."""
    for node in page.css("link[rel][href]")[:100]:
        if _ICON.search(node.attributes.get("rel") or ""):
            url = resolved(base, node.attributes.get("href") or "")
            return str(url) if url is not None else ""
    url = resolved(base, "/favicon.ico")
    return str(url) if url is not None else ""


def _resources(page: Document, base: str) -> tuple[Resource, ...]:
    found: dict[Resource, None] = {}
    for selector, kind, name in (("script[src]", "script", "src"),
                                 ("link[rel=stylesheet i][href]", "style", "href"),
                                 ("img[src]", "picture", "src")):  # fmt: skip
        for node in page.css(selector)[:MOST_RESOURCES]:
            url = resolved(base, node.attributes.get(name) or "")
            if url is not None:
                found[Resource(kind, str(url))] = None
    return tuple(found)[:MOST_RESOURCES]
