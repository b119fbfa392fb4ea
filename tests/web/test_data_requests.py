"""Requests of people, purges and legal holds over the API: who may, in which order, and odd input."""

from datetime import timedelta
from typing import Any

from schemathesis import GenerationMode

from tests.web.house import NOBODY, House
from tests.web.test_schema import described, operations, surprises
from zvon.privacy.policies import shipped
from zvon.respond.jobs import JOBS
from zvon.store import data_policy
from zvon.store.transaction import transaction

API = "/api/v1"
PERSON = {
    "kind": "erasure", "country": "SI", "lang": "sl", "contact": "Cesta 1",
    "identifiers": [{"kind": "email", "text": "maja@primer.example"},
                    {"kind": "national_id", "text": "0101006500006"}],
}  # fmt: skip


async def with_officer(house: House) -> None:
    """A loaded policy and the people of the data protection."""
    async with transaction(house.pool, house.clock()) as tx:
        await data_policy.ensure(tx, "SI", shipped(), house.clock())
    await house.newcomer("piero", "privacy_officer")


async def said(house: House, path: str, who: str = "pia") -> dict[str, Any]:
    answer = await house.get(who, f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def run(house: House, name: str, payload: dict[str, Any]) -> None:
    """One job of this package, as the worker would."""
    await JOBS[name](house.context, payload)


async def test_an_erasure_goes_its_way_and_names_nobody(house: House) -> None:
    await with_officer(house)
    made = await house.post("pia", f"{API}/data-requests", PERSON)
    assert made.status_code == 201, made.text
    one = made.json()
    path = f"{API}/data-requests/{one['id']}"
    assert one["state"] == "received"
    assert "maja" not in made.text
    for early in ("search", "answer", "erasure"):
        body = {"granted": True, "reason": "zato"} if early == "answer" else {"reason": "zato"}
        sent = await house.post("pia", f"{path}/{early}", None if early == "search" else body)
        assert sent.status_code == 409, (early, sent.text)
    assert (await house.get("pia", f"{path}/export")).status_code == 409
    assert (await house.post("pia", f"{path}/identity", {"how": "osebno"})).status_code == 200
    assert (await house.post("pia", f"{path}/search")).status_code == 202
    await run(house, "respond.data_request_search", {"request": one["id"], "by": "pia"})
    export = (await house.get("pia", f"{path}/export")).json()
    assert export["request"] == one["number"]
    assert export["classes"] == []
    shown = await house.get("pia", f"{path}/export.html")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert "<script" not in shown.text
    erasing = await house.post("pia", f"{path}/erasure", {"reason": "člen 17"})
    assert (erasing.status_code, erasing.json()["state"]) == (202, "erasing")
    await run(house, "respond.data_request_erase", {"request": one["id"]})
    await run(house, "respond.data_request_close", {"request": one["id"]})
    whole = await said(house, f"/data-requests/{one['id']}")
    assert whole["state"] == "answered"
    assert [step["code"] for step in whole["steps"]] == [
        "RECEIVED", "IDENTIFIED", "SEARCHED", "ERASING", "ERASED_HERE", "ERASED",
    ]  # fmt: skip
    assert "maja" not in str(whole)
    closed = await said(house, "/data-requests?closed=true")
    assert [each["number"] for each in closed["data_requests"]] == [one["number"]]
    assert (await said(house, "/data-requests"))["data_requests"] == []


async def test_the_clock_runs_and_is_extended_once_within_the_month(house: House) -> None:
    await with_officer(house)
    one = (await house.post("pia", f"{API}/data-requests", {**PERSON, "kind": "access"})).json()
    path = f"{API}/data-requests/{one['id']}/extension"
    assert (await house.post("pia", path, {"reason": "obsežno"})).status_code == 200
    assert (await house.post("pia", path, {"reason": "obsežno"})).status_code == 422
    other = (await house.post("pia", f"{API}/data-requests", {**PERSON, "kind": "access"})).json()
    house.clock.forward(timedelta(days=31))
    async with transaction(house.pool, house.clock()) as tx:  # keys of the house live 30 days
        await tx.execute("update api_key set expires_at = expires_at + interval '1 year'")
    listed = (await said(house, "/data-requests"))["data_requests"]
    assert [(each["number"], each["overdue"]) for each in listed] == [
        (other["number"], True), (one["number"], False),
    ]  # fmt: skip


WRONG: tuple[dict[str, Any], ...] = (
    {"identifiers": []}, {"kind": "forget"}, {"country": "Slovenia"}, {"lang": "de"},
    {"identifiers": [{"kind": "email", "text": "no address"}]},
    {"identifiers": [{"kind": "national_id", "text": "1 2 3"}]},
    {"identifiers": [{"kind": "name", "text": "\x00\x00\x00"}]},
    {"received_at": "2999-01-01T00:00:00Z"}, {"received_at": "2001-01-01T00:00:00Z"}, {"more": 1},
)  # fmt: skip


async def test_a_request_that_is_none_is_refused_and_not_repeated(house: House) -> None:
    await with_officer(house)
    for change in WRONG:
        answer = await house.post("pia", f"{API}/data-requests", {**PERSON, **change})
        assert answer.status_code in {400, 422}, (change, answer.text)
        assert "no address" not in answer.text
    assert await house.count("data_request") == 0


async def test_only_the_officer_sees_requests(house: House) -> None:
    await with_officer(house)
    one = (await house.post("pia", f"{API}/data-requests", PERSON)).json()
    for who in ("ana", "bor", "ada", "rita"):
        assert (await house.get(who, f"{API}/data-requests/{one['id']}")).status_code == 403
    assert (await house.get("aud", f"{API}/data-requests/{one['id']}")).status_code == 200
    assert (await house.get("aud", f"{API}/data-requests/{one['id']}/export")).status_code == 403
    assert (await house.get("pia", f"{API}/data-requests/{NOBODY}")).status_code == 404


async def test_a_hold_takes_two_people_and_one_ends_it(house: House) -> None:
    await with_officer(house)
    until = (house.clock() + timedelta(days=90)).isoformat()
    body = {"country": "SI", "of_class": "report.raw", "reason": "sodišče", "until": until}
    made = await house.post("pia", f"{API}/legal-holds", body)
    assert made.status_code == 201, made.text
    path = f"{API}/legal-holds/{made.json()['id']}"
    assert made.json()["holds"] is False
    assert (await house.post("pia", f"{path}/approval")).status_code == 403
    done = await house.post("bor", f"{path}/approval")
    assert (done.status_code, done.json()["holds"]) == (200, True)
    assert (await house.post("piero", f"{path}/approval")).status_code == 409
    assert (await house.post("piero", f"{path}/end")).json()["holds"] is False
    assert (await house.post("piero", f"{path}/end")).status_code == 409
    for wrong in ({"of_class": "nothing"}, {"until": "2999-01-01T00:00:00Z"}, {"record": str(NOBODY)},
                  {"country": "QQ"}, {"until": "2027-01-01T00:00:00"}):  # fmt: skip
        answer = await house.post("pia", f"{API}/legal-holds", {**body, **wrong})
        assert answer.status_code in {400, 404, 422}, (wrong, answer.text)


async def test_a_purge_is_ordered_runs_and_is_read(house: House) -> None:
    await with_officer(house)
    assert (await house.post("ana", f"{API}/purges", {})).status_code == 403
    sent = await house.post("pia", f"{API}/purges", {"of_class": "job"})
    assert (sent.status_code, sent.json()) == (202, {"ordered": True})
    await run(house, "respond.purge_asked", {"of_class": "job", "by": "pia"})
    (one,) = (await said(house, "/purges"))["purges"]
    assert (one["country"], one["of_class"]) == ("SI", "job")
    assert (await said(house, f"/purges/{one['id']}"))["proof"] == one["proof"]
    assert (await said(house, f"/purges?after={one['id']}"))["purges"] == []
    assert (await house.get("pia", f"{API}/purges/{NOBODY}")).status_code == 404
    for wrong in ({"of_class": "nothing"}, {"country": "QQ"}):
        assert (await house.post("pia", f"{API}/purges", wrong)).status_code == 404


async def test_the_officer_gets_no_answer_that_is_not_described(house: House) -> None:
    await with_officer(house)
    whole = await described(house)
    ours = ("/data-requests", "/purges", "/legal-holds")
    whole["paths"] = {
        path: item for path, item in whole["paths"].items()
        if path.removeprefix(API).startswith(ours)
    }  # fmt: skip
    for mode in GenerationMode:
        asked, wrong = await surprises(house, "pia", list(operations(whole)), mode)
        assert wrong == []
        assert asked > 20
