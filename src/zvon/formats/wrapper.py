"""Addresses that only carry another one: mail filters, redirects of big platforms, open redirects.

What a wrapper carries is a claim of the address itself; whether it leads there only a look tells.
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, unquote

from zvon.model import url

MAX_INNER = 5
MAX_FIELDS = 50

# Host ending, path beginning, and the parameter that holds the real address.
_WRAPPERS = (
    ("safelinks.protection.outlook.com", "/", "url"),
    ("statics.teams.cdn.office.net", "/evergreen-assets/safelinks", "url"),
    ("l.facebook.com", "/l.php", "u"),
    ("lm.facebook.com", "/l.php", "u"),
    ("l.instagram.com", "/", "u"),
    ("l.threads.com", "/", "u"),
    ("www.youtube.com", "/redirect", "q"),
    ("out.reddit.com", "/", "url"),
    ("slack-redir.net", "/link", "url"),
    ("linkprotect.cudasvc.com", "/url", "a"),
    ("urldefense.proofpoint.com", "/v1/url", "u"),
    ("www.linkedin.com", "/redir/", "url"),
    ("www.linkedin.com", "/safety/go", "url"),
    ("t.umblr.com", "/redirect", "z"),
    ("away.vk.com", "/away.php", "to"),
    ("vk.com", "/away.php", "to"),
    ("steamcommunity.com", "/linkfilter", "u"),
    ("steamcommunity.com", "/linkfilter", "url"),
    ("duckduckgo.com", "/l/", "uddg"),
    ("clicktime.symantec.com", "/", "u"),
    ("protect2.fireeye.com", "/", "u"),
    ("protect.checkpoint.com", "/v2/", "u"),
    ("click.discord.com", "/", "url"),
    ("g.doubleclick.net", "/", "adurl"),
    ("googleadservices.com", "/pagead/aclk", "adurl"),
    ("www.bing.com", "/newtabredir", "url"),
    ("trendmicro.com", "/wis/clicktime", "url"),
)
_GOOGLE = re.compile(r"(?:www\.|maps\.|images\.|cse\.)?google(?:\.com?)?\.[a-z]{2,3}")
_WEB = re.compile(r"(?i)^https?:/{1,2}[^/\s]")
_BASE64 = re.compile(r"^[A-Za-z0-9_\-+/]{16,4000}={0,2}$")


def unwrap(text: str) -> str | None:
    """The canonical address inside the wrapper `text` (canonical itself), or `None`."""
    try:
        outer = url.parse(text)
    except url.BadUrl:
        return None
    return next(filter(None, (_canonical(inner) for inner in _known(outer))), None)


def inner(text: str) -> tuple[tuple[str, bool], ...]:
    """The canonical addresses inside the canonical address `text`, outermost first, at most
    `MAX_INNER`; and whether a wrapper that we know carries it.

    Other addresses may hold one in a parameter or the path: plain, percent-encoded once more, or
    in base64. That is no proof that they lead there.
    """
    found: dict[str, bool] = {}
    waiting = [text]
    while waiting and len(found) < MAX_INNER:
        try:
            outer = url.parse(waiting.pop(0))
        except url.BadUrl:
            continue
        wrapped = [(raw, True) for raw in _known(outer)]
        for raw, known in wrapped or [(raw, False) for raw in _embedded(outer)]:
            value = _canonical(raw)
            if value is not None and value != text and value not in found:
                found[value] = known
                waiting.append(value)
    return tuple(found.items())[:MAX_INNER]


def _canonical(text: str) -> str | None:
    try:
        return url.canonical(text)
    except url.BadUrl:
        return None


def _known(outer: url.Url) -> Iterator[str]:
    """What a wrapper that we know carries."""
    fields = _fields(outer)
    rest = str(outer).partition("://")[2][len(outer.authority) :]
    for ending, reader in _SHAPES:
        if outer.host == ending or outer.host.endswith("." + ending):
            yield from reader(outer, rest, fields)
    if _GOOGLE.fullmatch(outer.host):
        yield from _google(outer, fields)
    for host, path, parameter in _WRAPPERS:
        if (outer.host == host or outer.host.endswith("." + host)) and outer.path.startswith(path):
            yield from (v for name, v in fields if name == parameter and "://" in v[:12])


def _google(outer: url.Url, fields: list[tuple[str, str]]) -> Iterator[str]:
    if outer.path in {"/url", "/imgres"}:
        wanted = ("q", "url", "imgrefurl")
        yield from (v for name, v in fields if name in wanted and "://" in v[:12])
    amp = re.match(r"/amp/(s/)?(.+)", outer.path)
    if amp:
        yield f"{'https' if amp[1] else 'http'}://{amp[2]}"


def _proofpoint_v2(_outer: url.Url, _rest: str, fields: list[tuple[str, str]]) -> Iterator[str]:
    for name, value in fields:
        if name == "u" and "://" not in value:
            yield unquote(value.replace("-", "%").replace("_", "/"))


def _proofpoint_v3(_outer: url.Url, rest: str, _fields: list[tuple[str, str]]) -> Iterator[str]:
    found = re.match(r"/v3/__(.+?)__;", rest)
    if found:
        # A star stands for a character that is given at the end; the host has none.
        yield re.sub(r"^(https?):/(?!/)", r"\1://", found[1])


def _cisco(_outer: url.Url, rest: str, _fields: list[tuple[str, str]]) -> Iterator[str]:
    yield from (d for part in rest.split("/") if _WEB.match(d := unquote(part)))


def _yahoo(_outer: url.Url, rest: str, _fields: list[tuple[str, str]]) -> Iterator[str]:
    found = re.search(r"/RU=([^/]+)/", rest)
    if found:
        yield unquote(found[1])


def _bing(_outer: url.Url, _rest: str, fields: list[tuple[str, str]]) -> Iterator[str]:
    for name, value in fields:
        if name == "u" and value.startswith("a1"):
            yield _base64(value[2:]) or ""


def _sophos(_outer: url.Url, _rest: str, fields: list[tuple[str, str]]) -> Iterator[str]:
    for name, value in fields:
        if name == "u":
            yield _base64(value) or ""


def _archive(_outer: url.Url, rest: str, _fields: list[tuple[str, str]]) -> Iterator[str]:
    found = re.match(r"/web/[0-9a-z_*]{1,20}/(https?:/{1,2}.+)", rest)
    if found:
        yield re.sub(r"^(https?):/(?!/)", r"\1://", found[1])


def _translated(outer: url.Url, rest: str, _fields: list[tuple[str, str]]) -> Iterator[str]:
    """`posta--si-lipa-example.translate.goog` is `posta-si.lipa.example`."""
    name = outer.host.removesuffix(".translate.goog")
    host = name.replace("--", "\0").replace("-", ".").replace("\0", "-")
    yield f"https://{host}{rest.partition('?')[0]}"


_SHAPES: tuple[tuple[str, Callable[[url.Url, str, list[tuple[str, str]]], Iterator[str]]], ...] = (
    ("urldefense.proofpoint.com", _proofpoint_v2),
    ("urldefense.com", _proofpoint_v3),
    ("urldefense.us", _proofpoint_v3),
    ("secure-web.cisco.com", _cisco),
    ("r.search.yahoo.com", _yahoo),
    ("bing.com", _bing),
    ("protection.sophos.com", _sophos),
    ("web.archive.org", _archive),
    ("translate.goog", _translated),
)


def _embedded(outer: url.Url) -> Iterator[str]:
    """Addresses in the parameters, the fragment and the path of any address."""
    values = [value for _, value in _fields(outer)]
    values += [outer.fragment or "", *(part for part in outer.path.split("/") if len(part) > 15)]
    for value in values:
        for form in (value, unquote(value), unquote(unquote(value))):
            if _WEB.match(form):
                yield form
                break
            decoded = _base64(form)
            if decoded is not None and _WEB.match(decoded):
                yield decoded
                break


def _fields(outer: url.Url) -> list[tuple[str, str]]:
    try:
        return parse_qsl(outer.query or "", max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError:
        return []


def _base64(value: str) -> str | None:
    if not _BASE64.match(value):
        return None
    plain = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("ascii")
    except (Base64Error, ValueError):
        return None
