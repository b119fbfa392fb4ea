"""The job `assess.alerts`: alerts that came are counted, joined, and become incidents.

One transaction for a piece of the change log: what it counts and how far it read commit together,
so nothing is counted twice or forgotten, whenever the worker dies. What the correlation remembers
is in memory; after a restart it is made again from its last snapshot and the alerts since.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct

from zvon.assess import alert_policy
from zvon.assess.alert_place import place
from zvon.assess.alert_policy import Policy
from zvon.assess.alert_reading import Reading, read
from zvon.jobs import Context
from zvon.ml.correlate.alert import Alert, fingerprint, fingerprint_version
from zvon.ml.correlate.engine import Engine, Outcome
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.policy import shipped
from zvon.ml.correlate.snapshot import pack, unpack
from zvon.store import alert_fresh, alert_group, alert_memory, alert_realm
from zvon.store.alert_fresh import Fresh
from zvon.store.alert_group import Counted, Tally
from zvon.store.alert_realm import Marking, Realm
from zvon.store.transaction import Pool, Tx, transaction


class Taken(Struct, frozen=True, gc=False):
    """One alert with its place in the batch, its reading and where the correlation put it."""

    place: int
    fresh: Fresh
    reading: Reading
    outcome: Outcome


class Remembered(Struct):
    """The engine of a realm, at which version of it, and how much came since the last snapshot."""

    engine: Engine
    version: int
    fresh: int = 0


class Node:
    """What one process remembers of all realms; right only while the cursor stands at `seq`."""

    def __init__(self) -> None:
        self.seq = -1
        self.realms: dict[int, Remembered] = {}


_nodes: WeakKeyDictionary[Pool, Node] = WeakKeyDictionary()


async def assess(context: Context, _payload: dict[str, Any]) -> None:
    """Count all alerts that wait."""
    while await step(context):
        pass


async def step(context: Context) -> bool:
    """Count one piece of what waits; false when nothing did."""
    node, policy = _nodes.setdefault(context.pool, Node()), alert_policy.shipped()
    seq, now = node.seq, context.clock()
    node.seq = -1  # until the commit nothing of the memory is sure
    async with transaction(context.pool, now) as tx:
        window = await alert_fresh.window(tx, policy.batch)
        if window is None:
            node.seq = seq
            return False
        if window.since != seq:
            node.realms.clear()
        by_marking: dict[Marking, list[Fresh]] = {}
        for fresh in window.alerts:
            by_marking.setdefault(alert_realm.marking_of(fresh), []).append(fresh)
        if by_marking:
            realms = await alert_realm.take(tx, by_marking)
            for marking, alerts in sorted(by_marking.items()):
                await _realm(context, tx, node, realms[marking], alerts, policy)
        await alert_fresh.counted(tx, window, len(window.alerts), now)
    node.seq = window.until
    return True


async def _realm(
    context: Context, tx: Tx, node: Node, realm: Realm, alerts: Sequence[Fresh], policy: Policy
) -> None:
    now = context.clock()
    memory = await _remember(tx, node, realm, policy)
    ordered = sorted(alerts, key=lambda each: (each.at, each.record_id))
    taken = _take(memory.engine, ordered, policy)
    tallies = _tallies(memory.engine.memory, taken, policy)
    placed = await alert_group.put(tx, realm, tallies, now, context.random)
    await place(context, tx, realm, memory.engine.memory, [each.outcome for each in taken], placed,
                ordered[0].at)  # fmt: skip
    await alert_realm.move_on(
        tx, realm.id, memory.engine.memory.next_group, ordered[0].at,
        datetime.fromtimestamp(memory.engine.memory.now, UTC),
    )  # fmt: skip
    memory.fresh += len(ordered)
    if memory.fresh >= policy.memory_every:
        await alert_memory.keep(
            tx, realm.id, realm.version, pack(memory.engine.memory.snapshot()), now
        )
        memory.fresh = 0


async def _remember(tx: Tx, node: Node, realm: Realm, policy: Policy) -> Remembered:
    """The memory of a realm as the rows say it; made again when it is not here, or is not right."""
    found = node.realms.get(realm.id)
    if found is None:
        kept = await alert_memory.kept(tx, realm.id)
        snapshot = None if kept is None else unpack(kept.body)
        found = Remembered(Engine(Memory(shipped(), snapshot)), 1 if kept is None else kept.version)
        async for alerts in alert_memory.since(tx, realm.id, 0 if kept is None else kept.n):
            found.fresh += len(_take(found.engine, alerts, policy))
        found.engine.memory.next_group = max(found.engine.memory.next_group, realm.next_episode)
        node.realms[realm.id] = found
    if found.version != realm.version:
        found.engine.memory.rearrange(*await alert_memory.arranged(tx, realm.id))
        found.version = realm.version
    return found


def _take(engine: Engine, alerts: Sequence[Fresh], policy: Policy) -> list[Taken]:
    taken = []
    for number, fresh in enumerate(alerts):
        reading = read(fresh)
        outcome = engine.take(
            Alert(fresh.at.timestamp(), reading.signature, reading.machine, reading.actor,
                  policy.grade_of(reading), reading.values)
        )  # fmt: skip
        taken.append(Taken(number, fresh, reading, outcome))
    engine.forgotten.clear()
    return taken


def _tallies(memory: Memory, taken: Sequence[Taken], policy: Policy) -> list[Tally]:
    """What came for each group, in the order of their first alerts."""
    by_group: dict[int, list[Taken]] = {}
    for each in taken:
        by_group.setdefault(each.outcome.group, []).append(each)
    return [_tally(memory, group, came, policy) for group, came in by_group.items()]


def _tally(memory: Memory, group: int, came: Sequence[Taken], policy: Policy) -> Tally:
    first, last = came[0], came[-1]
    reading, outcome = last.reading, first.outcome
    open_ = memory.open.get((reading.signature, reading.machine))
    values = open_.values if open_ is not None and open_.id == group else set(reading.values)
    return Tally(
        episode=group, component=memory.component(group),
        fingerprint=bytes.fromhex(
            fingerprint(reading.source, reading.rule, reading.machine, reading.actor)
        ),
        fingerprint_version=fingerprint_version(), signature=reading.signature,
        title=reading.title, revision=reading.revision, host=reading.machine, actor=reading.actor,
        novel=outcome.novel, hours=outcome.hours, signature_hours=outcome.signature_hours,
        values=tuple(sorted(values)),
        types=frozenset().union(*(each.reading.types for each in came)),
        alerts=[
            Counted(each.place, each.fresh.record_id, each.fresh.uuid, each.fresh.at,
                    each.fresh.received_at, policy.severity_of(each.reading))
            for each in came
        ],
        skewed=sum(
            abs((each.fresh.received_at - each.fresh.at).total_seconds()) > policy.skew_s
            for each in came
        ),
    )  # fmt: skip
