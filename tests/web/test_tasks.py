"""Tasks over the API: by hand, from templates, by runs; order, overdue, and whose they are."""

import os
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.store.world import new_uuid, reported
from tests.web.house import NOBODY, House
from zvon.respond import task as work
from zvon.respond.task_template import templates
from zvon.store.transaction import transaction


async def incident(house: House) -> str:
    made = await reported(house.pool, house.clock(), house.home)
    return f"/api/v1/incidents/{made.incident_uuid}"


async def add(house: House, path: str, text: str, **more: Any) -> dict[str, Any]:
    answer = await house.post("ana", f"{path}/tasks", {"text": text, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def move(house: House, task: dict[str, Any], to: str, result: str = "") -> dict[str, Any]:
    found = (await house.get("ana", f"/api/v1/tasks/{task['id']}")).json()
    answer = await house.post(
        "ana", f"/api/v1/tasks/{task['id']}/state",
        {"to": to, "version": found["version"], "result": result},
    )  # fmt: skip
    return {"status": answer.status_code, **answer.json()}


async def test_a_task_is_made_taken_and_done_and_stands_in_the_story(house: House) -> None:
    path = await incident(house)
    made = await add(house, path, "Call the owner of the site")
    assert (made["state"], made["assignee"], made["made_by"]) == ("todo", None, "ana")
    assert made["number"].startswith("T-26-0")
    begun = await move(house, made, "doing")
    assert begun["assignee"] == "ana"
    mine = (await house.get("ana", "/api/v1/tasks")).json()["tasks"]
    assert [t["number"] for t in mine] == [made["number"]]
    done = await move(house, made, "done", "She has taken it down.")
    assert (done["state"], done["result"]) == ("done", "She has taken it down.")
    assert done["done_at"] is not None
    assert (await house.get("ana", "/api/v1/tasks")).json()["tasks"] == []
    story = (await house.get("ana", path)).json()["timeline"]
    assert [t["code"] for t in story if t["kind"] == "task"] == [
        "TASK_ADDED", "TASK_DOING", "TASK_DONE",
    ]  # fmt: skip


async def test_what_is_dropped_or_blocked_says_why_and_old_versions_are_refused(
    house: House,
) -> None:
    made = await add(house, await incident(house), "Ask the bank")
    for to in ("dropped", "blocked"):
        assert (await move(house, made, to))["status"] == 422
    assert (await move(house, made, "blocked", "the bank is closed"))["state"] == "blocked"
    old = {"to": "todo", "version": made["version"]}
    answer = await house.post("ana", f"/api/v1/tasks/{made['id']}/state", old)
    assert answer.status_code == 409
    assert (await move(house, made, "done"))["status"] == 409


async def test_a_task_waits_for_the_one_before_it(house: House) -> None:
    path = await incident(house)
    first, second = await add(house, path, "Secure the disk"), await add(house, path, "Restore")
    after = {"version": second["version"], "first": [first["id"]]}
    now = (await house.post("ana", f"/api/v1/tasks/{second['id']}/after", after)).json()
    assert (now["state"], now["first"]) == ("blocked", [first["number"]])
    assert (await move(house, second, "doing"))["status"] == 409
    circle = {"version": first["version"], "first": [second["id"]]}
    answer = await house.post("ana", f"/api/v1/tasks/{first['id']}/after", circle)
    assert answer.status_code == 422
    assert "circle" in answer.json()["detail"]
    assert (await move(house, first, "done"))["state"] == "done"
    now = (await house.get("ana", f"/api/v1/tasks/{second['id']}")).json()
    assert (now["state"], now["first"]) == ("todo", [])


async def test_a_task_waits_only_for_its_own_incident(house: House) -> None:
    mine = await add(house, await incident(house), "Secure the disk")
    other = await add(house, await incident(house), "Something else")
    for first, status in (([other["id"]], 422), ([mine["id"]], 422), ([str(NOBODY)], 404)):
        answer = await house.post(
            "ana", f"/api/v1/tasks/{mine['id']}/after",
            {"version": mine["version"], "first": first},
        )  # fmt: skip
        assert answer.status_code == status


async def test_a_template_makes_its_tasks_once(house: House) -> None:
    path = await incident(house)
    given = {
        t["name"]: t for t in (await house.get("ana", "/api/v1/task-templates")).json()["templates"]
    }
    assert len(given) == len(templates()) >= 5
    for _ in range(2):
        made = (
            await house.post("ana", f"{path}/tasks/from-template", {"template": "phishing"})
        ).json()
        assert [t["code"] for t in made["tasks"] if t["code"]] == given["phishing"]["steps"]
    waits = {t["code"]: t["state"] for t in made["tasks"]}
    assert (waits["TASK_CHECK_NAMES"], waits["TASK_PROPOSE_BLOCK"]) == ("todo", "blocked")
    unknown = await house.post("ana", f"{path}/tasks/from-template", {"template": "tea"})
    assert unknown.status_code == 404


async def test_who_and_until_when(house: House) -> None:
    path = await incident(house)
    due = house.clock() + timedelta(hours=1)
    made = await add(house, path, "Write to the registrar", assignee="bor", due_at=due.isoformat())
    assert (made["assignee"], made["overdue"]) == ("bor", False)
    house.clock.forward(timedelta(hours=2))
    (late,) = (await house.get("bor", "/api/v1/tasks")).json()["tasks"]
    assert late["overdue"] is True
    change = {"version": late["version"], "assignee": None, "due_at": None, "text": "Write to both"}
    now = (await house.post("ana", f"/api/v1/tasks/{made['id']}/change", change)).json()
    assert (now["assignee"], now["due_at"], now["text"]) == (None, None, "Write to both")
    free = (await house.get("ana", "/api/v1/tasks?whose=nobody")).json()["tasks"]
    assert [t["id"] for t in free] == [made["id"]]
    wrong = {"text": "x y z", "due_at": (house.clock() - timedelta(days=1)).isoformat()}
    assert (await house.post("ana", f"{path}/tasks", wrong)).status_code == 422
    nobody = {"text": "x y z", "assignee": "rita"}
    assert (await house.post("ana", f"{path}/tasks", nobody)).status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 2001])
async def test_a_text_that_cannot_be_kept_is_refused(house: House, text: str) -> None:
    path = await incident(house)
    answer = await house.post("ana", f"{path}/tasks", {"text": text})
    assert answer.status_code in {400, 422}
    assert await house.count("task") == 0


async def test_a_run_makes_its_task_once_and_hears_when_it_is_done(house: House) -> None:
    made = await reported(house.pool, house.clock(), house.home)
    run, now = uuid4(), house.clock()
    ids = []
    for _ in range(2):
        async with transaction(house.pool, now) as tx:
            ids.append(
                await work.add(
                    tx, made.incident_uuid, text="", code="TASK_SHARE", run=run, key="step-1", by=None,
                    now=now, random=os.urandom,
                )
            )  # fmt: skip
    assert ids[0] == ids[1]
    assert (await move(house, {"id": str(ids[0])}, "done"))["run"] == str(run)
    async with transaction(house.pool, now) as tx:
        rows = await (
            await tx.execute(
                "select entrypoint from pgqueuer where entrypoint = 'respond.run_task'"
            )
        ).fetchall()
    assert len(rows) == 1


async def test_who_may_not_see_the_incident_knows_of_no_task(house: House) -> None:
    made = await add(house, await incident(house), "Secure the disk")
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update record set tlp = 4 where kind = 'incident'")
    assert (await house.get("ana", f"/api/v1/tasks/{made['id']}")).status_code == 404
    assert (await house.get("ana", "/api/v1/tasks?whose=nobody")).json()["tasks"] == []
    assert (await house.get("rita", "/api/v1/tasks")).status_code == 403
    assert new_uuid(house.clock()) != NOBODY
