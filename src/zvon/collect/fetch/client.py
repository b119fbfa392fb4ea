"""Fetching one address: a chain of guarded requests, each within its bounds, without scripts.

GET and HEAD only; nothing is sent that a form asks for. What goes wrong is a fact about the page
and comes back as one; only a programming error raises.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast
from urllib.parse import urljoin

import h11
import httpcore
from msgspec import Struct

from zvon.collect.fetch import disguise
from zvon.collect.fetch.certificate import Certificate, certificate
from zvon.collect.fetch.guard import Guard, Refused
from zvon.collect.fetch.inflate import Body
from zvon.collect.fetch.lane import Lanes
from zvon.collect.fetch.limits import PAGE, LimitHit, Limits
from zvon.formats.page.onward import refresh
from zvon.model.page import Hop, Outcome, Vantage
from zvon.model.url import BadUrl, Url, parse, tracking

MAX_LOCATION = 2048
_MOVED = frozenset({301, 302, 303, 307, 308})
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_COOKIE = re.compile(r"\s*([^=;\s]{1,256})=([^;]{0,4096})")
_CHARSET = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")

Method = Literal["GET", "HEAD"]
E = TypeVar("E", bound=BaseException)


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


class Client:
    """Fetches through `guard`. `async with Client(guard) as client: await client.get(url)`.

    `lanes` are shared by all clients of a process; connections are kept within one client only.
    """

    def __init__(
        self,
        guard: Guard,
        limits: Limits = PAGE,
        *,
        lanes: Lanes | None = None,
        vantage: Vantage = Vantage.PLAIN,
        country: str = "SI",
    ) -> None:
        self.limits = limits
        self._lanes = lanes or Lanes()
        self.vantage, self._country = vantage, country
        self._strict = _pool(guard, _strict())
        self._lenient = _pool(guard, _lenient())
        self._doubted: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._strict.aclose()
        await self._lenient.aclose()

    async def get(
        self,
        url: str,
        *,
        method: Method = "GET",
        limits: Limits | None = None,
        headers: Mapping[str, str] | None = None,
        referrer: str | None = None,
        keep_token: bool = False,
        follow_pages: bool = True,
    ) -> Fetched:
        """Fetch `url` and follow where it leads, within `limits`; never raises for the web's faults.

        A victim's token is taken off the query unless `keep_token`. `follow_pages` also follows a
        page's own refresh. `headers` replaces those of a browser.
        """
        chain = _Chain(limits or self.limits, asyncio.get_running_loop().time())
        sent = dict(headers) if headers is not None else disguise.headers(
            self.vantage, self._country, referrer)  # fmt: skip
        try:
            target = parse(url if keep_token else tracking(url)[0])
            _web(target)
        except (BadUrl, Refused) as problem:
            chain.hops.append(Hop(url[:MAX_LOCATION], 0))
            reason = problem.reason if isinstance(problem, Refused) else _bad(url)
            return chain.ended(Outcome.REFUSED, reason)
        onward: Url | None = target
        while onward is not None:
            try:
                onward = await self._hop(chain, onward, method, sent, follow_pages=follow_pages)
            except Refused as problem:
                return chain.ended(Outcome.REFUSED, problem.reason)
            except LimitHit as limit:
                return chain.ended(Outcome.LIMITED, limit.reason)
            except TimeoutError:
                seen = chain.answered
                return chain.ended(Outcome.LIMITED if seen else Outcome.UNREACHABLE, "time")
            except (httpcore.NetworkError, httpcore.TimeoutException,
                    httpcore.ProtocolError, OSError) as problem:  # fmt: skip
                return chain.failed(problem)
        return chain.ended(Outcome.SEEN, "")

    async def _hop(
        self, chain: "_Chain", url: Url, method: Method, headers: Mapping[str, str], *,
        follow_pages: bool,
    ) -> Url | None:  # fmt: skip
        """One request; where it leads, or `None` at the end of the chain."""
        chain.start(url)
        async with self._lanes.turn(url.authority):
            began = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(chain.left_s):
                    await self._ask(chain, url, method, headers)
            finally:
                chain.left_s -= asyncio.get_running_loop().time() - began
        return chain.onward(url, follow_pages=follow_pages)

    async def _ask(
        self, chain: "_Chain", url: Url, method: Method, headers: Mapping[str, str]
    ) -> None:
        """Ask with certificates checked; a bad one is a fact, and the page is read all the same."""
        if url.scheme == "http" or url.authority not in self._doubted:
            try:
                await self._request(self._strict, chain, url, method, headers)
            except httpcore.ConnectError as problem:
                doubt = _tls_problem(problem)
                if doubt is None:
                    raise
                self._doubted[url.authority] = doubt
            else:
                return
        chain.warn("tls:" + self._doubted[url.authority])
        await self._request(self._lenient, chain, url, method, headers)

    async def _request(
        self, pool: httpcore.AsyncConnectionPool, chain: "_Chain", url: Url, method: Method,
        headers: Mapping[str, str],
    ) -> None:  # fmt: skip
        wait = chain.limits.wait_s
        cookies = chain.cookies.get(url.host)
        sent = [("Host", url.authority), *headers.items()]
        if cookies:
            sent.append(("Cookie", "; ".join(f"{k}={v}" for k, v in cookies.items())))
        path = url.path + ("" if url.query is None else "?" + url.query)
        target = httpcore.URL(scheme=url.scheme.encode(), host=url.host.encode(), port=url.port,
                              target=path.encode())  # fmt: skip
        times = dict.fromkeys(("connect", "read", "write", "pool"), wait)
        async with pool.stream(method, target, headers=[(k.encode("latin-1", "replace"), v.encode("latin-1", "replace")) for k, v in sent],
                               extensions={"timeout": times}) as answer:  # fmt: skip
            chain.head(url, answer, self._doubted.get(url.authority, ""))
            if chain.status in _MOVED and chain.header("location"):
                return  # what stands beside a redirect is read by nobody
            async for piece in answer.aiter_stream():
                chain.body.feed(piece)


class _Chain:
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
        return next((value for key, value in self.headers if key == name), "")

    def _keep_cookies(self, host: str) -> None:
        jar = self.cookies.setdefault(host, {})
        for key, value in self.headers:
            found = _COOKIE.match(value) if key == "set-cookie" else None
            if found and len(jar) < self.limits.cookies:
                jar[found[1]] = found[2].strip()

    def onward(self, url: Url, *, follow_pages: bool) -> Url | None:
        """Where the answer leads. Raises `Refused` for an address that is not one of the web."""
        via, location = "http", self.header("location") if self.status in _MOVED else ""
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
            _web(found)
        except (BadUrl, Refused) as problem:
            # Kept as the page wrote it: `0x7f.1` or `file:` in a redirect says something of its maker.
            self.hops.append(Hop(joined[:MAX_LOCATION], 0))
            reason = problem.reason if isinstance(problem, Refused) else _bad(joined)
            raise Refused(joined[:MAX_LOCATION], reason) from None
        if via == "meta" and str(found) == str(url):
            return None  # a page that reloads itself leads nowhere
        return found

    def warn(self, word: str) -> None:
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
            case httpcore.ConnectError() if _cause(problem, ssl.SSLError) is not None:
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


def _web(url: Url) -> None:
    if url.scheme not in {"http", "https"}:
        raise Refused(str(url)[:MAX_LOCATION], "scheme")


def _bad(text: str) -> str:
    """Why an address cannot be read: a scheme that is none of the web's, or a spelling."""
    found = _SCHEME.match(text)
    return "scheme" if found and found[1].lower() not in {"http", "https"} else "bad_address"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _cause(problem: BaseException, kind: type[E]) -> E | None:
    """The first error of this kind behind `problem`."""
    seen: BaseException | None = problem
    for _ in range(6):
        if seen is None or isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _tls_problem(problem: httpcore.ConnectError) -> str | None:
    """The word for a certificate or a protocol that a browser would warn of, else `None`."""
    found = _cause(problem, ssl.SSLError)
    if found is None:
        return None
    if isinstance(found, ssl.SSLCertVerificationError):
        return _VERIFY.get(found.verify_code, "untrusted")
    return "handshake"


# OpenSSL's X509_V_ERR codes.
_VERIFY = {9: "not_yet", 10: "expired", 18: "self_signed", 19: "self_signed", 20: "unknown_issuer",
           21: "unknown_issuer", 62: "other_name", 64: "other_name"}  # fmt: skip


def _too_long(problem: BaseException) -> bool:
    found = _cause(problem, h11.RemoteProtocolError)
    return found is not None and found.error_status_hint == 431


def _pool(guard: Guard, context: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=100,  # `Lanes` bounds them
        max_keepalive_connections=10,
        keepalive_expiry=15.0,
        http1=True,
        http2=False,
        retries=0,
        network_backend=guard,
    )


@cache
def _strict() -> ssl.SSLContext:
    """The machine's certificates; reading them takes longer than a request."""
    return ssl.create_default_context()


@cache
def _lenient() -> ssl.SSLContext:
    """Whatever the server has: old protocols and bad certificates are evidence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
