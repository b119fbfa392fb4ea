"""Runs in the database: steps follow, waits end, nothing hangs, nothing happens twice."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from tests.respond.runs import (
    Desk,
    act,
    begin,
    codes,
    desk_of,
    incident_of,
    playbook,
    publish,
    publish_again,
    seen,
    story,
)
from zvon.model.playbook import AnyStep, Call, End, If, Parallel, Variable, While
from zvon.model.playbook_condition import Comparison, Test
from zvon.respond.actions.action import Act, Doing, Done, Result
from zvon.respond.actions.catalogue import DOING
from zvon.respond.run_policy import shipped
from zvon.respond.run_work import Worker
from zvon.store import run_lease
from zvon.store.transaction import Pool, Tx, transaction


@pytest.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    return await desk_of(pool, now, tmp_path)


async def test_a_run_goes_through_its_steps_to_the_end(desk: Desk) -> None:
    found = await incident_of(desk)
    steps: dict[str, AnyStep] = {
        "a": act("classify", "b", category="phishing", reason="the page asks for a card"),
        "b": act("wait.until", hours=1),
    }
    run = await begin(desk, playbook(steps), found.incident_uuid)
    await desk.work()
    after, _ = await seen(desk, run)
    assert after.state == "waiting"
    await desk.later(hours=1, seconds=1).work()
    after, rows = await seen(desk, run)
    assert after.state == "done"
    assert [(s.step, s.state) for s in rows] == [
        ("start", "done"), ("a", "done"), ("b", "done"), ("end", "done"),
    ]  # fmt: skip
    assert await codes(desk, run) == ["RUN_STARTED", "STEP_DONE", "STEP_WAITS", "STEP_DONE",
                                      "RUN_DONE"]  # fmt: skip


async def test_parallel_branches_join_in_rows(desk: Desk) -> None:
    steps: dict[str, AnyStep] = {
        "a": Parallel(branches=("b", "c"), on_completion="d"),
        "b": act("wait.until", "e1", hours=1), "e1": End(),
        "c": act("wait.until", "e2", hours=2), "e2": End(), "d": act("wait.until", hours=1),
    }  # fmt: skip
    run = await begin(desk, playbook(steps))
    await desk.work()
    await desk.later(hours=1).work()
    assert (
        await story(desk, run) == ["a:done", "b:done", "c:waiting", "e1:done"]
        or [s for s in await story(desk, run) if s.startswith("d")] == []
    )
    await desk.later(hours=1).work()
    assert "d:waiting" in await story(desk, run)
    await desk.later(hours=1).work()
    assert (await seen(desk, run))[0].state == "done"


async def test_a_loop_keeps_its_rounds_apart(desk: Desk) -> None:
    always = Comparison("__severity__", Test.LEAST, 0)
    steps: dict[str, AnyStep] = {
        "a": While(condition=always, on_true="b", rounds=2, on_completion="end"),
        "b": act("wait.until", "a", hours=1),
    }
    found = await incident_of(desk)
    run = await begin(desk, playbook(steps), found.incident_uuid)
    for _ in range(3):
        await desk.work()
        desk.later(hours=1)
    after, rows = await seen(desk, run)
    assert (after.state, after.error) == ("failed", "LOOP_BUDGET")
    assert [s.iteration for s in rows if s.step == "b"] == [0, 1]


async def test_a_step_that_fails_without_a_way_asks_a_person_and_is_late(desk: Desk) -> None:
    run = await begin(desk, playbook({"a": act("decide.block", reason="because", names="x.example")}),
                      who="bor")  # fmt: skip
    await desk.work()
    after, rows = await seen(desk, run)
    assert after.state == "late"
    assert rows[-1].state == "waiting"
    assert rows[-1].error == "NEEDS block:propose"
    assert "STEP_LATE" in await codes(desk, run)


async def test_nobody_who_decides_ends_the_run_in_time(desk: Desk) -> None:
    run = await begin(desk, playbook({"a": act("webhook", receiver="nobody")}))
    await desk.work()
    assert (await seen(desk, run))[0].state == "late"
    await desk.later(days=8).work()
    after, rows = await seen(desk, run)
    assert (after.state, after.error) == ("failed", "STEP_TIMEOUT")
    assert rows[-1].error == "NOBODY_DECIDED"


async def test_a_timeout_takes_its_branch(desk: Desk) -> None:
    steps: dict[str, AnyStep] = {
        "a": act("ask", question="Block it?", timeout_s=60, on_timeout="b"),
        "b": act("wait.until", hours=1),
    }
    run = await begin(desk, playbook(steps))
    await desk.work()
    await desk.later(seconds=61).work()
    assert await story(desk, run) == ["a:timed_out", "b:waiting"]


async def test_a_condition_reads_what_the_incident_is(desk: Desk) -> None:
    is_one = Comparison("__reports__", Test.LEAST, 1)
    steps: dict[str, AnyStep] = {
        "a": If(condition=is_one, on_true="b", on_false="c", on_completion="end"),
        "b": act("wait.until", "e1", hours=1), "e1": End(),
        "c": act("wait.until", "e2", hours=1), "e2": End(),
    }  # fmt: skip
    found = await incident_of(desk)
    run = await begin(desk, playbook(steps), found.incident_uuid)
    await desk.work()
    assert "b:waiting" in await story(desk, run)
    assert run.variables["__names__"] == ["lazna-posta.example"]


async def test_an_action_that_hangs_is_stopped_and_does_not_stop_the_others(desk: Desk) -> None:
    async def hang(_tx: Tx, act: Act) -> Result:
        if act.run.uuid == bad.uuid:
            await asyncio.sleep(60)
        return Done()

    steps: dict[str, AnyStep] = {
        "a": act("classify", category="phishing", reason="x", timeout_s=86_400)
    }
    of = await publish(desk, playbook(steps))
    bad, good = await begin(desk, of), await begin(desk, of)
    doing = {**DOING, "classify": Doing(begin=hang)}
    policy = structs.replace(shipped(), action_s=1, attempts=2)
    worker = Worker(desk.context, "w1", policy=policy, doing=doing)
    await worker.turn()
    assert (await seen(desk, good))[0].state == "done"
    after, rows = await seen(desk, bad)
    assert (after.state, rows[-1].state, rows[-1].error) == ("waiting", "ready", "TimeoutError")
    desk.later(minutes=1)
    await Worker(desk.context, "w1", policy=policy, doing=doing).turn()
    assert (await seen(desk, bad))[0].state == "late"


async def test_a_dead_worker_costs_one_lease(desk: Desk) -> None:
    run = await begin(desk, playbook({"a": act("wait.until", hours=1)}))
    async with transaction(desk.pool, desk.now) as tx:
        taken = await run_lease.claim(tx, "dead", desk.now, timedelta(seconds=60), 10)
    assert [s.step for s in taken] == ["a"]
    await desk.work()
    assert await story(desk, run) == ["a:leased"]
    await desk.later(seconds=61).work()
    assert await story(desk, run) == ["a:waiting"]
    assert "LEASE_LOST" in await codes(desk, run)


async def test_a_clock_that_goes_back_holds_nothing_up(desk: Desk) -> None:
    run = await begin(desk, playbook({"a": act("wait.until", "b", hours=2),
                                      "b": act("wait.until", hours=1)}))  # fmt: skip
    async with transaction(desk.pool, desk.now) as tx:
        await run_lease.claim(tx, "dead", desk.now, timedelta(seconds=60), 10)
    await desk.later(hours=-1).work()
    after, rows = await seen(desk, run)
    assert rows[-1].state == "waiting"
    assert after.changed_at >= after.started_at
    for _ in range(2):
        await desk.later(hours=3).work()
    assert (await seen(desk, run))[0].state == "done"


async def test_a_waiting_run_stays_with_its_version_whatever_is_published(desk: Desk) -> None:
    first = playbook({"a": act("wait.until", "b", hours=1), "b": act("wait.until", hours=1)})
    uuid = await publish(desk, first)
    run = await begin(desk, uuid)
    await desk.work()
    other = playbook({"a": act("wait.until", "end", hours=1)}, cacao=first.id)
    await publish_again(desk, uuid, other)
    await desk.later(hours=1).work()
    assert await story(desk, run) == ["a:done", "b:waiting"]
    newer = await begin(desk, uuid)
    await desk.work()
    await desk.later(hours=1).work()
    assert await story(desk, newer) == ["a:done"]


async def test_a_playbook_within_a_playbook_gives_back_what_it_found(desk: Desk) -> None:
    inner = playbook({"a": act("wait.until", hours=1)}, name="inner",
                     variables={"__said__": Variable(value="well")})  # fmt: skip
    await publish(desk, inner)
    steps: dict[str, AnyStep] = {
        "a": Call(playbook=inner.id, takes=("__said__",), on_completion="end")
    }
    run = await begin(desk, playbook(steps, variables={"__said__": Variable()}))
    await desk.work()
    assert await story(desk, run) == ["a:waiting"]
    await desk.later(hours=1).work()
    await desk.work()
    after, _ = await seen(desk, run)
    assert after.state == "done"


async def test_playbooks_that_call_themselves_stop_at_a_depth(desk: Desk) -> None:
    own = "playbook--00000000-0000-4000-8000-00000000000a"
    run = await begin(desk, playbook({"a": Call(playbook=own, on_completion="end")}, cacao=own))
    for _ in range(8):
        await desk.work()
    async with desk.pool.connection() as db:
        await db.execute("select set_config('zvon.viewer', 'system', false)")
        row = await (await db.execute("select count(*), max(depth) from run")).fetchone()
    assert row == (6, 5)
    assert (await seen(desk, run))[0].state == "waiting"


async def test_a_playbook_whose_runs_fail_stops_itself(desk: Desk) -> None:
    uuid = await publish(desk, playbook({"a": act("wait.until", "nowhere", hours=1)}))
    runs = [await begin(desk, uuid) for _ in range(shipped().failures)]
    await desk.work()
    await desk.later(hours=1).work()
    assert {(await seen(desk, run))[0].state for run in runs} == {"failed"}
    with pytest.raises(PermissionError, match="stopped itself"):
        await begin(desk, uuid)
