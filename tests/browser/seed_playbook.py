"""Playbooks of the seeded node: those that come with the program, one of them in force."""

import os
from uuid import UUID

from tests.browser.node import Served
from zvon.respond.playbook_shipped import shipped
from zvon.store import playbook, playbook_change
from zvon.store.transaction import transaction


async def seed_playbooks(served: Served) -> UUID:
    """Put them there; gives the one about phishing, in force and with a draft of ana's."""
    uuid = await in_force(served, "Phishing report")
    async with transaction(served.context.pool, served.now) as tx:
        row = await playbook.known(tx.db, uuid)
        await playbook_change.edit(
            tx, served.people["ana"], uuid, row.version, lambda one: one, served.now, os.urandom
        )
    return uuid


async def in_force(served: Served, name: str) -> UUID:
    """A shipped playbook, tried by ana and put in force by bor."""
    now, ana, bor = served.now, served.people["ana"], served.people["bor"]
    pool, random = served.context.pool, os.urandom
    async with transaction(pool, now) as tx:
        await playbook_change.put_shipped(tx, shipped("sl"), now, random)
    async with transaction(pool, now) as tx:
        rows = await playbook.list_all(tx.db, ana)
        row = next(each for each in rows if each.name == name)
        found = await playbook.of_number(tx.db, ana, row)
        await playbook_change.dry_ran(
            tx, ana, found.id, {"incidents": 40, "finished": 40, "names": 31, "false_names": 2}, now
        )
        row = await playbook.known(tx.db, row.uuid)
        row = await playbook_change.publish(tx, bor, row.uuid, row.version, "ustreza", now)
    return row.uuid
