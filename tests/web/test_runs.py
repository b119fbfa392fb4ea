"""Runs over HTTP: who starts, answers and cancels them, and what the pages show."""

from typing import Any
from uuid import UUID

import pytest

from tests.respond.runs import NAMES, Desk, act, playbook, publish
from tests.store.world import reported
from tests.web.house import NOBODY, PROBLEM, House
from zvon.respond.run_work import Worker

PAGE = {"Accept": "text/html"}
ASK = {"a": act("ask", "b", question="Shall the host be taken off the network?",
                on_failure="end"),
       "b": act("wait.until", hours=2)}  # fmt: skip


def desk(house: House) -> Desk:
    return Desk(house.pool, house.context, house.home, house.viewers, house.clock.now)


async def started(house: House, steps: dict[str, Any] | None = None, who: str = "ana") -> UUID:
    """A run of a playbook for an incident, as far as it goes by itself; its identifier."""
    uuid = await publish(desk(house), playbook(steps or ASK))
    found = await reported(house.pool, house.clock(), house.home, names=NAMES)
    body = {"playbook": str(uuid), "incident": str(found.incident_uuid), "reason": "it is late"}
    made = await house.post(who, "/api/v1/runs", body)
    assert made.status_code == 201, made.text
    await Worker(house.context, "w").drain()
    return UUID(made.json()["id"])


async def question(house: House, run: UUID) -> str:
    """The step that asks."""
    got = await house.get("ana", f"/api/v1/runs/{run}")
    found = [s["id"] for s in got.json()["steps"] if s["wait"] and not s["wait"]["ended_at"]]
    return str(found[0])


async def test_a_run_is_started_answered_by_another_person_and_goes_on(house: House) -> None:
    run = await started(house)
    listed = (await house.get("bor", "/api/v1/runs")).json()["runs"]
    assert [(r["state"], r["waits_for"], r["role"]) for r in listed] == [
        ("waiting", "answer", "approver")
    ]
    step = await question(house, run)
    own = await house.post("ana", f"/api/v1/runs/{run}/answers", {"step": step, "word": "yes"})
    assert own.status_code == 403
    empty = await house.post("bor", f"/api/v1/runs/{run}/answers", {"step": step, "word": "no"})
    assert empty.status_code == 422
    said = await house.post("bor", f"/api/v1/runs/{run}/answers", {"step": step, "word": "yes"})
    assert said.status_code == 200
    again = await house.post("bor", f"/api/v1/runs/{run}/answers", {"step": step, "word": "yes"})
    assert again.status_code == 409
    await Worker(house.context, "w").drain()
    got = (await house.get("ana", f"/api/v1/runs/{run}")).json()
    assert [s["state"] for s in got["steps"] if s["step"] in "ab"] == ["done", "waiting"]
    assert got["steps"][1]["output"] == {"answer": True, "reason": "", "by": "bor"}
    assert ("ana", "run:answer", f"run:{got['number']}", "role") in await house.refusals()


async def test_a_block_of_an_exercise_is_refused_as_one_and_stays_proposed(house: House) -> None:
    uuid = await publish(desk(house), playbook({"a": act("decide.block", "b", reason="phishing"),
                                                "b": act("wait.until", hours=1)}))  # fmt: skip
    found = await reported(house.pool, house.clock(), house.home, names=NAMES)
    body = {"playbook": str(uuid), "incident": str(found.incident_uuid), "reason": "we try it",
            "sandbox": True}  # fmt: skip
    made = await house.post("ana", "/api/v1/runs", body)
    assert made.status_code == 201, made.text
    await Worker(house.context, "w").drain()
    (one,) = (await house.get("bor", "/api/v1/blocks")).json()["blocks"]
    body = {"blocks": [one["id"]], "reason": "seen it"}
    answer = await house.post("bor", "/api/v1/blocks/approvals", body)
    assert answer.status_code == 409, answer.text
    assert answer.headers["content-type"].startswith(PROBLEM)
    assert answer.json()["detail"] == "this belongs to an exercise; it stays inside"
    (after,) = (await house.get("bor", "/api/v1/blocks")).json()["blocks"]
    assert after["state"] == one["state"]


async def test_the_pages_show_what_is_asked_and_in_each_language(house: House) -> None:
    run = await started(house)
    for lang in ("sl", "hr", "en"):
        for path in ("/runs", f"/runs/{run}"):
            page = await house.get("bor", f"{path}?lang={lang}", headers=PAGE)
            assert page.status_code == 200
            assert "RUN_" not in page.text, path
            assert "STEP_STATE" not in page.text
    assert "Shall the host be taken off the network?" in page.text
    got = (await house.get("ana", f"/api/v1/runs/{run}")).json()
    trials = await house.get("ana", f"/playbooks/{got['playbook_id']}/trials", headers=PAGE)
    assert trials.status_code == 200
    assert 'data-form="/api/v1/dry-runs"' in trials.text


async def test_a_run_is_cancelled_by_who_may_and_says_so(house: House) -> None:
    run = await started(house)
    reason = {"reason": "a mistake of ours"}
    assert (await house.post("pia", f"/api/v1/runs/{run}/cancel", reason)).status_code == 403
    done = await house.post("bor", f"/api/v1/runs/{run}/cancel", reason)
    assert done.json()["state"] == "cancelled"
    assert (await house.post("bor", f"/api/v1/runs/{run}/cancel", reason)).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"playbook": str(NOBODY)}, 404),
        ({"playbook": "x"}, 400),
        ({"playbook": str(NOBODY), "values": {"__x__": 1}}, 404),
    ],
)
async def test_bad_starts_are_refused_with_a_sentence(
    house: House, body: dict[str, Any], status: int
) -> None:
    answer = await house.post("ana", "/api/v1/runs", body)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(PROBLEM)


async def test_receivers_are_registered_by_who_manages_runs_and_keep_their_secret(
    house: House,
) -> None:
    wanted = {"name": "desk", "url": "https://desk.example/in", "secret": "s" * 20, "max_tlp": 2}
    assert (await house.post("ana", "/api/v1/receivers", wanted)).status_code == 403
    assert (await house.post("ada", "/api/v1/receivers", wanted)).status_code == 201
    assert (await house.post("ada", "/api/v1/receivers", wanted)).status_code == 409
    plain = {**wanted, "name": "x", "url": "http://desk.example/in"}
    assert (await house.post("ada", "/api/v1/receivers", plain)).status_code == 422
    got = await house.get("ana", "/api/v1/receivers")
    assert "s" * 20 not in got.text
    (one,) = got.json()["receivers"]
    off = await house.post("ada", f"/api/v1/receivers/{one['id']}", {"enabled": False})
    assert off.json()["receivers"][0]["enabled"] is False


async def test_a_bad_cursor_is_refused(house: House) -> None:
    answer = await house.get("ana", "/api/v1/runs?cursor=eA==")
    assert answer.status_code == 422
