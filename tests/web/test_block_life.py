"""Renewals, disputes, undo, orders and trust over the API, and who may not."""

from datetime import datetime, timedelta
from typing import Any

from tests.store.world import reported
from tests.web.house import NOBODY, PROBLEM, House
from tests.web.test_blocks import NAME, WHY, act, propose, waiting
from zvon.model.advice import NameAdvice
from zvon.model.scope import Scope
from zvon.store import party
from zvon.store.transaction import transaction

ORDER = {
    "authority": "Okrožno sodišče", "reference": "I Kpr 7/2026", "legal_ground": "ZKP 498a",
}  # fmt: skip


def later(house: House, **by: int) -> str:
    return (house.clock() + timedelta(**by)).isoformat()


async def live(house: House, *names: str, **more: Any) -> list[str]:
    body = {**WHY, "names": [{"name": name} for name in names or (NAME,)], **more}
    made = await house.post("ana", "/api/v1/blocks", body)
    assert made.status_code == 201, made.text
    ids = [block["id"] for block in made.json()["blocks"]]
    assert (await act(house, "bor", "approvals", ids)).status_code == 201
    return ids


async def test_a_block_shows_what_it_rests_on_and_its_line_in_time(house: House) -> None:
    digest = "0a" * 32
    [block] = await live(house, category="malware", action="nodata", evidence=[digest],
                         confidence=0.75, source="abuse.example")  # fmt: skip
    said = (await house.get("aud", f"/api/v1/blocks/{block}")).json()
    assert (said["trigger"], said["category"], said["action"]) == ("qname", "malware", "nodata")
    assert (said["source"], said["confidence"], said["evidence"]) == (
        "abuse.example", 0.75, [digest],
    )  # fmt: skip
    assert [(s["stage"], s["seconds"]) for s in said["timeline"]] == [
        ("approved", 0.0), ("published", 0.0), ("first_enforced", None), ("all_enforced", None),
    ]  # fmt: skip
    found = await house.get("ana", "/api/v1/blocks", params={"number": said["number"]})
    assert [b["id"] for b in found.json()["blocks"]] == [block]
    none = await house.get("ana", "/api/v1/blocks", params={"name": "no.example"})
    assert none.json()["blocks"] == []


async def test_a_block_is_renewed_by_another_person_for_a_stated_time(house: House) -> None:
    [block] = await live(house)

    async def renew(who: str, until: str) -> Any:
        body = {"blocks": [block], "until": until, "reason": "still alive"}
        return await house.post(who, "/api/v1/blocks/renewals", body)

    assert (await renew("ana", later(house, days=20))).status_code == 403
    assert (await renew("bor", later(house, days=-1))).status_code == 422
    assert (await renew("bor", later(house, days=400))).status_code == 422
    assert (await renew("bor", "2026-12-24T00:00:00")).status_code == 400  # without a zone
    done = await renew("bor", later(house, days=20))
    assert done.status_code == 201, done.text
    [shown] = done.json()["blocks"]
    assert (shown["renewals"], shown["state"]) == (1, "published")
    assert datetime.fromisoformat(shown["expires_at"]) == house.clock() + timedelta(days=20)


async def test_a_dispute_is_opened_and_settled(house: House) -> None:
    [block] = await live(house)
    assert (await act(house, "bor", "disputes", [block])).json()["blocks"][0]["state"] == "disputed"
    assert (await act(house, "bor", "approvals", [block])).status_code == 422
    upheld = await act(house, "bor", "upholds", [block])
    assert upheld.json()["blocks"][0]["state"] == "published"
    assert (await act(house, "bor", "upholds", [block])).status_code == 422
    assert (await act(house, "ana", "disputes", [block])).status_code == 403


async def test_a_compromised_site_an_exercise_and_an_odd_rule_are_refused(house: House) -> None:
    async def code(**more: Any) -> tuple[int, str]:
        body = {**WHY, "names": [{"name": NAME}], **more}
        answer = await house.post("ana", "/api/v1/blocks", body)
        assert answer.headers["content-type"] == PROBLEM
        return answer.status_code, answer.text

    hacked = {"category": "compromised_site"}
    for more, word in (
        ({**hacked, "days": 3}, "48 hours"),
        ({**hacked, "names": [{"name": NAME, "scope": "host_sub"}]}, "host"),
        ({"category": "simulation"}, "exercise"),
        ({"trigger": "ip", "names": [{"name": "0.0.0.0/0"}]}, "every address"),
        ({"trigger": "ip", "names": [{"name": "10.0.0.1"}]}, "private"),
        ({"order": str(NOBODY)}, "order"),
        ({"incident": str(NOBODY)}, "incident"),
    ):
        status, text = await code(**more)
        assert status in {404, 422}, text
        assert word in text
    odd: list[dict[str, Any]] = [{"trigger": "client-ip"}, {"action": "drop"}, {"action": "passthru"},
                 {"evidence": ["xyz"]}, {"confidence": 2}, {"category": "fun"}]  # fmt: skip
    for one in odd:
        assert (await code(**one))[0] == 400
    assert await house.count("block") == 0


async def test_an_oral_order_gets_its_copy_and_a_block_rests_on_it(house: House) -> None:
    body = {**ORDER, "kind": "oral", "expires_at": later(house, days=30)}
    assert (await house.post("ada", "/api/v1/orders", body)).status_code == 403
    made = await house.post("ana", "/api/v1/orders", body)
    assert made.status_code == 201, made.text
    order = made.json()
    assert (order["number"], order["written_at"]) == ("O-26-000001", None)
    [block] = await live(house, order=order["id"], legal_ground="")
    said = (await house.get("ana", f"/api/v1/blocks/{block}")).json()
    assert (said["order_number"], said["legal_ground"]) == ("O-26-000001", "ZKP 498a")
    assert said["expires_at"] == order["expires_at"]
    due = datetime.fromisoformat(order["written_due"])  # by the rules for orders in Slovenia
    assert due == house.clock() + timedelta(hours=48)
    house.clock.forward(timedelta(hours=47))
    [shown] = (await house.get("aud", "/api/v1/orders")).json()["orders"]
    assert (shown["overdue"], shown["blocks"]) == (False, 1)
    house.clock.forward(timedelta(hours=2))
    [shown] = (await house.get("aud", "/api/v1/orders")).json()["orders"]
    assert (shown["overdue"], shown["blocks"]) == (True, 1)
    copy = {"document_sha256": "cd" * 32}
    path = f"/api/v1/orders/{order['id']}/written"
    assert (await house.post("ana", path, copy)).json()["overdue"] is False
    assert (await house.post("ana", path, copy)).status_code == 422
    assert (
        await house.post("ana", path.replace(order["id"], str(NOBODY)), copy)
    ).status_code == 404
    for more in ({"kind": "written"}, {"document_sha256": "x"}, {"expires_at": later(house, days=-1)},
                 {"received_at": later(house, days=1)}, {"authority": "\x00\x00\x00"}):  # fmt: skip
        assert (await house.post("ana", "/api/v1/orders", {**body, **more})).status_code in {
            400,
            422,
        }


async def test_undo_shows_first_and_then_ends_all_of_a_person(house: House) -> None:
    ids = await live(house, "a.example.net", "b.example.net")
    [third] = await waiting(house, "c.example.net")
    body = {"person": "ana", "reason": "her key was stolen"}
    seen = await house.post("bor", "/api/v1/blocks/undo", {**body, "preview": True})
    assert (seen.json()["done"], seen.json()["lifted"], seen.json()["rejected"]) == (False, 2, 1)
    for block in ids:
        assert (await house.get("ana", f"/api/v1/blocks/{block}")).json()["lifted_at"] is None
    assert (await house.post("ana", "/api/v1/blocks/undo", body)).status_code == 403
    done = await house.post("bor", "/api/v1/blocks/undo", body)
    assert done.status_code == 201, done.text
    assert done.json()["done"] is True
    assert {b["id"]: b["state"] for b in done.json()["blocks"]} == {
        ids[0]: "lifted", ids[1]: "lifted", third: "rejected",
    }  # fmt: skip
    assert (await house.post("bor", "/api/v1/blocks/undo", body)).status_code == 404
    for bad in ({"reason": "for nothing"}, {**body, "person": "\x00"}, {**body, "since": "x"}):
        answer = await house.post("bor", "/api/v1/blocks/undo", bad)
        assert answer.status_code in {400, 404, 422}, answer.text


async def test_undo_of_much_waits_for_a_second_person(house: House) -> None:
    await house.newcomer("dan", "approver")
    for batch in range(2):
        await live(house, *(f"n{batch}-{n}.example.net" for n in range(30)))
        house.clock.forward(timedelta(minutes=11))
    body = {"source": "SI-CERT", "reason": "the source went mad"}
    asked = (await house.post("bor", "/api/v1/blocks/undo", body)).json()
    assert (asked["done"], asked["lifted"]) == (False, 60)
    [shown] = (await house.get("dan", "/api/v1/blocks/undo")).json()["requests"]
    assert (shown["id"], shown["asked_by"], shown["blocks"]) == (asked["waits_for"], "bor", 60)
    path = f"/api/v1/blocks/undo/{asked['waits_for']}/release"
    assert (await house.post("bor", path)).status_code == 403
    assert (await house.post("ana", path)).status_code == 403
    done = await house.post("dan", path)
    assert (done.json()["done"], done.json()["lifted"]) == (True, 60)
    assert (await house.post("dan", path)).status_code == 422


async def test_a_trusted_partner_blocks_for_an_hour(house: House) -> None:
    name = "nlb-prijava.weebly.com"  # a customer's host on a platform has no age of its own
    found = await reported(
        house.pool, house.clock(), house.home,
        names=[NameAdvice(name=name, scope=Scope.HOST, reason="customer_of_platform")],
    )  # fmt: skip
    await house.newcomer("eva", "analyst")
    async with transaction(house.pool, house.clock()) as tx:
        post = await party.put(tx, uuid=NOBODY, name="Pošta", kind="post", country="SI")
        await tx.execute("update person set party_id = %s where login = 'eva'", (post.id,))
        await tx.execute(
            "insert into record_audience select i.record_id, p.id from incident i, person p"
            " where p.login = 'eva'"
        )
    body = {"names": [name], "incident": str(found.incident_uuid), **WHY}
    refused = await house.post("eva", "/api/v1/blocks/urgent", body)
    assert (refused.status_code, "trusted" in refused.text) == (403, True)
    brands = f"/api/v1/parties/{NOBODY}/brands"
    assert (await house.ask("bor", "PUT", brands, json={"brands": []})).status_code == 403
    assert (await house.ask("ada", "PUT", brands, json={"brands": ["x"]})).status_code == 422
    trusted = await house.ask("ada", "PUT", brands, json={"brands": ["si.posta"]})
    assert trusted.json()["parties"][0]["brands"] == ["si.posta"]
    done = await house.post("eva", "/api/v1/blocks/urgent", body)
    assert done.status_code == 201, done.text
    [block] = done.json()["blocks"]
    assert (block["state"], block["approver"]) == ("published", None)
    assert block["confirm_by"] == block["expires_at"]
    shown = await house.get("bor", "/api/v1/blocks", params={"unconfirmed": "true"})
    assert [b["id"] for b in shown.json()["blocks"]] == [block["id"]]
    assert (await act(house, "eva", "approvals", [block["id"]])).status_code == 403
    sure = await act(house, "bor", "approvals", [block["id"]])
    assert (sure.json()["blocks"][0]["confirm_by"], sure.status_code) == (None, 201)
    assert (await propose(house, name, who="eva")).status_code == 409
