"""The addresses that a message leads to, with what the eye saw and what lies behind."""

from collections.abc import Sequence

from msgspec import Struct, structs

from zvon.model import name as names
from zvon.model import suffix, url
from zvon.model.observable import ObservableType
from zvon.model.report import Mention, Message
from zvon.model.verdict import Span

ATTACKER = "attacker"
MOST_LINKS = 50
READABLE = frozenset({"text", "subject"})


class Link(Struct, frozen=True, kw_only=True):
    """One target. `url` is canonical and without tracking, `raw` is as it was written.

    `host` is `None` when the target is an address and not a name. `registered` is `None` for a
    host that is itself a suffix. `platform` says that customers of one platform share the domain.
    `shown` is the host that the link text displays where it is another one. `derived` is that of
    the mention (`ocr`, `qr`) where none came as text.
    """

    url: str
    raw: str
    path: str
    host: str | None
    registered: str | None
    platform: bool
    shown: str | None = None
    span: Span | None = None
    derived: str = ""


def links(message: Message) -> tuple[Link, ...]:
    """The distinct targets on the sender's side, in the order of the message."""
    found: dict[str, Link] = {}
    for mention in message.mentions:
        if mention.side != ATTACKER or len(found) == MOST_LINKS:
            continue
        if not _is_target(mention):
            continue
        try:
            clean, _ = url.tracking(mention.observable.value)
            parsed = url.parse(clean)
        except ValueError:
            continue
        host = parsed.host if parsed.host_kind == "name" else None
        known = found.get(clean)
        derived = mention.derived if known is None else _surer(known.derived, mention.derived)
        if known is not None and derived != known.derived:
            known = found[clean] = structs.replace(known, derived=derived)
        if known is None or (mention.shown and not known.shown):
            found[clean] = Link(
                url=clean,
                raw=mention.raw or mention.observable.value,
                path=parsed.path + ("?" + parsed.query if parsed.query else ""),
                host=host,
                registered=suffix.registered(host) if host else None,
                platform=host is not None and suffix.is_private(host),
                shown=_shown(mention.shown, host),
                span=mention.span,
                derived=derived,
            )
    with_path = {link.host for link in found.values() if link.path not in {"", "/"}}
    return tuple(
        link for link in found.values() if link.path not in {"", "/"} or link.host not in with_path
    )


def led(link: Link, finals: Sequence[str]) -> tuple[Link, ...]:
    """The targets behind `link`: where it was seen to lead, on domains other than its own.

    Without tracking and at the place of `link`; what is no address is left out.
    """
    found: dict[str, Link] = {}
    for final in finals:
        try:
            clean, _ = url.tracking(final)
            parsed = url.parse(clean)
        except ValueError:
            continue
        host = parsed.host if parsed.host_kind == "name" else None
        registered = suffix.registered(host) if host else None
        if clean == link.url or (host and registered == link.registered):
            continue
        found[clean] = Link(
            url=clean,
            raw=final,
            path=parsed.path + ("?" + parsed.query if parsed.query else ""),
            host=host,
            registered=registered,
            platform=host is not None and suffix.is_private(host),
            span=link.span,
            derived=link.derived,
        )
    return tuple(found.values())


def _surer(one: str, other: str) -> str:
    """What came as text is surer than a printed code, and that than letters of a picture."""
    return next((each for each in ("", "qr") if each in {one, other}), "ocr")


def _is_target(mention: Mention) -> bool:
    """An address, or a bare name in the readable text; a server named in a header is neither."""
    if mention.observable.type is ObservableType.URL:
        return True
    readable = mention.span is not None and mention.span.part in READABLE
    return mention.observable.type is ObservableType.DOMAIN and readable


def sender_domain(message: Message) -> str | None:
    """The domain of the sender's mail address, when the sender is one."""
    _, at, domain = (message.sender or "").rpartition("@")
    if not at:
        return None
    try:
        return names.canonical(domain)
    except names.BadName:
        return None


def _shown(text: str | None, host: str | None) -> str | None:
    """The host that the link text displays, when it is a name and another than the target's."""
    if not text or " " in text.strip() or "." not in text:
        return None
    try:
        parsed = url.parse(text.strip())
    except ValueError:
        return None
    if parsed.host_kind != "name" or parsed.host == host or not suffix.known(parsed.host):
        return None
    return parsed.host
