"""The queue at its doors: filters, views, decisions on many, who looks, keys, weights."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.store.world import Reported, reported
from tests.web.house import NOBODY, House
from zvon.model.marking import Tlp
from zvon.model.rank import shipped

PAGE = {"Accept": "text/html"}


async def some(house: House, n: int = 3) -> list[Reported]:
    return [await reported(house.pool, house.clock(), house.home, rank=float(k)) for k in range(n)]


async def test_the_queue_is_filtered_and_says_what_would_lift_a_row(house: House) -> None:
    made = await some(house)
    found = (await house.get("ana", "/api/v1/incidents?limit=2&category=phishing")).json()
    assert [i["id"] for i in found["incidents"]] == [str(m.incident_uuid) for m in made[:0:-1]]
    assert found["next"] is not None
    row = found["incidents"][0]
    assert len(row["lift"]) == 3
    assert (row["source"], row["severity"], row["looking"]) == ("reports", 0, [])
    none = (await house.get("ana", "/api/v1/incidents?brand=si.nlb")).json()
    assert (none["incidents"], none["next"], none["counts"]["all"]) == ([], None, 3)
    for query in ("tlp=purple", "text=%01", "after=1.5_1&sort=newest"):
        assert (await house.get("ana", f"/api/v1/incidents?{query}")).status_code == 422, query
    for query in ("severity=9", "state=nowhere", "country=si", "waits_h=-1"):
        assert (await house.get("ana", f"/api/v1/incidents?{query}")).status_code == 400, query


async def test_the_page_shows_what_its_address_asks(house: House) -> None:
    [made] = await some(house, 1)
    cookie, _ = await house.session("ana")
    headers = {**cookie, **PAGE}
    for query, there in (("", True), ("tab=all&severity=&text=dostava", True), ("brand=si.nlb", False),
                         ("tab=snoozed", False)):  # fmt: skip
        page = await house.get(None, f"/queue?{query}", headers=headers)
        assert page.status_code == 200, query
        assert (f'data-id="{made.incident_uuid}"' in page.text) is there, query
    wrong = await house.get(None, "/queue?severity=9", headers=headers)
    assert wrong.status_code == 422


async def test_the_queue_opens_with_the_view_of_the_person(house: House) -> None:
    [made] = await some(house, 1)
    view = {"name": "Bank", "query": "brand=si.nlb", "shared": True}
    kept = await house.post("ana", "/api/v1/views", view)
    assert (kept.status_code, kept.json()["link"]) == (201, "/queue?brand=si.nlb")
    path = f"/api/v1/views/{kept.json()['id']}"
    assert (await house.ask("ana", "PUT", f"{path}/first", json={"first": True})).status_code == 200
    cookie, _ = await house.session("ana")
    opened = await house.get(None, "/queue", headers={**cookie, **PAGE})
    assert f'data-id="{made.incident_uuid}"' not in opened.text
    other, _ = await house.session("bor")
    assert (
        f'data-id="{made.incident_uuid}"'
        in (await house.get(None, "/queue", headers={**other, **PAGE})).text
    )
    assert [v["own"] for v in (await house.get("bor", "/api/v1/views")).json()["views"]] == [False]
    assert (await house.ask("bor", "DELETE", path)).status_code == 404
    assert (await house.post("ana", "/api/v1/views", view)).status_code == 409
    bad = await house.post("ana", "/api/v1/views", {"name": "x", "query": "tab=nowhere"})
    assert bad.status_code == 422
    changed = await house.ask("ana", "PUT", path, json={"name": "Banka", "query": "tab=mine"})
    assert changed.json()["query"] == "tab=mine"
    assert (await house.ask("ana", "DELETE", path)).status_code == 204


async def test_a_small_decision_on_many_is_done_at_once_and_taken_back(house: House) -> None:
    made = await some(house)
    body = {"action": {"kind": "verdict", "word": "benign"}, "reason": "newsletter",
            "incidents": [str(m.incident_uuid) for m in made]}  # fmt: skip
    asked = (await house.post("ana", "/api/v1/bulk", body)).json()
    assert (asked["state"], asked["total"], asked["need"]) == ("previewed", 3, 1)
    assert asked["effect"]["parties"] == {"SI-CERT": 3}
    path = f"/api/v1/bulk/{asked['id']}"
    done = (await house.post("ana", f"{path}/start", {})).json()
    assert (done["state"], done["results"]) == ("done", {"done": 3})
    assert (await house.get("ana", "/api/v1/incidents")).json()["incidents"] == []
    items = (await house.get("bor", f"{path}/items?outcome=done")).json()
    assert ([i["n"] for i in items["items"]], items["next"]) == ([1, 2, 3], None)
    cookie, _ = await house.session("bor")
    for page in ("/bulk", f"/bulk/{asked['id']}"):
        shown = await house.get(None, page, headers={**cookie, **PAGE})
        assert shown.status_code == 200, shown.text
        assert "newsletter" in shown.text
    undone = (await house.post("bor", f"{path}/undo", {})).json()
    assert undone["results"] == {"undone": 3}
    assert (await house.post("ana", f"{path}/undo", {})).status_code == 409


@pytest.mark.parametrize("wrong", [
    {"incidents": None}, {"query": "tab=mine"}, {"incidents": [str(NOBODY)]}, {"reason": "x"},
    {"reason": "a\u0000b"}, {"action": {"kind": "verdict", "word": "maybe"}},
    {"action": {"kind": "move", "to": "merged"}}, {"action": {"kind": "purge"}},
    {"action": {"kind": "alert_verdict", "value": "duplicate"}}, {"extra": 1}, {"incidents": []},
    {"action": {"kind": "snooze", "until": "2020-01-01T00:00:00Z"}}, {"action": {}},
])  # fmt: skip
async def test_a_bad_decision_on_many_is_refused_whole(house: House, wrong: dict[str, Any]) -> None:
    [made] = await some(house, 1)
    body = {"action": {"kind": "verdict", "word": "benign"}, "reason": "newsletter",
            "incidents": [str(made.incident_uuid)]} | wrong  # fmt: skip
    answer = await house.post("ana", "/api/v1/bulk", body)
    assert answer.status_code in {400, 422}, answer.text
    assert await house.count("bulk") == 0


async def test_who_looks_puts_off_and_escalates(house: House) -> None:
    [made] = await some(house, 1)
    path = f"/api/v1/incidents/{made.incident_uuid}"
    assert (await house.ask("ana", "PUT", f"{path}/claim")).status_code == 200
    claims = (await house.get("bor", "/api/v1/claims")).json()["claims"]
    assert [c["login"] for c in claims] == ["ana"]
    assert (await house.ask("ana", "DELETE", f"{path}/claim")).status_code == 204
    until = (house.clock() + timedelta(days=1)).isoformat()
    late = await house.post(
        "ana", f"{path}/snooze", {"until": until, "reason": "later", "version": 9}
    )
    assert late.status_code == 409
    off = await house.post("ana", f"{path}/snooze", {"until": until, "reason": "later"})
    assert off.status_code == 204
    assert (await house.get("ana", "/api/v1/incidents?tab=snoozed")).json()["counts"][
        "snoozed"
    ] == 1
    up = await house.post("ana", f"{path}/escalation", {"reason": "the minister calls"})
    assert up.json() == {"level": 1}
    assert (await house.ask("ana", "DELETE", f"{path}/snooze")).status_code == 409  # it woke
    assert (await house.post("aud", f"{path}/snooze", {})).status_code == 403


async def test_weights_are_proposed_previewed_and_decided_by_another(house: House) -> None:
    await some(house)
    weights = msgspec.to_builtins(shipped()) | {"asset": 9.0}
    assert (await house.get("ana", "/api/v1/rank")).json()["version"] == 0
    seen = await house.post("bor", "/api/v1/rank/preview", {"weights": weights})
    assert seen.json() == {"looked": 3, "moved": 0, "moves": []}
    made = (
        await house.post("bor", "/api/v1/rank/changes", {"weights": weights, "reason": "trial"})
    ).json()
    path = f"/api/v1/rank/changes/{made['id']}/decision"
    cookie, _ = await house.session("ada")
    assert "trial" in (await house.get(None, "/rank", headers={**cookie, **PAGE})).text
    assert (await house.post("bor", path, {"approve": True})).status_code == 403
    assert (await house.post("ada", path, {"approve": True})).json()["version"] == 1
    assert (await house.post("ada", path, {"approve": True})).status_code == 409
    assert (await house.get("ana", "/api/v1/rank")).json()["weights"]["asset"] == 9.0
    bad = msgspec.to_builtins(shipped()) | {"severity": [5.0, 4.0, 3.0, 2.0, 1.0]}
    refused = await house.post("bor", "/api/v1/rank/preview", {"weights": bad})
    assert refused.status_code in {400, 422}


async def test_keys_lie_where_the_person_put_them(house: House) -> None:
    cookie, csrf = await house.session("ana")
    headers = {**cookie, "X-CSRF-Token": csrf}
    kept = await house.ask(None, "PUT", "/api/v1/session/keys", headers=headers,
                           json={"keys": {"m": "ž", "j": "j"}})  # fmt: skip
    assert kept.json() == {"keys": {"m": "ž"}}
    page = await house.get(None, "/queue", headers={**cookie, **PAGE})
    assert "data-key-map" in page.text
    assert (await house.get(None, "/api/v1/session/keys", headers=cookie)).json() == {
        "keys": {"m": "ž"}
    }
    assert (await house.get(None, "/you", headers={**cookie, **PAGE})).text.count(
        "data-shipped"
    ) > 20
    for keys in ({"m": "s"}, {"é": "m"}, {"m": " "}, {"m": "\u200b"}, {"m": "ab"}, {"m": "\u0000"}):
        answer = await house.ask(
            None, "PUT", "/api/v1/session/keys", headers=headers, json={"keys": keys}
        )
        assert answer.status_code == 422, keys


async def test_the_sample_tells_its_rate_and_that_nothing_is_closed_alone(house: House) -> None:
    found = (await house.get("ana", "/api/v1/queue-sample")).json()
    assert (found["decided"], found["missed"], found["high"]) == (0, 0, 1.0)
    assert (found["auto_close"], found["wanted"], found["bound"]) == (False, False, 0.001)


async def test_a_second_person_who_may_not_see_all_of_it_learns_no_more(house: House) -> None:
    made = await some(house, 1)
    await house.newcomer("low", "approver", ceiling=Tlp.GREEN)
    asked = await house.post("ana", "/api/v1/bulk", {
        "action": {"kind": "assign", "login": "ana"}, "reason": "mine",
        "incidents": [str(made[0].incident_uuid)]})  # fmt: skip
    path = f"/api/v1/bulk/{asked.json()['id']}"
    assert (await house.get("low", f"{path}/items")).json()["items"] == []
