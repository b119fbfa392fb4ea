"""Proof of block: asking every subscriber's resolver until it answers as ordered.

An answer as ordered to a query for the rule's own name, from a resolver that resolves a control
name in the same round, is proof of grade A, kept as a signed receipt. The same is done after a
lift. The receipt says how strong the evidence is: a name that does not exist at all would be
answered the same way, so resolvers are asked for it while it is only proposed, too.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from secrets import randbelow

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.prove import Ordered, Seen, Tried, evidence, prove
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.watch import Watch
from zvon.formats.answer import NXDOMAIN
from zvon.formats.receipt import Statement, digest
from zvon.model.proof import BATCH, CONTROLS, Evidence, sample
from zvon.model.zone import Grade, marker_name, zone_name
from zvon.store import block_proof, proof_work, receipt
from zvon.store.block_row import BlockRow
from zvon.store.proof_work import Work
from zvon.store.receipt import NODE, Draft
from zvon.store.transaction import Pool, transaction
from zvon.store.zone import note_held

DEADLINE = timedelta(seconds=120)
LIFT_WATCH = timedelta(minutes=10)
BEFORE_WATCH = timedelta(days=1)
AT_ONCE = 200

Place = tuple[int, int, str]
"""Block, subscriber, and `block` or `lift`."""

log = structlog.get_logger("zvon.dns")


class Prober:
    """One task for each block and subscriber that is not proved; a sample of them for a batch."""

    def __init__(
        self, pool: Pool, registry: Registry, *, signing: Ed25519PrivateKey,
        clock: Callable[[], datetime], watch: Watch | None = None, deadline: timedelta = DEADLINE,
        pick: Callable[[int], int] = randbelow,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._registry = registry
        self._signing = signing
        self._clock = clock
        self._watch = watch or Watch(clock)
        self._deadline = deadline
        self._pick = pick
        self._running: dict[Place, asyncio.Task[None]] = {}
        self._before: asyncio.Task[None] | None = None
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._controls: tuple[str, ...] = CONTROLS
        self.tried: dict[Place, Tried] = {}
        """What became of the questions that are still being asked, for the alarm."""
        self.wake = asyncio.Event()

    async def round(self) -> None:
        """Start what is not running yet, and fail what was not proved in time."""
        now = self._clock()
        async with self._pool.connection() as db:
            rows = await block_proof.unproved(db, now - LIFT_WATCH)
            work = await proof_work.open_work(db, now - LIFT_WATCH)
            asking = await proof_work.unasked(db, now - BEFORE_WATCH)
            self._controls = await proof_work.controls(db, CONTROLS)
        self._set_out(work)
        if asking and (self._before is None or self._before.done()):
            self._before = asyncio.create_task(self._ask_before(asking))
            self._before.add_done_callback(partial(self._over, ()))
        late: dict[int, list[str]] = {}
        for one in work:
            if one.kind == "block" and one.mandatory:
                late.setdefault(one.block_id, []).append(one.subscriber)
        for row in rows:
            if row.lifted_at is None:
                await self._judge(row, late.get(row.id, []), now)

    def _set_out(self, work: Sequence[Work]) -> None:
        """Ask for what nobody asks for yet: one task a name, or one for a whole batch."""
        batches: dict[tuple[int, str, datetime], list[Work]] = {}
        for one in work:
            batches.setdefault((one.subscriber_id, one.kind, one.ordered_at), []).append(one)
        for (subscriber, _, _), batch in batches.items():
            endpoint = self._registry.endpoints.get(subscriber)
            if endpoint is None or endpoint.probe_address is None:
                continue
            each = [batch] if len(batch) > BATCH else [[one] for one in batch]
            for some in each:
                places = [(one.block_id, one.subscriber_id, one.kind) for one in some]
                if any(place in self._running for place in places):
                    continue
                task = asyncio.create_task(self._prove(some, endpoint))
                self._running.update(dict.fromkeys(places, task))
                task.add_done_callback(partial(self._over, places))

    def _over(self, places: Collection[Place], task: asyncio.Task[None]) -> None:
        for place in places:
            self._running.pop(place, None)
            self.tried.pop(place, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("probe.stopped", problem=repr(task.exception()))

    async def _judge(self, row: BlockRow, late: list[str], now: datetime) -> None:
        assert row.published_at is not None
        if not late:
            async with transaction(self._pool, now) as tx:
                await block_proof.enforce(tx, row.id, now)
        elif row.state == "published" and now - row.published_at > self._deadline:
            async with transaction(self._pool, now) as tx:
                await block_proof.fail(tx, row.id, late, now)
            log.warning("block.failed", block=row.number, subscribers=late)

    async def _prove(self, batch: Sequence[Work], endpoint: Endpoint) -> None:
        """Prove each of `batch`, or of a large one a sample that then stands for all."""
        chosen = sample(batch, self._pick)
        async with self._turn:
            asker = await self.asker(endpoint)
            try:
                seen = await asyncio.gather(*(self._one(asker, one, endpoint) for one in chosen))
                if None in seen:
                    await self._markers(asker, endpoint)
            finally:
                asker.close()
        found = [each for each in seen if each is not None]
        rest = [one for one in batch if one not in chosen]
        if rest and len(found) == len(chosen):
            await self._stand_for(rest, endpoint, found)

    async def asker(self, endpoint: Endpoint) -> Asker:
        """Questions to the resolver of `endpoint`, over the way that it is registered with."""
        assert endpoint.probe_address is not None
        return await Asker.to(*host_port(endpoint.probe_address), endpoint.probe_via)

    async def _one(self, asker: Asker, work: Work, endpoint: Endpoint) -> Seen | None:
        tried = Tried(existed=work.existed)
        self.tried[work.block_id, work.subscriber_id, work.kind] = tried
        ordered = Ordered(name=work.name, action=work.ordered, kind=work.kind, landing=work.target)
        seen = await prove(
            asker, ordered, self._controls, clock=self._clock, tried=tried,
            deadline_s=self._deadline.total_seconds(),
        )  # fmt: skip
        if seen is not None:
            await self._keep([self._draft(work, endpoint, seen, seen.answer.raw)])
            log.info("block.proved", block=work.number, subscriber=endpoint.name, kind=work.kind,
                     seconds=(seen.at - work.ordered_at).total_seconds())  # fmt: skip
        return seen

    async def _stand_for(
        self, rest: Sequence[Work], endpoint: Endpoint, found: Sequence[Seen]
    ) -> None:
        """Receipts for the rest of a batch: its answer is the hashes of the sample's answers."""
        last = max(found, key=lambda seen: seen.at)
        answers = b"".join(hashlib.sha256(seen.answer.raw).digest() for seen in found)
        weakest = max((evidence(s, endpoint.zones) for s in found), key=list(Evidence).index)
        await self._keep(
            [
                structs.replace(
                    draft, answer=answers, statement=structs.replace(
                        draft.statement, evidence=weakest.value, answer=digest(answers),
                        sample=len(found), existed_before=work.existed,
                    ),
                )
                for work in rest
                for draft in (self._draft(work, endpoint, last, answers),)
            ]
        )  # fmt: skip

    def _draft(self, work: Work, endpoint: Endpoint, seen: Seen, answer: bytes) -> Draft:
        track = self._watch.track(endpoint.id, work.zone)
        return Draft(
            block_id=work.block_id,
            block=work.block,
            subscriber_id=endpoint.id,
            answer=answer,
            statement=Statement(
                block=str(work.block), name=work.name, kind=work.kind, subscriber=endpoint.name,
                prober=NODE, zone=work.zone, serial=work.serial, approved_at=work.approved_at,
                ordered_at=work.ordered_at, notified_at=track.answered_at(work.serial),
                transferred_at=track.sent_at(work.serial), seen_at=seen.at, grade=Grade.PROBED,
                answer=digest(answer), evidence=evidence(seen, endpoint.zones),
                existed_before=seen.existed, control=seen.control,
            ),
        )  # fmt: skip

    async def _keep(self, drafts: Sequence[Draft]) -> None:
        now = self._clock()
        async with transaction(self._pool, now) as tx:
            await receipt.put(tx, drafts, self._signing.sign, now)

    async def _ask_before(self, asking: Sequence[tuple[int, str, int]]) -> None:
        """Ask for proposed names once, so that a blocked name is told from one that never was."""
        by_subscriber: dict[int, list[tuple[int, str]]] = {}
        for block, name, subscriber in asking:
            by_subscriber.setdefault(subscriber, []).append((block, name))
        found = await asyncio.gather(
            *(self._existing(subscriber, names) for subscriber, names in by_subscriber.items())
        )
        now = self._clock()
        async with transaction(self._pool, now) as tx:
            await receipt.note_before(tx, [one for some in found for one in some], now)

    async def _existing(
        self, subscriber: int, names: Sequence[tuple[int, str]]
    ) -> list[tuple[int, int, bool]]:
        endpoint = self._registry.endpoints.get(subscriber)
        if endpoint is None or endpoint.probe_address is None:
            return []
        asker = await self.asker(endpoint)
        try:
            answers = await asyncio.gather(*(asker.ask(name) for _, name in names))
        finally:
            asker.close()
        # SERVFAIL and silence say nothing about the name; it is asked for again.
        return [(block, subscriber, answer.resolves)
                for (block, _), answer in zip(names, answers, strict=True)
                if answer is not None and answer.rcode in {0, NXDOMAIN}]  # fmt: skip

    async def _markers(self, asker: Asker, endpoint: Endpoint) -> None:
        """Not as ordered: at least ask which serials it holds (grade B)."""
        for feed in endpoint.feeds:
            for kind in ("hot", "cold"):
                await read_marker(self._pool, self._registry, asker, endpoint, kind, self._clock(),
                                  feed=feed)  # fmt: skip


async def read_marker(
    pool: Pool, registry: Registry, asker: Asker, endpoint: Endpoint, kind: str, now: datetime,
    *, feed: str | None = None,
) -> int | None:  # fmt: skip
    """Ask which serial of a zone a resolver shows, and remember it."""
    feed = feed or endpoint.feed
    serial = await asker.serial(marker_name(kind, feed))
    zone = registry.zones.get(zone_name(kind, feed))
    if serial is None or zone is None:
        return None
    async with transaction(pool, now) as tx:
        await note_held(tx, endpoint.id, zone.id, now, marker=serial)
    return serial
