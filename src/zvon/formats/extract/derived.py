"""What stands inside a value: the host of an address, the domain of a mailbox, the file of a path."""

import re
from collections.abc import Iterator

from zvon.formats import defang
from zvon.formats.extract.found import Found
from zvon.formats.wrapper import unwrap
from zvon.model import url
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

T = ObservableType
_KIND = {"name": T.DOMAIN, "ipv4": T.IPV4, "ipv6": T.IPV6}
_SCHEME = re.compile(rf"{defang.WRITTEN_SCHEME}{defang.SEPARATOR}")
_HOST = re.compile(rf"(?:\[[0-9A-Fa-f:.\[\]]+\]|(?:{defang.DOT}|[^\s/?#\\:@\[\]])+)")
_ENDS_LIKE_A_FILE = re.compile(r"[^\\/]*\.[A-Za-z0-9]{1,5}")


def derived(found: Found) -> Iterator[Found]:
    """The values inside `found`, each at its own place, with `found` as their parent.

    What a mail filter's address carries has the place of the address.
    """
    kind = found.observable.type
    if kind is T.URL:
        yield from _of_url(found)
    elif kind is T.EMAIL:
        cut = _mail_host(found.raw)
        yield from _part(found, T.DOMAIN, found.observable.value.rpartition("@")[2], cut)
    elif kind is T.FILEPATH:
        cut = max(found.raw.rfind("\\"), found.raw.rfind("/")) + 1
        if _ENDS_LIKE_A_FILE.fullmatch(found.raw, cut):
            yield from _part(found, T.FILENAME, found.raw[cut:], cut)


def _of_url(found: Found) -> Iterator[Found]:
    parts = url.parse(found.observable.value)
    raw = found.raw
    scheme = _SCHEME.match(raw)
    low = scheme.end() if scheme else 0
    # What stands before the last @ of the authority is no host.
    stop = re.compile(r"[/?#\\](?!\.)").search(raw, low)
    at = raw.rfind("@", low, stop.start() if stop else len(raw))
    low = max(low, at + 1)
    host = _HOST.match(raw, low)
    if host is not None:
        high = host.end()
        while high > low and raw[high - 1] in " \t\r\n":
            high -= 1
        value = Observable(_KIND[parts.host_kind], parts.host)
        yield _inside(found, value, found.start + low, found.start + high)
    inner = unwrap(found.observable.value)
    if inner is not None and inner != found.observable.value:
        yield _inside(found, Observable(T.URL, inner), found.start, found.end)


def _mail_host(raw: str) -> int:
    """Where behind the at sign the domain begins, however the sign is written."""
    return max((sign.end() for sign in _SIGN.finditer(raw)), default=0)


_SIGN = re.compile(rf"{defang.AT}|{defang.BARE_AT}")


def _part(found: Found, kind: ObservableType, value: str, cut: int) -> Iterator[Found]:
    try:
        yield _inside(found, canonical(kind, value), found.start + cut, found.end)
    except BadValue:
        return


def _inside(found: Found, value: Observable, start: int, end: int) -> Found:
    raw = found.raw[start - found.start : end - found.start]
    return Found(value, start, end, raw, found.defanged, found.observable)
