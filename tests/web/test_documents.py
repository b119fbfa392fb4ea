"""Documents over the API: their cards, for those who may see them."""

import pytest

from tests.web.house import House
from tests.web.test_deliveries import make, send, work
from zvon.store.source import Setup

TEXT = (
    b"Warning: criminals send short messages that lead to hxxps://evil-login[.]example/a and steal"
    b" the passwords of customers of a bank in our country.\nIndicators of compromise:\n"
    b"evil-login[.]example\n192[.]0[.]2[.]9\n"
)


@pytest.fixture
async def sensor(house: House) -> Setup:
    return await make(house)


async def the_document(house: House) -> str:
    async with house.pool.connection() as db:
        await db.execute("select set_config('zvon.viewer', 'system', false)")
        row = await (
            await db.execute("select r.uuid from document d join record r on r.id = d.record_id")
        ).fetchone()
    assert row is not None
    return str(row[0])


async def test_a_document_is_given_with_the_places_of_its_values(
    house: House, sensor: Setup
) -> None:
    await send(house, sensor, TEXT, name="warning.txt")
    await work(house)
    answer = await house.get("ada", f"/api/v1/documents/{await the_document(house)}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["repeats"] == 0
    card = told["card"]
    [part] = card["parts"]
    accused = [each for each in card["marks"] if each["role"] == "attacker"]
    assert {each["value"] for each in accused} >= {"evil-login.example", "192.0.2.9"}
    for each in accused:
        assert part["text"][each["start"] : each["end"]] == each["raw"]


async def test_a_document_that_is_not_there_is_not_found(house: House) -> None:
    answer = await house.get("ada", "/api/v1/documents/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
