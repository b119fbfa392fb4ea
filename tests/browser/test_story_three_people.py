"""Two people differ and a third settles; incidents are joined, parted and put back with keys alone."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.hand import deliver, newcomer, sensor, uuid_of, wazuh
from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.seed import incident_of
from tests.browser.steps import pressed, shown

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def tabbed(page: Page, to: Locator) -> None:
    """Go on with the tabulator until this has the focus."""
    for _ in range(250):
        if await to.evaluate("e => e === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the tabulator never comes to {to}")


async def test_a_second_opinion_is_disputed_and_a_third_person_settles(
    browser: Browser, desk: Served
) -> None:
    await newcomer(desk, "eva", "analyst")
    incident = await incident_of(desk)
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await pressed(page, "m")
        await pressed(page, "o")
    review = await uuid_of(desk, "select uuid from review")
    async with opened(browser, desk, "eva") as context:
        page = await shown(context, "/reviews")
        await page.locator("[data-row] a").click()
        await page.wait_for_url(f"**/reviews/{review}")
        await pressed(page, "b")
        await expect(page.locator(".head")).to_contain_text("dva se razhajata")
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/reviews/{review}")
        await expect(page.locator('[data-key="m"]')).to_have_count(0)
    assert await desk.column("select state from review") == ["disputed"]
    async with opened(browser, desk, "bor") as context:
        page = await shown(context, f"/reviews/{review}")
        await pressed(page, "m")
    assert await desk.column("select state from review") == ["settled"]
    assert await desk.column("select verdict from incident where uuid = %s", incident) == [
        "malicious"
    ]


async def merge(page: Page, into: str) -> None:
    """Say by keys into which incident this one goes."""
    await page.keyboard.press("M")
    await expect(page.locator("#merge-of")).to_be_focused()
    await page.keyboard.type(into)
    await page.keyboard.press("Tab")
    await page.keyboard.type("isti napad")
    await page.keyboard.press("Enter")


async def two_machines(desk: Served) -> None:
    """The same attack on two machines within minutes: one incident of several groups."""
    at = desk.now - timedelta(minutes=5)
    lines = [
        wazuh(at + timedelta(seconds=n), "5710", "sshd: Attempt to login using a non-existent user",
              actor="203.0.113.77", user=f"uporabnik{n}", host=host)
        for n in range(30) for host in ("vpn01", "vpn02")
    ]  # fmt: skip
    lines += [
        wazuh(at + timedelta(seconds=40 + n), "40112", "Multiple authentication failures followed"
              " by a success.", actor="203.0.113.77", user="tkralj", host=host, level=12)
        for n, host in enumerate(("vpn01", "vpn02"))
    ]  # fmt: skip
    await deliver(desk, await sensor(desk, "Wazuh v podjetju"), "".join(lines))


async def test_incidents_are_parted_joined_and_put_back_with_keys(
    browser: Browser, desk: Served
) -> None:
    await two_machines(desk)
    of_alerts = (
        "select group_count from incident where source_kind = 'alerts' and state <> 'merged'"
    )
    (whole,) = await desk.column(of_alerts)
    assert whole >= 2
    incident = await uuid_of(desk, "select uuid from incident where source_kind = 'alerts'")
    async with opened(browser, desk, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await page.evaluate(
            "for (const kind of ['mousedown', 'touchstart'])"
            " addEventListener(kind, () => { window.name = 'mouse'; }, true)"
        )
        await page.keyboard.press("S")
        split = page.locator("#alerts details", has=page.locator("form[data-form$='/splits']"))
        await tabbed(page, split.locator("summary"))
        await page.keyboard.press("Enter")
        await tabbed(page, split.locator("[name=groups]").first)
        await page.keyboard.press("Space")
        await tabbed(page, split.locator("[name=reason]"))
        await page.keyboard.type("drug napadalec")
        await pressed(page, "Enter")
        assert sorted(await desk.column(of_alerts)) == [1, whole - 1]
        await expect(page.locator("#alerts")).to_contain_text("drug napadalec")

        # They were parted by hand: merging them again says so; taking the step back does it.
        other = await uuid_of(desk, "select uuid from incident where source_kind = 'alerts'"
                                    " and uuid <> %s", incident)  # fmt: skip
        await merge(page, str(other))
        await expect(page.locator("p.said[data-tone='bad']")).to_contain_text("parted by ana")
        back = page.locator("#alerts button[data-post$='/undo']").first
        await tabbed(page, back)
        await page.keyboard.press("Enter")
        await expect(page.locator("#ask-yes")).to_be_focused()
        await pressed(page, "Enter")
        assert await desk.column(of_alerts) == [whole]

        state = "select state from incident where uuid = %s"
        async with page.expect_navigation():
            await merge(page, str(await incident_of(desk)))
        assert await desk.column(state, incident) == ["merged"]
        await pressed(page, "u")
        assert await desk.column(state, incident) != ["merged"]
        assert await page.evaluate("window.name") != "mouse"
