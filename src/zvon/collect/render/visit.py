"""One look at one page with one browser: led there, left alone for seconds, then written down.

Nothing is clicked, typed or sent. Dialogs are dismissed, pop-ups closed, downloads and form
submissions refused, and what does not end is ended.
"""

import asyncio
import base64
from contextlib import suppress
from typing import Any

from msgspec import Struct

from zvon.collect.render.arguments import BYPASS
from zvon.collect.render.pipe import Event, Gone, Params, Pipe, Said
from zvon.collect.render.process import Browser
from zvon.collect.render.vantage import Viewpoint, emulation
from zvon.model.page import Hop

LOOK_S = 20.0  # then the browser is killed
SETTLE_S = 10.0  # what has not come by then is not waited for
QUIET_S = 0.7
IDLE_S = 0.5
SNAPSHOT_S = 3.0
PICTURE_S = 4.0
LATE_S = 4.0  # after the page says that it has loaded
MOST_HOPS = 12
MOST_DIALOGS = 20
MOST_POPUPS = 20
MOST_HEIGHT = 2400
MOST_WIDTH = 1400
# Without the property a page that wants a service worker sees an old browser. A script that asks
# and asks is ended from within, because while a dialog stands nothing outside can end it.
BEFORE_SCRIPTS = """{
  delete Navigator.prototype.serviceWorker
  let asked = 0
  const call = Reflect.apply
  for (const name of ["alert", "confirm", "prompt"])
    window[name] = new Proxy(window[name], {
      apply(target, self, words) {
        if (++asked > MOST) throw new Error("enough")
        return call(target, self, words)
      }
    })
}""".replace("MOST", str(MOST_DIALOGS))
_LED_ON = {
    "metaTagRefresh": "meta",
    "httpHeaderRefresh": "meta",
    "scriptInitiated": "script",
    "formSubmissionGet": "script",
    "formSubmissionPost": "script",
}


class Download(Struct, frozen=True):
    """A file that the page wanted to leave here, and the name that it gave it."""

    url: str
    name: str


class Seen(Struct, frozen=True, kw_only=True):
    """What a look brought. `snapshot` is the answer of `DOMSnapshot.captureSnapshot`.

    `limited` names the bound that ended it (`time`, `redirects`, `dialogs`, `memory`, `size`), and
    `failed` is the browser's own word for why there is no page. `picture` is a PNG of the page from
    the top, `wide` the CSS pixels that it shows across. `insecure` is true behind a certificate that
    no browser would accept.
    """

    hops: tuple[Hop, ...]
    limited: str = ""
    failed: str = ""
    snapshot: dict[str, Any] | None = None
    picture: bytes | None = None
    wide: int = 0
    media_type: str = ""
    downloads: tuple[Download, ...] = ()
    submitted: tuple[str, ...] = ()
    dialogs: tuple[str, ...] = ()
    popups: tuple[str, ...] = ()
    certificate: tuple[str, ...] = ()
    insecure: bool = False


async def visit(browser: Browser, url: str, view: Viewpoint, proxy: str) -> Seen:
    """Look at `url` as `view`, in a context of its own whose only way out is `proxy`.

    When the time or the memory is used up the browser is killed; what was seen so far is given
    back. Never raises for anything that a page does.
    """
    look = _Look(browser.pipe, url, view, proxy)
    try:
        async with asyncio.timeout(LOOK_S):
            await look.open(browser.version)
            await look.wait()
            await look.write_down()
    except TimeoutError:
        browser.kill("time")
        look.limited = look.limited or "time"
    except Gone:
        look.limited = browser.stopped or look.limited or "crash"
    except Said as problem:
        look.failed = look.failed or str(problem)[:80]
    with suppress(Gone, Said, TimeoutError):
        await look.close()
    return look.seen()


class _Look:
    def __init__(self, pipe: Pipe, url: str, view: Viewpoint, proxy: str) -> None:
        self.pipe, self.url, self.view, self.proxy = pipe, url, view, proxy
        self.context = self.target = self.session = self.frame = ""
        self.hops: list[Hop] = []
        self.reason: str | None = None
        self.requests: dict[str, float] = {}
        self.types: dict[str, str] = {}
        self.limited = self.failed = self.media_type = ""
        self.snapshot: dict[str, Any] | None = None
        self.picture: bytes | None = None
        self.wide = 0
        self.downloads: list[Download] = []
        self.submitted: list[str] = []
        self.dialogs: list[str] = []
        self.popups: list[str] = []
        self.certificate: tuple[str, ...] = ()
        self.insecure = False
        self.loaded = asyncio.Event()
        self.enough = asyncio.Event()
        self.filed = asyncio.Event()
        self.clock = asyncio.get_running_loop().time
        self.moved = self.clock()

    async def open(self, version: str) -> None:
        """A page of its own, set up before the first byte of the site."""
        ask, page = self.pipe.ask, self._ask
        made = await ask("Target.createBrowserContext", {
            "disposeOnDetach": True, "proxyServer": f"http://{self.proxy}",
            "proxyBypassList": BYPASS})  # fmt: skip
        self.context = made["browserContextId"]
        self.pipe.listeners[""] = self._browser_said
        await ask("Target.setDiscoverTargets", {"discover": True})
        await ask("Browser.setDownloadBehavior", {
            "behavior": "deny", "eventsEnabled": True, "browserContextId": self.context})  # fmt: skip
        made = await ask("Target.createTarget", {
            "url": "about:blank", "browserContextId": self.context})  # fmt: skip
        self.target = made["targetId"]
        attached = await ask("Target.attachToTarget", {"targetId": self.target, "flatten": True})
        self.session = attached["sessionId"]
        self.pipe.listeners[self.session] = self._page_said
        await page("Page.enable")
        await page("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0})
        await page("Network.setBypassServiceWorker", {"bypass": True})
        await page("Security.setIgnoreCertificateErrors", {"ignore": True})
        await page("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE_SCRIPTS})
        await page("Fetch.enable", {"patterns": [{"resourceType": "Document"}]})
        for method, params in emulation(self.view, version):
            await page(method, params)
        tree = await page("Page.getFrameTree")
        self.frame = tree["frameTree"]["frame"]["id"]

    async def wait(self) -> None:
        """Go there, and until the page has come to rest."""
        to = {"url": self.url}
        if self.view.referrer:
            to |= {"referrer": self.view.referrer, "referrerPolicy": "unsafeUrl"}
        went = await self._ask("Page.navigate", to, timeout_s=LOOK_S)
        if not self.hops:
            self.hops.append(Hop(self.url, 0))
        if went.get("errorText"):
            # A navigation that becomes a download is told as aborted before the file is named.
            if "ABORTED" in went["errorText"]:
                with suppress(TimeoutError):
                    async with asyncio.timeout(QUIET_S):
                        await self.filed.wait()
            self.failed = str(went["errorText"])[:80]
        end = self.clock() + SETTLE_S
        loaded_at: float | None = None
        while self.clock() < end and not self.enough.is_set() and not self.failed:
            if self.loaded.is_set():
                loaded_at = loaded_at or self.clock()
                quiet = self.clock() - self.moved
                if (not self.requests and quiet > QUIET_S) or self.clock() - loaded_at > LATE_S:
                    return
            else:
                loaded_at = None  # the page led on
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self.enough.wait()
            if self.pipe.gone.is_set():
                raise Gone

    async def write_down(self) -> None:
        """The document with its frames, and its picture."""
        if self.failed:
            return
        try:
            self.snapshot = await self._snapshot()
        except TimeoutError:
            # A script that never ends holds the page: end it, and see what is there.
            self.limited = self.limited or "time"
            self._tell("Runtime.terminateExecution")
            self.snapshot = await self._snapshot()
        sizes = await self._ask("Page.getLayoutMetrics", timeout_s=3)
        content = sizes["cssContentSize"]
        # A page that knows no telephones is laid out wider than the telephone.
        self.wide = int(min(max(content["width"], self.view.width), MOST_WIDTH))
        height = int(min(max(content["height"], self.view.height), MOST_HEIGHT))
        clip = {"x": 0, "y": 0, "width": self.wide, "height": height, "scale": 1 / self.view.scale}
        try:
            shot = await self._ask(
                "Page.captureScreenshot",
                {"format": "png", "captureBeyondViewport": True, "clip": clip},
                timeout_s=PICTURE_S,
            )
        except TimeoutError:
            # A page that was stopped before it was painted never is; what it says is known.
            self.limited = self.limited or "time"
            return
        self.picture = base64.b64decode(shot["data"])

    async def _snapshot(self) -> dict[str, Any]:
        return await self._ask(
            "DOMSnapshot.captureSnapshot", {"computedStyles": []}, timeout_s=SNAPSHOT_S
        )

    async def close(self) -> None:
        """Throw the context away, with all that the page left in it."""
        self.pipe.listeners.clear()
        if self.context:
            gone = {"browserContextId": self.context}
            await self.pipe.ask("Target.disposeBrowserContext", gone, timeout_s=2)

    async def _ask(
        self, method: str, params: Params | None = None, timeout_s: float = 5.0
    ) -> dict[str, Any]:
        return await self.pipe.ask(method, params, session=self.session, timeout_s=timeout_s)

    def _tell(self, method: str, params: Params | None = None) -> None:
        self.pipe.tell(method, params, session=self.session)

    def seen(self) -> Seen:
        return Seen(
            hops=tuple(self.hops) or (Hop(self.url, 0),), limited=self.limited, failed=self.failed,
            snapshot=self.snapshot, picture=self.picture, wide=self.wide, media_type=self.media_type,
            downloads=tuple(self.downloads), submitted=tuple(self.submitted),
            dialogs=tuple(self.dialogs), popups=tuple(self.popups), certificate=self.certificate,
            insecure=self.insecure,
        )  # fmt: skip

    def _stop(self, why: str) -> None:
        self.limited = self.limited or why
        self.enough.set()
        self._tell("Page.stopLoading")

    def _browser_said(self, method: str, event: Event) -> None:
        if method == "Target.targetCreated":
            self._target(event["targetInfo"])
        elif method == "Browser.downloadWillBegin" and len(self.downloads) < MOST_POPUPS:
            name = str(event.get("suggestedFilename", ""))[:200]
            self.downloads.append(Download(str(event.get("url", ""))[:2000], name))
            self.filed.set()

    def _target(self, info: Event) -> None:
        """Whatever opens beside the page is closed: pop-ups, service workers, shared workers."""
        if info.get("browserContextId") != self.context or info["targetId"] == self.target:
            return
        if info["type"] in {"page", "service_worker", "shared_worker", "tab"} and self.target:
            if info["type"] == "tab" and not info.get("openerId"):
                return  # the shell around our own page
            self.popups.append(str(info.get("url", ""))[:2000])
            self.pipe.tell("Target.closeTarget", {"targetId": info["targetId"]})
            if len(self.popups) > MOST_POPUPS:
                self._stop("popups")

    def _page_said(self, method: str, event: Event) -> None:
        match method:
            case "Page.javascriptDialogOpening":
                self.dialogs.append(str(event.get("message", ""))[:300])
                if len(self.dialogs) >= MOST_DIALOGS:
                    self._stop("dialogs")
                self._tell("Page.handleJavaScriptDialog", {"accept": False})
            case "Fetch.requestPaused":
                self._paused(event)
            case "Network.requestWillBeSent":
                self._sent(event)
            case "Network.responseReceived":
                self._answered(event)
            case "Network.loadingFinished" | "Network.loadingFailed":
                if self.requests.pop(event["requestId"], None) is not None:
                    self.moved = self.clock()
            case "Page.frameRequestedNavigation" if event.get("frameId") == self.frame:
                self.reason = _LED_ON.get(str(event.get("reason")), "script")
            case "Page.loadEventFired":
                self.loaded.set()
                self.moved = self.clock()
            case "Inspector.targetCrashed":
                self._stop("crash")
            case _:
                pass

    def _paused(self, event: Event) -> None:
        """A document is about to be asked for: not for a form that was sent, nor after the end."""
        request = event["request"]
        if request["method"] in {"GET", "HEAD"} and not self.limited:
            self._tell("Fetch.continueRequest", {"requestId": event["requestId"]})
            return
        if request["method"] not in {"GET", "HEAD"} and len(self.submitted) < MOST_POPUPS:
            self.submitted.append(str(request["url"])[:2000])
        refused = {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
        self._tell("Fetch.failRequest", refused)

    def _sent(self, event: Event) -> None:
        request = event["request"]
        self.requests[event["requestId"]] = self.moved = self.clock()
        if event.get("type") != "Document" or event.get("frameId") != self.frame:
            return
        if request["method"] not in {"GET", "HEAD"}:
            return
        url = str(request["url"])[:2000]
        answer = event.get("redirectResponse")
        if answer is not None and self.hops:
            last = self.hops[-1]
            self.hops[-1] = Hop(last.url, int(answer.get("status", 0)), "http")
        elif self.hops:
            last = self.hops[-1]
            self.hops[-1] = Hop(last.url, last.status, self.reason or "script")
            self.loaded.clear()
            self.requests = {event["requestId"]: self.moved}  # nobody ends those of the old page
        self.hops.append(Hop(url, 0))
        self.reason = None
        if len(self.hops) > MOST_HOPS:
            self._stop("redirects")

    def _answered(self, event: Event) -> None:
        if event.get("type") != "Document" or event.get("frameId") != self.frame or not self.hops:
            return
        answer = event["response"]
        self.hops[-1] = Hop(self.hops[-1].url, int(answer.get("status", 0)))
        self.media_type = str(answer.get("mimeType", ""))[:100]
        self.insecure = answer.get("securityState") == "insecure" and self.hops[-1].url.startswith(
            "https:"
        )
        details = answer.get("securityDetails") or {}
        names = [str(details.get("subjectName", "")), *map(str, details.get("sanList", ()))]
        self.certificate = tuple(sorted({name.lower() for name in names if name}))[:20]
