"""Story 3: four thousand failed sign-ins and two that worked are one incident, and work for people."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.hand import deliver, run, sensor, uuid_of, wazuh
from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.seed_playbook import in_force
from tests.browser.steps import clicked, confirmed, pressed, shown

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

ATTACKER, MONITOR = "203.0.113.77", "198.51.100.9"
FAILED, WORKED = 4000, ("tkralj", "backup")


async def attack(served: Served) -> None:
    """Days of a monitor of ours that fails to sign in, then the attack, through one source."""
    source = await sensor(served, "Wazuh v podjetju")
    before = served.now - timedelta(days=2)
    await deliver(served, source, "".join(
        wazuh(before + timedelta(hours=n), "5716", "sshd: authentication failed.", actor=MONITOR,
              user="nadzor")
        for n in range(30)
    ))  # fmt: skip
    began = served.now - timedelta(minutes=40)
    step = timedelta(minutes=38) / FAILED
    lines = [
        wazuh(began + n * step, "5710", "sshd: Attempt to login using a non-existent user",
              actor=ATTACKER, user=f"uporabnik{n % 61}")
        for n in range(FAILED)
    ]  # fmt: skip
    lines += [
        wazuh(began + timedelta(minutes=39, seconds=n), "40112", "Multiple authentication failures followed"
              " by a success.", actor=ATTACKER, user=user, level=12,
              groups=("syslog", "attacks", "authentication_success"))
        for n, user in enumerate(WORKED)
    ]  # fmt: skip
    await deliver(served, source, "".join(lines))
    await served.work()


async def test_a_guessed_password_is_one_incident_and_becomes_work(
    browser: Browser, served: Served
) -> None:
    await in_force(served, "Brute force")
    await run(served)
    await attack(served)
    await run(served)
    today = "from incident where source_kind = 'alerts' and alert_count > 30"
    assert await served.column(f"select alert_count {today}") == [FAILED + len(WORKED)], "one"
    incident = await uuid_of(served, f"select uuid {today}")

    async with opened(browser, served, "ana") as context:
        page = await shown(context, "/queue")
        rows = page.locator(f'[data-row][data-id="{incident}"]')
        await expect(rows).to_have_count(1)
        await page.goto(f"/incidents/{incident}")
        await expect(page.locator("#alerts")).to_contain_text("4.002")
        await expect(page.locator("#kind").locator("xpath=ancestor::section")).to_contain_text(
            "rsit:intrusion-attempts/brute-force"
        )
        await expect(page.locator("#values")).to_contain_text("203.0.113[.]77")
        await expect(page.locator("#values")).not_to_contain_text("198.51.100")
        await pressed(page, "1")
        await expect(page.locator('#what-it-was [data-key="1"]')).to_have_attribute(
            "aria-pressed", "true"
        )

        # It is severe: the playbook began by itself, and prepared what shuts the attacker out.
        await expect(page.locator("#runs")).to_contain_text("Ugibanje gesel")
        await expect(page.locator("#exhibits")).to_contain_text("isolate.nft")
        await page.locator("#exhibits a").first.click()
        async with page.expect_download() as coming:
            await page.locator('a[href$="/file"]').click()
        kept = (await (await coming.value).path()).read_bytes()
        assert f"ip saddr {ATTACKER} drop".encode() in kept

        # The file is a task; when it is done, the accounts that were exposed are one.
        await page.goto(f"/incidents/{incident}#tasks")
        for press in ("doing", "done"):
            task = page.locator("#tasks tbody tr", has_text="nftables")
            button = task.locator(f"button[data-body*='\"{press}\"']")
            if press == "doing":
                await clicked(page, button)
            else:
                await button.click()
                await confirmed(page, "naslov je zaprt na požarnem zidu")
        await run(served)
        await page.reload()
        accounts = page.locator("#tasks tbody tr", has_text=f"prijava z {ATTACKER} uspela")
        await expect(accounts).to_have_count(1)
        await expect(page.locator("#timeline")).to_contain_text("naslov je zaprt")
    assert await served.column("select count(*) from block") == [0], "an address is no name"
    assert await served.column("select count(*) from obligation") == [0], "nothing starts by itself"
