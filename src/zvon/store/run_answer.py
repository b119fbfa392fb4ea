"""What people say to the questions of runs: who may, and what it comes to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.store.block_eyes import check_text
from zvon.store.party import Db
from zvon.store.run_row import STEP, WAIT, RunRow, StepRow, WaitRow
from zvon.store.transaction import AuditEntry, Tx


class NoStep(LookupError):
    """The run has no such step."""

    def __init__(self, uuid: object) -> None:
        super().__init__(f"there is no step {uuid} in this run")


class NotWaiting(ValueError):
    """Nobody is asked any more: it was answered, its time is over, or the run ended."""


class OwnRun(Refused):
    """Whoever a run acts for does not approve its steps."""


class NotYours(Refused):
    """The question is for people of another role."""


class BadAnswer(ValueError):
    """Not one of the answers that the step takes."""


class Answer(Struct, frozen=True, kw_only=True):
    """What one person said. `closed`: the account was closed since, and the word counts no more."""

    step_run_id: int
    person_id: int
    login: str
    name: str
    word: str
    reason: str
    at: datetime
    closed: bool


async def waiting_step(tx: Tx, run: RunRow, uuid: UUID) -> tuple[StepRow, WaitRow]:
    """A step of a run and what it waits for, locked. Raises `NoStep`, `NotWaiting`."""
    async with tx.db.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(
            STEP + " where s.uuid = %s and s.run_id = %s for update of s", (uuid, run.id)
        )
        step = await cursor.fetchone()
    if step is None:
        raise NoStep(uuid)
    async with tx.db.cursor(row_factory=class_row(WaitRow)) as cursor:
        await cursor.execute(WAIT + " where w.step_run_id = %s for update of w", (step.id,))
        wait = await cursor.fetchone()
    if wait is None or wait.ended_at is not None or step.state != "waiting":
        raise NotWaiting("nobody is asked here any more")
    return step, wait


async def put(
    tx: Tx, viewer: Viewer, run: RunRow, step: StepRow, wait: WaitRow, word: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Keep an answer to a step's question. Raises `OwnRun`, `NotYours`, `BadAnswer`, `NotWaiting`.

    Whoever has the role that is asked, or manages runs, answers; the database refuses the person
    that the run acts for, and whoever started it, whatever their permissions.
    """
    if word not in wait.options:
        raise BadAnswer(f"answer: one of {', '.join(wait.options)}")
    if word == "no" or reason.strip():
        reason = check_text("reason", reason)
    _may(viewer, run, step, wait)
    if viewer.person_id in {run.started_by, run.acts_for}:
        raise OwnRun(
            f"{run.number} acts for you or was started by you; another person has to answer",
            _refused(viewer, run, step, "four_eyes"),
        )
    try:
        await tx.execute(
            "insert into run_answer (step_run_id, person_id, word, reason, at)"
            " values (%s, %s, %s, %s, %s)",
            (step.id, viewer.person_id, word, reason, now),
        )
    except UniqueViolation:
        raise NotWaiting("you answered this already") from None
    except CheckViolation as refused:
        raise OwnRun(
            str(refused.diag.message_primary),
            _refused(viewer, run, step, refused.diag.constraint_name or "four_eyes"),
        ) from None


async def take_over(tx: Tx, viewer: Viewer, step: StepRow, reason: str, now: datetime) -> None:
    """A person has a late step done again, in their own name and with their own permissions."""
    await tx.execute(
        "insert into run_answer (step_run_id, person_id, word, reason, at)"
        " values (%s, %s, 'retry', %s, %s) on conflict do nothing",
        (step.id, viewer.person_id, reason, now),
    )


async def of_steps(db: Db, step_ids: Sequence[int]) -> dict[int, list[Answer]]:
    """The answers to some steps, by step, in order."""
    found: dict[int, list[Answer]] = {}
    async with db.cursor(row_factory=class_row(Answer)) as cursor:
        await cursor.execute(
            """
            select a.step_run_id, a.person_id, p.login, p.name, a.word, a.reason, a.at,
                   p.disabled as closed
            from run_answer a join person p on p.id = a.person_id
            where a.step_run_id = any(%s) order by a.at, a.person_id
            """,
            (list(step_ids),),
        )
        for answer in await cursor.fetchall():
            found.setdefault(answer.step_run_id, []).append(answer)
    return found


async def pass_on(tx: Tx) -> list[tuple[int, str, str]]:
    """Open questions to somebody whose account was closed go to everybody of the role.

    Gives (run, step, login) of each.
    """
    cursor = await tx.execute(
        """
        update run_wait w set person_id = null
        from person p, step_run s
        where p.id = w.person_id and p.disabled and w.ended_at is null and s.id = w.step_run_id
        returning s.run_id, s.step, p.login
        """
    )
    return sorted(await cursor.fetchall())


def _may(viewer: Viewer, run: RunRow, step: StepRow, wait: WaitRow) -> None:
    if viewer.may(Permission.RUN_MANAGE) or (wait.role is not None and wait.role in viewer.roles):
        return
    raise NotYours(
        f"{run.number}: this is asked of people with the role {wait.role or 'approver'}",
        _refused(viewer, run, step, "role"),
    )


def _refused(viewer: Viewer, run: RunRow, step: StepRow, rule: str) -> AuditEntry:
    return AuditEntry(actor=viewer.login, action="run:answer", object=f"run:{run.number}",
                      outcome="refused", rule=rule, detail={"step": step.step})  # fmt: skip
