"""Setting sources up, seeing how they do, and the door of webhooks."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.web.house import NOBODY, House
from zvon.store import delivery, source, source_day
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

SOURCES = "/api/v1/sources"
FEED = {
    "name": "abuse list", "kind": "http", "settings": {"url": "https://list.example/a"},
    "secret": "sesame", "tlp": "green", "zone": "Europe/Ljubljana",
}  # fmt: skip


async def add(house: House, **more: Any) -> dict[str, Any]:
    answer = await house.post("ada", SOURCES, {**FEED, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_source_is_set_up_listed_and_shown_without_its_secret(house: House) -> None:
    made = await add(house)
    shown = made["source"]
    assert (made["secret"], shown["has_secret"], shown["state"]) == (None, True, "waiting")
    assert (shown["every_s"], shown["tlp"], shown["how"]) == (3600, "green", "pull")
    [row] = (await house.get("ana", SOURCES)).json()["sources"]
    assert row == {"source": shown, "lately": {}}
    answer = await house.get("ana", f"{SOURCES}/{shown['id']}")
    assert answer.json() == {"source": shown, "days": [], "weeks": []}
    assert "sesame" not in answer.text


async def test_the_page_shows_days_and_weeks(house: House) -> None:
    made = await add(house)
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        found = await source.by_uuid(tx.db, UUID(made["source"]["id"]))
        await source_day.count(tx, found.id, now, deliveries=2, records=3, delay_s=30, delayed=3)
        await tx.execute(
            "insert into source_quality (source_id, week, volume, exclusive, good, bad, made_at)"
            " values (%s, '2026-11-16', 10, 0.5, 3, 1, %s)",
            (found.id, now),
        )
    page = (await house.get("ana", f"{SOURCES}/{found.uuid}")).json()
    [day] = page["days"]
    [week] = page["weeks"]
    assert (day["deliveries"], day["delay_s"]) == (2, 10)
    assert (week["volume"], week["accuracy"]) == (10, pytest.approx(4 / 6))
    assert page["source"]["state"] == "good"
    [listed] = (await house.get("ana", f"{SOURCES}/quality")).json()["weeks"]
    assert listed["source"] == "abuse list"
    [row] = (await house.get("ana", SOURCES)).json()["sources"]
    assert row["lately"]["records"] == 3


WRONG: list[dict[str, Any]] = [
    {"kind": "pigeon"}, {"settings": {}}, {"settings": {"url": "ftp://x.example"}},
    {"settings": {"url": "https://list.example", "more": 1}}, {"format": "no such"},
    {"zone": "Mars/Olympus"}, {"zone": "../../etc/passwd"}, {"kind": "webhook"},
    {"kind": "imap", "settings": {"mailbox": "imaps://a@b.example"}, "secret": None},
    {"kind": "api", "settings": {}}, {"settings": {"url": "https://user:pass@list.example/"}},
    {"kind": "syslog", "settings": {"peers": ["10.0.0.0/99"]}, "secret": None},
]  # fmt: skip


async def test_what_means_nothing_is_refused_with_the_reason(house: House) -> None:
    for wrong in WRONG:
        answer = await house.post("ada", SOURCES, {**FEED, **wrong})
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), answer.text
    assert (await house.get("ada", SOURCES)).json()["sources"] == []


async def test_a_name_is_taken_once_and_an_unknown_party_is_not_found(house: House) -> None:
    await add(house)
    assert (await house.post("ada", SOURCES, FEED)).status_code == 409
    strange = {**FEED, "name": "b", "party": str(NOBODY)}
    assert (await house.post("ada", SOURCES, strange)).status_code == 404


async def test_a_source_is_changed_paused_resumed_read_and_removed(house: House) -> None:
    path = f"{SOURCES}/{(await add(house))['source']['id']}"
    changed = await house.ask("ada", "PATCH", path, json={"every_s": 600, "tlp": "amber"})
    assert (changed.json()["every_s"], changed.json()["tlp"]) == (600, "amber")
    assert changed.json()["settings"] == FEED["settings"]
    wrong = await house.ask("ada", "PATCH", path, json={"settings": {"url": 7}})
    assert wrong.status_code == 422
    assert (await house.post("ada", f"{path}/pause", {})).json()["state"] == "paused"
    assert (await house.post("ada", f"{path}/read", {})).status_code == 422
    assert (await house.post("ada", f"{path}/resume", {})).json()["state"] == "waiting"
    assert (await house.post("ada", f"{path}/read", {})).status_code == 201
    assert (await house.ask("ada", "DELETE", path)).status_code == 204
    assert (await house.get("ada", path)).status_code == 404
    async with read(house.pool, SYSTEM) as db:
        rows = await (
            await db.execute("select action from audit where action like 'source:%' order by seq")
        ).fetchall()
    assert [r[0].partition(":")[2] for r in rows] == [
        "add", "change", "pause", "resume", "remove",
    ]  # fmt: skip


async def test_an_analyst_sees_sources_and_changes_none(house: House) -> None:
    path = f"{SOURCES}/{(await add(house))['source']['id']}"
    assert (await house.get("ana", path)).status_code == 200
    for verb in ("pause", "resume", "read"):
        assert (await house.post("ana", f"{path}/{verb}", {})).status_code == 403
    assert (await house.post("ana", SOURCES, FEED)).status_code == 403
    assert (await house.get("rita", path)).status_code == 403


async def test_the_kinds_describe_their_settings(house: House) -> None:
    said = (await house.get("ana", f"{SOURCES}/kinds")).json()
    kinds = {each["name"]: each for each in said["kinds"]}
    assert {"http", "folder", "s3", "imap", "taxii", "misp-feed", "api", "webhook", "syslog",
            "lmtp", "nats", "kafka", "amqp"} <= kinds.keys()  # fmt: skip
    assert "url" in kinds["http"]["settings"]["properties"]
    assert kinds["imap"]["secret"] == "needed"


def signed(body: bytes, secret: str) -> dict[str, str]:
    mac = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    return {"X-Hub-Signature-256": f"sha256={mac}", "Content-Type": "application/json"}


async def hook(house: House, **settings: Any) -> tuple[str, str]:
    """The path and the secret of a new webhook."""
    made = await add(house, name="hook", kind="webhook", settings=settings, secret=None)
    assert made["source"]["address"].endswith(f"/in/{made['source']['id']}")
    return f"/in/{made['source']['id']}", made["secret"]


async def test_a_signed_message_is_taken_once_however_often_it_is_sent(house: House) -> None:
    path, secret = await hook(house)
    body = b'{"alert": {"id": 7}}'
    first = await house.client.post(path, content=body, headers=signed(body, secret))
    again = await house.client.post(path, content=body, headers=signed(body, secret))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    async with read(house.pool, SYSTEM) as db:
        [came] = await delivery.list_all(db, house.viewers["ada"])
    assert (str(came.uuid), came.again) == (first.json()["delivery"], 1)


async def test_a_wrong_proof_an_unknown_and_a_paused_source_get_the_same_answer(
    house: House,
) -> None:
    path, secret = await hook(house)
    body = b"{}"
    answers = [
        await house.client.post(path, content=body, headers=signed(body, "wrong")),
        await house.client.post(path, content=body),
        await house.client.post(f"/in/{NOBODY}", content=body, headers=signed(body, secret)),
    ]
    await house.post("ada", f"{SOURCES}/{path.rpartition('/')[2]}/pause", {})
    answers.append(await house.client.post(path, content=body, headers=signed(body, secret)))
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1


async def test_a_message_with_an_old_time_is_refused(house: House) -> None:
    path, secret = await hook(house, style="slack")
    body, at = b"{}", str(int(house.clock().timestamp()))
    mac = hmac.digest(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hex()
    headers = {"X-Slack-Signature": f"v0={mac}", "X-Slack-Request-Timestamp": at}
    assert (await house.client.post(path, content=body, headers=headers)).status_code == 202
    house.clock.forward(timedelta(minutes=6))
    assert (await house.client.post(path, content=body, headers=headers)).status_code == 401


async def test_an_empty_message_and_one_that_is_too_large_are_refused(house: House) -> None:
    path, secret = await hook(house)
    empty = await house.client.post(path, content=b" ", headers=signed(b" ", secret))
    assert empty.status_code == 422
    large = b"x" * ((16 << 20) + 1)
    answer = await house.client.post(path, content=large, headers=signed(large, secret))
    assert answer.status_code == 413
