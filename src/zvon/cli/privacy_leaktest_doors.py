"""The leak test's second half: everything planted, by the ways out of a node made for the run."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from zvon.config import Settings
    from zvon.jobs import Context
    from zvon.model.disclosure import Door
    from zvon.model.policy import Policy
    from zvon.privacy.carrier.item import Item
    from zvon.privacy.leaktest import Matrix, Planted
    from zvon.privacy.pseudonym import Domain
    from zvon.store.transaction import Tx

LEDGER = "ledger"
BY = "leaktest"
GROUP = "leak-test"


def by_doors(items: "Sequence[tuple[Planted, Item]]", matrix: "Matrix", folder: Path) -> None:
    """Send each item by one door after the other, and search what came out, and the ledger.

    Starts a database in `folder` and stops it again. Raises `NoBinaries`, `ClusterError`.
    """
    from zvon.config import Settings

    folder.chmod(0o755)  # PostgreSQL of a run by root works as another user
    settings = Settings(root=folder / "node", database=None, name="leak-test")
    with _database(settings):
        asyncio.run(_through(settings, items, matrix))


@contextmanager
def _database(settings: "Settings") -> "Iterator[None]":
    from zvon.store.cluster import Cluster
    from zvon.store.migrate import migrate

    cluster = Cluster(settings.root, pg_bin=settings.pg_bin)
    cluster.start()
    try:
        migrate(cluster.dsn())
        yield
    finally:
        cluster.stop()


async def _through(
    settings: "Settings", items: "Sequence[tuple[Planted, Item]]", matrix: "Matrix"
) -> None:
    import msgspec

    from zvon.cli.node import dsn_of_node, open_settings, utc_now
    from zvon.cli.prepare import prepare
    from zvon.formats.membership import GroupPolicy
    from zvon.model.disclosure import Door
    from zvon.share import group
    from zvon.share.ledger import NotReleased
    from zvon.store import disclosure
    from zvon.store.transaction import transaction

    await prepare(settings, dsn_of_node(settings), utc_now())
    ways = [door for door in Door if door not in {Door.PEER, Door.STATISTICS}]
    async with open_settings(settings) as context:
        terms = group.Terms(name=GROUP, policy=GroupPolicy(max_tlp="amber"))
        async with transaction(context.pool, utc_now()) as tx:
            made = await group.found(
                tx, terms, context.node, "https://node.example", utc_now(), os.urandom
            )
        for n, (planted, item) in enumerate(items):
            door = ways[n % len(ways)]
            try:
                async with transaction(context.pool, utc_now()) as tx:
                    files = await _released(tx, context, item, planted.id, door, made.group)
                matrix.take(planted, door.value, "released", files)
            except NotReleased as problem:
                matrix.take(planted, door.value, problem.reason.lower(), {})
        async with context.pool.connection() as db:
            rows = await disclosure.newest(db, disclosure.Wanted(), limit=len(items))
    said = msgspec.json.encode(rows)
    for planted, _ in items:
        matrix.take(planted, LEDGER, "written", {"ledger.json": said}, counts=False)


async def _released(
    tx: "Tx", context: "Context", item: "Item", subject: str, door: "Door", group: "UUID"
) -> dict[str, bytes]:
    """What leaves by a door: under its own agreement, else under that of the group."""
    from zvon.model.marking import Tlp
    from zvon.share.doors import door_policy
    from zvon.share.ledger import Recipient
    from zvon.share.outgoing import key_for_once, release_item
    from zvon.share.outward import OWN
    from zvon.share.passage import facts_of

    now = context.clock()
    if door in OWN:
        policy = door_policy(door, [Tlp.AMBER])
        keys = key_for_once(policy, context.random)
        to = Recipient(door=door, name="recipient.example", subject=subject)
    else:
        policy, keys = await _of_group(tx, context, group)
        to = Recipient(door=door, name=GROUP, subject=subject, group_uuid=group)
    left = await release_item(
        tx, item, to, now, facts=await facts_of(tx.db, context.node, now), policy=policy,
        keys=keys, by=BY, random=context.random,
    )  # fmt: skip
    return dict(left.files)


async def _of_group(tx: "Tx", context: "Context", group: "UUID") -> "tuple[Policy, Domain]":
    from zvon.model.marking import Pap, Tlp
    from zvon.share.keys import current_epoch, domain
    from zvon.share.passage import policy_of

    now = context.clock()
    policy = await policy_of(tx.db, group, {"tlp": Tlp.AMBER, "pap": Pap.GREEN})
    epoch = await current_epoch(tx.db, group, now)
    return policy, await domain(tx, group, epoch, context.node, now, context.random)
