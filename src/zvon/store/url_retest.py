"""Is a listed page still bad? What is due, and what follows from what the network said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import structs

from zvon.model import page_gone
from zvon.model.evidence import EvidenceCode
from zvon.model.mail_policy import shipped
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture
from zvon.store import capture, evidence, incident_decision, takedown_watch, url_rule
from zvon.store.party import Db
from zvon.store.transaction import Tx
from zvon.store.url_row import UrlRule, select

# A minute less than the interval, so that the second look need not be late to count.
GONE_FOR = url_rule.RETEST_EVERY - timedelta(minutes=1)
# The rule by which pages with letters are watched, at the pace of hacked sites. An error of the
# network is no answer here: this ends a protection.
PAGE = structs.replace(
    shipped().takedown, gone_reasons=[], again_minutes=url_rule.RETEST_EVERY // timedelta(minutes=1)
)
MOST_LOOKS = 50


async def due(tx: Tx, now: datetime, *, limit: int = 100) -> list[UrlRule]:
    """Published rules that are to be looked at now; each comes again after `RETEST_EVERY`."""
    rows = await select(
        tx.db,
        "u.id in (select id from url_rule where state = 'published' and retest_at <= %(now)s"
        " order by retest_at limit %(limit)s)",
        {"now": now, "limit": limit},
        lock=True,
    )
    await tx.execute(
        "update url_rule set retest_at = %s where id = any(%s)",
        (now + url_rule.RETEST_EVERY, [row.id for row in rows]),
    )
    return rows


async def report_of(tx: Tx, rule: UrlRule) -> int | None:
    """The report for which looks at the page are taken: one that named it, else the incident's first.

    `None` for a rule of no report: only its host is looked up.
    """
    if rule.incident_id is None:
        return None
    named = await takedown_watch.report_of(tx, rule.incident_id, rule.url)
    if named is not None:
        return named
    row = await (
        await tx.execute(
            "select min(record_id) from report where incident_id = %s", (rule.incident_id,)
        )
    ).fetchone()
    return None if row is None else row[0]


async def judge_pages(tx: Tx, now: datetime, *, limit: int = 500) -> list[UrlRule]:
    """End the rules whose page was gone in two looks in a row; return those.

    A page that answers is there, whatever it shows: what hides from us would look harmless. With
    the last rule its incident is resolved, when a person had opened it and nothing else is left.
    """
    rows = await select(
        tx.db,
        "u.id in (select id from url_rule where state = 'published' and retest_at is not null"
        " order by retest_at limit %(limit)s)",
        {"limit": limit},
        lock=True,
    )
    ended = [row for row in rows if page_gone.gone_since(await _looks(tx, row), PAGE) is not None]
    await url_rule.end_by_system(tx, ended, url_rule.PAGE_GONE, now)
    await _resolve(tx, ended, now)
    return ended


async def _looks(tx: Tx, rule: UrlRule) -> list[Capture]:
    """The looks at a page since it was listed."""
    found = await capture.of_url(tx.db, rule.url, MOST_LOOKS)
    return [each for each in found if rule.published_at and each.at >= rule.published_at]


async def last_look(db: Db, rule: UrlRule) -> tuple[datetime, bool | None] | None:
    """When a listed page was looked at last, and whether it was there (`None`: nobody can say)."""
    found = await capture.of_url(db, rule.url, 1)
    if not found or rule.published_at is None or found[0].at < rule.published_at:
        return None
    return found[0].at, page_gone.seen(found[0], PAGE)


async def judge(tx: Tx, uuids: Sequence[UUID], now: datetime) -> list[UrlRule]:
    """Lift the rules whose host was absent in two looks in a row; return those.

    One look proves little: a resolver may be away, and a site may be taken down for a minute.
    Silence is no answer and changes nothing.
    """
    rows = await select(
        tx.db, "u.uuid = any(%(uuids)s) and u.state = 'published'", {"uuids": list(uuids)},
        lock=True,
    )  # fmt: skip
    hosts = {row.host: Observable(ObservableType.DOMAIN, row.host) for row in rows}
    absent: dict[str, bool] = {}
    seen: dict[str, datetime] = {}
    for fact in await evidence.fresh(tx.db, list(hosts.values()), now):
        host = fact.observable.value
        known = fact.code in {EvidenceCode.ABSENT, EvidenceCode.ADDRESSES}
        if known and (host not in seen or fact.seen_at > seen[host]):
            seen[host], absent[host] = fact.seen_at, fact.code is EvidenceCode.ABSENT
    gone = [row for row in rows if absent.get(row.host) is True]
    here = [row for row in rows if absent.get(row.host) is False]
    await tx.execute(
        "update url_rule set gone_since = null where id = any(%s)", ([row.id for row in here],)
    )
    await tx.execute(
        "update url_rule set gone_since = %s where id = any(%s) and gone_since is null",
        (now, [row.id for row in gone]),
    )
    ended = [row for row in gone if row.gone_since and now - row.gone_since >= GONE_FOR]
    await url_rule.end_by_system(tx, ended, url_rule.HOST_GONE, now)
    await _resolve(tx, ended, now)
    return ended


async def _resolve(tx: Tx, ended: Sequence[UrlRule], now: datetime) -> None:
    incidents = {row.incident_id for row in ended if row.incident_id is not None}
    await incident_decision.without_pages(tx, sorted(incidents), now)
