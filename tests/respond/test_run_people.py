"""What people do to runs, what actions make, and what an exercise never does."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

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
from zvon.model.playbook import Action, AnyStep, StartRule, Variable
from zvon.respond import run_people
from zvon.respond.jobs import JOBS
from zvon.respond.run_policy import shipped
from zvon.store import block, person, run_version
from zvon.store.run_answer import OwnRun
from zvon.store.run_row import RunRow
from zvon.store.transaction import Pool, StaysInside, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting
from zvon.web.problem import status_of

ASK: dict[str, AnyStep] = {
    "a": act("ask", "b", question="Block it?", on_failure="end"), "b": act("wait.until", hours=1),
}  # fmt: skip
BLOCK: dict[str, AnyStep] = {
    "a": act("decide.block", "b", reason="phishing for the Post"), "b": act("wait.until", hours=1),
}  # fmt: skip


@pytest.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    return await desk_of(pool, now, tmp_path)


async def say(desk: Desk, run: RunRow, who: str, word: str, reason: str = "") -> None:
    """Somebody answers what the run asks."""
    _, steps = await seen(desk, run)
    step = next(s for s in steps if s.state == "waiting")
    viewer = desk[who]
    async with transaction(desk.pool, desk.now, viewer=viewer_setting(viewer)) as tx:
        await run_people.answer(
            tx, viewer, run.uuid, step.uuid, word, reason, now=desk.now,
            random=desk.context.random, policy=shipped(),
        )  # fmt: skip


async def cancel(desk: Desk, run: RunRow, who: str) -> None:
    viewer = desk[who]
    async with transaction(desk.pool, desk.now, viewer=viewer_setting(viewer)) as tx:
        await run_people.cancel(tx, viewer, run.uuid, "a mistake", context=desk.context,
                                now=desk.now, policy=shipped())  # fmt: skip


async def rows(desk: Desk, query: str) -> list[Any]:
    async with read(desk.pool, SYSTEM) as db:
        return await (await db.execute(query.encode())).fetchall()


async def test_whoever_a_run_acts_for_approves_nothing_by_any_door(desk: Desk) -> None:
    run = await begin(desk, playbook(ASK), who="bor")
    await desk.work()
    with pytest.raises(OwnRun):
        await say(desk, run, "bor", "yes")
    _, steps = await seen(desk, run)
    with pytest.raises(psycopg.errors.CheckViolation, match="acts for"):
        async with transaction(desk.pool, desk.now) as tx:
            await tx.execute(
                "insert into run_answer (step_run_id, person_id, word, at) values (%s, %s, 'yes', %s)",
                (steps[-1].id, desk["bor"].person_id, desk.now),
            )
    await say(desk, run, "cene", "yes")
    await desk.work()
    assert await story(desk, run) == ["a:done", "b:waiting"]


async def test_no_takes_the_way_for_it_and_without_one_ends_the_run(desk: Desk) -> None:
    run = await begin(desk, playbook(ASK))
    await desk.work()
    await say(desk, run, "bor", "no", "not enough is known")
    await desk.work()
    assert (await seen(desk, run))[0].state == "done"
    assert await story(desk, run) == ["a:failed"]
    steps: dict[str, AnyStep] = {"a": act("ask", "b", question="Block it?"), "b": ASK["b"]}
    other = await begin(desk, playbook(steps))
    await desk.work()
    await say(desk, other, "bor", "no", "not enough is known")
    await desk.work()
    after, _ = await seen(desk, other)
    assert (after.state, after.error) == ("cancelled", "ANSWERED_NO")


async def test_the_word_of_a_closed_account_counts_no_more(desk: Desk) -> None:
    run = await begin(desk, playbook(ASK))
    await desk.work()
    await say(desk, run, "bor", "yes")
    async with transaction(desk.pool, desk.now) as tx:
        await person.set_disabled(tx, desk["bor"].person_id, disabled=True)
    await desk.work()
    assert await story(desk, run) == ["a:waiting"]
    await say(desk, run, "cene", "yes")
    await desk.work()
    assert await story(desk, run) == ["a:done", "b:waiting"]


async def test_a_question_to_a_closed_account_goes_to_the_others_and_says_so(desk: Desk) -> None:
    run = await begin(desk, playbook(ASK))
    await desk.work()
    async with transaction(desk.pool, desk.now) as tx:
        await tx.execute("update run_wait set person_id = %s", (desk["bor"].person_id,))
        await person.set_disabled(tx, desk["bor"].person_id, disabled=True)
    await desk.work()
    assert "ANSWERER_CLOSED" in await codes(desk, run)
    assert await rows(desk, "select person_id from run_wait") == [(None,)]


async def test_a_proposal_waits_for_people_and_the_run_goes_on_when_they_decided(
    desk: Desk,
) -> None:
    found = await incident_of(desk)
    run = await begin(desk, playbook(BLOCK), found.incident_uuid)
    await desk.work()
    await JOBS["respond.run_watch"](desk.context, {})
    made = await rows(desk, "select uuid, state, name from block")
    assert [(r[1], r[2]) for r in made] == [("validated", "lazna-posta.example")]
    assert await story(desk, run) == ["a:waiting"]
    async with transaction(desk.pool, desk.now) as tx:
        await block.approve(tx, desk["bor"], [made[0][0]], "seen it", desk.now)
    await JOBS["respond.run_watch"](desk.context, {})
    await desk.work()
    assert await story(desk, run) == ["a:done", "b:waiting"]
    _, steps = await seen(desk, run)
    assert steps[1].output == {"proposed": 1, "published": 1, "refused": 0}


async def test_cancelling_takes_back_what_can_be(desk: Desk) -> None:
    found = await incident_of(desk)
    steps: dict[str, AnyStep] = {
        "a": act("task.create", "b", title="Call the owner", wait=False), "b": BLOCK["a"],
    }  # fmt: skip
    run = await begin(desk, playbook(steps), found.incident_uuid)
    await desk.work()
    await cancel(desk, run, "ana")
    assert (await seen(desk, run))[0].state == "cancelled"
    assert await rows(desk, "select state from block") == [("withdrawn",)]
    assert await rows(desk, "select state from task") == [("dropped",)]
    assert (await codes(desk, run)).count("TAKEN_BACK") == 2


async def test_a_step_that_needs_more_rights_is_taken_over_by_who_has_them(desk: Desk) -> None:
    found = await incident_of(desk)
    run = await begin(desk, playbook(BLOCK), found.incident_uuid, who="bor")
    await desk.work()
    assert (await seen(desk, run))[0].state == "late"
    await say(desk, run, "eva", "retry")
    await desk.work()
    proposed = await rows(desk, "select p.login from block b join person p on p.id = b.proposer_id")
    assert proposed == [("eva",)]
    assert (await seen(desk, run))[0].state == "waiting"


async def test_an_exercise_never_reaches_a_zone_by_any_door(desk: Desk) -> None:
    found = await incident_of(desk)
    run = await begin(desk, playbook(BLOCK), found.incident_uuid, sandbox=True)
    await desk.work()
    (made,) = await rows(desk, "select uuid from block")
    with pytest.raises(StaysInside, match="exercise") as refused:
        async with transaction(desk.pool, desk.now) as tx:
            await block.approve(tx, desk["bor"], [made[0]], "seen it", desk.now)
    assert status_of(refused.value) == HTTPStatus.CONFLICT
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(desk.pool, desk.now) as tx:
            await tx.execute("update run set sandbox = false where id = %s", (run.id,))
    assert await rows(desk, "select count(*) from zone_rule where block_id is not null") == [(0,)]


async def test_an_exercise_tells_nobody_outside(desk: Desk) -> None:
    found = await incident_of(desk)
    steps: dict[str, AnyStep] = {
        "a": Action(action="notify", args={"to": "abuse_contact"}, on_completion="b"), "b": act("webhook", receiver="nobody"),
    }  # fmt: skip
    run = await begin(desk, playbook(steps), found.incident_uuid, sandbox=True)
    await desk.work()
    after, done = await seen(desk, run)
    assert after.state == "done"
    assert [s.output for s in done if s.step in "ab"] == [{"simulated": True}] * 2
    assert await rows(desk, "select count(*) from message") == [(0,)]


async def test_a_run_moves_to_another_version_only_when_told_and_with_its_places(
    desk: Desk,
) -> None:
    first = playbook({"a": act("wait.until", "b", hours=1), "b": act("wait.until", hours=1)})
    uuid = await publish(desk, first)
    run = await begin(desk, uuid)
    await desk.work()
    await publish_again(desk, uuid, playbook({"a": act("wait.until", hours=1),
                                              "z": act("wait.until", hours=5)},
                                             cacao=first.id))  # fmt: skip
    async with read(desk.pool, SYSTEM) as db:
        newer = await run_version.in_force(db, uuid)
    viewer = desk["bor"]

    async def move(places: dict[str, str]) -> None:
        async with transaction(desk.pool, desk.now, viewer=viewer_setting(viewer)) as tx:
            await run_people.move(
                tx, viewer, run.uuid, newer.number, places, "a better one", now=desk.now,
                random=desk.context.random, policy=shipped(),
            )  # fmt: skip

    with pytest.raises(run_people.BadMap):
        await move({"a": "nowhere"})
    await move({"a": "z"})
    await desk.work()
    assert await story(desk, run) == ["a:skipped", "z:waiting"]
    await desk.later(hours=5).work()
    assert (await seen(desk, run))[0].state == "done"


async def test_a_playbook_starts_by_itself_once_for_an_incident(desk: Desk) -> None:
    await JOBS["respond.run_watch"](desk.context, {})
    rule = StartRule(on="made", source="reports")
    await publish(desk, playbook({"a": act("wait.until", hours=1)}, starts=[rule]))
    await publish(desk, playbook({"a": act("wait.until", hours=1)}, name="other",
                                 starts=[StartRule(on="made", severity=4)]))  # fmt: skip
    found = await incident_of(desk)
    for _ in range(2):
        await JOBS["respond.run_watch"](desk.context, {})
    made = await rows(
        desk, "select r.trigger, i.uuid, p.login from run r join incident i on i.id = r.incident_id"
        " join person p on p.id = r.acts_for")  # fmt: skip
    assert made == [("made", found.incident_uuid, "bor")]


async def test_what_a_run_asks_for_has_to_be_given_and_to_fit(desk: Desk) -> None:
    of = await publish(desk, playbook(
        {"a": act("wait.until", hours="__hours__")},
        variables={"__hours__": Variable(external=True, type="integer")},  # type: ignore[arg-type]
    ))  # fmt: skip
    for values in ({}, {"__hours__": "x"}, {"__hours__": 2, "__more__": 1}):
        with pytest.raises(ValueError, match=r"values|__hours__"):
            await begin(desk, of, values=values)
    run = await begin(desk, of, values={"__hours__": 2})
    await desk.work()
    assert await story(desk, run) == ["a:waiting"]


async def test_a_run_tells_only_people_who_see_its_incident(desk: Desk) -> None:
    found = await incident_of(desk)
    run = await begin(desk, playbook(ASK), found.incident_uuid)
    async with transaction(desk.pool, desk.now) as tx:
        await tx.execute("update record set tlp = 4 where uuid = (select r.uuid from record r"
                         " join incident i on i.record_id = r.id limit 1)")  # fmt: skip
    async with read(desk.pool, desk["bor"]) as db:
        counted = [
            await (await db.execute(f"select count(*) from {table}".encode())).fetchone()
            for table in ("run", "step_run", "run_log", "run_token")
        ]
    assert counted == [(0,)] * 4
    assert isinstance(run.uuid, UUID)
