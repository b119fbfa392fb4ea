"""Story 2: a page on a school's hacked site; nobody blocks the school, its owner is told, and it is looked at again."""

import os
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.hand import Hands, uuid_of
from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.steps import clicked, confirmed, filled, pressed, shown
from zvon.locale import translator
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage
from zvon.model.report import Channel
from zvon.respond.fixtures import fixture
from zvon.respond.jobs import JOBS as RESPOND
from zvon.share.jobs import JOBS as SHARE
from zvon.store import capture
from zvon.store.transaction import transaction

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SCHOOL = "www.os-lipovec.example"
PAGE = f"https://{SCHOOL}/wp-content/uploads/2026/nlb/prijava.html"
FORM = Form((Asked.LOGIN, Asked.PASSWORD))
TEN = timedelta(minutes=10)


async def retest(desk: Served, status: int | None) -> None:
    """Ten minutes later the page is looked at again; what it answered, or nothing at all."""
    desk.forward(desk.now + TEN)
    await RESPOND["respond.url_retest"](desk.context, {})
    asked = await desk.column(
        "delete from pgqueuer where entrypoint = 'collect.fetch' returning convert_from(payload, 'utf8')"
    )
    assert [PAGE in each for each in asked] == [True], "one look is asked for"
    await save(desk, status, desk.now)
    await RESPOND["respond.url_retest"](desk.context, {})


async def save(desk: Served, status: int | None, at: datetime) -> None:
    """What `collect.fetch` keeps of a look; nobody is out there in a test."""
    facts = None
    if status is not None:
        facts = PageFacts(hops=(Hop(PAGE, status),), status=status,
                          forms=(FORM,) if status == 200 else ())  # fmt: skip
    look = Capture(url=PAGE, stage=3, vantage=Vantage.PLAIN, facts=facts, at=at,
                   outcome=Outcome.UNREACHABLE if facts is None else Outcome.SEEN,
                   reason="no_answer" if facts is None else "")  # fmt: skip
    (record,) = await desk.column(
        "select record_id from report join incident_name n using (incident_id) where n.name = %s",
        SCHOOL,
    )
    async with transaction(desk.context.pool, desk.now) as tx:
        await capture.put(tx, record, [look], os.urandom)


async def listed(desk: Served) -> bool:
    """Do proxies and browsers that ask now stop the page?"""
    answer = await Hands(desk).ask("ana", "GET", "/feeds/si/export/squid-urls")
    assert answer.status_code == 200, answer.text
    return "prijava" in answer.text


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


async def test_the_page_is_listed_and_when_it_is_gone_twice_in_a_row_all_of_it_ends_by_itself(
    browser: Browser, served: Served
) -> None:
    desk = served
    await desk.report(fixture("R04").body, channel=Channel.EMAIL)
    incident = await uuid_of(
        desk, "select i.uuid from incident i join incident_name n on n.incident_id = i.id"
              " where n.name = %s", SCHOOL,
    )  # fmt: skip
    await Hands(desk).post("bor", "/contacts", {
        "name": "OŠ Lipovec", "address": "tajnistvo@os-lipovec.example", "lang": "sl",
        "domains": ["os-lipovec.example"]})  # fmt: skip
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await pressed(page, "m")
        await filled(page, page.locator(f'form[data-form="/api/v1/incidents/{incident}/notices"]'),
                     {"of_class": "compromised_site"})  # fmt: skip
        await page.locator("#pages button[data-post='/api/v1/urls']").click()
        await confirmed(page, "lažna banka na strani šole")
        await expect(page.locator("#pages")).to_contain_text("druga oseba")
        await expect(page.locator("#pages button[data-post$='/approvals']")).to_have_count(0)
        await page.goto("/notices")
        await page.locator("a[href^='/notices/']").first.click()
        await page.locator("button[data-post$='/confirmation']").click()
        await confirmed(page)
    async with opened(browser, desk, "bor") as context:
        page = await shown(context, f"/incidents/{incident}")
        await page.set_viewport_size({"width": 320, "height": 640})
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, "a long address wraps"
        await page.locator("#pages button[data-post$='/approvals']").click()
        await confirmed(page, "videno, stran je lažna")
        await expect(page.locator("#pages")).to_contain_text("vsakih deset minut")
    assert await listed(desk)
    assert await desk.column("select count(*) from block") == [0]
    for state in ("sending", "sent"):  # there is no mail server here
        await desk.column("update message set state = %s, sent_at = at returning id", state)

    # Neither one look, nor a page that is back, nor an error of the network ends it.
    for status in (404, 200, 404, None):
        await retest(desk, status)
        assert await listed(desk), status
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await expect(page.locator("#pages")).to_contain_text("ni bilo odgovora")
    await retest(desk, 404)
    assert not await listed(desk)

    said = translator("sl").text("INCIDENT_RESOLVED_PAGES")
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await expect(page.locator("#pages")).to_contain_text("strani dvakrat zapored ni bilo")
        story = page.locator("#timeline")
        await expect(story).to_contain_text("strani dvakrat zapored ni bilo: hxxps")
        await expect(story).to_contain_text(said)
    assert await desk.column("select state from incident where uuid = %s", incident) == ["resolved"]
    # The owner has done what the letter asked for: nobody reminds them.
    desk.forward(desk.now + timedelta(days=3))
    await SHARE["share.notices"](desk.context, {})
    assert await desk.column("select count(*) from message where template = 'reminder'") == [0]
    await desk.column("update url_rule set lift_reason = 'expired' returning id")
    await SHARE["share.notices"](desk.context, {})
    assert await desk.column("select count(*) from message where template = 'reminder'") == [1]
