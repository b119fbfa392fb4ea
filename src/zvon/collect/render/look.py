"""A look at an address from both vantages, as captures with what they leave behind."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct, structs

from zvon.collect.fetch.guard import Guard, Refused, Unreachable
from zvon.collect.render.picture import BadPicture, Logo, NoPictures, Shown, shown
from zvon.collect.render.process import Browser, NoBrowser, find, running
from zvon.collect.render.proxy import Proxy
from zvon.collect.render.vantage import Viewpoint, desktop, phone
from zvon.collect.render.visit import Download, Seen, visit
from zvon.formats import page
from zvon.formats.dom_snapshot import BadSnapshot, Document, read
from zvon.model.brand import Registry
from zvon.model.page import Capture, Outcome, PageFacts, Vantage
from zvon.model.url import BadUrl, parse, tracking

STAGE = 4
_FAILED = (
    ("ERR_SSL", "tls"),
    ("ERR_CERT", "tls"),
    ("TIMED_OUT", "read_time"),
    ("ERR_EMPTY_RESPONSE", "broken_off"),
    ("ERR_CONNECTION", "broken_off"),
    ("ERR_ABORTED", "broken_off"),
    ("ERR_INCOMPLETE", "broken_off"),
    ("ERR_TUNNEL", "no_answer"),
    ("ERR_TOO_MANY_REDIRECTS", "redirects"),
)
NOTHING = Document(html="", frames=(), boxes=(), cut=False)


class Taken(Struct, frozen=True, kw_only=True):
    """One capture, whose `html` and `screenshot` are still bytes; logos by brand.

    `downloads` are files that the page wanted to leave here.
    """

    capture: Capture
    html: bytes | None = None
    screenshot: bytes | None = None
    logos: tuple[Logo, ...] = ()
    downloads: tuple[Download, ...] = ()


class Looker:
    """Looks at addresses, one after the other, with one browser that is started when needed.

    `guard` judges where the browser may go; `program` is the browser, found by name when `None`.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        registry: Registry,
        country: str,
        clock: Callable[[], datetime],
        program: Path | None = None,
    ) -> None:
        self.guard, self.registry, self.clock = guard, registry, clock
        self.program = program
        self.views: tuple[Viewpoint, ...] = (phone(country), desktop())

    async def look(self, url: str, *, keep_token: bool = False) -> tuple[Taken, ...]:
        """What the phone sees at `url`, then the desktop; one capture where nobody can look.

        The victim's token is taken off the address unless `keep_token`: our look is not theirs.
        """
        started = asyncio.get_running_loop().time()
        stopped = await self._judged(url)
        if stopped is not None:
            return (self._none(url, *stopped, started),)
        try:
            return await self._both(url, url if keep_token else tracking(url)[0])
        except NoBrowser as problem:
            return (self._none(url, Outcome.UNAVAILABLE, problem.reason, started),)

    async def _judged(self, url: str) -> tuple[Outcome, str] | None:
        """No browser is started for an address that its proxy would refuse."""
        try:
            parsed = parse(url)
        except BadUrl:
            return Outcome.REFUSED, "bad_address"
        if parsed.scheme not in {"http", "https"}:
            return Outcome.REFUSED, "scheme"
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        try:
            await self.guard.judged(parsed.host, port)
        except Refused as problem:
            return Outcome.REFUSED, problem.reason
        except Unreachable as problem:
            return Outcome.UNREACHABLE, problem.reason
        return None

    async def _both(self, url: str, address: str) -> tuple[Taken, ...]:
        taken: list[Taken] = []
        left = list(self.views)
        program = find(self.program)
        while left:
            # A browser that was killed is not used again.
            async with running(program) as browser:
                while left and browser.stopped is None and not browser.pipe.gone.is_set():
                    taken.append(await self._one(browser, url, address, left.pop(0)))
        return tuple(taken)

    async def _one(self, browser: Browser, url: str, address: str, view: Viewpoint) -> Taken:
        clock = asyncio.get_running_loop().time
        started, at = clock(), self.clock()
        async with Proxy(self.guard) as proxy:
            seen = await visit(browser, address, view, proxy.address)
        outcome, reason = _outcome(seen, proxy)
        # A large page takes a while to read: others of the worker go on meanwhile.
        document, facts = await asyncio.to_thread(_read, url, seen)
        sight = await self._sight(seen, document, view.vantage)
        taken = Capture(
            url=url,
            stage=STAGE,
            vantage=view.vantage,
            outcome=outcome,
            reason=reason,
            facts=facts,
            phash=sight.phash,
            read=sight.read,
            took_ms=round((clock() - started) * 1000),
            at=at,
        )
        if outcome not in {Outcome.SEEN, Outcome.LIMITED}:
            return Taken(capture=taken, downloads=seen.downloads)
        return Taken(
            capture=taken,
            html=document.html.encode("utf-8", "replace") if document.html else None,
            screenshot=seen.picture,
            logos=sight.logos,
            downloads=seen.downloads,
        )

    async def _sight(self, seen: Seen, document: Document, vantage: Vantage) -> Shown:
        """One reading aloud is enough: it costs as much as the look."""
        if seen.picture is None:
            return Shown(None, (), "")
        try:
            return await shown(
                seen.picture, document.boxes, seen.wide, self.registry,
                aloud=vantage is Vantage.PHONE,
            )  # fmt: skip
        except (NoPictures, BadPicture):
            return Shown(None, (), "")

    def _none(self, url: str, outcome: Outcome, reason: str, started: float) -> Taken:
        took = asyncio.get_running_loop().time() - started
        return Taken(
            capture=Capture(
                url=url, stage=STAGE, vantage=Vantage.PHONE, outcome=outcome, reason=reason,
                took_ms=round(took * 1000), at=self.clock(),
            )
        )  # fmt: skip


def _outcome(seen: Seen, proxy: Proxy) -> tuple[Outcome, str]:
    """How the look ended. Where the chain stopped at an address of ours, the guard stopped it."""
    host = _host(seen.hops[-1].url)
    refused = proxy.refused(host)
    if refused is not None and (seen.failed or seen.hops[-1].status == 403):
        return Outcome.REFUSED, refused
    if proxy.limited:
        return Outcome.LIMITED, "size"
    if seen.limited:
        return Outcome.LIMITED, seen.limited
    if seen.downloads and seen.snapshot is None:
        return Outcome.LIMITED, "download"
    if seen.failed:
        absent = next((why for each, _, why in proxy.absent if each == host), None)
        return Outcome.UNREACHABLE, absent or _why(seen.failed)
    return Outcome.SEEN, ""


def _why(failed: str) -> str:
    """Our word for the browser's own (`net::ERR_CONNECTION_RESET`)."""
    return next((word for part, word in _FAILED if part in failed), "protocol")


def _host(url: str) -> str:
    try:
        return parse(url).host
    except BadUrl:
        return ""


def _read(url: str, seen: Seen) -> tuple[Document, PageFacts]:
    document = _document(seen)
    return document, _facts(url, seen, document)


def _document(seen: Seen) -> Document:
    if seen.snapshot is None:
        return NOTHING
    try:
        return read(seen.snapshot)
    except BadSnapshot:
        return NOTHING


def _facts(url: str, seen: Seen, document: Document) -> PageFacts:
    last = seen.hops[-1]
    facts = page.read(document.html.encode("utf-8", "replace"), last.url, charset="utf-8")
    warned: Sequence[tuple[str, object]] = (
        ("dialog", seen.dialogs),
        ("popup", seen.popups),
        ("download", seen.downloads),
        ("sends_itself", seen.submitted),
        ("tls", seen.insecure),
        ("cut", document.cut),
    )
    return structs.replace(
        facts,
        hops=seen.hops,
        status=last.status,
        media_type=seen.media_type,
        frames=document.frames,
        certificate=seen.certificate,
        warnings=(*facts.warnings, *(word for word, there in warned if there)),
    )
