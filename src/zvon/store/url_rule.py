"""Deciding on pages: the only functions that put an address into a URL list or take it out.

Four eyes as for blocks, by the same permissions. An address is kept without what marks a victim:
it goes to many parties, and a rule with one person's token would match one person only.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import enqueue
from zvon.model import guard, page_guard, url
from zvon.model.guard import Finding, GuardNotReady
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.model.scope import Scope
from zvon.store import block_gate as gate
from zvon.store import neverblock
from zvon.store.block import AlreadyBlocked, BadProposal, GuardRefused, OwnProposal
from zvon.store.incident_row import timeline
from zvon.store.transaction import AuditEntry, Change, Op, Tx
from zvon.store.url_row import PAGE_ONLY, NoRule, UrlRule, by_uuid, select
from zvon.store.zone import feed_id

LONGEST_LIFE = timedelta(days=90)
RETEST_EVERY = timedelta(minutes=10)
COMPROMISED = "compromised_site"
SYSTEM = "system"
# Why the system ended a rule, and the line that the incident's story gets.
EXPIRED, HOST_GONE, PAGE_GONE = "expired", "its host is gone", "its page is gone"
_ENDED = {EXPIRED: "URL_RULE_EXPIRED", HOST_GONE: "URL_RULE_HOST_GONE",
          PAGE_GONE: "URL_RULE_PAGE_GONE"}  # fmt: skip


class Proposal(Struct, frozen=True, kw_only=True):
    """Pages to list together: all of them, or none."""

    urls: tuple[str, ...]
    feed: str
    reason: str
    legal_ground: str
    expires_at: datetime
    incident_uuid: UUID | None = None
    source: str = ""


class TooMany(GuardRefused):
    """More at once than one person may."""


async def propose(
    tx: Tx, viewer: Viewer, proposal: Proposal, now: datetime, random: Callable[[int], bytes]
) -> list[UrlRule]:
    """Propose pages. Raises `BadProposal`, `GuardRefused`, `AlreadyBlocked`, `LookupError`."""
    viewer.require(Permission.BLOCK_PROPOSE)
    pages = _pages(proposal, now)
    feed = await feed_id(tx.db, proposal.feed)
    incident, advised = await _incident(tx, proposal.incident_uuid)
    await _check(tx, pages, viewer.login, Permission.BLOCK_PROPOSE, incident, now)
    await _brake(tx, viewer, len(pages), now, approving=False)
    taken = await (
        await tx.execute(
            "select url from url_rule where feed_id = %s and url = any(%s)"
            " and state in ('proposed', 'published')",
            (feed, list(pages)),
        )
    ).fetchall()
    if taken:
        raise AlreadyBlocked([row[0] for row in taken])
    uuids = [uuid7(now, random(RANDOM_BYTES)) for _ in pages]
    async with tx.db.cursor() as cursor:
        await cursor.execute(
            "select nextval('url_number') from generate_series(1, %s)", (len(pages),)
        )
        numbers = [spoken("U", now.year, row[0]) for row in await cursor.fetchall()]
    hacked = [advised.get(page.host) == COMPROMISED for page in pages.values()]
    await tx.execute(
        """
        insert into url_rule (uuid, number, url, host, category, source, feed_id, incident_id,
                              proposer_id, reason, legal_ground, proposed_at, expires_at)
        select x.uuid, x.number, x.url, x.host,
               case when x.hacked then 'compromised_site' else 'phishing' end,
               %s, %s, %s, %s, %s, %s, %s, %s
        from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[])
          with ordinality x(uuid, number, url, host, hacked, n)
        order by x.n
        """,
        (proposal.source or viewer.login, feed,
         incident, viewer.person_id, proposal.reason, proposal.legal_ground, now,
         proposal.expires_at, uuids, numbers, list(pages), [page.host for page in pages.values()], hacked),
    )  # fmt: skip
    rows = await by_uuid(tx.db, uuids)
    await _told(tx, rows, viewer.login, "url:propose", Op.ADD, "URL_RULE_PROPOSED",
                proposal.reason, now)  # fmt: skip
    return rows


async def approve(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[UrlRule]:
    """Publish proposed pages, and have the letters to their owners prepared.

    Raises `OwnProposal`, `GuardRefused`, `Frozen`, `BadProposal` for one that is not proposed.
    """
    viewer.require(Permission.BLOCK_APPROVE)
    rows = await _locked(tx, uuids, reason, "proposed")
    _refuse_own(viewer, rows, Permission.BLOCK_APPROVE)
    await _thawed(tx, [row.feed_id for row in rows], viewer.login)
    for row in rows:
        if row.expires_at <= now:
            raise BadProposal(f"{row.number} has expired; propose it again with a later end")
    for incident in {row.incident_id for row in rows}:
        pages = {row.url: url.parse(row.url) for row in rows if row.incident_id == incident}
        await _check(tx, pages, viewer.login, Permission.BLOCK_APPROVE, incident, now)
    await _brake(tx, viewer, len(rows), now, approving=True)
    ids = [row.id for row in rows]
    await tx.execute(
        """
        update url_rule set state = 'published', approver_id = %s, published_at = %s,
          retest_at = case when category = 'compromised_site' then %s::timestamptz end
        where id = any(%s)
        """,
        (viewer.person_id, now, now + RETEST_EVERY, ids),
    )
    await _told(tx, rows, viewer.login, "url:publish", Op.PUBLISH, "URL_RULE_PUBLISHED", reason,
                now)  # fmt: skip
    await tx.seal(now)
    # The head lock is ours until the commit, so this is the place of these very changes.
    await tx.execute(
        "update url_rule set added_seq = (select seq from head) where id = any(%s)", (ids,)
    )
    for row in rows:
        await enqueue(tx, "share.url_notice", {"rule": str(row.uuid)},
                      dedupe=f"share.url_notice {row.uuid}")  # fmt: skip
    return await by_uuid(tx.db, uuids)


async def reject(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[UrlRule]:
    """Say no to proposed pages; whoever proposed them may take them back."""
    rows = await _locked(tx, uuids, reason, "proposed")
    if all(row.proposer_id == viewer.person_id for row in rows):
        viewer.require(Permission.BLOCK_PROPOSE)
    else:
        viewer.require(Permission.BLOCK_APPROVE)
    await _end(tx, rows, "rejected", viewer.login, reason, now)
    return await by_uuid(tx.db, uuids)


async def lift(
    tx: Tx, viewer: Viewer, uuids: Sequence[UUID], reason: str, now: datetime
) -> list[UrlRule]:
    """Take published pages out of all lists. The proposer of a rule may always take it back."""
    rows = await _locked(tx, uuids, reason, "published")
    if not all(row.proposer_id == viewer.person_id for row in rows):
        viewer.require(Permission.BLOCK_LIFT)
    await _end(tx, rows, "lifted", viewer.login, reason, now)
    return await by_uuid(tx.db, uuids)


async def end_of_incident(
    tx: Tx, viewer: Viewer, incident_id: int, reason: str, now: datetime
) -> None:
    """End all rules of an incident that proved harmless; live ones need `block:lift`."""
    rows = await select(
        tx.db, "u.incident_id = %(incident)s and u.state in ('proposed', 'published')",
        {"incident": incident_id}, lock=True,
    )  # fmt: skip
    await _end_some(tx, viewer, rows, reason, now)


async def undo(
    tx: Tx, viewer: Viewer, reason: str, now: datetime, *, source: str | None = None,
    login: str | None = None, since: datetime | None = None,
) -> list[UrlRule]:  # fmt: skip
    """End in one action all rules that this source or person caused, or that came since a moment.

    Over the lift brake it is refused whole (`TooMany`), because it undoes protection. Raises
    `BadProposal` when nothing is asked for, `NoRule` when nothing fits.
    """
    viewer.require(Permission.BLOCK_LIFT)
    if source is None and login is None and since is None:
        raise BadProposal("say whose rules: a source, a person, or a moment since which")
    rows = await select(
        tx.db,
        """
        u.state in ('proposed', 'published')
        and (%(source)s::text is null or u.source = %(source)s)
        and (%(login)s::text is null or %(login)s in (p.login, a.login))
        and (%(since)s::timestamptz is null or u.proposed_at >= %(since)s)
        """,
        {"source": source, "login": login, "since": since},
        lock=True,
    )
    if not rows:
        raise NoRule("no URL rule that lives or waits was caused so")
    live = sum(row.state == "published" for row in rows)
    if live > (await gate.limits(tx)).batch:
        finding = Finding("brake_lift", f"{live} addresses", "too much at once for one person")
        raise TooMany([finding], _refused(viewer.login, "url:undo", [finding]))
    await _end_some(tx, viewer, rows, reason, now)
    return await by_uuid(tx.db, [row.uuid for row in rows])


async def _end_some(
    tx: Tx, viewer: Viewer, rows: Sequence[UrlRule], reason: str, now: datetime
) -> None:
    """Lift what is published, reject what only waits."""
    for state, end in (("published", "lifted"), ("proposed", "rejected")):
        ending = [row for row in rows if row.state == state]
        if ending and state == "published":
            viewer.require(Permission.BLOCK_LIFT)
        if ending:
            await _end(tx, ending, end, viewer.login, reason, now)


async def expire(tx: Tx, now: datetime, *, limit: int = 500) -> list[UrlRule]:
    """End the rules past their end; the job of the `dns` role, also with no worker alive."""
    due = await select(
        tx.db,
        "u.id in (select id from url_rule where expires_at <= %(now)s"
        " and state in ('proposed', 'published') order by expires_at limit %(limit)s)",
        {"now": now, "limit": limit},
        lock=True,
    )
    await end_by_system(tx, due, EXPIRED, now)
    return due


async def end_by_system(tx: Tx, rows: Sequence[UrlRule], reason: str, now: datetime) -> None:
    """Lift what is published and reject what only waits, without a person; `rows` are locked.

    The story of the incident has the reason in its reader's words.
    """
    for state, end in (("published", "lifted"), ("proposed", "rejected")):
        ending = [row for row in rows if row.state == state]
        if ending:
            await _end(tx, ending, end, SYSTEM, reason, now)


async def _end(
    tx: Tx, rows: Sequence[UrlRule], state: str, actor: str, reason: str, now: datetime
) -> None:
    ids = [row.id for row in rows]
    await tx.execute(
        "update url_rule set state = %s, lifted_at = %s, lift_reason = %s, retest_at = null"
        " where id = any(%s)",
        (state, now, reason, ids),
    )
    lifted = state == "lifted"
    code = _ENDED.get(reason) if lifted and actor == SYSTEM else None
    await _told(tx, rows, actor, "url:lift" if lifted else "url:reject",
                Op.REVOKE if lifted else Op.DELETE,
                code or ("URL_RULE_LIFTED" if lifted else "URL_RULE_REJECTED"), reason, now)  # fmt: skip
    if lifted:
        await tx.seal(now)
        await tx.execute(
            "update url_rule set removed_seq = (select seq from head) where id = any(%s)", (ids,)
        )


def _pages(proposal: Proposal, now: datetime) -> dict[str, url.Url]:
    if not proposal.urls:
        raise BadProposal("urls: at least one")
    for field, text in (("reason", proposal.reason), ("legal_ground", proposal.legal_ground)):
        if len(text.strip()) < 3:
            raise BadProposal(f"{field}: at least three characters")
    if not now < proposal.expires_at <= now + LONGEST_LIFE:
        raise BadProposal(f"expires_at: later than now, and within {LONGEST_LIFE.days} days")
    pages = {}
    for text in proposal.urls:
        try:
            clean, _ = url.tracking(text)
            pages[clean] = url.parse(clean)
        except url.BadUrl as problem:
            raise BadProposal(f"urls: {problem}") from None
    return pages


async def _incident(tx: Tx, uuid: UUID | None) -> tuple[int | None, dict[str, str]]:
    """The incident, and for its names why a block is not advised."""
    if uuid is None:
        return None, {}
    rows = await (
        await tx.execute(
            "select i.id, n.name, n.reason from incident i left join incident_name n"
            " on n.incident_id = i.id and n.scope = 'none' and n.reason = any(%s)"
            " where i.uuid = %s",
            (list(PAGE_ONLY), uuid),
        )
    ).fetchall()
    if not rows:
        raise LookupError(f"there is no incident {uuid}")
    return int(rows[0][0]), {row[1]: row[2] for row in rows if row[1] is not None}


async def _check(
    tx: Tx, pages: Mapping[str, url.Url], actor: str, action: str, incident: int | None,
    now: datetime,
) -> None:  # fmt: skip
    """Raise `GuardRefused` when any page may not be listed; without fresh lists none may."""
    hosts = sorted({page.host for page in pages.values() if page.host_kind == "name"})
    facts = await neverblock.facts(tx.db, hosts, now)
    findings: list[Finding] = []
    try:
        said = {host: guard.check(host, Scope.HOST, facts) for host in hosts}
        for page in pages.values():
            findings.extend(page_guard.check(page, said.get(page.host, ())))
    except GuardNotReady as missing:
        findings = [Finding("not_ready", next(iter(pages)), str(missing))]
    findings.extend(await gate.marking(tx, dict.fromkeys(pages, Scope.HOST), incident))
    if findings:
        raise GuardRefused(findings, _refused(actor, action, findings))


async def _thawed(tx: Tx, feeds: Sequence[int], actor: str) -> None:
    """Raise `Frozen` when one of the feeds is stopped."""
    row = await (
        await tx.execute(
            "select name, frozen_reason from feed where id = any(%s) and frozen_at is not null",
            (list(feeds),),
        )
    ).fetchone()
    if row is not None:
        raise gate.Frozen(row[0], row[1] or "", AuditEntry(
            actor=actor, action="url:publish", object=f"feed:{row[0]}", outcome="refused",
            rule="frozen"))  # fmt: skip


async def _brake(tx: Tx, viewer: Viewer, batch: int, now: datetime, *, approving: bool) -> None:
    """Raise `TooMany` past what one person may do alone in ten minutes or a day."""
    counts = await (
        await tx.execute(
            "select count(*) filter (where published_at > %s), count(*) from url_rule"
            " where approver_id = %s and published_at > %s"
            if approving
            else "select count(*) filter (where proposed_at > %s), count(*) from url_rule"
            " where proposer_id = %s and proposed_at > %s",
            (now - gate.TEN_MINUTES, viewer.person_id, now - gate.DAY),
        )
    ).fetchone()
    assert counts is not None
    rule = guard.brake(batch, counts[0], counts[1], 0, await gate.limits(tx))
    if rule is not None:
        finding = Finding(rule, f"{batch} addresses", "too much at once for one person")
        raise TooMany([finding], _refused(viewer.login, "url:propose", [finding]))


def _refused(actor: str, action: str, findings: Sequence[Finding]) -> AuditEntry:
    return AuditEntry(
        actor=actor, action=action, object=findings[0].name[:200], outcome="refused",
        rule=findings[0].rule, detail={"findings": msgspec.to_builtins(list(findings[:20]))},
    )  # fmt: skip


async def _locked(
    tx: Tx, uuids: Sequence[UUID], reason: str, state: str
) -> list[UrlRule]:  # fmt: skip
    if not uuids:
        raise BadProposal("urls: at least one")
    if len(reason.strip()) < 3:
        raise BadProposal("reason: at least three characters")
    rows = await by_uuid(tx.db, uuids, lock=True)
    for row in rows:
        if row.state != state:
            raise NotInState(f"{row.number} is {row.state}, not {state}")
    return rows


class NotInState(ValueError):
    """The rule is not in the state that the decision is for."""


def _refuse_own(viewer: Viewer, rows: Sequence[UrlRule], action: str) -> None:
    own = [row for row in rows if row.proposer_id == viewer.person_id]
    if own:
        raise OwnProposal(
            f"you proposed {own[0].number}; another person has to decide",
            AuditEntry(actor=viewer.login, action=action, object=f"url:{own[0].number}",
                       outcome="refused", rule="four_eyes", detail={"url": own[0].url}),
        )  # fmt: skip


async def _told(
    tx: Tx, rows: Sequence[UrlRule], actor: str, action: str, op: Op, code: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Note the change, the audit and the line in the story of the incident."""
    for row in rows:
        tx.note(Change(kind="url_rule", subject=row.uuid, op=op))
        tx.audit(AuditEntry(actor=actor, action=action, object=f"url:{row.number}",
                            detail={"url": row.url, "reason": reason}))  # fmt: skip
        if row.incident_id is not None:
            told = {"url": url.defang(row.url), "number": row.number, "reason": reason}
            await timeline(tx, row.incident_id, "block", actor, code, told, now)
