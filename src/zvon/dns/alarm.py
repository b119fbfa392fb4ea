"""Alerts that say why a resolver does not do as it should, from what we saw and what it answers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.notify import POLLS
from zvon.dns.prove import Ordered, resolving
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.watch import Failure, Watch
from zvon.model.dns_alert import (
    OF_ONE_BLOCK,
    PATIENCE_S,
    SIGNATURE,
    WATCHED,
    Cause,
    Facts,
    diagnose,
)
from zvon.model.proof import CONTROLS
from zvon.model.rpz_match import match
from zvon.model.zone import marker_name, serial_newer, test_name, zone_name
from zvon.store import dns_alert, proof_work
from zvon.store.dns_alert import About
from zvon.store.proof_work import Work
from zvon.store.transaction import Pool, transaction

STALE_AFTER = timedelta(hours=1)
FAILURE_FOR = timedelta(minutes=10)
IN_VAIN = 3
"""Serials told in vain before a missing answer is no accident."""
ASKED = 3
"""Late blocks of one subscriber that are looked at in one round; they share their cause."""
NAMED = 10
BLOCK_WATCH = timedelta(minutes=10)

log = structlog.get_logger("zvon.dns")

Found = dict[About, dict[str, Any]]


class Alarm:
    """Opens and closes alerts; asks only resolvers that are late."""

    def __init__(
        self, pool: Pool, registry: Registry, watch: Watch, *, clock: Callable[[], datetime],
        patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._pool, self._registry, self._watch = pool, registry, watch
        self._clock = clock
        self._patience = timedelta(seconds=patience_s)
        self._controls: Sequence[str] = CONTROLS

    async def round(self) -> None:
        """Look at everything once."""
        now = self._clock()
        async with self._pool.connection() as db:
            work = await proof_work.open_work(db, now)
            known = await dns_alert.open_list(db)
            self._controls = await proof_work.controls(db, CONTROLS)
        late: dict[int, list[Work]] = {}
        for one in work:
            if one.kind == "block" and now - one.ordered_at > self._patience:
                late.setdefault(one.subscriber_id, []).append(one)
        found = self._without_asking(now)
        endpoints = [(self._registry.endpoints.get(each), some) for each, some in late.items()]
        for some in await asyncio.gather(
            *(self._late(endpoint, works, now) for endpoint, works in endpoints if endpoint)
        ):
            found |= some
        # Between two late blocks there is no evidence that it became better; a quick one is.
        for alert in known:
            if alert.cause is Cause.MIN_UPDATE_INTERVAL and alert.about not in found:
                assert alert.subscriber_id is not None
                async with self._pool.connection() as db:
                    quick = await dns_alert.quick_since(
                        db, alert.subscriber_id, alert.opened_at, self._patience
                    )
                if not quick and alert.subscriber_id in self._registry.endpoints:
                    found[alert.about] = alert.detail
        if not found and not any(alert.cause in WATCHED for alert in known):
            return
        async with transaction(self._pool, now) as tx:
            opened, closed = await dns_alert.settle(tx, found, now, among=WATCHED)
        for about in opened:
            log.error("alert.opened", cause=about.cause.value, zone=about.zone,
                      subscriber=self._name(about), **found[about])  # fmt: skip
        for about in closed:
            log.info("alert.closed", cause=about.cause.value, zone=about.zone,
                     subscriber=self._name(about))  # fmt: skip

    def _name(self, about: About) -> str | None:
        endpoint = self._registry.endpoints.get(about.subscriber_id or 0)
        return endpoint.name if endpoint is not None else None

    def _without_asking(self, now: datetime) -> Found:
        """What the primary noticed itself."""
        found: Found = {}
        for endpoint in self._registry.endpoints.values():
            if not endpoint.zones:
                continue
            heard = max(self._watch.heard.get(endpoint.id, self._watch.since), self._watch.since)
            if now - heard > STALE_AFTER:
                found[About(Cause.STALE, endpoint.id)] = {"heard": heard.isoformat()}
            if endpoint.brand in POLLS:
                continue
            for zone in endpoint.zones:
                track = self._watch.track(endpoint.id, zone)
                if track.refused is not None:
                    about = About(Cause.NOTIFY_REFUSED, endpoint.id, zone=zone)
                    found[about] = {"rcode": track.refused, "address": endpoint.notify_address}
                elif track.unanswered >= IN_VAIN or track.ignored:
                    about = About(Cause.NOTIFY_UNANSWERED, endpoint.id, zone=zone)
                    found[about] = {"address": endpoint.notify_address}
        for failure in self._watch.failures.values():
            of = self._whose(failure)
            if of is not None and self._lasts(failure, of, now):
                about = About(SIGNATURE.get(failure.error, Cause.BAD_SIGNATURE), of.id)
                found[about] = {"key": failure.key, "address": failure.address}
        return found

    def _lasts(self, failure: Failure, endpoint: Endpoint, now: datetime) -> bool:
        heard = self._watch.heard.get(endpoint.id)
        return now - failure.at < FAILURE_FOR and (heard is None or heard < failure.at)

    def _whose(self, failure: Failure) -> Endpoint | None:
        """The subscriber of a key, or of an address that only one has; a stranger has no alert."""
        key = self._registry.keys.get(failure.key)
        if key is not None:
            return self._registry.endpoints.get(key.subscriber)
        # Keys are named after their subscriber; a revoked one is known by that.
        named = [one for one in self._registry.endpoints.values()
                 if failure.key.startswith(f"{one.name}-") and failure.address in one.addresses]  # fmt: skip
        near = named or [one for one in self._registry.endpoints.values()
                         if failure.address in one.addresses]  # fmt: skip
        return near[0] if len(near) == 1 else None

    async def _late(self, endpoint: Endpoint, works: Sequence[Work], now: datetime) -> Found:
        """Why the newest of `works` are not enforced at `endpoint`."""
        found: Found = {}
        asker = None
        if endpoint.probe_address is not None:
            asker = await Asker.to(*host_port(endpoint.probe_address), endpoint.probe_via)
        try:
            for work in works[-ASKED:]:
                facts = await self._facts(asker, endpoint, work, now)
                if facts is None:
                    continue
                cause = diagnose(facts)
                one = cause in OF_ONE_BLOCK
                about = About(cause, endpoint.id, work.block_id if one else None, work.zone)
                found.setdefault(
                    about,
                    {"blocks": [w.number for w in works[-NAMED:]] if not one else [work.number],
                     "late": 1 if one else len(works), "brand": endpoint.brand},
                )  # fmt: skip
        finally:
            if asker is not None:
                asker.close()
        return found

    async def _facts(
        self, asker: Asker | None, endpoint: Endpoint, work: Work, now: datetime
    ) -> Facts | None:
        """What is known of one late block; `None` when it is enforced by now."""
        track = self._watch.track(endpoint.id, work.zone)
        sent = track.sent_at(work.serial)
        shown = track.shown is not None and not serial_newer(work.serial, track.shown)
        failure = next(
            (f.error for f in self._watch.failures.values()
             if self._whose(f) is endpoint and self._lasts(f, endpoint, now)), None,
        )  # fmt: skip
        feed = work.zone.split(".")[1]
        answered = control = other = marked = marker = tested = None
        if asker is not None:
            answer, again, test, serial, control_name = await asyncio.gather(
                asker.ask(work.name), asker.ask(work.name, checking=False),
                asker.ask(test_name(feed)), asker.serial(marker_name("hot", feed)),
                resolving(asker, self._controls),
            )  # fmt: skip
            ordered = Ordered(name=work.name, action=work.ordered, kind="block",
                              landing=work.target)  # fmt: skip
            control = control_name is not None
            blocked = answer is not None and ordered.met(answer)
            if blocked and control:
                return None
            answered = answer is not None or test is not None or again is not None
            other = again is not None and ordered.met(again) and not blocked
            tested = test is not None and test.blocks("nxdomain")
            marked = serial is not None
            marker = serial is not None and not serial_newer(work.serial, serial)
        return Facts(
            brand=endpoint.brand,
            polls=endpoint.brand in POLLS,
            answered=answered,
            resolves_control=control,
            failure=failure,
            notify_refused=track.refused is not None,
            notify_answered=track.answered_at(work.serial) is not None,
            # A relay has it first; that the resolver shows it is proof enough.
            transferred=sent is not None or shown or bool(marker) or not endpoint.zones,
            since_transfer_s=(now - sent).total_seconds() if sent is not None else None,
            marked=marked,
            marker=marker,
            test_blocked=tested,
            other_form=other,
            excepted=self._excepted(endpoint, work),
        )

    def _excepted(self, endpoint: Endpoint, work: Work) -> bool:
        zone = self._registry.zones.get(zone_name("allow", endpoint.name))
        return zone is not None and match(work.name, zone.get) is not None
