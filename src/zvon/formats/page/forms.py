"""The forms of a page: what each asks for, and who gets what is typed."""

from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from zvon.formats.page.document import Document
from zvon.formats.page.fields import MAX_CLUE, asked, single_digit
from zvon.formats.page.words import folded, pattern
from zvon.model.page import Asked, Form
from zvon.model.suffix import registered
from zvon.model.url import BadUrl, Url, parse

MOST_FORMS = 50
MOST_FIELDS = 500
CODE_BOXES = 4
MAX_FORM_TEXT = 2000
MAX_TARGET = 2000
_TYPED = "input, select, textarea"
_SECRET = frozenset({Asked.PASSWORD, Asked.CARD, Asked.CODE, Asked.BANK, Asked.IDENTITY})


def forms(page: Document, base: str, host: str) -> tuple[Form, ...]:
    """The page's forms in order; the fields outside of any are one more form at the end.

    `base` is what addresses are relative to, `host` the page's own.
    """
    labels = _labels(page)
    found: list[Form] = []
    inside = 0
    for form in page.css("form")[:MOST_FORMS]:
        fields = form.css(_TYPED)[:MOST_FIELDS]
        inside += len(fields)
        asks = _asks(fields, labels, form)
        if asks:
            found.append(_sent(form, asks, base, host))
    outside = [node for node in page.css(_TYPED)[: MOST_FIELDS * 2] if not _in_form(node)]
    if outside:
        asks = _asks(outside[:MOST_FIELDS], labels, page.tree.body)
        if asks:
            found.append(Form(asks))
    return tuple(found)


def _asks(
    fields: list[LexborNode], labels: dict[str, str], around: LexborNode | None
) -> tuple[Asked, ...]:
    kinds: set[Asked] = set()
    boxes = 0
    for node in fields:
        attributes = node.attributes
        boxes += single_digit(attributes)
        kind = asked(node.tag or "", attributes, _label(node, attributes.get("id"), labels))
        if kind is not None:
            kinds.add(kind)
    if boxes >= CODE_BOXES:
        kinds.add(Asked.CODE)
    if Asked.LOGIN in kinds and not kinds & _SECRET and not _enters(around):
        # A mail address alone is a newsletter; with "sign in" beside it, it is a way in.
        kinds.discard(Asked.LOGIN)
        kinds.add(Asked.OTHER)
    if len(kinds) > 1:
        kinds.discard(Asked.OTHER)
    return tuple(sorted(kinds))


def _enters(around: LexborNode | None) -> bool:
    if around is None:
        return False
    if pattern("button", "letters").search(folded((around.text(deep=True) or "")[:MAX_FORM_TEXT])):
        return False
    said = [node.text(deep=True) or node.attributes.get("value") or ""
            for node in around.css("button, input[type=submit], input[type=button], a[role=button]")[:20]]  # fmt: skip
    words = pattern("button", "enter")
    return any(words.fullmatch(folded(text[:MAX_CLUE])) for text in said)


def _sent(form: LexborNode, asks: tuple[Asked, ...], base: str, host: str) -> Form:
    actions = [form.attributes.get("action") or ""]
    actions += [node.attributes.get("formaction") or "" for node in form.css("[formaction]")[:5]]
    for action in actions:
        url = action.strip()
        if not url:
            continue
        if url.lower().startswith("mailto:"):
            to = url[7:].partition("?")[0].rpartition("@")[2].lower()
            return Form(asks, target=to[:253] or None, target_url="mailto:")
        where = resolved(base, url)
        if where is not None and elsewhere(where, host):
            return Form(asks, target=where.host, target_url=str(where)[:MAX_TARGET])
    return Form(asks)


def resolved(base: str, text: str) -> Url | None:
    """The address that `text` means on a page at `base`; `None` when it is none of the web's."""
    try:
        found = parse(urljoin(base, text.strip()))
    except (BadUrl, ValueError):
        return None
    return found if found.scheme in {"http", "https"} else None


def elsewhere(url: Url, host: str) -> bool:
    """True when `url` belongs to another party than `host` does."""
    return (registered(url.host) or url.host) != (registered(host) or host)


def _labels(page: Document) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in page.css("label[for]")[:MOST_FIELDS]:
        found.setdefault(
            node.attributes.get("for") or "", node.text(deep=True, strip=True)[:MAX_CLUE]
        )
    return found


def _label(node: LexborNode, name: str | None, labels: dict[str, str]) -> str:
    """The label that names the field, or holds it, or else the text just before it."""
    if name and name in labels:
        return labels[name]
    parent = node.parent
    if parent is not None and parent.tag == "label":
        return parent.text(deep=True, strip=True)[:MAX_CLUE]
    before = node.prev
    for _ in range(3):
        if before is None or before.tag in {"input", "select", "textarea"}:
            return ""
        text = (before.text_content or "") if before.tag == "-text" else before.text(deep=True)
        if text and text.strip():
            return text.strip()[-MAX_CLUE:]
        before = before.prev
    return ""


def _in_form(node: LexborNode) -> bool:
    if node.attributes.get("form"):
        return True
    above = node.parent
    while above is not None:
        if above.tag == "form":
            return True
        above = above.parent
    return False
