"""Handing a report in, its receipt, and reading it as somebody who works on it."""

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from tests.store.world import reported
from tests.web.house import NOBODY, PROBLEM, House
from zvon.assess.jobs import JOBS as ASSESS
from zvon.cli.demo.world import World
from zvon.collect.jobs import JOBS as COLLECT
from zvon.model.marking import Tlp
from zvon.model.report import Channel, Message
from zvon.respond.fixtures import fixture, world
from zvon.store import answer
from zvon.store.transaction import Pool, Tx, transaction

TEXT = {"text": "Plačaj https://posta-si.dostava-paketa.example/i", "channel": "sms", "lang": "sl"}
PAGE = {"Accept": "text/html"}


async def hand_in(house: House, **given: Any) -> dict[str, Any]:
    """Hand a report in as nobody; the receipt as the API gives it."""
    answer = await house.client.post("/api/v1/reports", **(given or {"json": TEXT}))
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def token_of(receipt: dict[str, Any]) -> str:
    return str(receipt["receipt_url"]).rpartition("/")[2]


async def next_job(pool: Pool) -> tuple[str, dict[str, Any]] | None:
    """Take the oldest waiting job out of the queue."""
    async with pool.connection() as db:
        row = await (
            await db.execute(
                "delete from pgqueuer where id = (select min(id) from pgqueuer)"
                " returning entrypoint, payload"
            )
        ).fetchone()
    return None if row is None else (row[0], json.loads(row[1]))


async def test_a_report_as_json_gets_a_receipt_that_waits(house: House) -> None:
    receipt = await hand_in(house)
    assert receipt["status"] == "received"
    assert receipt["report"].startswith("Z-26-")
    seen = (await house.get(None, f"/api/v1/receipts/{token_of(receipt)}")).json()
    assert (seen["report"], seen["answer"], seen["lang"]) == (receipt["report"], None, "sl")
    work = (await house.get("ana", f"/api/v1/reports/{receipt['id']}")).json()
    assert (work["number"], work["channel"], work["tlp"]) == (receipt["report"], "sms", "TLP:AMBER")


async def test_a_report_as_raw_bytes_says_its_channel_and_language_in_the_address(
    house: House,
) -> None:
    receipt = await hand_in(
        house, content=b"From: a@b.example\nSubject: x\n\nhello",
        headers={"Content-Type": "message/rfc822"}, params={"channel": "email", "lang": "hr"},
    )  # fmt: skip
    work = (await house.get("ana", f"/api/v1/reports/{receipt['id']}")).json()
    assert (work["channel"], work["lang"]) == ("email", "hr")


async def test_the_language_of_the_answer_is_that_of_the_browser_or_of_the_node(
    house: House,
) -> None:
    asked = await hand_in(house, json={"text": "x y"}, headers={"Accept-Language": "hr,en;q=0.5"})
    plain = await hand_in(house, json={"text": "x z"}, headers={"Accept-Language": ""})
    for receipt, lang in ((asked, "hr"), (plain, "sl")):
        work = (await house.get("ana", f"/api/v1/reports/{receipt['id']}")).json()
        assert work["lang"] == lang


@pytest.mark.parametrize("file", [None, ("mail.eml", b"Subject: x\n\nbody", "text/html")])
async def test_the_form_leads_to_the_receipt(house: House, file: Any) -> None:
    fields = {"text": (None, "Plačaj takoj"), "channel": (None, "sms")}
    if file:
        fields["file"] = file
    answer = await house.client.post("/report", files=fields, headers=PAGE)
    assert answer.status_code == 303, answer.text
    receipt = await house.get(None, answer.headers["location"], headers=PAGE)
    assert receipt.status_code == 200
    assert "Z-26-" in receipt.text
    assert "refresh" in receipt.headers
    assert await house.count("report") == 1


async def test_an_empty_form_says_so_and_stores_nothing(house: House) -> None:
    answer = await house.client.post("/report", files={"text": (None, "  ")}, headers=PAGE)
    assert answer.status_code == 422
    assert await house.count("report") == 0


async def test_a_report_goes_from_the_door_to_the_answer(house: House) -> None:
    given = fixture("R01")
    house.clock.now = given.received
    receipt = await hand_in(
        house, content=given.body, headers={"Content-Type": given.media_type},
        params={"channel": given.channel, "lang": given.lang},
    )  # fmt: skip
    async with World(world(), lambda: given.received) as small:
        settings = house.context.settings.model_copy(
            update={"resolver": small.resolver, "rdap_url": small.rdap_url}
        )
        context = replace(house.context, settings=settings)
        while waiting := await next_job(house.pool):
            await {**COLLECT, **ASSESS}[waiting[0]](context, waiting[1])
    seen = (await house.get(None, f"/api/v1/receipts/{token_of(receipt)}")).json()
    assert (seen["status"], seen["answer"]) == ("answered", given.expect["answer"])
    assert seen["sentences"]
    assert all("{" not in s for s in seen["sentences"])
    page = await house.get(None, f"/receipt/{token_of(receipt)}", headers=PAGE)
    assert "refresh" not in page.headers
    work = (await house.get("ana", f"/api/v1/reports/{receipt['id']}")).json()
    assert work["verdict"]["word"] == given.expect["verdict"]
    assert work["verdict"]["brand"] == given.expect["brand"]
    incident = (await house.get("ana", f"/api/v1/incidents/{work['incident']['id']}")).json()
    assert receipt["id"] in [r["id"] for r in incident["reports"]]
    assert given.expect["name"] in [n["name"] for n in incident["names"]]
    assert incident["campaign"]["number"] == work["campaign"]


async def test_a_repeated_request_with_its_key_is_the_same_report(house: House) -> None:
    headers = {"Idempotency-Key": "tuesday-1"}
    first = await hand_in(house, json=TEXT, headers=headers)
    second = await hand_in(house, json=TEXT, headers=headers)
    assert first["report"] == second["report"]
    assert first["id"] == second["id"]
    other = await hand_in(house, json={**TEXT, "text": "other"}, headers=headers)
    assert other["report"] != first["report"]
    assert await house.count("report") == 2
    for receipt in (first, second):
        seen = await house.get(None, f"/api/v1/receipts/{token_of(receipt)}")
        assert seen.json()["report"] == first["report"]


async def test_the_same_text_without_a_key_is_two_reports(house: House) -> None:
    assert (await hand_in(house))["report"] != (await hand_in(house))["report"]


async def test_a_receipt_opens_only_itself(house: House) -> None:
    first, second = await hand_in(house), await hand_in(house)
    assert token_of(first) != token_of(second)
    for receipt in (first, second):
        seen = await house.get(None, f"/api/v1/receipts/{token_of(receipt)}")
        assert seen.json()["report"] == receipt["report"]
        assert set(seen.json()) == {
            "report", "status", "answer", "addons", "sentences", "lang", "received_at",
            "answered_at", "changed_at",
        }  # fmt: skip
    token = token_of(first)
    for wrong in (token[:-1], token + "A", token.swapcase(), first["report"], first["id"], "%25"):
        for path in (f"/api/v1/receipts/{wrong}", f"/receipt/{wrong}"):
            answer = await house.get(None, path)
            assert answer.status_code == 404, path
            assert first["report"] not in answer.json()["detail"]


@pytest.mark.parametrize(("given", "status", "word"), [
    ({"json": {"text": ""}}, 422, "text"),
    ({"json": {}}, 422, "text"),
    ({"json": {"text": "x", "more": 1}}, 422, "more"),
    ({"json": {"text": "x", "channel": "fax"}}, 422, "channel"),
    ({"json": {"text": "x", "lang": "xx"}}, 422, "lang"),
    ({"json": {"text": 7}}, 422, "text"),
    ({"json": {"text": "a\0b"}}, 422, "text"),
    ({"json": []}, 422, "object"),
    ({"content": b"", "headers": {"Content-Type": "text/plain"}}, 422, "empty"),
    ({"content": b" \n", "headers": {"Content-Type": "text/plain"}}, 422, "empty"),
    ({"content": b"x", "params": {"channel": "fax"}}, 422, "channel"),
    ({"content": b"x", "params": {"lang": "xx"}}, 422, "lang"),
    ({"json": TEXT, "headers": {"Idempotency-Key": "k" * 201}}, 422, "Idempotency-Key"),
    ({"json": TEXT, "headers": {"Idempotency-Key": ""}}, 422, "Idempotency-Key"),
    ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, ""),
])  # fmt: skip
async def test_a_report_that_does_not_fit_is_refused_with_the_reason(
    house: House, given: dict[str, Any], status: int, word: str
) -> None:
    answer = await house.client.post("/api/v1/reports", **given)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert word in answer.text
    assert await house.count("report") == 0


async def test_a_report_of_a_key_belongs_to_the_party_of_the_key(house: House) -> None:
    answer = await house.post("rita", "/api/v1/reports", TEXT)
    assert answer.status_code == 202
    assert (await house.get("rita", f"/api/v1/reports/{answer.json()['id']}")).status_code == 403
    assert (await house.get("ana", f"/api/v1/reports/{answer.json()['id']}")).status_code == 200


async def test_the_list_gives_every_report_once_page_by_page(house: House) -> None:
    made = [(await hand_in(house, json={"text": f"text {n}"}))["report"] for n in range(5)]
    seen: list[str] = []
    after: str | None = None
    while True:
        params = {"limit": "2"} | ({"after": after} if after else {})
        page = (await house.get("ana", "/api/v1/reports", params=params)).json()
        seen += [r["number"] for r in page["reports"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made[::-1]
    for bad in ("x", "1_2_3", "-1", "9" * 60):
        answer = await house.get("ana", "/api/v1/reports", params={"after": bad})
        assert answer.status_code in {200, 400, 422}, bad


async def test_an_unknown_and_an_invisible_report_are_the_same_answer(house: House) -> None:
    hidden = await reported(house.pool, house.clock(), house.home, tlp=Tlp.RED)
    for who in ("ana", "bor", "aud"):
        there = await house.get(who, f"/api/v1/reports/{hidden.uuid}")
        absent = await house.get(who, f"/api/v1/reports/{NOBODY}")
        assert there.status_code == absent.status_code == 404
        assert there.text.replace(str(hidden.uuid), "") == absent.text.replace(str(NOBODY), "")


async def test_the_receipt_says_when_the_answer_became_another_one(house: House) -> None:
    receipt = await hand_in(house)
    path = f"/api/v1/receipts/{token_of(receipt)}"
    async with transaction(house.pool, house.clock.now) as tx:
        given = await answer.waiting(tx.db, await decoded(tx, receipt), again=False)
        assert given is not None
        await answer.give(
            tx, [answer.Given(report=given, kind="looking", addons=())], house.clock.now
        )
    seen = (await house.get(None, path)).json()
    assert (seen["answer"], seen["changed_at"]) == ("looking", None)
    later = house.clock.now + timedelta(hours=1)
    async with transaction(house.pool, later) as tx:
        await answer.give(tx, [answer.Given(report=given, kind="looking", addons=())], later)
        await answer.give(tx, [answer.Given(report=given, kind="dangerous", addons=())], later)
    seen = (await house.get(None, path)).json()
    assert seen["answer"] == "dangerous"
    assert datetime.fromisoformat(seen["changed_at"]) == later
    assert datetime.fromisoformat(seen["answered_at"]) == later - timedelta(hours=1)
    page = await house.get(None, f"/receipt/{token_of(receipt)}", headers=PAGE)
    assert "Odgovor se je spremenil" in page.text


async def decoded(tx: Tx, receipt: dict[str, Any]) -> int:
    """Make a report one that waits for its answer; its record id."""
    row = await (
        await tx.execute(
            "update report set status = 'decoded' where number = %s returning record_id",
            (receipt["report"],),
        )
    ).fetchone()
    assert row is not None
    await tx.execute(
        "update record set payload = %s where id = %s",
        (Jsonb(msgspec.to_builtins(Message(channel=Channel.SMS, text="x"))), row[0]),
    )
    return int(row[0])


async def test_words_and_a_file_in_the_form_are_one_report(house: House) -> None:
    mail = b"From: posta@brod.example\nSubject: x\n\nhttps://paket.lipa.example/p"
    fields: Any = {"text": (None, "Je to prav?"), "file": ("a.eml", mail, "message/rfc822")}
    answered = await house.client.post("/report", files=fields, headers=PAGE)
    assert answered.status_code == 303
    name, payload = await next_job(house.pool) or ("", {})
    await COLLECT[name](house.context, payload)
    [row] = (await house.get("ana", "/api/v1/reports")).json()["reports"]
    message = (await house.get("ana", f"/api/v1/reports/{row['id']}")).json()["message"]
    assert (message["sender"], message["remark"].strip()) == ("posta@brod.example", "Je to prav?")
