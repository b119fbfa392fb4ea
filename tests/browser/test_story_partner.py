"""Stories 4 and 6: a bank blocks alone for an hour; a shop that was blocked by mistake objects."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.blocks import proposal
from tests.browser.hand import Hands, uuid_of
from tests.browser.node import Served
from tests.browser.screen import opened
from tests.browser.steps import confirmed, shown
from tests.store.test_block_partner import aged
from tests.store.world import new_uuid, somebody
from zvon.model.scope import Scope
from zvon.store import block, block_proof, party, trusted
from zvon.store.transaction import transaction

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

BANK, SHOP = "nlb-prijava.example", "sapunara-bura.example"


async def bank(served: Served) -> None:
    """The bank is trusted for its own brand; Eva is at its desk and sees the incident about it."""
    pool, now = served.context.pool, served.now
    async with transaction(pool, now) as tx:
        home = await party.put(tx, uuid=new_uuid(now), name="Banka", kind="bank", country="SI")
        await trusted.trust(tx, served.people["ada"], home.uuid, ["si.nlb"])
        await aged(tx, BANK, now - timedelta(days=3), now)
    served.people["eva"] = eva = await somebody(pool, now, home, "eva")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into record_audience select record_id, %s from incident where brand = 'si.nlb'",
            (eva.person_id,),
        )


async def urgent(served: Served) -> str:
    """The bank blocks through the API; the address of the block's page."""
    incident = await uuid_of(served, "select uuid from incident where brand = 'si.nlb'")
    made = await Hands(served).post("eva", "/blocks/urgent", {
        "names": [BANK], "incident": str(incident), "reason": "OTP relay, tri stranke",
        "legal_ground": "dogovor z banko"})  # fmt: skip
    return f"/blocks/{made['blocks'][0]['id']}"


async def expired(served: Served) -> Sequence[object]:
    """What `dns` does by itself, every second."""
    async with transaction(served.context.pool, served.now) as tx:
        return await block_proof.expire(tx, served.now)


async def test_a_bank_blocks_alone_and_without_a_second_person_it_ends_after_the_hour(
    browser: Browser, served: Served
) -> None:
    await bank(served)
    at = await urgent(served)
    async with opened(browser, served, "bor") as context:
        page = await shown(context, at)
        await expect(page.locator("main")).to_contain_text("če ne potrdi druga oseba")
    assert await expired(served) == []
    served.forward(served.now + timedelta(minutes=61))
    assert len(await expired(served)) == 1
    async with opened(browser, served, "bor") as context:
        page = await shown(context, at)
        await expect(page.locator(".head")).to_contain_text("Umaknjeno")
    assert await served.column("select count(*) from zone_rule where owner like 'nlb%%'") == [0]


async def test_a_second_person_confirms_within_the_hour_and_it_stays(
    browser: Browser, desk: Served
) -> None:
    await bank(desk)
    at = await urgent(desk)
    async with opened(browser, desk, "bor") as context:
        page = await shown(context, at)
        await page.keyboard.press("a")
        await confirmed(page, "potrdila tudi banka")
    desk.forward(desk.now + timedelta(minutes=61))
    assert await expired(desk) == []
    assert await desk.column("select state from block where name = %s", BANK) == ["published"]


async def test_a_shop_objects_and_its_block_is_gone_everywhere(
    browser: Browser, desk: Served
) -> None:
    pool, ana, bor = desk.context.pool, desk.people["ana"], desk.people["bor"]
    async with transaction(pool, desk.now) as tx:
        rows = await block.propose(
            tx,
            ana,
            proposal(desk.now, SHOP, scope=Scope.HOST_SUB),
            desk.now,
            desk.context.random,
        )
        await block.approve(tx, bor, [row.uuid for row in rows], "lažna trgovina", desk.now)
    async with opened(browser, desk, None) as context:
        page = await shown(context, "/appeal?lang=hr")
        await page.locator("#about").fill(SHOP)
        await page.locator("#text").fill(
            "Vlasnica sam trgovine. Od jutros nam kupci javljaju upozorenje umjesto stranice."
        )
        await page.locator("#contact").fill("ivana@sapunara-bura.example")
        async with page.expect_navigation():
            await page.locator("form.text button").click()
        status = page.url
    phone = {"width": 390, "height": 844}
    async with opened(browser, desk, "bor", viewport=phone) as context:
        page = await shown(context, "/appeals")
        one = page.locator("main section", has_text="sapunara-bura[.]example")
        await expect(one).to_contain_text("Vlasnica sam trgovine")
        await expect(one).not_to_contain_text("ivana@")
        await one.locator("button.btn--primary").click()
        await confirmed(page, "trgovina je prava, oprostite")
    assert await desk.column("select state from block where name = %s", SHOP) == ["lifted"]
    assert await desk.column("select count(*) from zone_rule where owner like 'sapunara%%'") == [0]
    async with opened(browser, desk, None) as context:
        page = await context.new_page()
        await page.goto(status)
        await expect(page.locator("main")).to_contain_text("trgovina je prava, oprostite")
    async with opened(browser, desk, "avgust") as context:
        page = await shown(context, "/audit")
        await expect(page.locator("tr", has_text="appeal:decide")).to_contain_text("bor")
