"""An incident's life over the API: states, verdicts, second persons, times."""

from datetime import timedelta
from typing import Any

import pytest

from tests.store.world import reported
from tests.web.house import NOBODY, House
from zvon.respond.life import wake


async def incident(house: House) -> str:
    made = await reported(house.pool, house.clock(), house.home)
    return f"/api/v1/incidents/{made.incident_uuid}"


async def life(house: House, path: str) -> dict[str, Any]:
    answer = await house.get("ana", f"{path}/life")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def do(house: House, who: str, path: str, act: str, **body: Any) -> dict[str, Any]:
    """One change on the version that stands now."""
    if act != "times":
        body["version"] = (await life(house, path))["version"]
    answer = await house.post(who, f"{path}/{act}", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_an_incident_goes_its_way_by_people(house: House) -> None:
    path = await incident(house)
    for to in ("triage", "open", "contained", "resolved"):
        now = await do(house, "ana", path, "state", to=to)
        assert now["state"] == to
    await do(house, "ana", path, "alert-verdict", value="true_positive", confidence=0.9)
    closed = await do(house, "ana", path, "state", to="closed")
    assert closed["state"] == "closed"
    assert closed["moves"] == [{"to": "open", "needs_reason": True}]
    counted = {t["what"]: t["source"] for t in closed["times"] if t["counts"]}
    assert counted["contained"] == counted["resolved"] == "state"
    assert counted["detected"] == counted["reported"] == "report"
    assert {"acknowledged", "assessed"} <= set(counted)


async def test_what_nobody_judged_is_neither_closed_nor_rejected(house: House) -> None:
    path = await incident(house)
    await do(house, "ana", path, "state", to="resolved")
    version = (await life(house, path))["version"]
    answer = await house.post("ana", f"{path}/state", {"to": "closed", "version": version})
    assert answer.status_code == 422
    assert "verdict" in answer.json()["detail"]
    await do(house, "ana", path, "state", to="open", reason="seen again")
    version = (await life(house, path))["version"]
    body = {"to": "rejected", "version": version, "reason": "not ours"}
    assert (await house.post("ana", f"{path}/state", body)).status_code == 422
    await do(house, "ana", path, "alert-verdict", value="true_positive")
    body["version"] = (await life(house, path))["version"]
    said = (await house.post("ana", f"{path}/state", body)).json()["detail"]
    assert "real" in said


@pytest.mark.parametrize(
    ("value", "state"),
    [("true_positive", "open"), ("benign_positive", "rejected"), ("false_positive", "rejected"),
     ("undetermined", "triage")],
)  # fmt: skip
async def test_one_key_says_what_it_was_and_undo_takes_it_back(
    house: House, value: str, state: str
) -> None:
    path = await incident(house)
    after = await do(house, "ana", path, "alert-verdict", value=value, reason="seen before")
    assert (after["alert_verdict"], after["state"]) == (value, state)
    assert (await house.post("ana", f"{path}/undo")).status_code == 201
    back = await life(house, path)
    assert (back["alert_verdict"], back["state"]) == (None, "triage")
    assert back["verdicts"][0]["undone_at"] is not None


async def test_several_people_say_and_the_last_counts(house: House) -> None:
    path = await incident(house)
    await do(house, "ana", path, "alert-verdict", value="undetermined", follow=False)
    now = await do(house, "bor", path, "alert-verdict", value="true_positive", follow=False)
    assert (now["state"], now["alert_verdict"]) == ("new", "true_positive")
    assert [(v["by"], v["value"]) for v in now["verdicts"]] == [
        ("bor", "true_positive"), ("ana", "undetermined"),
    ]  # fmt: skip
    await house.post("bor", f"{path}/undo")
    assert (await life(house, path))["alert_verdict"] == "undetermined"


async def test_a_duplicate_names_what_it_repeats(house: House) -> None:
    path, other = await incident(house), await incident(house)
    of = other.rpartition("/")[2]
    version = (await life(house, path))["version"]
    alone = {"value": "duplicate", "version": version}
    assert (await house.post("ana", f"{path}/alert-verdict", alone)).status_code == 422
    wrong = {"value": "true_positive", "version": version, "of": of}
    assert (await house.post("ana", f"{path}/alert-verdict", wrong)).status_code == 422
    now = await do(house, "ana", path, "alert-verdict", value="duplicate", of=of)
    assert (now["state"], now["alert_verdict"]) == ("merged", "duplicate")
    assert now["verdicts"][0]["duplicate_of"] == of
    await house.post("ana", f"{path}/undo")
    back = await life(house, path)
    assert (back["alert_verdict"], back["state"]) == (None, "new")


async def test_closing_a_critical_one_takes_two_people(house: House) -> None:
    path = await incident(house)
    await do(house, "ana", path, "severity", severity=4, reason="the whole registry")
    await do(house, "ana", path, "alert-verdict", value="true_positive")
    await do(house, "ana", path, "state", to="resolved")
    asked = await do(house, "bor", path, "state", to="closed")
    assert asked["state"] == "resolved"
    question = f"/api/v1/countersigns/{asked['waits_for']}/answer"
    assert (await house.post("ana", question, {"agrees": True})).status_code == 403
    own = await house.post("bor", question, {"agrees": True})
    assert own.status_code == 403
    assert ("bor", "incident:close", "four_eyes") in {
        (actor, action, rule) for actor, action, _, rule in await house.refusals()
    }
    await house.newcomer("vid", "approver")
    waiting = (await house.get("vid", "/api/v1/countersigns")).json()["questions"]
    assert [(q["act"], q["asked_by"], q["stands"]) for q in waiting] == [("close", "bor", True)]
    done = await house.post("vid", question, {"agrees": True})
    assert done.status_code == 201, done.text
    assert (await life(house, path))["state"] == "closed"
    again = await house.post("vid", question, {"agrees": True})
    assert again.status_code == 409


async def test_a_change_in_between_voids_the_question(house: House) -> None:
    path = await incident(house)
    await do(house, "ana", path, "severity", severity=4, reason="the whole registry")
    await do(house, "ana", path, "alert-verdict", value="true_positive")
    await do(house, "ana", path, "state", to="resolved")
    asked = await do(house, "ana", path, "state", to="closed")
    lower = await do(house, "ana", path, "severity", severity=1, reason="a typing error")
    assert lower["severity"] == "critical"
    await do(house, "ana", path, "assignment", owner="bor")
    answer = f"/api/v1/countersigns/{asked['waits_for']}/answer"
    assert (await house.post("bor", answer, {"agrees": True})).status_code == 409
    # The other one is about the severity, which is as it was.
    question = f"/api/v1/countersigns/{lower['waits_for']}/answer"
    assert (await house.post("bor", question, {"agrees": True})).status_code == 201
    assert (await life(house, path))["severity"] == "low"
    again = await do(house, "ana", path, "state", to="closed")
    assert (again["state"], again["waits_for"]) == ("closed", None)


async def test_a_refusal_says_why_and_changes_nothing(house: House) -> None:
    path = await incident(house)
    await do(house, "ana", path, "severity", severity=4, reason="the whole registry")
    asked = await do(house, "ana", path, "severity", severity=0, reason="a typing error")
    question = f"/api/v1/countersigns/{asked['waits_for']}/answer"
    assert (await house.post("bor", question, {"agrees": False})).status_code == 422
    no = await house.post("bor", question, {"agrees": False, "reason": "it still burns"})
    assert (no.status_code, no.json()["agrees"]) == (201, False)
    now = await life(house, path)
    assert (now["severity"], now["questions"][0]["answer"]) == ("critical", "it still burns")


async def test_what_is_on_hold_comes_back_by_itself(house: House) -> None:
    path = await incident(house)
    version = (await life(house, path))["version"]
    for until in (None, house.clock() - timedelta(hours=1), house.clock() + timedelta(days=400)):
        body = {"to": "on_hold", "version": version, "reason": "the owner is away"}
        body |= {} if until is None else {"until": until.isoformat()}
        assert (await house.post("ana", f"{path}/state", body)).status_code == 422
    end = (house.clock() + timedelta(hours=2)).isoformat()
    await do(house, "ana", path, "state", to="open")
    held = await do(house, "ana", path, "state", to="on_hold", reason="away", until=end)
    assert (held["state"], held["hold_until"] is None) == ("on_hold", False)
    await wake(house.context, {})
    assert (await life(house, path))["state"] == "on_hold"
    house.clock.forward(timedelta(hours=3))
    await wake(house.context, {})
    now = await life(house, path)
    assert (now["state"], now["hold_until"]) == ("open", None)


async def test_awareness_moves_earlier_at_once_and_later_by_two(house: House) -> None:
    path = await incident(house)
    at = house.clock() - timedelta(hours=5)
    await do(house, "ana", path, "times", what="aware", at=at.isoformat())
    bare = {"what": "aware", "at": (at - timedelta(hours=1)).isoformat()}
    assert (await house.post("ana", f"{path}/times", bare)).status_code == 422
    earlier = await do(house, "ana", path, "times", **bare, reason="the mail says so")
    assert earlier["waits_for"] is None
    later = await do(house, "ana", path, "times", what="aware", at=at.isoformat(), reason="read it")
    assert later["waits_for"] is not None
    aware = [t for t in later["times"] if t["what"] == "aware"]
    assert [t["counts"] for t in aware] == [True, False]
    question = f"/api/v1/countersigns/{later['waits_for']}/answer"
    assert (await house.post("bor", question, {"agrees": True})).status_code == 201
    now = [t for t in (await life(house, path))["times"] if t["what"] == "aware"]
    assert len(now) == 3
    assert (now[0]["counts"], now[0]["at"], now[0]["by"]) == (True, now[2]["at"], "bor")


async def test_a_time_in_the_future_is_refused(house: House) -> None:
    path = await incident(house)
    body = {"what": "occurred", "at": (house.clock() + timedelta(hours=1)).isoformat()}
    assert (await house.post("ana", f"{path}/times", body)).status_code == 422
    naive = {"what": "occurred", "at": "2026-11-01T10:00:00"}
    assert (await house.post("ana", f"{path}/times", naive)).status_code in {400, 422}


async def test_an_owner_and_a_lead(house: House) -> None:
    path = await incident(house)
    now = await do(house, "ana", path, "assignment", owner="ana", lead="bor")
    assert (now["owner"], now["lead"]) == ("ana", "bor")
    now = await do(house, "ana", path, "assignment", owner="")
    assert (now["owner"], now["lead"]) == (None, "bor")
    body = {"version": now["version"], "owner": "rita"}
    assert (await house.post("ana", f"{path}/assignment", body)).status_code == 404


async def test_an_old_version_is_told_how_it_stands(house: House) -> None:
    path = await incident(house)
    version = (await life(house, path))["version"]
    await do(house, "bor", path, "state", to="open")
    answer = await house.post("ana", f"{path}/state", {"to": "triage", "version": version})
    assert answer.status_code == 409
    told = {e["field"]: e["now"] for e in answer.json()["errors"]}
    assert (told["state"], told["owner"]) == ("open", "bor")


async def test_no_move_but_those_of_the_table(house: House) -> None:
    path = await incident(house)
    version = (await life(house, path))["version"]
    for to in ("contained", "closed", "merged", "new"):
        body = {"to": to, "version": version, "reason": "why not"}
        assert (await house.post("ana", f"{path}/state", body)).status_code == 409, to
    nobody = f"/api/v1/incidents/{NOBODY}/state"
    assert (await house.post("ana", nobody, {"to": "open", "version": 1})).status_code == 404
    assert (
        await house.post("aud", f"{path}/state", {"to": "open", "version": 1})
    ).status_code == 403
