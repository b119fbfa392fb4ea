"""A dozen incidents are decided with keys alone: one by one, many at once, put off, and taken back."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.node import Served
from tests.browser.screen import opened
from tests.store.world import reported
from zvon.store import party
from zvon.store.visibility import SYSTEM, read

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]
ITEMS = 12


async def fill(served: Served) -> None:
    """Enough incidents beside the three that the node begins with."""
    async with read(served.context.pool, SYSTEM) as db:
        home = await party.own(db)
    for number in range(ITEMS - 3):
        await reported(served.context.pool, served.now, home, rank=200.0 - number)


async def pressed(page: Page, key: str) -> None:
    """Press a key that makes the page load anew."""
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def test_twelve_incidents_are_decided_without_a_mouse(
    browser: Browser, served: Served
) -> None:
    await fill(served)
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.add_init_script(
            "for (const kind of ['mousedown', 'touchstart'])"
            " addEventListener(kind, () => { window.name = 'mouse'; }, true)"
        )
        await page.goto("/queue")
        await expect(page.locator("[data-row]")).to_have_count(ITEMS)
        for key in "mszm":  # one by one; what is decided stays in its row or leaves
            await page.keyboard.press("j")
            await pressed(page, key)
        await pressed(page, "1")
        await pressed(page, "u")
        decided = "select count(*) from incident where verdict_by is not null"
        assert (await served.column(decided))[0] >= 3

        await page.keyboard.press("x")  # many: from here three rows down
        await page.keyboard.press("Shift+J")
        await page.keyboard.press("Shift+J")
        await page.keyboard.press("Shift+J")
        await expect(page.locator("[data-pick]:checked")).to_have_count(4)
        await page.keyboard.press("b")
        await expect(page.locator("#bulk-why")).to_be_focused()
        await page.keyboard.type("vse isto obvestilo")
        await pressed(page, "Enter")
        await expect(page.locator("h1")).to_have_text("Nenevarno")
        await pressed(page, "a")
        assert await served.column("select state from bulk") == ["done"]
        assert await served.column("select count(*) from bulk_item where outcome = 'done'") == [4]
        await page.keyboard.press("u")
        await expect(page.locator("#ask-yes")).to_be_focused()
        await pressed(page, "Enter")
        assert await served.column("select state from bulk") == ["undone"]

        await page.goto("/queue")
        await page.keyboard.press("w")
        await page.keyboard.type("po vikendu")
        await pressed(page, "Enter")
        assert await served.column(
            "select count(*) from incident where snoozed_until is not null"
        ) == [1]
        await expect(page.locator("[data-row]")).to_have_count(ITEMS - 1)
        assert await page.evaluate("window.name") != "mouse"


async def test_a_key_that_was_moved_works_where_it_lies_now(
    browser: Browser, served: Served
) -> None:
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto("/you")
        field = page.locator('[data-shipped="m"]')
        await field.fill("+")
        async with page.expect_navigation():
            await page.locator("#key-form button").press("Enter")
        await page.goto("/queue")
        await expect(page.locator('[data-key="m"] kbd')).to_have_text("+")
        await page.keyboard.press("m")
        assert await served.column(
            "select count(*) from incident where verdict_by is not null"
        ) == [0]
        await pressed(page, "+")
        assert await served.column("select verdict from incident where verdict_by is not null") == [
            "malicious"
        ]


async def test_who_has_an_incident_open_is_shown_to_others(
    browser: Browser, served: Served
) -> None:
    async with opened(browser, served, "ana") as hers, opened(browser, served, "bor") as his:
        ana = await hers.new_page()
        await ana.goto("/queue")
        uuid = await ana.locator("[data-row]").first.get_attribute("data-id")
        async with ana.expect_response(lambda answer: answer.url.endswith("/claim")) as told:
            await ana.goto(f"/incidents/{uuid}")
        assert (await told.value).status == 200
        bor = await his.new_page()
        await bor.goto("/queue")
        await expect(bor.locator(f'[data-id="{uuid}"]')).to_contain_text("ana gleda")
