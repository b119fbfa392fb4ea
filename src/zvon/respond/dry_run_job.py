"""The job `respond.dry_run`: try a version on past incidents, as its asker may see them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync

from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.playbook import Playbook
from zvon.respond.dry_run import Past, Tally, simulate, tally
from zvon.store import dry_run, person, playbook_change, run_facts, run_version
from zvon.store.dry_run import DryRun, PastRow
from zvon.store.run_version import Pinned
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

AT_ONCE = 100
APPROVAL = timedelta(minutes=10)  # while no block was ever approved here


async def go(context: Context, payload: dict[str, Any]) -> None:
    """Do a dry run that was asked for; the same one again comes to the same result."""
    uuid = UUID(str(payload["dry_run"]))
    async with read(context.pool, SYSTEM) as db:
        asked = await dry_run.known(db, uuid)
        viewer = await person.viewer(db, asked.asked_by)
        found = await run_version.Versions().of(
            db, [asked.version_id, *([] if asked.against_id is None else [asked.against_id])]
        )
        inner = {one.playbook.id: one.playbook for one in await run_version.all_in_force(db)}
        approval = await dry_run.approval_takes(db) or APPROVAL
    if asked.state == "done":
        return
    if viewer is None:
        await _end(context, asked, None, {}, "the account that asked was closed", 0)
        return
    pasts = await _pasts(context, viewer, asked, found[asked.version_id].playbook)
    result: dict[str, Any] = {"approval_s": approval.total_seconds()}
    tried = [("this", asked.version_id), ("against", asked.against_id)]
    for name, version in tried:
        if version is not None:
            made = await run_sync(_try, found[version], pasts, approval, inner)
            result[name] = {**msgspec.to_builtins(made), "version": found[version].number}
    await _end(context, asked, viewer, result, "", len(pasts))


def _try(
    of: Pinned, pasts: Sequence[Past], approval: timedelta, known: Mapping[str, Playbook]
) -> Tally:
    would = [simulate(of.playbook, past, approval=approval, known=known) for past in pasts]
    return tally(pasts, would)


async def _pasts(context: Context, viewer: Viewer, asked: DryRun, playbook: Playbook) -> list[Past]:
    async with read(context.pool, viewer) as db:
        rows = await dry_run.pasts(db, list(playbook.suits), asked.incidents)
    found: list[Past] = []
    for start in range(0, len(rows), AT_ONCE):
        async with read(context.pool, viewer) as db:
            found += [await _past(db, row) for row in rows[start : start + AT_ONCE]]
        async with transaction(context.pool, context.clock()) as tx:
            await dry_run.progress(tx, asked.uuid, len(found))
    return found


async def _past(db: Any, row: PastRow) -> Past:
    known = await run_facts.facts(db, row.uuid, row.made_at)
    return Past(number=row.number, made_at=row.made_at, known=known, false=row.false,
                blocked_at=row.blocked_at)  # fmt: skip


async def _end(
    context: Context, asked: DryRun, viewer: Viewer | None, result: dict[str, Any], error: str,
    done: int,
) -> None:  # fmt: skip
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await dry_run.end(tx, asked.uuid, result, error, done, now)
    if viewer is None or error:
        return
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        of = await run_version.by_uuid(tx.db, asked.version_uuid)
        if of.state in {"validated", "dry_run"}:
            await playbook_change.dry_ran(
                tx, viewer, of.id, {"dry_run": str(asked.uuid), **result["this"]}, now
            )
