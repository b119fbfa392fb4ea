"""Changing playbooks: drafts, their checks, publishing by another person, retiring.

A version goes from draft to validated (no error is left), to dry-run, to published. Whoever wrote in
it does not publish it; the database refuses that too. What was in force before is retired by it,
and runs that began with it stay with it.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.playbook import Playbook, encode
from zvon.model.playbook_check import check
from zvon.model.playbook_graph import called
from zvon.model.playbook_problem import Problem, Weight
from zvon.store.playbook import NoPlaybook, PlaybookRow, VersionRow, by_cacao_id, calls, known
from zvon.store.playbook import version as version_of_id
from zvon.store.transaction import AuditEntry, Change, Op, Tx

SYSTEM = "system"
LEAST_REASON = 3
MOST_REASON = 2000


class Stale(ValueError):
    """Somebody changed the playbook since it was read."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"the playbook was changed meanwhile (version {version}); look at it again"
        )


class NotInState(ValueError):
    """The playbook has no version in the state that this step begins with."""


class NotSound(ValueError):
    """The check found errors; `problems` are all its findings."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the playbook has errors")
        self.problems = list(problems)
        self.errors = [
            {"step": each.step or "", "code": each.code, **each.params}
            for each in problems
            if each.weight is Weight.ERROR
        ]


class BadPublication(ValueError):
    """The reason is missing or too long."""


async def add(
    tx: Tx, viewer: Viewer, playbook: Playbook, now: datetime, random: Callable[[int], bytes]
) -> PlaybookRow:
    """Take a playbook in as a draft: a new one, or a new version of the one with its identifier.

    Raises `NotInState` when somebody works on a version of it already.
    """
    viewer.require(Permission.PLAYBOOK_WRITE)
    row = await by_cacao_id(tx.db, playbook.id)
    if row is None:
        row = await _insert(tx, playbook, viewer.person_id, now, random, shipped=False)
    else:
        row = await _locked(tx, row.uuid, None)
    await _draft(tx, row, playbook, viewer.person_id, now, random)
    await _told(tx, row, viewer.login, "import", now, playbook=playbook.id)
    return await known(tx.db, row.uuid)


async def edit(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, change: Callable[[Playbook], Playbook],
    now: datetime, random: Callable[[int], bytes],
) -> PlaybookRow:  # fmt: skip
    """Change the draft; where there is none, the newest version is the draft's beginning.

    A version that was checked or tried goes back to being a draft. Raises `NoPlaybook`, `Stale`,
    and what `change` raises.
    """
    viewer.require(Permission.PLAYBOOK_WRITE)
    row = await _locked(tx, uuid, version)
    working = await _working(tx, row)
    if working is None:
        newest = await _newest(tx, row)
        await _draft(tx, row, change(newest.playbook), viewer.person_id, now, random)
    else:
        made = change(working.playbook)
        if working.state != "draft":
            await _move(tx, working, "draft", now)
        body = encode(made)
        await tx.execute(
            """
            update playbook_version set body = %s, hash = %s, errors = %s, calls = %s,
              changed_at = %s, dry_run = null,
              authors = case when %s = any (authors) then authors else authors || %s::bigint end
            where id = %s
            """,
            (body, hashlib.sha256(body).digest(), _errors(made), _called(made), now,
             viewer.person_id, viewer.person_id, working.id),
        )  # fmt: skip
        await _named(tx, row, made, now)
    await _told(tx, row, viewer.login, "edit", now)
    return await known(tx.db, uuid)


async def validate(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, now: datetime
) -> tuple[PlaybookRow, list[Problem]]:
    """Check the draft and freeze it. Raises `NotSound`, `NotInState`, `Stale`, `NoPlaybook`."""
    viewer.require(Permission.PLAYBOOK_WRITE)
    row = await _locked(tx, uuid, version)
    working = await _in(tx, row, "draft")
    problems = check(working.playbook, await calls(tx.db))
    if any(each.weight is Weight.ERROR for each in problems):
        raise NotSound(problems)
    await tx.execute("update playbook_version set errors = 0 where id = %s", (working.id,))
    await _move(tx, working, "validated", now)
    await _told(tx, row, viewer.login, "validate", now, number=working.number)
    return await known(tx.db, uuid), problems


async def dry_ran(
    tx: Tx, viewer: Viewer, version_id: int, result: dict[str, Any], now: datetime
) -> None:
    """Write down what a dry run of a validated version found; the last one counts.

    Writers and approvers may. Raises `NoPlaybook`, `NotInState`.
    """
    if not viewer.may(Permission.PLAYBOOK_APPROVE):
        viewer.require(Permission.PLAYBOOK_WRITE)
    found = await version_of_id(tx.db, version_id)
    row = await _locked(tx, found.playbook_uuid, None)
    found = await version_of_id(tx.db, version_id)
    if found.state not in {"validated", "dry_run"}:
        raise NotInState(f"version {found.number} is {found.state}; check it first")
    await tx.execute(
        "update playbook_version set dry_run = %s where id = %s",
        (Jsonb({**result, "at": now.isoformat(), "by": viewer.login}), found.id),
    )
    if found.state == "validated":
        await _move(tx, found, "dry_run", now)
    await _told(tx, row, viewer.login, "dry_run", now, number=found.number)


async def publish(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, reason: str, now: datetime
) -> PlaybookRow:
    """Put the version that was tried in force; what was in force before is retired.

    Raises `Refused` for somebody who wrote in it, `NotSound` when a playbook that it calls is gone,
    `NotInState`, `Stale`, `NoPlaybook`, `BadPublication`.
    """
    viewer.require(Permission.PLAYBOOK_APPROVE)
    why = _reason(reason)
    row = await _locked(tx, uuid, version)
    working = await _in(tx, row, "dry_run")
    if viewer.person_id in working.author_ids:
        raise Refused("you wrote in this version; another person has to publish it",
                      AuditEntry(actor=viewer.login, action="playbook:publish", object=str(uuid),
                                 outcome="refused", rule="four_eyes"))  # fmt: skip
    problems = check(working.playbook, await calls(tx.db))
    if any(each.weight is Weight.ERROR for each in problems):
        raise NotSound(problems)
    await tx.execute(
        "update playbook_version set state = 'retired', retired_at = %s, changed_at = %s"
        " where playbook_id = %s and state = 'published'",
        (now, now, row.id),
    )
    await tx.execute(
        "update playbook_version set state = 'published', published_by = %s, published_at = %s,"
        " reason = %s, changed_at = %s where id = %s",
        (viewer.person_id, now, why, now, working.id),
    )
    await _told(tx, row, viewer.login, "publish", now, Op.PUBLISH, number=working.number,
                hash=working.hash)  # fmt: skip
    return await known(tx.db, uuid)


async def retire(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, reason: str, now: datetime
) -> PlaybookRow:
    """Throw away the version in work, else take the one in force out of it; runs go on.

    Raises `NotInState` when there is neither, `Stale`, `NoPlaybook`, `BadPublication`.
    """
    viewer.require(Permission.PLAYBOOK_WRITE)
    why = _reason(reason)
    row = await _locked(tx, uuid, version)
    number = row.working or row.in_force
    if number is None:
        raise NotInState("all versions are retired")
    if row.working is None:
        viewer.require(Permission.PLAYBOOK_APPROVE)
    await tx.execute(
        "update playbook_version set state = 'retired', retired_at = %s, changed_at = %s,"
        " reason = %s where playbook_id = %s and number = %s",
        (now, now, why, row.id, number),
    )
    await _told(tx, row, viewer.login, "retire", now, Op.REVOKE, number=number, reason=why)
    return await known(tx.db, uuid)


async def put_shipped(
    tx: Tx, shipped: Sequence[Playbook], now: datetime, random: Callable[[int], bytes]
) -> int:
    """Put what comes with the program there, checked and not yet in force; returns how many.

    A new version arrives beside the one in force. One that people work on is left alone.
    """
    count = 0
    for playbook in shipped:
        row = await by_cacao_id(tx.db, playbook.id)
        digest = hashlib.sha256(encode(playbook)).hexdigest()
        if row is not None:
            row = await _locked(tx, row.uuid, None)
            seen = await (
                await tx.execute(
                    "select from playbook_version where playbook_id = %s and hash = decode(%s, 'hex')",
                    (row.id, digest),
                )
            ).fetchone()
            if seen is not None or row.working is not None or not row.shipped:
                continue
        else:
            row = await _insert(tx, playbook, None, now, random, shipped=True)
        await _draft(tx, row, playbook, None, now, random)
        working = await _in(tx, row, "draft")
        if working.errors == 0:
            await _move(tx, working, "validated", now)
        await _told(tx, row, SYSTEM, "ship", now)
        count += 1
    return count


async def _locked(tx: Tx, uuid: UUID, version: int | None) -> PlaybookRow:
    await tx.execute("select from playbook where uuid = %s for update", (uuid,))
    row = await known(tx.db, uuid)
    if version is not None and row.version != version:
        raise Stale(row.version)
    return row


async def _insert(
    tx: Tx, playbook: Playbook, by: int | None, now: datetime, random: Callable[[int], bytes], *,
    shipped: bool,
) -> PlaybookRow:  # fmt: skip
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into playbook (uuid, cacao_id, name, titles, shipped, made_by, made_at, changed_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (uuid, playbook.id, playbook.name, Jsonb(playbook.titles), shipped, by, now, now),
    )
    return await known(tx.db, uuid)


async def _draft(
    tx: Tx, row: PlaybookRow, playbook: Playbook, by: int | None, now: datetime,
    random: Callable[[int], bytes],
) -> None:  # fmt: skip
    if await _working(tx, row) is not None:
        raise NotInState("a version of this playbook is being worked on; finish or discard it")
    body = encode(playbook)
    await tx.execute(
        """
        insert into playbook_version (uuid, playbook_id, number, hash, body, state, errors, calls,
                                      authors, made_by, made_at, changed_at)
        select %(uuid)s, %(playbook)s, coalesce(max(number), 0) + 1, %(hash)s, %(body)s, 'draft',
               %(errors)s, %(calls)s, %(authors)s, %(by)s, %(now)s, %(now)s
        from playbook_version where playbook_id = %(playbook)s
        """,
        {"uuid": uuid7(now, random(RANDOM_BYTES)), "playbook": row.id,
         "hash": hashlib.sha256(body).digest(), "body": body, "errors": _errors(playbook),
         "calls": _called(playbook), "authors": [] if by is None else [by], "by": by, "now": now},
    )  # fmt: skip
    await _named(tx, row, playbook, now)


async def _named(tx: Tx, row: PlaybookRow, playbook: Playbook, now: datetime) -> None:
    await tx.execute(
        "update playbook set name = %s, titles = %s, changed_at = %s where id = %s",
        (playbook.name, Jsonb(playbook.titles), now, row.id),
    )


async def _working(tx: Tx, row: PlaybookRow) -> VersionRow | None:
    found = await (
        await tx.execute(
            "select id from playbook_version where playbook_id = %s"
            " and state in ('draft', 'validated', 'dry_run')",
            (row.id,),
        )
    ).fetchone()
    return None if found is None else await version_of_id(tx.db, int(found[0]))


async def _newest(tx: Tx, row: PlaybookRow) -> VersionRow:
    found = await (
        await tx.execute(
            "select id from playbook_version where playbook_id = %s"
            " order by (state = 'published') desc, number desc limit 1",
            (row.id,),
        )
    ).fetchone()
    if found is None:
        raise NoPlaybook("the playbook has no version")
    return await version_of_id(tx.db, int(found[0]))


async def _in(tx: Tx, row: PlaybookRow, state: Literal["draft", "dry_run"]) -> VersionRow:
    working = await _working(tx, row)
    if working is None or working.state != state:
        now_in = "retired" if working is None else working.state
        raise NotInState(f"this needs a version that is {state}; it is {now_in}")
    return working


async def _move(tx: Tx, version: VersionRow, state: str, now: datetime) -> None:
    await tx.execute(
        "update playbook_version set state = %s, changed_at = %s where id = %s",
        (state, now, version.id),
    )


async def _told(
    tx: Tx, row: PlaybookRow, actor: str, verb: str, now: datetime, op: Op = Op.EDIT, **detail: Any
) -> None:
    await tx.execute(
        "update playbook set version = version + 1, changed_at = %s where id = %s", (now, row.id)
    )
    tx.note(Change(kind="playbook", subject=row.uuid, op=op))
    tx.audit(AuditEntry(actor=actor, action=f"playbook:{verb}", object=str(row.uuid),
                        detail=detail))  # fmt: skip


def _errors(playbook: Playbook) -> int:
    return sum(each.weight is Weight.ERROR for each in check(playbook))


def _called(playbook: Playbook) -> list[str]:
    return sorted({name for _, name in called(playbook)})


def _reason(reason: str) -> str:
    why = reason.strip()
    if not LEAST_REASON <= len(why) <= MOST_REASON or "\x00" in why:
        raise BadPublication(f"reason: from {LEAST_REASON} to {MOST_REASON} characters")
    return why
