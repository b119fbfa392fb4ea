"""Retention that deletes: class by class what had its time goes, with its keys, and a row proves it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct

from zvon.jobs import Context, enqueue
from zvon.model.data_class import data_class
from zvon.model.data_policy import Rule
from zvon.model.dns_alert import Cause
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.respond.old_files import old_files
from zvon.respond.pace import pace
from zvon.store import data_key, data_policy, dns_alert, party, purge, retention, retention_raw
from zvon.store.dns_alert import About
from zvon.store.pool import dsn_of
from zvon.store.retention import Gone, Scope
from zvon.store.rewrite import Rewritten, rewrite
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.respond")

DAY = timedelta(days=1)
# Bodies under a destroyed key need no rewriting: what is left of them nobody can read.
SEALED = frozenset({"raw_input", "delivery_chunk", "evidence_file", "exhibit_piece"})


class Purged(Struct, frozen=True, kw_only=True):
    """What a purge of one class did: rows by table, files, keys destroyed, what a hold kept."""

    country: str
    of_class: str
    cut_off: datetime
    rows: dict[str, int]
    files: int
    keys: int
    held: bool
    proof: str


async def run(
    context: Context, *, country: str | None = None, of_class: str | None = None, by: str = "system"
) -> list[Purged]:
    """Purge every class of every loaded policy, or those asked for; each class ends by itself.

    Raises `data_policy.NoDataPolicy` for a country without one, `LookupError` for no such class.
    """
    if of_class is not None:
        data_class(of_class)
    async with read(context.pool, SYSTEM) as db:
        policies = await data_policy.newest(db)
        home = await party.own(db)
    if country is not None and country not in policies:
        raise data_policy.NoDataPolicy(country)
    done = []
    for policy in policies.values():
        for rule in policy.classes:
            if country in (None, policy.country) and of_class in (None, rule.id):
                own = policy.country == home.country
                done.append(await _class(context, policy.country, rule, by, own=own))
    return done


async def _class(context: Context, country: str, rule: Rule, by: str, *, own: bool) -> Purged:
    now = context.clock()
    cut_off, gone = rule.cut_off(now), Gone()
    async with transaction(context.pool, now) as tx:
        held = await retention.held_records(tx.db, country, rule.id, now)
        scope = Scope(country=country, of_class=rule.id, cut_off=cut_off, now=now,
                      after=rule.after, held=held or (), most=pace().batch)  # fmt: skip
        fresh = uuid7(now, context.random(RANDOM_BYTES))
        number = await purge.begin(tx, fresh, scope, len(held or ()))
        earlier = await purge.last_done(tx.db, country, rule.id)
    keys = 0
    if held is not None:
        while True:
            async with transaction(context.pool, now) as tx:
                touched = await purge.step(tx, scope, gone, own=own)
                for share in gone.shared:
                    await enqueue(tx, "share.withdraw", {"share": str(share)})
                gone.shared.clear()
            if touched == 0:
                break
        if rule.id in purge.RAW_CLASSES:
            keys = await _keys(context, scope)
        if own:
            gone.files = old_files(context.settings.root, data_class(rule.id).folders, cut_off)
    async with transaction(context.pool, now) as tx:
        rewriting = [each for each in gone.tables if each not in SEALED]
        if gone.count == 0 and keys == 0 and earlier is not None and now - earlier < DAY:
            await purge.forget(tx, number)
        else:
            await purge.finish(tx, number, scope, gone, keys, rewriting, by, context.clock())
    return Purged(
        country=country, of_class=rule.id, cut_off=cut_off, rows=gone.shown(), files=gone.files,
        keys=keys, held=held is None, proof=gone.proof.hex(),
    )  # fmt: skip


async def _keys(context: Context, scope: Scope) -> int:
    """Destroy the keys of days that are wholly past; what is held moves under today's key first."""
    before = scope.cut_off.astimezone(UTC).date()
    while True:
        async with transaction(context.pool, scope.now) as tx:
            if await retention_raw.move_held(tx, scope, before) == 0:
                return await data_key.destroy(
                    tx, scope.country, [scope.of_class], before, scope.now
                )


async def write_anew(context: Context) -> Rewritten:
    """Take the dead rows that purges left off the disk; what cannot be done now is named."""
    started = context.clock()
    async with read(context.pool, SYSTEM) as db:
        tables = await purge.unwritten(db)
    if not tables:
        return Rewritten([], {}, log=False)
    done = await rewrite(
        dsn_of(context.pool), tables, wait_ms=pace().rewrite_wait_ms,
        most_bytes=pace().rewrite_most_gib << 30,
    )  # fmt: skip
    async with transaction(context.pool, context.clock()) as tx:
        await purge.rewritten(tx, done.done, started, context.clock())
    for table, why in done.left.items():
        log.warning("table_not_rewritten", table=table, why=why)
    return done


async def hourly(context: Context, payload: dict[str, Any]) -> None:
    """The job: purge, write tables anew in the quiet hours, and say what is late."""
    del payload
    try:
        await run(context)
        if pace().rewrite_from <= context.clock().astimezone(UTC).hour < pace().rewrite_until:
            await write_anew(context)
    finally:
        await watch(context)


async def asked(context: Context, payload: dict[str, Any]) -> None:
    """The job that a person ordered: purge a `country` or `of_class`, or all; `rewrite` tables."""
    await run(context, country=payload.get("country"), of_class=payload.get("of_class"),
              by=str(payload["by"]))  # fmt: skip
    if payload.get("rewrite"):
        await write_anew(context)


async def watch(context: Context) -> Sequence[tuple[str, str]]:
    """Open an alert while a class is not purged in time, and close it when it is; what is late."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        policies = await data_policy.newest(tx.db)
        wanted = [(p.country, rule.id) for p in policies.values() for rule in p.classes]
        late = await purge.late(tx.db, wanted, now, timedelta(hours=pace().grace_hours))
        about = About(Cause.PURGE_LATE)
        if late:
            classes = [f"{country} {of_class}" for country, of_class in late]
            await dns_alert.open_(tx, about, {"classes": classes}, now)
            log.error("purge_late", classes=classes)
        else:
            await dns_alert.close(tx, about, now)
    return late
