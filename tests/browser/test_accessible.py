"""axe-core finds nothing on any page, in any language, in either theme."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.screen import CONSOLE, LANGS, PUBLIC, THEMES, Screen, opened, visit
from tests.browser.seed import Seeded

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RUN = """
async (only) => {
  const options = { resultTypes: ["violations"], elementRef: false };
  if (only) options.runOnly = { type: "rule", values: only };
  const found = await axe.run(document, options);
  return found.violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary.split("\\n").pop().trim()}`));
}
"""


async def violations(page: Page, only: list[str] | None = None) -> list[str]:
    """What axe has against the page as it stands."""
    found: list[str] = await page.evaluate(RUN, only)
    return found


async def in_theme(page: Page, theme: Any) -> None:
    """Choose the theme as the server would, with the system wishing the same."""
    await page.emulate_media(color_scheme=theme)
    await page.evaluate("(t) => { document.documentElement.dataset.theme = t }", theme)


@pytest.mark.parametrize("screen", [*PUBLIC, *CONSOLE], ids=lambda s: f"{s.who}{s.name}")
async def test_nothing_is_in_anybodys_way(browser: Browser, seeded: Seeded, screen: Screen) -> None:
    async with opened(browser, seeded.served, screen.who) as context:
        await context.add_init_script(
            AXE
        )  # the page's policy does not let scripts in; this is no script of it
        page = await context.new_page()
        found: dict[str, list[str]] = {}
        for lang in LANGS:
            await visit(page, screen, seeded, lang)
            for theme in THEMES:
                await in_theme(page, theme)
                # Structure and words are the same in both themes, colours are not.
                only = None if theme == "light" else ["color-contrast", "link-in-text-block"]
                if wrong := await violations(page, only):
                    found[f"{lang} {theme}"] = wrong
        assert found == {}


async def test_dialogs_and_a_narrow_page_are_accessible_too(
    browser: Browser, seeded: Seeded
) -> None:
    async with opened(browser, seeded.served, "bor") as context:
        await context.add_init_script(AXE)
        page = await context.new_page()
        await visit(page, Screen("bor", "/incidents/{incident}"), seeded)
        await page.keyboard.press("?")
        assert await page.locator("dialog[open]").get_attribute("id") == "help"
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog#help")).to_be_hidden()
        await page.keyboard.press("a")
        assert await page.locator("dialog[open]").get_attribute("id") == "ask"
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await page.set_viewport_size({"width": 360, "height": 740})
        assert await violations(page) == []


async def test_axe_is_really_there(browser: Browser) -> None:
    context = await browser.new_context()
    await context.add_init_script(AXE)
    page = await context.new_page()
    await page.set_content("<html><body><main><img src='x'><input></main></body></html>")
    found = await violations(page)
    await context.close()
    assert any(line.startswith("image-alt") for line in found)
    assert any(line.startswith("html-has-lang") for line in found)
