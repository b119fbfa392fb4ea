"""Feeds and subscribers over HTTP: views, held changes, exceptions, keys and usage."""

from datetime import date, timedelta
from typing import Any

from tests.feeds import fill
from tests.web.house import House
from zvon.store import usage
from zvon.store.transaction import transaction
from zvon.store.usage import Usage

PHISHING = {"name": "phishing", "country": "SI", "view": {"categories": ["phishing"]}}
SUBSCRIBER = {"name": "t2", "brand": "bind", "address": "192.0.2.7",
              "notify_address": "192.0.2.7:53"}  # fmt: skip


async def subscribed(house: House, **more: Any) -> dict[str, Any]:
    answer = await house.post("ada", "/api/v1/subscribers", json=SUBSCRIBER | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_view_feed_is_made_shown_changed_and_removed(house: House) -> None:
    made = await house.post("ada", "/api/v1/feeds", json=PHISHING)
    assert made.status_code == 201, made.text
    assert made.json()["filling"]
    await fill(house.pool, house.clock())
    listed = (await house.get("ana", "/api/v1/feeds")).json()["feeds"]
    assert [(f["name"], f["own"], f["filling"]) for f in listed] == [
        ("si", True, False), ("phishing", False, False),
    ]  # fmt: skip
    changed = await house.ask("ada", "PATCH", "/api/v1/feeds/phishing", json={"action": "nodata"})
    assert (changed.json()["action"], changed.json()["view"]["categories"]) == (
        "nodata", ["phishing"],
    )  # fmt: skip
    again = await house.post("ada", "/api/v1/feeds", json=PHISHING)
    assert again.status_code == 409
    taker = await subscribed(house, feeds=["si", "phishing"])
    assert taker["feeds"] == ["si", "phishing"]
    used = await house.ask("ada", "DELETE", "/api/v1/feeds/phishing")
    assert (used.status_code, "t2" in used.text) == (409, True)
    chosen = await house.ask(
        "ada", "PUT", f"/api/v1/subscribers/{taker['id']}/feeds", json={"feeds": ["si"]}
    )
    assert chosen.status_code == 200, chosen.text
    assert (await house.ask("ada", "DELETE", "/api/v1/feeds/phishing")).status_code == 204
    assert (await house.get("ada", "/api/v1/feeds/phishing")).status_code == 404


async def test_only_who_manages_feeds_may_change_them(house: House) -> None:
    assert (await house.post("ana", "/api/v1/feeds", json=PHISHING)).status_code == 403
    for method, path in (("PATCH", "si"), ("DELETE", "si"), ("POST", "si/confirmations")):
        answer = await house.ask("bor", method, f"/api/v1/feeds/{path}", json={})
        assert answer.status_code == 403, path
    nothing = await house.post("ada", "/api/v1/feeds/si/confirmations")
    assert nothing.status_code == 404


async def test_what_cannot_be_a_feed_is_refused_with_its_reason(house: House) -> None:
    for wrong, status in (
        ({"name": "a" * 20}, 400), ({"name": "A"}, 400), ({"action": "drop"}, 400),
        ({"view": {"categories": ["weather"]}}, 400), ({"view": {"min_confidence": 2}}, 400),
        ({"view": {"triggers": ["client-ip"]}}, 400), ({"view": {"feeds": ["xx"]}}, 422),
    ):  # fmt: skip
        answer = await house.post("ada", "/api/v1/feeds", json=PHISHING | wrong)
        assert answer.status_code == status, (wrong, answer.text)
    answer = await house.ask("ada", "PATCH", "/api/v1/feeds/si",
                             json={"view": {"categories": ["scam"]}})  # fmt: skip
    assert (answer.status_code, "home feed" in answer.text) == (422, True)


async def test_exceptions_are_changed_later_and_checked(house: House) -> None:
    made = await subscribed(house, exceptions=["Shop.Example"])
    path = f"/api/v1/subscribers/{made['id']}/exceptions"
    assert (await house.get("ana", path)).json() == {"exceptions": ["shop.example"]}
    answer = await house.ask("ada", "PUT", path, json={"exceptions": ["bank.example", "ŠOLA.si"]})
    assert answer.json() == {"exceptions": ["bank.example", "xn--ola-zza.si"]}, answer.text
    for wrong in ("si", "co.uk", "a..b", "192.0.2.1", "x" * 64 + ".si"):
        answer = await house.ask("ada", "PUT", path, json={"exceptions": [wrong]})
        assert answer.status_code == 422, wrong
    assert (await house.ask("ana", "PUT", path, json={"exceptions": []})).status_code == 403
    assert len((await house.get("ada", path)).json()["exceptions"]) == 2


async def test_a_key_is_replaced_without_a_gap(house: House) -> None:
    made = await subscribed(house)
    newer = await house.post("ada", f"/api/v1/subscribers/{made['id']}/key")
    assert newer.status_code == 201, newer.text
    assert newer.json()["secret"] not in {None, made["secret"]}
    old = f"/api/v1/subscribers/{made['id']}/key/old"
    assert (await house.ask("ada", "DELETE", old)).json() == {"ended": 1}
    assert (await house.ask("ada", "DELETE", old)).json() == {"ended": 0}
    assert (await house.ask("ana", "DELETE", old)).status_code == 403


async def test_usage_is_shown_by_day_newest_first(house: House) -> None:
    made = await subscribed(house)
    today: date = house.clock().date()
    async with transaction(house.pool, house.clock()) as tx:
        row = await (await tx.execute("select id from subscriber where name = 't2'")).fetchone()
        assert row is not None
        for days, octets in ((0, 7), (0, 5), (1, 3), (40, 1)):
            await usage.add(
                tx,
                [Usage(subscriber_id=row[0], day=today - timedelta(days=days), differences=1,
                       octets=octets)],
            )  # fmt: skip
    answer = await house.get("ana", f"/api/v1/subscribers/{made['id']}/usage")
    shown = [(u["day"], u["differences"], u["octets"]) for u in answer.json()["usage"]]
    assert shown == [(today.isoformat(), 2, 12), ((today - timedelta(days=1)).isoformat(), 1, 3)]


async def test_brands_that_fetch_lists_have_no_key_and_relays_are_not_probed(house: House) -> None:
    wrong = await house.post(
        "ada", "/api/v1/subscribers", json=SUBSCRIBER | {"brand": "nsd", "probe_address": "x.si:53"}
    )
    assert wrong.status_code == 422
    answer = await house.post("ada", "/api/v1/subscribers", json=SUBSCRIBER | {"canary": True})
    assert (answer.status_code, "canary" in answer.text) == (422, True)
