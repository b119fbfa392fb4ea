"""Two people decide without a mouse: one says what it is and proposes, the other approves."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.seed import incident_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def the_page(context: BrowserContext, path: str) -> Page:
    page = await context.new_page()
    await page.goto(path)
    return page


async def press_and_reload(page: Page, *keys: str) -> None:
    """Press keys of which the last makes the page load anew."""
    for key in keys[:-1]:
        await page.keyboard.press(key)
    async with page.expect_navigation():
        await page.keyboard.press(keys[-1])


async def confirm(page: Page, reason: str) -> None:
    """Answer the question that asks for a reason, with keys alone."""
    dialog = page.locator("dialog#ask")
    await expect(dialog).to_be_visible()
    await expect(page.locator("#ask-reason")).to_be_focused()
    await page.keyboard.type(reason)
    await page.keyboard.press("Tab")
    await expect(page.locator("#ask-yes")).to_be_focused()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_two_people_bring_a_block_into_force_with_keys(
    browser: Browser, served: Served
) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as hers, opened(browser, served, "bor") as his:
        ana = await the_page(hers, "/queue")
        while await ana.locator("[data-row].is-current").get_attribute("data-id") != str(incident):
            await ana.keyboard.press("j")
        await press_and_reload(ana, "m")
        assert await served.column(
            "select verdict from incident where uuid = %s and verdict_by is not null", incident
        ) == ["malicious"]
        row = ana.locator(f'[data-row][data-id="{incident}"]')
        await expect(row).to_have_class("is-current")  # the place is kept over the reload
        await press_and_reload(ana, "Enter")
        await expect(ana.locator('[data-key="m"]')).to_have_attribute("aria-pressed", "true")

        await ana.keyboard.press("p")
        await confirm(ana, "lažna Pošta")
        assert await served.column("select state from block") == ["validated"]
        await expect(ana.locator('[data-post="/api/v1/blocks/approvals"]')).to_have_count(0)
        await expect(ana.locator(".object footer")).to_contain_text("odobri")
        await ana.keyboard.press("a")  # no key either
        await expect(ana.locator("dialog[open]")).to_have_count(0)

        bor = await the_page(his, f"/incidents/{incident}")
        await bor.keyboard.press("a")
        await expect(bor.locator("#ask-text")).to_contain_text("dostava-paketa[.]example")
        await confirm(bor, "videno, res je")
        await expect(bor.locator('[data-post="/api/v1/blocks/approvals"]')).to_have_count(0)
    assert await served.column("select state from block") == ["published"]
    assert await served.column(
        "select p.login || ': ' || a.reason from approval a join person p on p.id = a.person_id"
    ) == ["bor: videno, res je"]
    assert await served.column(
        "select count(*) from zone_rule where owner like 'dostava-paketa.example%%'"
    ) == [1]


async def test_a_proposal_without_a_reason_is_not_sent(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, f"/incidents/{incident}")
        await page.keyboard.press("p")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog#ask")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog#ask")).to_be_hidden()
    assert await served.column("select count(*) from block") == [0]


async def test_focus_goes_into_a_dialog_and_back(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, f"/incidents/{incident}")
        button = page.locator('[data-key="p"]')
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#ask-reason")).to_be_focused()
        for _ in range(6):  # nothing behind the dialog can be reached
            await page.keyboard.press("Tab")
            inside = "document.body === document.activeElement"
            inside += " || !!document.activeElement.closest('dialog')"
            assert await page.evaluate(inside)
        await page.keyboard.press("Escape")
        await expect(button).to_be_focused()
        await page.locator("#help-open").focus()
        await page.keyboard.press("?")
        await expect(page.locator("dialog#help")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#help-open")).to_be_focused()


async def test_the_help_lists_every_key_of_the_screen(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as context:
        for path, some in (("/queue", {"j", "Enter", "m", "u"}),
                           (f"/incidents/{incident}", {"p", "n", "m", "u"})):  # fmt: skip
            page = await the_page(context, path)
            await page.keyboard.press("?")
            keys = await page.locator("#help-list dt").all_inner_texts()
            says = await page.locator("#help-list dd").all_inner_texts()
            assert some | {"g q", "g b", "?"} <= set(keys)
            assert all(says)
            said = dict(zip(keys, says, strict=True))
            known = ("Zlonamerno", "Nenevarno", "Čakalna vrsta")
            assert (said["m"], said["b"], said["g q"]) == known


async def test_a_verdict_is_taken_back_with_u(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    by = "select verdict_by is not null from incident where uuid = %s"
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, f"/incidents/{incident}")
        await press_and_reload(page, "b")
        assert await served.column(by, incident) == [True]
        await expect(page.locator('[data-key="b"]')).to_have_attribute("aria-pressed", "true")
        await press_and_reload(page, "u")
        assert await served.column(by, incident) == [False]
        await expect(page.locator('[aria-pressed="true"]')).to_have_count(0)


async def test_keys_do_nothing_while_somebody_types(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, f"/incidents/{incident}")
        await page.keyboard.press("n")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type("mbp u?gq")
        await expect(page.locator("#note")).to_have_value("mbp u?gq")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        assert page.url.endswith(str(incident))
    assert await served.column("select count(*) from incident where verdict_by is not null") == [0]


async def test_with_keys_off_single_keys_do_nothing(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, f"/incidents/{incident}")
        await page.locator("#keys").select_option("off")
        async with page.expect_navigation():
            await page.locator('form.prefs [type="submit"]').press("Enter")
        await expect(page.locator("html")).to_have_attribute("data-keys", "off")
        for key in ("m", "p", "g", "q"):
            await page.keyboard.press(key)
        await expect(page.locator("dialog[open]")).to_have_count(0)
        assert page.url.endswith(str(incident))
        await page.goto("/queue")
        first = await page.locator("[data-row].is-current").get_attribute("data-id")
        await page.keyboard.press("j")
        await page.keyboard.press("m")
        assert await page.locator("[data-row].is-current").get_attribute("data-id") == first
        await page.keyboard.press("ArrowDown")  # arrows are no single keys of ours
        assert await page.locator("[data-row].is-current").get_attribute("data-id") != first
    assert await served.column("select count(*) from incident where verdict_by is not null") == [0]


async def test_enter_on_a_button_or_link_of_the_queue_is_theirs(
    browser: Browser, served: Served
) -> None:
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, "/queue")
        await page.locator('a[href="/queue?tab=held"]').focus()
        await press_and_reload(page, "Enter")
        assert page.url.endswith("/queue?tab=held")


async def test_g_and_a_letter_goes_to_a_screen(browser: Browser, served: Served) -> None:
    async with opened(browser, served, "ana") as context:
        page = await the_page(context, "/queue")
        await press_and_reload(page, "g", "b")
        assert page.url == f"{served.url}/blocks"
