"""The state of one fetch: hops, cookies, the answer so far, and how it ended."""

import asyncio
import re
import ssl
from typing import Any, cast
from urllib.parse import urljoin

import h11
import httpcore
from msgspec import Struct

from zvon.collect.fetch.certificate import Certificate, certificate
from zvon.collect.fetch.guard import Refused
from zvon.collect.fetch.inflate import Body
from zvon.collect.fetch.limits import LimitHit, Limits
from zvon.collect.fetch.tls import cause
from zvon.formats.page.onward import refresh
from zvon.model.page import Hop, Outcome
from zvon.model.url import BadUrl, Url, parse

MAX_LOCATION = 2048
MOVED = frozenset({301, 302, 303, 307, 308})
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_COOKIE = re.compile(r"\s*([^=;\s]{1,256})=([^;]{0,4096})")
_CHARSET = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")


class Fetched(Struct, frozen=True, kw_only=True):
    """What a chain of requests brought.

    `hops` starts with the address that was asked for, without the victim's token, and ends with
    the one that answered or, with status 0, that was not asked. `outcome` and `reason` say how it
    ended; a limit leaves what came before it in `body`. `media_type` and `charset` are claims.
    """

    hops: tuple[Hop, ...]
    outcome: Outcome
    reason: str = ""
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    certificate: Certificate | None = None
    warnings: tuple[str, ...] = ()
    took_ms: int = 0

    @property
    def url(self) -> str:
        """The address at the end of the chain."""
        return self.hops[-1].url

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def media_type(self) -> str:
        """What the server calls it, without parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()[:100]

    @property
    def charset(self) -> str | None:
        """The character set that the server names."""
        found = _CHARSET.search(self.header("content-type"))
        return found[1] if found else None


class Chain:
    """The state of one fetch."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.left_s = limits.total_s
        self.hops: list[Hop] = []
        self.cookies: dict[str, dict[str, str]] = {}
        self.warnings: list[str] = []
        self.answered = False
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = Body("", limits)
        self.certificate: Certificate | None = None
        self._began = now

    def start(self, url: Url) -> None:
        """The next hop; it has no status until it answers."""
        self.hops.append(Hop(str(url), 0))
        self.answered, self.status, self.headers = False, 0, ()
        self.body = Body("", self.limits)
        if self.left_s <= 0:
            raise TimeoutError
        if len(self.hops) > self.limits.redirects + 1:
            raise LimitHit("redirects")

    def head(self, url: Url, answer: httpcore.Response, doubt: str) -> None:
        """Take in status and headers. Raises `LimitHit` (`headers`)."""
        self.answered, self.status = True, answer.status
        self.hops[-1] = Hop(str(url), answer.status)
        if sum(len(key) + len(value) + 4 for key, value in answer.headers) > self.limits.headers:
            raise LimitHit("headers")
        self.headers = tuple((_text(key).lower(), _text(value)) for key, value in answer.headers)
        self.body = Body(self.header("content-encoding"), self.limits)
        self._keep_cookies(url.host)
        if url.scheme == "https":
            stream = cast("Any", answer.extensions.get("network_stream"))
            tls = stream.get_extra_info("ssl_object") if stream is not None else None
            der = tls.getpeercert(binary_form=True) if tls is not None else None
            self.certificate = certificate(der, doubt) if der else None
        else:
            self.certificate = None

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    def _keep_cookies(self, host: str) -> None:
        jar = self.cookies.setdefault(host, {})
        for key, value in self.headers:
            found = _COOKIE.match(value) if key == "set-cookie" else None
            if found and len(jar) < self.limits.cookies:
                jar[found[1]] = found[2].strip()

    def onward(self, url: Url, *, follow_pages: bool) -> Url | None:
        """Where the answer leads. Raises `Refused` for an address that is not one of the web."""
        via, location = "http", self.header("location") if self.status in MOVED else ""
        if not location and follow_pages and self.status < 400:
            via, location = "meta", refresh(self.header("refresh"), bytes(self.body.data))
        if not location:
            return None
        self.hops[-1] = Hop(str(url), self.status, via)
        try:
            joined = urljoin(str(url), location.strip())
        except ValueError:
            joined = location
        try:
            found = parse(joined)
            web(found)
        except (BadUrl, Refused) as problem:
            # Kept as the page wrote it: `0x7f.1` or `file:` in a redirect says something of its maker.
            self.hops.append(Hop(joined[:MAX_LOCATION], 0))
            reason = problem.reason if isinstance(problem, Refused) else unreadable(joined)
            raise Refused(joined[:MAX_LOCATION], reason) from None
        if via == "meta" and str(found) == str(url):
            return None  # a page that reloads itself leads nowhere
        return found

    def warn(self, word: str) -> None:
        """Note something that was wrong, once."""
        if word not in self.warnings:
            self.warnings.append(word)

    def failed(self, problem: Exception) -> Fetched:
        """The end of a chain that the network broke; what had come is kept."""
        match problem:
            case httpcore.ConnectTimeout():
                reason = "connect_time"
            case httpcore.TimeoutException():
                reason = "read_time"
            case httpcore.RemoteProtocolError() if _too_long(problem):
                return self.ended(Outcome.LIMITED, "headers")
            case httpcore.ProtocolError():
                reason = "protocol"
            case httpcore.ConnectError() if str(problem) == "no_address":
                reason = "no_address"
            case httpcore.ConnectError() if str(problem).startswith("proxy:"):
                reason = "proxy"
            case httpcore.ConnectError() if cause(problem, ssl.SSLError) is not None:
                reason = "tls"
            case httpcore.ConnectError():
                reason = "no_answer"
            case _:
                reason = "broken_off"
        if self.body.data:
            return self.ended(Outcome.LIMITED, reason)
        return self.ended(Outcome.UNREACHABLE, reason)

    def ended(self, outcome: Outcome, reason: str) -> Fetched:
        """All that was seen."""
        now = asyncio.get_running_loop().time()
        return Fetched(
            hops=tuple(self.hops),
            outcome=outcome,
            reason=reason,
            status=self.status,
            headers=self.headers,
            body=bytes(self.body.data),
            certificate=self.certificate,
            warnings=(*self.warnings, *self.body.warnings),
            took_ms=round((now - self._began) * 1000),
        )


def web(url: Url) -> None:
    """Raise `Refused` for an address that no web server serves."""
    if url.scheme not in {"http", "https"}:
        raise Refused(str(url)[:MAX_LOCATION], "scheme")


def unreadable(text: str) -> str:
    """Why an address cannot be read: a scheme that is none of the web's, or a spelling."""
    found = _SCHEME.match(text)
    return "scheme" if found and found[1].lower() not in {"http", "https"} else "bad_address"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _too_long(problem: BaseException) -> bool:
    found = cause(problem, h11.RemoteProtocolError)
    return found is not None and found.error_status_hint == 431
