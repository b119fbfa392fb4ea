"""A passkey in a real browser: added on one's page, signs in without a name, confirms a decision."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.node import Served
from zvon.access.permission import Permission
from zvon.store import access_change
from zvon.store.transaction import transaction

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def authenticator(page: Page) -> None:
    """Give the page an authenticator that knows its owner (WebAuthn over CDP)."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip


async def test_a_passkey_is_added_signs_in_and_confirms(browser: Browser, served: Served) -> None:
    url = served.url.replace("127.0.0.1", "localhost")
    served.context.settings.public_url = url
    context = await browser.new_context(base_url=url, locale="en", reduced_motion="reduce")
    try:
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await authenticator(page)
        await page.goto(f"/link/{await served.link('ada')}")
        await page.locator("main form button").click()
        await page.wait_for_url("**/queue*")

        await page.goto("/you?lang=en")
        await page.fill("#passkey-name", "laptop")
        async with page.expect_navigation():
            await page.click("#passkey-add")
        await expect(page.locator("section:has(#passkeys)")).to_contain_text("laptop")

        await page.click("#signout")
        await page.wait_for_url("**/signin")
        await page.click("#passkey-in")
        await page.wait_for_url("**/queue*")

        async with transaction(served.context.pool, served.now) as tx:
            (ada,) = await served.column("select id from person where login = 'ada'")
            await access_change.put_policy(
                tx, "access", {"step_up": [Permission.ROLE_MANAGE.value]}, ada, served.now
            )
            await tx.execute("update session set strong_at = null")
        await page.goto("/admin/roles?lang=en")
        await page.fill("#role-name", "night_shift")
        await page.check("input[name=permissions][value='incident:read']")
        await page.fill("#role-reason", "nights are ours")
        async with page.expect_navigation():
            await page.locator("form:has(#role-name) button[type=submit]").click()
        await expect(page.locator("main")).to_contain_text("night_shift")
        found = await served.column("select permissions from role where name = 'night_shift'")
        assert found == [["incident:read"]]
        strong = await served.column("select count(*) from session where strong_at is not null")
        assert strong == [1]
        assert await served.column("select used_at is not null from passkey") == [True]
    finally:
        await context.close()
