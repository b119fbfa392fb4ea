"""Finding what a node holds of a person, and erasing it in every class: what the jobs do."""

from collections import Counter
from typing import Any
from uuid import UUID

import structlog
from msgspec import Struct, structs

from zvon.jobs import Context, enqueue
from zvon.model.dns_alert import Cause
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import (
    appeal,
    data_request,
    data_request_change,
    dns_alert,
    purge,
    retention,
    retention_raw,
    retention_record,
    subject_key,
    subject_place,
    subject_raw,
)
from zvon.store.data_request import DataRequest, Subject
from zvon.store.dns_alert import About
from zvon.store.party import Db
from zvon.store.retention import Gone, Scope
from zvon.store.subject_place import Hit
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.respond")

REPORT = "report.text"
ALL = 1 << 30


class Found(Struct, frozen=True):
    """What is there of a person: rows that say something, values that are theirs, appeals of theirs."""

    hits: list[Hit]
    values: list[int]
    appeals: list[UUID]
    deliveries: list[int] = []

    @property
    def counts(self) -> dict[str, int]:
        """Rows by class."""
        classes = Counter(hit.of_class for hit in self.hits)
        classes["report.raw"] += len(self.reports)
        classes["indicator"] += len(self.values)
        classes["appeal"] += len(self.appeals)
        classes["delivery.raw"] += len(self.deliveries)
        return {of_class: n for of_class, n in sorted(classes.items()) if n}

    @property
    def reports(self) -> list[int]:
        """Records that people sent in."""
        return sorted({
            h.record_id for h in self.hits
            if h.of_class == REPORT and h.table == "record" and h.record_id is not None
        })  # fmt: skip


async def look(db: Db, subject: Subject, key: bytes) -> Found:
    """Everything that is kept of a person, by the keyed index and by the words of every place.

    Both are asked: the index knows case endings and spellings, the words stand where no record is.
    """
    own = subject.identifiers
    by_key = await subject_key.find(db, [subject_key.hashed(key, each) for each in own])
    hits = {(h.table, h.key): h for h in await subject_place.find(db, subject.pattern)}
    for record_id, of_class in by_key.items():
        hits.setdefault(("record", record_id), Hit(of_class, "record", record_id, record_id))
    for record_id in await subject_raw.unread_with(db, subject.pattern):
        hits.setdefault(("record", record_id), Hit(REPORT, "record", record_id, record_id))
    texts = {each.value for each in own if each.kind != "name"} | {
        each.text.strip() for each in subject.given if each.kind != "name"
    }
    pattern = subject.pattern
    return Found(
        sorted(hits.values(), key=lambda h: (h.of_class, h.table, h.key)),
        await subject_place.values(db, sorted(texts)),
        await appeal.from_contact(db, pattern, key),
    )


async def search(context: Context, payload: dict[str, Any]) -> None:
    """The job: look for the person of `request`, and write how much stands in which class."""
    uuid, now = UUID(payload["request"]), context.clock()
    async with read(context.pool, SYSTEM) as db:
        subject = await data_request.subject(db, uuid, context.node.key)
        found = await look(db, subject, context.node.key)
    found = await _with_deliveries(context, subject, found)
    async with transaction(context.pool, now) as tx:
        await data_request_change.searched(tx, uuid, found.counts, str(payload["by"]), now)


async def _with_deliveries(context: Context, subject: Subject, found: Found) -> Found:
    ids = await subject_raw.deliveries_with(context.pool, subject.pattern)
    return structs.replace(found, deliveries=ids)


async def erase(context: Context, payload: dict[str, Any]) -> None:
    """The job: erase the person of `request` in every class that no exception or hold keeps.

    One transaction, so that a request is never half done. What partners hold of it is taken back
    by `share.forget`, which closes the request.
    """
    uuid, now = UUID(payload["request"]), context.clock()
    async with read(context.pool, SYSTEM) as db:
        request = await data_request.known(db, uuid)
        if request.state != "erasing":
            return
        subject = await data_request.subject(db, uuid, context.node.key)
        found = await look(db, subject, context.node.key)
    found = await _with_deliveries(context, subject, found)
    async with transaction(context.pool, now) as tx:
        await _erase(tx, context, request, subject, found)
        await enqueue(tx, "share.forget", {"request": str(uuid)}, dedupe=f"share.forget:{uuid}")


async def _erase(
    tx: Tx, context: Context, request: DataRequest, subject: Subject, found: Found
) -> None:
    now, gone = context.clock(), Gone()
    kept = {of_class for of_class, said in request.done.items() if "kept" in said}
    held: set[int] = set()
    done: dict[str, Any] = {}
    for of_class in sorted({*found.counts}):
        on_hold = await retention.held_records(tx.db, request.country, of_class, now)
        if on_hold is None:
            kept.add(of_class)
            done[of_class] = {"kept": "legal hold"}
        else:
            held |= set(on_hold)
    reports = [each for each in found.reports if each not in held]
    one = Scope(country=request.country, of_class=REPORT, cut_off=now, now=now, after="anonymise",
                held=tuple(sorted(held)), only=tuple(reports), most=ALL)  # fmt: skip
    before = Counter(gone.rows)
    if reports and "report.raw" not in kept:
        await subject_place.quarantined(tx, reports, gone)
        done["report.raw"] = {"erased": await retention_raw.inputs(tx, one, gone)}
    if reports and "capture" not in kept:
        done["capture"] = {"erased": await retention_raw.captures(tx, one, gone)}
    if reports and REPORT not in kept:
        done[REPORT] = {"erased": await retention_record.anonymise(tx, one, gone, ("report",))}
    wanted = [h for h in found.hits if h.of_class not in kept]
    for of_class, count in (
        await subject_place.blank(tx, subject.pattern, wanted, held, gone)
    ).items():
        done.setdefault(of_class, {})
        done[of_class]["emptied"] = count
    if "indicator" not in kept:
        count = await subject_place.forget_values(tx, found.values, held, gone)
        await retention_record.values(tx, gone)
        if found.values:
            done["indicator"] = {**done.get("indicator", {}), "erased": count}
    if "delivery.raw" not in kept and found.deliveries:
        count = await subject_raw.forget_deliveries(tx, found.deliveries, gone, now)
        done["delivery.raw"] = {**done.get("delivery.raw", {}), "erased": count}
    if "appeal" not in kept and found.appeals:
        done["appeal"] = {**done.get("appeal", {}),
                          "erased": await appeal.forget_contact(tx, found.appeals)}  # fmt: skip
    if held:
        done["legal hold"] = {"records": len(held)}
    log.info("person_erased", request=request.number, rows=sum((gone.rows - before).values()))
    number = await purge.begin(tx, uuid7(now, context.random(RANDOM_BYTES)), one, len(held),
                               request_id=request.id)  # fmt: skip
    await purge.finish(tx, number, one, gone, 0, gone.tables, "system", now)
    await data_request_change.did(tx, request.uuid, "ERASED_HERE", done, now)


async def close(context: Context, payload: dict[str, Any]) -> None:
    """The job that ends an erasure: its own identifiers go, and dead rows leave the disk tonight."""
    uuid, now = UUID(payload["request"]), context.clock()
    async with transaction(context.pool, now) as tx:
        if (await data_request.known(tx.db, uuid)).state == "erasing":
            await data_request_change.erased(tx, uuid, now)


async def remind(context: Context, payload: dict[str, Any]) -> None:
    """The job of every hour: requests that are due within a week, and louder those that are late.

    An alert names them by number until they are answered.
    """
    del payload
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        for number, word, until in await data_request_change.warn(tx, now):
            say = log.error if word == "late" else log.warning
            say("data_request_due", number=number, until=until.isoformat(), late=word == "late")
        due = await data_request.overdue(tx.db, now)
        about = About(Cause.DATA_REQUEST_DUE)
        if due:
            await dns_alert.open_(tx, about, {"numbers": due}, now)
        else:
            await dns_alert.close(tx, about, now)
