"""Takedowns on the pages of an incident and of a block: a package, its letters, what came of them."""

import os

import pytest
import pytest_asyncio
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from tests.blocks import proposal
from tests.store.world import Reported
from tests.web.house import House
from tests.web.test_takedowns import URL, answerable, lure, made
from zvon.store import block
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting
from zvon.web.pages.takedowns import below

HTML = {"Accept": "text/html"}
API = "/api/v1"
MAKE = f'data-post="{API}/takedowns"'


@pytest_asyncio.fixture
async def found(house: House) -> Reported:
    answerable(house)
    return await readable(house)


async def readable(house: House) -> Reported:
    """An incident whose report a page can show."""
    found = await lure(house)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "update record set payload = %s where id = %s",
            (Jsonb({"text": "nujno", "channel": "sms", "lang": "sl"}), found.record_id),
        )
    return found


async def page_of(house: House, found: Reported, who: str = "ana") -> str:
    page = await house.get(who, f"/incidents/{found.incident_uuid}", headers=HTML)
    assert page.status_code == 200, page.text
    return page.text.partition('id="takedowns"')[2].partition("</section>")[0]


async def test_a_page_that_nobody_was_told_about_is_offered(house: House, found: Reported) -> None:
    part = await page_of(house, found)
    assert MAKE in part
    assert "posta-si.carina[.]example" in part
    assert await page_of(house, found, "aud") == "", "an auditor makes none, and there is none"


async def test_letters_are_sent_from_the_page_and_their_state_is_shown(
    house: House, found: Reported
) -> None:
    package = await made(house, found)
    before = await page_of(house, found)
    sent = await house.post("ana", f"{API}/takedowns/{package['id']}/letters", {"lang": "sl"})
    after = await page_of(house, found)
    (letter,) = sent.json()["letters"]
    assert (sent.status_code, letter["address"]) == (201, "abuse@registrar.example")
    assert "not written to yet" in before
    assert "Send the letters" in before
    assert "Send the letters" not in after
    assert f"/messages/{letter['message']}" in after
    assert MAKE not in after, "a page with a package needs no other"


async def test_a_page_that_is_gone_is_said_and_nobody_is_written_to(
    house: House, found: Reported
) -> None:
    await made(house, found)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update takedown set gone_at = %s", (house.clock(),))
    part = await page_of(house, found)
    assert "gone since" in part
    assert "Send the letters" not in part


async def test_without_an_address_of_ours_the_page_says_what_is_missing(house: House) -> None:
    found = await readable(house)
    part = await page_of(house, found)
    assert MAKE not in part
    assert "ZVON_CONTACT" in part


async def test_a_block_shows_the_letters_about_pages_under_its_name(
    house: House, found: Reported
) -> None:
    ana = house.viewers["ana"]
    async with transaction(house.pool, house.clock(), viewer=viewer_setting(ana)) as tx:
        asked = replace(
            proposal(house.clock(), "carina.example", "other.example"),
            incident_uuid=found.incident_uuid,
        )
        rows = await block.propose(tx, ana, asked, house.clock(), os.urandom)
    pages = {row.name: await house.get("ana", f"/blocks/{row.uuid}", headers=HTML) for row in rows}
    assert {page.status_code for page in pages.values()} == {200}
    assert 'id="takedowns"' in pages["carina.example"].text
    assert 'id="takedowns"' not in pages["other.example"].text


@pytest.mark.parametrize(
    ("url", "name", "answer"),
    [
        (URL, "carina.example", True),
        (URL, "posta-si.carina.example", True),
        (URL, "na.example", False),
        ("https://xcarina.example/", "carina.example", False),
        ("no address", "carina.example", False),
    ],
)
def test_what_lies_under_a_name(url: str, name: str, answer: bool) -> None:
    assert below(url, name) is answer
