"""Is a listed page still bad? What is due, and what follows from what the network said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from zvon.model.evidence import EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.store import evidence, url_rule
from zvon.store.transaction import Tx
from zvon.store.url_row import UrlRule, select

# A minute less than the interval, so that the second look need not be late to count.
GONE_FOR = url_rule.RETEST_EVERY - timedelta(minutes=1)


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
    await url_rule.end_by_system(tx, ended, "its host is gone", now)
    return ended
