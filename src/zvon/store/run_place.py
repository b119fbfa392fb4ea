"""Where runs stand, read and written for many runs at once: one transaction of the engine."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.model.marking import Tlp
from zvon.model.run import OPEN_STEP
from zvon.store.party import Db
from zvon.store.run_row import RunRow
from zvon.store.transaction import Change, Op, Tx


class TokenRow(Struct, frozen=True, kw_only=True):
    """A place in a run, with the branch that it is in."""

    run_id: int
    n: int
    parent: int | None
    step: str
    children: int
    turns: int


class StepEnd(Struct, frozen=True, kw_only=True):
    """A step that moves to another state. `ready_at` is set when it is tried again."""

    id: int
    state: str
    output: Mapping[str, Any] = {}
    error: str = ""
    ready_at: datetime | None = None
    due_at: datetime | None = None


class StepNew(Struct, frozen=True, kw_only=True):
    """A step that was reached: `ready` to be done, or `done` when it only says where to go."""

    uuid: UUID
    run_id: int
    step: str
    iteration: int
    token: int
    kind: str
    state: str
    output: Mapping[str, Any] = {}
    ready_at: datetime | None
    due_at: datetime


class WaitNew(Struct, frozen=True, kw_only=True):
    """What a step begins to wait for; it replaces what it waited for before."""

    step_run_id: int
    kind: str
    deadline: datetime
    question: str = ""
    options: Sequence[str] = ()
    role: str | None = None
    person_id: int | None = None
    people: int = 1
    about: UUID | None = None
    on_timeout: str | None = None


class RunNow(Struct, frozen=True, kw_only=True):
    """How a run stands after the transaction; `ended` is its last state, when it has one."""

    id: int
    variables: Mapping[str, Any]
    visits: Mapping[str, int]
    steps: int
    next_token: int
    ended: str | None = None
    error: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """One line for the log of a run."""

    run_id: int
    code: str
    step: str | None = None
    params: Mapping[str, Any] = {}
    actor: str = "system"


_OPEN = [state.value for state in sorted(OPEN_STEP)]


async def tokens(db: Db, run_ids: Sequence[int]) -> list[TokenRow]:
    """Every place of some runs."""
    async with db.cursor(row_factory=class_row(TokenRow)) as cursor:
        await cursor.execute(
            "select run_id, n, parent, step, children, turns from run_token"
            " where run_id = any(%s) order by run_id, n",
            (list(run_ids),),
        )
        return await cursor.fetchall()


async def put_tokens(tx: Tx, put: Sequence[TokenRow], gone: Sequence[tuple[int, int]]) -> None:
    """Write the places that changed and take away those that are left."""
    if gone:
        await tx.execute(
            "delete from run_token t using unnest(%s::bigint[], %s::int[]) x(run_id, n)"
            " where t.run_id = x.run_id and t.n = x.n",
            ([run for run, _ in gone], [n for _, n in gone]),
        )
    if put:
        await tx.execute(
            """
            insert into run_token (run_id, n, parent, step, children, turns)
            select * from unnest(%s::bigint[], %s::int[], %s::int[], %s::text[], %s::int[],
                                 %s::int[])
            on conflict (run_id, n) do update set step = excluded.step,
              children = excluded.children, turns = excluded.turns
            """,
            ([t.run_id for t in put], [t.n for t in put], [t.parent for t in put],
             [t.step for t in put], [t.children for t in put], [t.turns for t in put]),
        )  # fmt: skip


async def end_steps(tx: Tx, ends: Sequence[StepEnd], now: datetime) -> None:
    """Move steps on; a step that ended is never touched again."""
    if not ends:
        return
    await tx.execute(
        """
        update step_run s set state = x.state, output = s.output || x.output::jsonb,
          error = x.error, leased_by = null, lease_until = null,
          ready_at = x.ready_at, due_at = coalesce(x.due_at, s.due_at),
          ended_at = case when x.state = any(%s) then null else %s end
        from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                    %s::timestamptz[]) x(id, state, output, error, ready_at, due_at)
        where s.id = x.id
        """,
        (_OPEN, now, [e.id for e in ends], [e.state for e in ends],
         [Jsonb(dict(e.output)) for e in ends], [e.error for e in ends],
         [e.ready_at for e in ends], [e.due_at for e in ends]),
    )  # fmt: skip
    await tx.execute(
        "update run_wait set ended_at = %s where ended_at is null and step_run_id = any(%s)",
        (now, [e.id for e in ends if e.state != "waiting"]),
    )


async def add_steps(tx: Tx, new: Sequence[StepNew], now: datetime) -> None:
    """Write steps that were reached. The key run, step and iteration is there once."""
    if not new:
        return
    await tx.execute(
        """
        insert into step_run (uuid, run_id, step, iteration, token, kind, state, output, ready_at,
                              due_at, started_at, ended_at)
        select x.uuid, x.run_id, x.step, x.iteration, x.token, x.kind, x.state, x.output::jsonb,
               x.ready_at, x.due_at, case when x.state = 'done' then %s end,
               case when x.state = 'done' then %s end
        from unnest(%s::uuid[], %s::bigint[], %s::text[], %s::int[], %s::int[], %s::text[],
                    %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
             with ordinality x(uuid, run_id, step, iteration, token, kind, state, output, ready_at,
                               due_at, o)
        order by x.o
        """,
        (now, now, [s.uuid for s in new], [s.run_id for s in new], [s.step for s in new],
         [s.iteration for s in new], [s.token for s in new], [s.kind for s in new],
         [s.state for s in new], [Jsonb(dict(s.output)) for s in new],
         [s.ready_at for s in new], [s.due_at for s in new]),
    )  # fmt: skip


async def put_waits(tx: Tx, waits: Sequence[WaitNew], now: datetime) -> None:
    """Write what steps begin to wait for."""
    for wait in waits:
        await tx.execute(
            """
            insert into run_wait (step_run_id, kind, since, deadline, on_timeout, question, options,
                                  role, person_id, people, about)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (step_run_id) do update set kind = excluded.kind, since = excluded.since,
              deadline = excluded.deadline, on_timeout = excluded.on_timeout,
              question = excluded.question, options = excluded.options, role = excluded.role,
              person_id = excluded.person_id, people = excluded.people,
              about = coalesce(excluded.about, run_wait.about), result = null, ended_at = null
            """,
            (wait.step_run_id, wait.kind, now, wait.deadline, wait.on_timeout, wait.question,
             list(wait.options), wait.role, wait.person_id, wait.people, wait.about),
        )  # fmt: skip


async def put_runs(tx: Tx, runs: Sequence[tuple[RunRow, RunNow]], now: datetime) -> None:
    """Write how runs stand. Those that ended leave no open step; the others show what they wait for."""
    if not runs:
        return
    ended = [after.id for _, after in runs if after.ended]
    if ended:
        await tx.execute(
            """
            update step_run set state = 'skipped', ended_at = %s, leased_by = null,
              lease_until = null where run_id = any(%s) and state = any(%s)
            """,
            (now, ended, _OPEN),
        )
        await tx.execute(
            "update run_wait w set ended_at = %s from step_run s where s.id = w.step_run_id"
            " and s.run_id = any(%s) and w.ended_at is null",
            (now, ended),
        )
        await tx.execute("delete from run_token where run_id = any(%s)", (ended,))
    await tx.execute(
        """
        with open as (
          select s.run_id, bool_or(s.state = 'leased' or (s.state = 'ready'
                            and (s.ready_at is null or s.ready_at <= %(now)s))) as active,
                 bool_or(w.kind = 'person' and w.ended_at is null) as late
          from step_run s left join run_wait w on w.step_run_id = s.id
          where s.run_id = any(%(id)s) and s.state = any(%(open)s) group by s.run_id)
        update run r set variables = x.variables::jsonb, visits = x.visits::jsonb,
          steps = x.steps, next_token = x.next_token, error = x.error,
          changed_at = greatest(%(now)s, r.started_at), version = r.version + 1,
          ended_at = case when x.ended is not null then greatest(%(now)s, r.started_at) end,
          state = coalesce(x.ended, case when o.late then 'late' when o.active then 'running'
                                         else 'waiting' end)
        from unnest(%(id)s::bigint[], %(variables)s::text[], %(visits)s::text[], %(steps)s::int[],
                    %(next)s::int[], %(ended)s::text[], %(error)s::text[])
               x(id, variables, visits, steps, next_token, ended, error)
          left join open o on o.run_id = x.id
        where r.id = x.id
        """,
        {"now": now, "open": _OPEN, "id": [a.id for _, a in runs],
         "variables": [Jsonb(dict(a.variables)) for _, a in runs],
         "visits": [Jsonb(dict(a.visits)) for _, a in runs],
         "steps": [a.steps for _, a in runs], "next": [a.next_token for _, a in runs],
         "ended": [a.ended for _, a in runs], "error": [a.error for _, a in runs]},
    )  # fmt: skip
    tx.note(*(changed(before) for before, _ in runs))


async def put_log(tx: Tx, lines: Sequence[Line], now: datetime) -> None:
    """Add lines to the logs."""
    if not lines:
        return
    await tx.execute(
        """
        insert into run_log (run_id, at, code, step, params, actor)
        select x.run_id, %s, x.code, x.step, x.params::jsonb, x.actor
        from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
             with ordinality x(run_id, code, step, params, actor, o) order by x.o
        """,
        (now, [line.run_id for line in lines], [line.code for line in lines],
         [line.step for line in lines], [Jsonb(dict(line.params)) for line in lines],
         [line.actor for line in lines]),
    )  # fmt: skip


def changed(run: RunRow, op: Op = Op.EDIT) -> Change:
    """The row of the change log that tells of a run."""
    tlp = Tlp.AMBER if run.tlp is None else Tlp(run.tlp)
    return Change(kind="run", subject=run.uuid, op=op, record_id=run.record_id, tlp=tlp)
