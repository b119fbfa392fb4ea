"""A dry run on incidents of the database: asked by a writer, as far as they may see, changing nothing."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import structs

from tests.respond.runs import act, desk_of, incident_of, playbook, publish, publish_again
from zvon.model.scope import Scope
from zvon.respond.jobs import JOBS
from zvon.store import block, dry_run, run_version
from zvon.store.block import Proposal
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def test_two_versions_are_compared_on_what_was_decided(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    desk = await desk_of(pool, now, tmp_path)
    found = await incident_of(desk)
    desk.later(minutes=30)
    async with transaction(pool, desk.now) as tx:
        rows = await block.propose(tx, desk["ana"], Proposal(
            names=(("lazna-posta.example", Scope.HOST),),
            feed="si", reason="phishing", legal_ground="terms", incident_uuid=found.incident_uuid,
        ), desk.now, os.urandom)  # fmt: skip
        await block.approve(tx, desk["bor"], [r.uuid for r in rows], "seen it", desk.now)
        await tx.execute("update incident set verdict = 'malicious', verdict_by = %s",
                         (desk["ana"].person_id,))  # fmt: skip
    first = playbook({"a": act("decide.block", names="__names__", reason="x")})
    uuid = await publish(desk, first)
    await publish_again(desk, uuid, playbook({"a": act("task.create", title="Look")},
                                             cacao=first.id))  # fmt: skip
    with pytest.raises(PermissionError):
        async with transaction(pool, desk.now) as tx:
            of = await run_version.by_number(tx.db, uuid, 1)
            nobody = structs.replace(desk["eva"], permissions=frozenset())
            await dry_run.ask(tx, nobody, of, None, 10, most=100, now=desk.now,
                              random=os.urandom)  # fmt: skip
    viewer = desk["ana"]
    async with transaction(pool, desk.now, viewer=viewer_setting(viewer)) as tx:
        of = await run_version.by_number(tx.db, uuid, 1)
        against = await run_version.by_number(tx.db, uuid, 2)
        asked = await dry_run.ask(tx, viewer, of, against, 10, most=100, now=desk.now,
                                  random=os.urandom)  # fmt: skip
    await JOBS["respond.dry_run"](desk.context, {"dry_run": str(asked)})
    async with read(pool, SYSTEM) as db:
        done = await dry_run.known(db, asked)
        changed = await (
            await db.execute("select (select count(*) from block), (select count(*) from task),"
                             " (select count(*) from run)")
        ).fetchone()  # fmt: skip
    assert done.state == "done", done.error
    assert (done.result["this"]["names"], done.result["against"]["names"]) == (1, 0)
    assert (done.result["this"]["approvals"], done.result["against"]["tasks"]) == (1, 1)
    assert done.result["this"]["earlier_s"] is not None
    assert changed == (1, 0, 0)
