"""Labels and models over the API, from the question to the roll-back."""

import hashlib
import json
from base64 import b64encode
from importlib.resources import files
from typing import Any

from tests.store.world import new_uuid, reported
from tests.web.house import NOBODY, House
from zvon.model.observable import Observable, ObservableType
from zvon.store.ingest import SAID, Sighted, occurrences_of
from zvon.store.transaction import transaction


def shipped() -> dict[str, Any]:
    """The model that ships, as somebody would send it."""
    folder = files("zvon.ml") / "phish_url"
    weights = (folder / "weights.npz").read_bytes()
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return {
        "name": "phish-url", "version": "own-1", "weights": b64encode(weights).decode(),
        "meta": {**meta, "gate": []}, "card": "# card",
    }  # fmt: skip


async def question(house: House) -> str:
    """An address that somebody shall judge."""
    now = house.clock()
    found = await reported(house.pool, now, house.home)
    value = Observable(ObservableType.URL, "https://nekaj.example/a")
    async with transaction(house.pool, now) as tx:
        await occurrences_of(tx, {found.record_id: [Sighted(value, SAID, now)]})
        uuid = new_uuid(now)
        await tx.execute(
            "insert into label_task (uuid, observable_id, record_id, cluster, picked, score,"
            " made_at) select %s, id, %s, 'k', 'random', 1, %s from observable where value = %s",
            (uuid, found.record_id, now, value.value),
        )
    return str(uuid)


async def test_a_question_is_answered_once_and_counted(house: House) -> None:
    task = await question(house)
    waiting = (await house.get("ana", "/api/v1/labels")).json()
    assert [(t["uuid"], t["url"], t["why"]) for t in waiting["tasks"]] == [
        (task, "https://nekaj.example/a", "random")
    ]
    answer = {"word": "malicious", "category": "phishing"}
    there = f"/api/v1/labels/{task}/answer"
    assert (await house.post("ana", there, answer)).status_code == 201
    assert (await house.post("bor", there, answer)).status_code == 404
    after = (await house.get("ana", "/api/v1/labels")).json()
    assert after["tasks"] == []
    assert [(t["word"], t["source"], t["n"]) for t in after["taught"]] == [
        ("malicious", "queue", 1)
    ]


async def test_who_may_not_answer(house: House) -> None:
    task = await question(house)
    for who in ("rita", "aud"):
        answer = await house.post(who, f"/api/v1/labels/{task}/answer", {"word": "benign"})
        assert answer.status_code == 403
    assert (await house.post("ana", f"/api/v1/labels/{NOBODY}/answer", {"word": "benign"})
            ).status_code == 404  # fmt: skip


async def test_a_model_is_taken_in_promoted_and_rolled_back(house: House) -> None:
    made = await house.post("ada", "/api/v1/models", shipped())
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "candidate"
    assert (await house.post("ada", "/api/v1/models", shipped())).status_code == 409
    assert (await house.post("ada", "/api/v1/models/phish-url/own-1/shadow")).status_code == 201
    promoted = await house.post("ada", "/api/v1/models/phish-url/own-1/promotion")
    assert promoted.json() == {"name": "phish-url", "version": "own-1"}
    states = (await house.get("ana", "/api/v1/models")).json()["versions"]
    assert [(v["version"], v["state"], v["by"]) for v in states] == [("own-1", "champion", "ada")]
    back = await house.post("ada", "/api/v1/models/phish-url/rollback")
    assert back.json()["version"] == "shipped"
    assert (await house.post("ada", "/api/v1/models/phish-url/rollback")).status_code == 409
    again = await house.post("ada", "/api/v1/models/phish-url/own-1/promotion")
    assert again.status_code == 409
    lost = await house.post("ada", "/api/v1/models/phish-url/none/promotion")
    assert lost.status_code == 404


async def test_what_the_gate_refused_stays_refused_with_its_reasons(house: House) -> None:
    body = shipped()
    body["meta"]["gate"] = [{"rule": "worse", "what": "phish-url@1", "found": -0.2, "limit": -0.01}]
    made = (await house.post("ada", "/api/v1/models", body)).json()
    assert (made["state"], made["refusals"]) == ("refused", ["worse: phish-url@1"])
    promoted = await house.post("ada", "/api/v1/models/phish-url/own-1/promotion")
    assert promoted.status_code == 409


async def test_weights_that_are_not_what_they_say_are_refused(house: House) -> None:
    good = shipped()
    other = b64encode(b"not weights").decode()
    wrong: list[dict[str, Any]] = [
        {**good, "weights": other},
        {**good, "weights": "!!"},
        {**good, "meta": {}},
        {**good, "weights": other,
         "meta": {**good["meta"], "sha256": hashlib.sha256(b"not weights").hexdigest()}},
        {**good, "name": "evidence"},
    ]  # fmt: skip
    for body in wrong:
        answer = await house.post("ada", "/api/v1/models", body)
        assert answer.status_code == 422, answer.text
    assert (await house.get("ana", "/api/v1/models")).json()["versions"] == []


async def test_only_those_who_manage_models_change_them(house: House) -> None:
    for who in ("ana", "bor", "aud", "rita"):
        assert (await house.post(who, "/api/v1/models", shipped())).status_code == 403
        assert (await house.post(who, "/api/v1/models/phish-url/rollback")).status_code == 403
