"""Story 2: a page on a school's hacked site; nobody blocks the school, its owner is told, and it is looked at again."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.hand import Hands, uuid_of
from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.steps import clicked, confirmed, filled, shown
from zvon.model.report import Channel
from zvon.respond.fixtures import fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SCHOOL = "www.os-lipovec.example"


async def test_the_owner_of_a_hacked_school_is_told_and_the_school_stays_reachable(
    browser: Browser, desk: Served
) -> None:
    await desk.report(fixture("R04").body, channel=Channel.EMAIL)
    incident = await uuid_of(
        desk, "select i.uuid from incident i join incident_name n on n.incident_id = i.id"
              " where n.name = %s", SCHOOL,
    )  # fmt: skip
    async with opened(browser, desk, "bor") as context:
        page = await shown(context, "/contacts")
        await filled(page, page.locator('form[data-form="/api/v1/contacts"]'), {
            "name": "OŠ Lipovec", "address": "tajnistvo@os-lipovec.example",
            "domains": "os-lipovec.example"})  # fmt: skip
        await expect(page.locator("[data-row]", has_text="OŠ Lipovec")).to_have_count(1)

    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await expect(page.locator("#evidence")).to_contain_text("verjetno vdor")
        await expect(page.locator("[data-key=p]")).to_have_count(0)
        refused = await Hands(desk).ask("ana", "POST", f"/incidents/{incident}/proposals", {
            "reason": "lažna banka", "legal_ground": "dogovor z naročniki"})  # fmt: skip
        assert refused.status_code == 422, refused.text

        await filled(page, page.locator(f'form[data-form="/api/v1/incidents/{incident}/notices"]'),
                     {"of_class": "compromised_site"})  # fmt: skip
        await page.goto("/messages")
        await page.locator("a[href^='/notices/']").first.click()
        await expect(page.locator("main")).to_contain_text("www.os-lipovec[.]example")
        await page.locator("button[data-post$='/confirmation']").click()
        await confirmed(page)
        assert await desk.column("select recipients[1] from message where direction = 'out'") == [
            "tajnistvo@os-lipovec.example"
        ]

        await page.goto(f"/incidents/{incident}")
        await filled(page, page.locator(f'form[data-form="/api/v1/incidents/{incident}/tasks"]'),
                     {"text": "Ali je stran šole čista?", "assignee": "ana"})  # fmt: skip
        await page.goto("/tasks")
        await clicked(page, page.locator("tr", has_text="stran šole").locator(
            "button[data-body*='doing']"))  # fmt: skip
        await page.locator("tr", has_text="stran šole").locator("button[data-body*='done']").click()
        await confirmed(page, "strani ni več")
        await expect(page.locator("main")).to_contain_text("strani ni več")
    assert await desk.column("select count(*) from block") == [0]
