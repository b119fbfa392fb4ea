"""The landing page in a browser that was led to it: readable, accessible, and without a trace."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.blocks import people_of
from tests.browser.conftest import ARGS, database
from tests.browser.node import _up
from tests.browser.screen import LANGS, THEMES
from tests.browser.test_accessible import AXE, violations
from tests.browser.test_page import WIDE
from tests.programs import program
from tests.share.two import free_port
from tests.web.house import Clock
from tests.web.visitors import CONSOLE, lead_here
from zvon.config import Settings
from zvon.model.name import canonical
from zvon.store.pool import open_pool
from zvon.web.landing import Landing
from zvon.web.landing_listener import listeners

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

NAME = canonical("zelo-dolgo-ime-lažne-dostave-paketov-in-pošiljk.posta-dostava-prevzem.example")
HEADINGS = {"sl": "ker krade podatke", "hr": "jer krade podatke", "en": "because it steals data"}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def port(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """A landing page that `NAME` leads to."""
    root, now = tmp_path_factory.mktemp("landing"), datetime.fromisoformat("2026-11-22T09:00:00Z")
    banks = root / "banks.toml"
    banks.write_text('[[bank]]\nname = "Banka"\nphone = "+386 1 234 56 78"\n', "utf-8")
    chosen = free_port()
    with database(server) as dsn:
        async with open_pool(dsn, size=3) as pool:
            await lead_here(pool, await people_of(pool, now), now, NAME)
            settings = Settings(
                root=root, name="Nacionalni odzivni center", lang="sl", public_url=CONSOLE,
                landing=f"127.0.0.1:{chosen}", landing_help=banks,
            )  # fmt: skip
            page = Landing(pool, settings, clock=Clock(now), seconds=time.monotonic)
            ((_, listening),) = listeners(page, settings)
            task = asyncio.create_task(listening.serve())
            try:
                await _up(chosen)
                yield chosen
            finally:
                listening.stop()  # type: ignore[no-untyped-call]
                await asyncio.wait_for(task, 10)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def led() -> AsyncIterator[Browser]:
    """A browser whose resolver leads every name to us."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=program("chromium"),
            args=[*ARGS, "--host-resolver-rules=MAP * 127.0.0.1"],
        )
        yield opened
        await opened.close()


async def opened_at(browser: Browser, name: str, port: int) -> Page:
    context = await browser.new_context(locale="sl-SI", viewport={"width": 360, "height": 780})
    await context.add_init_script(AXE)
    page = await context.new_page()
    answer = await page.goto(f"http://{name}:{port}/prijava?zeton=skrivno")
    assert answer is not None
    assert answer.status == 451
    return page


@pytest.mark.parametrize("name", [NAME, "nobody-knows.example"])
async def test_it_fits_and_is_in_nobodys_way(led: Browser, port: int, name: str) -> None:
    page = await opened_at(led, name, port)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if "451" not in m.text else None)
    for lang in LANGS:
        await page.locator(f'.langs a[lang="{lang}"]').click()
        await page.wait_for_url(f"**/.zvon/{lang}")
        heading = await page.locator("h1").inner_text()
        assert (HEADINGS[lang] in heading) is (name == NAME)
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            assert await violations(page) == [], (lang, theme)
            for width in (320, 360, 1280):
                await page.set_viewport_size({"width": width, "height": 780})
                assert await page.evaluate(WIDE) == [], (lang, width)
    assert wrong == []
    assert await page.context.cookies() == []
    await page.context.close()


async def test_the_two_themes_differ_and_the_style_is_applied(led: Browser, port: int) -> None:
    page = await opened_at(led, NAME, port)
    seen = set()
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme)
        seen.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2
    await page.context.close()


async def test_nothing_is_asked_of_anybody_else(led: Browser, port: int) -> None:
    context = await led.new_context(locale="sl-SI")
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"http://www.{NAME}:{port}/")
    await page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [f"http://www.{NAME}:{port}/"]
    await context.close()
