"""Alarms, hits and outposts through the API: who sees them, in their words."""

from typing import Any

import pytest

from tests.web.house import House
from zvon.locale import LANGS, translator
from zvon.model.dns_alert import Cause
from zvon.store import dns_alert
from zvon.store.dns_alert import About
from zvon.store.transaction import transaction


async def opened(house: House, cause: Cause) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        assert await dns_alert.open_(tx, About(cause, zone="hot.si.zvon"), {"x": 1}, house.clock())
        assert not await dns_alert.open_(tx, About(cause, zone="hot.si.zvon"), {"x": 2},
                                         house.clock().replace(second=59))  # fmt: skip


async def test_an_alarm_says_what_is_wrong_and_what_to_do_until_it_is_over(house: House) -> None:
    await opened(house, Cause.MIN_UPDATE_INTERVAL)
    said = (await house.get("ana", "/api/v1/alarms")).json()["alarms"]
    assert [(a["cause"], a["detail"]) for a in said] == [("min_update_interval", {"x": 2})]
    assert "min-update-interval 0" in said[0]["todo"]
    async with transaction(house.pool, house.clock()) as tx:
        assert await dns_alert.close(
            tx, About(Cause.MIN_UPDATE_INTERVAL, zone="hot.si.zvon"), house.clock()
        )
    assert (await house.get("ana", "/api/v1/alarms")).json()["alarms"] == []
    past = (await house.get("ana", "/api/v1/alarms?closed=true")).json()["alarms"]
    assert past[0]["closed_at"] is not None
    assert (await house.get("rita", "/api/v1/alarms")).status_code == 403


async def test_settling_opens_and_closes_only_among_its_own_causes(house: House) -> None:
    await opened(house, Cause.FEED_FROZEN)
    found: dict[About, dict[str, Any]] = {About(Cause.STALE, zone="hot.si.zvon"): {}}
    among = [Cause.STALE, Cause.BAD_KEY]
    async with transaction(house.pool, house.clock()) as tx:
        assert await dns_alert.settle(tx, found, house.clock(), among=among) == (list(found), [])
    async with transaction(house.pool, house.clock()) as tx:
        assert await dns_alert.settle(tx, found, house.clock().replace(second=58), among=among) == (
            [],
            [],
        )
        assert await dns_alert.settle(tx, {}, house.clock(), among=among) == ([], list(found))
        assert [a.cause for a in await dns_alert.open_list(tx.db)] == [Cause.FEED_FROZEN]


@pytest.mark.parametrize("lang", LANGS)
def test_every_cause_has_its_words_in_every_language(lang: str) -> None:
    said = translator(lang, strict=True)
    for cause in Cause:
        assert len(said.text(cause.words)) > 10
        assert len(said.text(cause.words + "_DO")) > 20


async def test_an_outpost_is_made_by_who_manages_subscribers_and_ended_for_good(
    house: House,
) -> None:
    new = {"name": "t2", "brand": "bind", "address": "192.0.2.53",
           "notify_address": "192.0.2.53:53"}  # fmt: skip
    made = await house.post("ada", "/api/v1/subscribers", new)
    assert made.status_code == 201, made.text
    body = {"subscriber": made.json()["id"], "name": "probe"}
    assert (await house.post("ana", "/api/v1/outposts", body)).status_code == 403
    outpost = await house.post("ada", "/api/v1/outposts", body)
    assert outpost.status_code == 201
    (listed,) = (await house.get("ana", "/api/v1/outposts")).json()["outposts"]
    assert listed["enrolled_at"] is None
    assert "token" not in listed
    path = f"/api/v1/outposts/{outpost.json()['id']}"
    assert (await house.get(None, path + "/work")).status_code == 403
    assert (await house.ask("ada", "DELETE", path)).status_code == 204
    body = {"token": outpost.json()["token"], "public_key": "A" * 43 + "=",
            "signature": "A" * 86 + "=="}  # fmt: skip
    assert (await house.post(None, "/api/v1/outposts/enrolment", body)).status_code in {403, 422}
    assert (await house.get("ana", "/api/v1/outposts")).json()["outposts"] == []


async def test_hits_are_read_by_who_may(house: House) -> None:
    assert (await house.get("ana", "/api/v1/hits")).json()["blocks"] == []
    assert (await house.get("rita", "/api/v1/hits")).status_code == 403
    missing = "/api/v1/blocks/01940000-0000-7000-8000-000000000000/hits"
    assert (await house.get("ana", missing)).status_code == 404
