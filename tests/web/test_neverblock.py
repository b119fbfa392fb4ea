"""The never-block lists over the API: what protects a name, changes by two people, stopped feeds."""

import pytest

from tests.web.house import House
from zvon.store import tripwire
from zvon.store.transaction import transaction

CHANGES = "/api/v1/neverblock/changes"
REMOVE = {"name": "sofascore.com", "op": "remove", "reason": "a test of the way past"}


async def test_everybody_sees_the_lists_and_what_protects_a_name(house: House) -> None:
    said = (await house.get("ana", "/api/v1/neverblock?name=www.gov.si")).json()
    assert all(one["good"] for one in said["lists"])
    assert {one["list"] for one in said["lists"]} >= {"constituency", "prefix", "own", "popular"}
    assert {one["name"] for one in said["protection"]} == {"gov.si"}
    assert (await house.get("ana", "/api/v1/neverblock?name=a..b")).status_code == 422


async def test_a_change_needs_two_people_of_different_roles(house: House) -> None:
    made = (await house.post("ana", CHANGES, REMOVE)).json()
    assert not made["works"]
    approval = f"{CHANGES}/{made['id']}/approval"
    for who in ("ana", "ada", "aud"):
        assert (await house.post(who, approval)).status_code == 403
    said = await house.post("bor", approval)
    assert said.status_code == 201
    assert said.json()["works"]
    assert (await house.post("bor", approval)).status_code == 404
    assert (await house.post("bor", f"{CHANGES}/{made['id']}/end", {"reason": "done"})).json()[
        "ended_by"
    ]
    assert (await house.get("aud", CHANGES)).json()["changes"][0]["name"] == "sofascore.com"


@pytest.mark.parametrize("who", ["ana", "ada"])
@pytest.mark.parametrize("name", ["gov.si", "nlb.si", "google.com", "letsencrypt.org"])
async def test_nobody_takes_out_what_is_official(house: House, who: str, name: str) -> None:
    assert (await house.post(who, CHANGES, REMOVE | {"name": name})).status_code == 403


@pytest.mark.parametrize(
    "body",
    [REMOVE | {"name": "evil.example"}, REMOVE | {"name": "a b"}, REMOVE | {"reason": "   "}],
)
async def test_a_change_that_makes_no_sense_is_refused(house: House, body: dict[str, str]) -> None:
    assert (await house.post("ana", CHANGES, body)).status_code == 422


async def test_a_stopped_feed_goes_on_when_two_people_say_so(house: House) -> None:
    because = {"reason": "we looked at it"}
    assert (await house.post("ana", "/api/v1/feeds/si/thaw", because)).status_code == 409
    assert (await house.post("ana", "/api/v1/feeds/xx/thaw", because)).status_code == 404
    async with transaction(house.pool, house.clock()) as tx:
        await tripwire.freeze(tx, "si", "by hand", house.clock())
    assert (await house.post("aud", "/api/v1/feeds/si/thaw", because)).status_code == 403
    assert not (await house.post("ana", "/api/v1/feeds/si/thaw", because)).json()["goes_on"]
    assert (await house.post("ana", "/api/v1/feeds/si/thaw", because)).status_code == 403
    assert (await house.post("bor", "/api/v1/feeds/si/thaw", because)).json()["goes_on"]
