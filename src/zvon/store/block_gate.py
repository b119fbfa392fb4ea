"""The block gate with the database's facts: never-block names, marking, brakes, roles."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model import guard
from zvon.model.guard import Brakes, Finding, GuardNotReady
from zvon.model.marking import Pap
from zvon.model.scope import Scope
from zvon.store import neverblock
from zvon.store.block_row import BlockRow
from zvon.store.transaction import AuditEntry, Tx

POLICY = "block-brakes"
TEN_MINUTES, DAY = timedelta(minutes=10), timedelta(days=1)


class GuardRefused(Refused):
    """The gate refuses the batch; `findings` say which name breaks which rule."""

    def __init__(self, findings: Sequence[Finding], audit: AuditEntry) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(f"{first.name}: {first.reason}{more}", audit)
        self.findings = tuple(findings)


class Frozen(Refused):
    """The feed is stopped: nothing is published until two people let it go on."""

    def __init__(self, feed: str, reason: str, *audit: AuditEntry) -> None:
        super().__init__(f"the feed {feed} is stopped: {reason}", *audit)


class HeldBack(Refused):
    """A brake holds this; a second person of another role has to release it first."""

    def __init__(self, viewer: Viewer, rows: Sequence[BlockRow], rule: str = "held") -> None:
        super().__init__(
            f"{len(rows)} blocks are held by a brake; a person of another role has to release them",
            *(
                AuditEntry(actor=viewer.login, action="block:approve",
                           object=f"block:{row.number}", outcome="refused",
                           rule=row.held_rule or rule, detail={"name": row.name})
                for row in rows[:1]
            ),
        )  # fmt: skip


async def check(
    tx: Tx,
    names: Mapping[str, Scope],
    *,
    actor: str,
    action: str,
    incident_id: int | None,
    now: datetime,
    triggers: Mapping[str, str] = {},
) -> None:
    """Raise `GuardRefused` when any name may not be blocked; it is one refusal for the batch.

    `triggers` says for a name what the rule looks at when that is not the name asked for; with
    `ip` and `nsip` the name is a prefix. Without a fresh never-block list nothing passes
    (`GuardRefused` with the rule `not_ready`).
    """
    of = {name: triggers.get(name, "qname") for name in names}
    ranges = [name for name in names if of[name] in guard.ADDRESS_TRIGGERS]
    facts = await neverblock.facts(
        tx.db, [name for name in names if name not in set(ranges)], now, prefixes=ranges
    )
    findings: list[Finding] = []
    try:
        for name, scope in names.items():
            findings.extend(guard.check(name, scope, facts, trigger=of[name]))
    except GuardNotReady as missing:
        findings = [Finding("not_ready", next(iter(names)), str(missing))]
    findings.extend(await marking(tx, names, incident_id))
    if findings:
        audit = AuditEntry(
            actor=actor,
            action=action,
            object=f"{len(names)} names" if len(names) > 1 else next(iter(names)),
            outcome="refused",
            rule=findings[0].rule,
            detail={
                "refused": len({f.name for f in findings}),
                "names": len(names),
                "findings": msgspec.to_builtins(findings[:20]),
            },
        )
        raise GuardRefused(findings, audit)


async def marking(tx: Tx, names: Mapping[str, Scope], incident_id: int | None) -> list[Finding]:
    """A block shows the attacker that we know, so the incident's PAP has to allow it."""
    if incident_id is None:
        return []
    row = await (
        await tx.execute(
            "select r.pap from incident i join record r on r.id = i.record_id where i.id = %s",
            (incident_id,),
        )
    ).fetchone()
    if row is None or Pap(row[0]).allows_block:
        return []
    return [Finding("pap", next(iter(names)), f"the incident is {Pap(row[0]).label}")]


async def limits(tx: Tx) -> Brakes:
    """The brakes in force: the newest policy row, or what ships."""
    row = await (
        await tx.execute(
            "select body from policy where name = %s order by version desc limit 1", (POLICY,)
        )
    ).fetchone()
    return Brakes() if row is None else msgspec.convert(row[0], Brakes)


async def brake(
    tx: Tx, viewer: Viewer, batch: int, feed: int, now: datetime, *, approving: bool
) -> str | None:
    """The brake that stops this batch of this person, or `None`."""
    if approving:
        query = (
            "select count(*) filter (where at > %s), count(*) from approval"
            " where person_id = %s and at > %s"
        )
    else:
        query = (
            "select count(*) filter (where proposed_at > %s), count(*) from block"
            " where proposer_id = %s and proposed_at > %s"
        )
    counts = await (
        await tx.execute(query, (now - TEN_MINUTES, viewer.person_id, now - DAY))
    ).fetchone()
    assert counts is not None
    # The rows of the proposal itself are counted already.
    before = 0 if approving else batch
    return guard.brake(
        batch, counts[0] - before, counts[1] - before, await _size(tx, feed), await limits(tx)
    )


async def lift_brake(tx: Tx, viewer: Viewer, rows: Sequence[BlockRow]) -> None:
    """Raise `HeldBack` when so many blocks end at once that it needs more than one person."""
    allowed = await limits(tx)
    for feed in {row.feed_id for row in rows}:
        ending = [row for row in rows if row.feed_id == feed]
        if len(ending) > max(allowed.batch, int(await _size(tx, feed) * allowed.zone_share)):
            raise HeldBack(viewer, ending, "brake_lift")


async def standing(tx: Tx, person_id: int, now: datetime) -> tuple[int, int]:
    """What a source's own proposals hold up: a day ago and since, and what of it stands now."""
    row = await (
        await tx.execute(
            "select count(*) filter (where lifted_at is null or lifted_at > %s),"
            " count(*) filter (where lifted_at is null) from block"
            " where proposer_id = %s and published_at is not null",
            (now - DAY, person_id),
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def source_brake(tx: Tx, source: str, before: int, after: int) -> str | None:
    """The brake that stops a source (a partner, a feed) that takes back too much at once.

    Leaves a row in the audit. The blocks stay until a person lifts them.
    """
    if not guard.shrinks(before, after, await limits(tx)):
        return None
    tx.audit(
        AuditEntry(actor="system", action="source:shrink", object=source, outcome="refused",
                   rule="brake_source", detail={"before": before, "after": after})
    )  # fmt: skip
    return "brake_source"


async def _size(tx: Tx, feed: int) -> int:
    """How many blocks the feed publishes."""
    row = await (
        await tx.execute(
            "select count(*) from block where feed_id = %s and published_at is not null"
            " and lifted_at is null",
            (feed,),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def other_role(tx: Tx, viewer: Viewer, rows: Sequence[BlockRow]) -> None:
    """Raise `Refused` unless the viewer has a role that no proposer of `rows` has."""
    proposers = await (
        await tx.execute(
            "select role from person_role where person_id = any(%s)",
            ([row.proposer_id for row in rows],),
        )
    ).fetchall()
    if not set(viewer.roles) - {row[0] for row in proposers}:
        raise Refused(
            "a brake is released by a person of another role than the proposer's",
            AuditEntry(actor=viewer.login, action="block:release",
                       object=f"{len(rows)} blocks", outcome="refused", rule="same_role"),
        )  # fmt: skip
