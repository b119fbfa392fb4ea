"""News wait until they are asked for; what a person chose stays; signing in and out."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.seed import incident_of
from zvon.respond import decide
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

ROWS = "[...document.querySelectorAll('[data-row]')].map((r) => r.dataset.id)"


async def test_news_are_counted_and_move_no_row(browser: Browser, served: Served) -> None:
    async with opened(browser, served, "ana") as hers, opened(browser, served, "bor") as his:
        page = await hers.new_page()
        await page.goto("/queue")
        await expect(page.locator("#live-line")).to_have_class("push mark mark--good quiet")
        await page.keyboard.press("j")
        before, chosen = await page.evaluate(ROWS), page.locator("[data-row].is-current")
        at = await chosen.bounding_box()
        await expect(page.locator("#newer")).to_be_hidden()

        other = await his.new_page()
        await other.goto(f"/incidents/{before[-1]}")
        async with other.expect_navigation():
            await other.keyboard.press("b")

        await expect(page.locator("#newer")).to_be_visible()
        assert int(await page.locator("[data-newer]").inner_text()) >= 1
        assert await page.evaluate(ROWS) == before
        assert await chosen.bounding_box() == at
        await expect(chosen).to_be_focused()
        async with page.expect_navigation():
            await page.keyboard.press(".")
        assert await page.evaluate(ROWS) == before[:-1]  # what is benign waits no more


async def test_an_incident_says_that_it_has_changed(browser: Browser, served: Served) -> None:
    incident = await incident_of(served)
    bor = served.people["bor"]
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto(f"/incidents/{incident}")
        await expect(page.locator("#live-line")).to_have_class("push mark mark--good quiet")
        await expect(page.locator("#stale")).to_be_hidden()
        pool = served.context.pool
        async with transaction(pool, served.now, viewer=viewer_setting(bor)) as tx:
            await decide.verdict(
                tx, bor, incident, "suspicious", version=await version(served), now=served.now
            )
        await expect(page.locator("#stale")).to_be_visible()
        # A verdict on what she saw is refused, and the refusal stands beside the button.
        button = page.locator('[data-key="m"]')
        await button.press("Enter")
        said = page.locator(".said[data-tone='bad']")
        await expect(said).to_contain_text("Nekdo je to medtem spremenil")
        await expect(said.locator("small[lang='en']")).not_to_be_empty()
        await expect(page.locator("#said")).to_have_text(await said.text_content() or "")
        await expect(button).to_be_focused()
        async with page.expect_navigation():
            await page.locator("#stale a").press("Enter")
        await expect(page.locator('[data-key="s"]')).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("#stale")).to_be_hidden()


async def version(served: Served) -> int:
    (found,) = await served.column("select version from incident where brand = 'si.posta'")
    return int(found)


async def test_language_and_theme_stay(browser: Browser, served: Served) -> None:
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto("/blocks")
        await expect(page.locator("html")).to_have_attribute("lang", "sl")
        await page.locator("#lang").select_option("hr")
        await page.locator("#theme").select_option("dark")
        async with page.expect_navigation():
            await page.locator('form.prefs [type="submit"]').press("Enter")
        assert page.url == f"{served.url}/blocks"
        for _ in range(2):
            await expect(page.locator("html")).to_have_attribute("lang", "hr")
            await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
            await page.reload()
        await expect(page.locator("h1")).to_have_text("Blokade")
    async with opened(browser, served, "ana") as context:  # another browser, the same person
        page = await context.new_page()
        await page.goto("/queue")
        await expect(page.locator("html")).to_have_attribute("lang", "hr")


async def test_a_visitor_switches_the_language_of_the_form(
    browser: Browser, served: Served
) -> None:
    async with opened(browser, served, None, locale="hr-HR") as context:
        page = await context.new_page()
        await page.goto("/report")
        await expect(page.locator("html")).to_have_attribute("lang", "hr")
        async with page.expect_navigation():
            await page.locator('.langs a[lang="en"]').press("Enter")
        await page.goto("/signin")
        await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_a_citizen_reports_and_reads_the_answer(browser: Browser, served: Served) -> None:
    async with opened(browser, served, None, java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto("/report")
        await page.locator("textarea").fill(
            "Vaš paket čaka: https://posta-si.dostava-paketa.example/i"
        )
        async with page.expect_navigation():
            await page.locator('form [type="submit"]').press("Enter")
        assert "/receipt/" in page.url
        number = await page.locator("dl b").inner_text()
        assert await served.column("select number from report where number = %s", number) == [
            number
        ]
        await served.work()
        await expect(page.locator(".answer")).to_have_class("answer answer--bad")


async def test_signing_in_once_by_a_link_and_out(browser: Browser, served: Served) -> None:
    async with opened(browser, served, None) as context:
        page = await context.new_page()
        link = f"/link/{await served.link('ana')}"
        await page.goto(link)
        async with page.expect_navigation():
            await page.locator('form [type="submit"]').press("Enter")
        assert page.url == f"{served.url}/queue"
        async with page.expect_navigation(url="**/signin"):
            await page.locator("#signout").press("Enter")
        await page.goto("/queue")
        assert "/signin" in page.url
        await page.goto(link)  # it was used
        await page.locator('form [type="submit"]').press("Enter")
        await expect(page.locator('[role="alert"]')).to_be_visible()


async def test_a_person_sets_a_password_and_signs_in_with_it(
    browser: Browser, served: Served
) -> None:
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto("/you")
        await page.locator("#new-password").fill("zelo dolgo geslo")
        async with page.expect_navigation(url="**/signin**"):
            await page.keyboard.press("Enter")  # every session has ended, this one too
        for password, role in (("napačno geslo", "alert"), ("zelo dolgo geslo", "")):
            await page.locator("#login").fill("ana")
            await page.locator("#password").fill(password)
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            await expect(page.locator('[role="alert"]')).to_have_count(1 if role else 0)
        assert page.url == f"{served.url}/you"
