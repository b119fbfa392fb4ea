"""Somebody who cannot program builds a playbook from an empty one, and another person looks at it."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.node import Served
from tests.browser.screen import opened
from zvon.model.playbook import If
from zvon.model.playbook_condition import Comparison, Test
from zvon.store import playbook
from zvon.store.visibility import read

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def saved(page: Page, press: str) -> None:
    """Press a button that saves, and wait for the page that shows it."""
    async with page.expect_navigation():
        await page.locator(press).click()


async def add(page: Page, behind: str, what: str) -> None:
    """Put a step behind another one: a choice and a button."""
    step = page.locator(f"#{behind}")
    form = step.locator("form.next").last
    await form.locator("select[name=what]").select_option(what)
    async with page.expect_navigation():
        await form.locator("button[type=submit]").click()


async def fill(page: Page, step: str, values: dict[str, str]) -> None:
    """Fill a card in and keep it."""
    card = page.locator(f"#{step} details.card")
    if await card.get_attribute("open") is None:
        await card.locator("summary").click()
    for name, value in values.items():
        field = card.locator(f"[name='{name}']")
        if await field.evaluate("e => e.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    async with page.expect_navigation():
        await card.locator("form fieldset button[type=submit]").click()


async def test_a_playbook_is_built_in_a_form_with_no_code(browser: Browser, served: Served) -> None:
    async with opened(browser, served, "ana") as hers, opened(browser, served, "bor") as his:
        page = await hers.new_page()
        await page.goto("/playbooks")
        await page.locator("#name").fill("Prijavljena lažna stran")
        await page.get_by_role("button", name="Začni").click()
        await page.wait_for_url(re.compile(r"/playbooks/[0-9a-f-]{36}$"))

        await add(page, "step-1", "enrich")
        await add(page, "step-2", "decide.block")
        await expect(page.locator("#step-3 details.card")).to_have_attribute("open", "")
        await fill(page, "step-3", {"args.reason": "prijavljena lažna stran", "args.days": "14"})
        await add(page, "step-3", "notify")
        await fill(page, "step-4", {"args.to": "brand", "args.text": "Glej __names__."})
        await add(page, "step-4", "ask")
        await fill(page, "step-5", {"args.question": "Ali povemo partnerjem za __names__?"})
        await add(page, "step-5", "share")
        titles = await page.locator(".flow summary b").all_inner_texts()
        assert titles == ["Začetek", "Dopolni podatke", "Predlagaj blokado", "Obvesti",
                          "Počakaj na odobritev", "Deli s partnerji"]  # fmt: skip

        picture = page.locator(".picture svg")
        assert await picture.locator("a").count() == 8  # two ends beside the six
        await picture.locator("a").first.focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("#step-1$"))

        await saved(page, "button:has-text('Preglej in zakleni')")
        await expect(page.locator(".head .mark")).to_contain_text("pregledan")
        other = await his.new_page()
        await other.goto(f"{page.url.split('?')[0].split('#')[0]}")
        await expect(other.locator("fieldset[disabled]")).not_to_have_count(0)
        await expect(other.locator(".flow button[type=submit]")).to_have_count(0)

    ana = served.people["ana"]
    async with read(served.context.pool, ana) as db:
        (row,) = await playbook.list_all(db, ana)
        made = (await playbook.of_number(db, ana, row)).playbook
    assert (row.state, row.errors) == ("validated", 0)
    assert [getattr(step, "action", "") for step in made.steps.values() if hasattr(step, "action")] \
        == ["enrich", "decide.block", "notify", "ask", "share"]  # fmt: skip


async def test_a_condition_is_three_choices(browser: Browser, served: Served) -> None:
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto("/playbooks")
        await page.locator("#name").fill("Po resnosti")
        await page.get_by_role("button", name="Začni").click()
        await page.wait_for_url(re.compile(r"/playbooks/[0-9a-f-]{36}$"))
        await add(page, "step-1", "if")
        card = page.locator("#step-2 details.card")
        await card.locator("summary").click()
        await card.locator("select[name=variable]").select_option("__severity__")
        await card.locator("select[name=way]").select_option("at_least")
        await card.locator("input[name=value]").fill("3")
        await card.locator("input[name=only]").check()
        async with page.expect_navigation():
            await card.get_by_role("button", name="Dodaj primerjavo").click()
        await expect(page.locator("#step-2 table")).to_contain_text("je vsaj")
    ana = served.people["ana"]
    async with read(served.context.pool, ana) as db:
        (row,) = await playbook.list_all(db, ana)
        made = (await playbook.of_number(db, ana, row)).playbook
    conditions = [step.condition for step in made.steps.values() if isinstance(step, If)]
    assert conditions == [Comparison("__severity__", Test.LEAST, 3)]


async def test_a_document_with_an_error_is_told_and_a_good_one_opened(
    browser: Browser, served: Served
) -> None:
    good = (
        '{"type":"playbook","spec_version":"cacao-2.0","name":"Tuj","workflow_start":"start--%s",'
        '"id":"playbook--00000000-0000-4000-8000-000000000007","created_by":"identity--x",'
        '"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z",'
        '"workflow":{"start--1":{"type":"start","on_completion":"end--%s"},"end--1":{"type":"end"}}}'
    )
    async with opened(browser, served, "ana") as context:
        page = await context.new_page()
        await page.goto("/playbooks")
        for body in (good % (1, 2), good % (1, 1)):
            await page.locator("#document").set_input_files(
                {"name": "p.json", "mimeType": "application/json", "buffer": body.encode()}
            )
            if body == good % (1, 2):
                await page.get_by_role("button", name="Prevzemi kot osnutek").click()
                await expect(page.locator("#import-findings")).to_contain_text("start--1")
        await page.get_by_role("button", name="Samo preglej").click()
        await expect(page.locator("#import-findings")).not_to_contain_text("MISSING_TARGET")
        await page.get_by_role("button", name="Prevzemi kot osnutek").click()
        await page.wait_for_url(re.compile(r"/playbooks/[0-9a-f-]{36}$"))
        await expect(page.locator("h1")).to_have_text("Tuj")
