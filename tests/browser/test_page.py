"""No page breaks its own policy, writes an error, or is wider than its window."""

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response

from tests.browser.screen import CONSOLE, PUBLIC, Screen, opened, visit
from tests.browser.seed import Seeded

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

WIDTHS = (360, 1280)
WIDE = """
() => {
  const page = document.documentElement;
  if (page.scrollWidth === page.clientWidth) return [];
  const wide = [...document.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > page.clientWidth + 1);
  return [`${page.scrollWidth} > ${page.clientWidth}`,
          ...wide.slice(0, 5).map((e) => `${e.tagName}.${e.className}`)];
}
"""


class Heard:
    """Everything that went wrong on a page, as text."""

    def __init__(self, page: Page, origin: str) -> None:
        self.wrong: list[str] = []
        self._origin = origin
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("request", self._asked)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium itself writes down that a page is a 404 or a 403.
        refused = message.text.startswith("Failed to load resource") and message.location[
            "url"
        ].startswith(self._origin)
        if message.type in {"error", "warning"} and not refused:
            self.wrong.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends its line of live news.
        if not request.url.endswith("/api/v1/live"):
            self.wrong.append(f"failed: {request.url}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:")):
            self.wrong.append(f"went out: {request.url}")

    def _answered(self, response: Response) -> None:
        policy = response.headers.get("content-security-policy", "")
        # Pictures of strangers' pages come with a stricter one: nothing at all may run.
        if "script-src 'self'" not in policy and policy != "default-src 'none'; sandbox":
            self.wrong.append(f"no policy: {response.url}")


@pytest.mark.parametrize("screen", [*PUBLIC, *CONSOLE], ids=lambda s: f"{s.who}{s.name}")
async def test_a_page_keeps_its_policy_and_fits(
    browser: Browser, seeded: Seeded, screen: Screen
) -> None:
    async with opened(browser, seeded.served, screen.who) as context:
        page = await context.new_page()
        heard = Heard(page, seeded.served.url)
        await visit(page, screen, seeded, "sl")  # the language with the longest words
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate(WIDE) == [], width
        assert heard.wrong == []


async def test_a_script_or_style_in_the_page_would_be_heard(
    browser: Browser, seeded: Seeded
) -> None:
    async with opened(browser, seeded.served, None) as context:
        page = await context.new_page()
        heard = Heard(page, seeded.served.url)
        await page.goto("/report")
        await page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            " document.body.append(s); document.body.setAttribute('style', 'color: red'); }"
        )
        assert await page.evaluate("window.ran") is None
        assert sum("Content Security Policy" in line for line in heard.wrong) == 2
        await page.evaluate("document.body.append('M'.repeat(500))")
        assert await page.evaluate(WIDE) != []


async def test_the_switch_wins_over_what_the_system_wishes(
    browser: Browser, seeded: Seeded
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    seen: dict[tuple[str, str], str] = {}
    for wish in ("light", "dark"):
        async with opened(browser, seeded.served, None, color_scheme=wish) as context:
            page = await context.new_page()
            await page.goto("/report")
            for chosen in ("system", "light", "dark"):
                await page.evaluate("(t) => { document.documentElement.dataset.theme = t }", chosen)
                seen[wish, chosen] = await page.evaluate(ground)
    assert seen["light", "system"] == seen["light", "light"] == seen["dark", "light"]
    assert seen["dark", "system"] == seen["dark", "dark"] == seen["light", "dark"]
    assert seen["light", "light"] != seen["dark", "dark"]
