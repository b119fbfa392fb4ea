"""Fetching one address: a chain of guarded requests, each within its bounds, without scripts.

GET and HEAD only; nothing is sent that a form asks for. What goes wrong is a fact about the page
and comes back as one; only a programming error raises.
"""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

import httpcore

from zvon.collect.fetch import disguise
from zvon.collect.fetch.chain import MAX_LOCATION, MOVED, Chain, Fetched, unreadable, web
from zvon.collect.fetch.guard import Guard, Refused
from zvon.collect.fetch.lane import Lanes
from zvon.collect.fetch.limits import PAGE, LimitHit, Limits
from zvon.collect.fetch.tls import doubt, lenient, strict
from zvon.model.page import Hop, Outcome, Vantage
from zvon.model.url import BadUrl, Url, parse, tracking

__all__ = ["Client", "Fetched"]

Method = Literal["GET", "HEAD"]


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
        self._strict = _pool(guard, strict())
        self._lenient = _pool(guard, lenient())
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
        chain = Chain(limits or self.limits, asyncio.get_running_loop().time())
        sent = dict(headers) if headers is not None else disguise.headers(
            self.vantage, self._country, referrer)  # fmt: skip
        try:
            target = parse(url if keep_token else tracking(url)[0])
            web(target)
        except (BadUrl, Refused) as problem:
            chain.hops.append(Hop(url[:MAX_LOCATION], 0))
            reason = problem.reason if isinstance(problem, Refused) else unreadable(url)
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
        self, chain: Chain, url: Url, method: Method, headers: Mapping[str, str], *,
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
        self, chain: Chain, url: Url, method: Method, headers: Mapping[str, str]
    ) -> None:
        """Ask with certificates checked; a bad one is a fact, and the page is read all the same."""
        if url.scheme == "http" or url.authority not in self._doubted:
            try:
                await self._request(self._strict, chain, url, method, headers)
            except httpcore.ConnectError as problem:
                word = doubt(problem)
                if word is None:
                    raise
                self._doubted[url.authority] = word
            else:
                return
        chain.warn("tls:" + self._doubted[url.authority])
        await self._request(self._lenient, chain, url, method, headers)

    async def _request(
        self, pool: httpcore.AsyncConnectionPool, chain: Chain, url: Url, method: Method,
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
        raw = [(key.encode(), value.encode("latin-1", "replace")) for key, value in sent]
        async with pool.stream(
            method, target, headers=raw, extensions={"timeout": times}
        ) as answer:
            chain.head(url, answer, self._doubted.get(url.authority, ""))
            if chain.status in MOVED and chain.header("location"):
                return  # what stands beside a redirect is read by nobody
            async for piece in answer.aiter_stream():
                chain.body.feed(piece)


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
