"""What counts for the place of incidents in the queue, read for many at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, LiteralString

import msgspec
from msgspec import Struct

from zvon.model.observable import CODE, ObservableType
from zvon.model.rank import Facts
from zvon.model.verdict import Reason
from zvon.store.observable import digest
from zvon.store.party import Db

UNKNOWN_TRUST = 0.5
"""Of a source that nobody has judged yet: Beta(1, 1), as in `source_quality`."""
MOST_HOSTS = 50

# The best source of each value: what it said of values that people decided (Beta(1, 1)).
_TRUST: LiteralString = """
select o.digest, t.trust, t.name
from observable o cross join lateral (
  select coalesce(p.name, s.name, '') as name,
         coalesce((q.good + 1) / (q.good + q.bad + 2), %(unknown)s) as trust
  from (select c.record_id from occurrence c where c.observable_id = o.id and c.role = 1 limit 50) c
  join record r on r.id = c.record_id and r.kind in ('indicator', 'event') and not r.deleted
  left join source s on s.id = r.source_id
  left join party p on p.id = r.orgc_id and not p.own
  left join lateral (select good, bad from source_quality q where q.source_id = r.source_id
                     order by week desc limit 1) q on true
  order by 2 desc, 1 limit 1) t
where o.digest = any(%(digests)s)
"""
_ROWS: LiteralString = """
select id, first_at, rank_reasons, rank_features, report_count, alert_count, severity
from incident where id = any(%s)
"""


class Asset(Struct, frozen=True):
    """Something of ours that has a worth: a domain with all below it, a host, a network."""

    kind: str
    value: str
    worth: int


async def facts(db: Db, ids: Sequence[int], now: datetime) -> dict[int, Facts]:
    """The facts of these incidents, as far as `db` sees them."""
    rows = await (await db.execute(_ROWS, (list(ids),))).fetchall()
    trusts = await _trusts(db, ids)
    assets = await _assets(db, now)
    found = {}
    for id_, first_at, reasons, features, reports, alerts, severity in rows:
        trust, source = trusts.get(id_, (0.0, ""))
        worth, asset = dearest(assets, features.get("hosts") or ())
        found[id_] = Facts(
            first_at=first_at,
            reported=tuple(msgspec.convert(reasons, list[Reason])),
            reports=reports,
            alerts=alerts,
            novelty=_number(features, "novelty"),
            severity=severity,
            worth=worth,
            asset=asset,
            trust=trust,
            source=source,
            triage=min(1.0, _number(features, "triage")) if "triage" in features else None,
            escalation=int(_number(features, "escalation")),
        )
    return found


def dearest(assets: Sequence[Asset], hosts: Sequence[Any]) -> tuple[int, str]:
    """The highest worth among `hosts`, and what it is of; 0 when none of ours is among them."""
    best = (0, "")
    for host in list(hosts)[:MOST_HOSTS]:
        for asset in assets:
            if asset.worth > best[0] and _is(asset, str(host).lower()):
                best = (asset.worth, asset.value)
    return best


def _is(asset: Asset, host: str) -> bool:
    if asset.kind != "prefix":
        return host == asset.value or host.endswith("." + asset.value.lstrip("."))
    try:
        return ip_address(host) in ip_network(asset.value, strict=False)
    except (ValueError, TypeError):
        return False


def _number(features: Mapping[str, Any], name: str) -> float:
    value = features.get(name, 0.0)
    return max(0.0, float(value)) if isinstance(value, (int, float)) else 0.0


async def _assets(db: Db, now: datetime) -> list[Asset]:
    rows = await (
        await db.execute(
            "select kind, value, worth from constituency where worth > 0"
            " and kind in ('domain', 'prefix', 'host', 'internal')"
            " and (valid_from is null or valid_from <= %(now)s)"
            " and (valid_to is null or valid_to > %(now)s) order by worth desc, value limit 5000",
            {"now": now},
        )
    ).fetchall()
    return [Asset(*row) for row in rows]


async def _trusts(db: Db, ids: Sequence[int]) -> dict[int, tuple[float, str]]:
    rows = await (
        await db.execute(
            "select incident_id, name from incident_name where incident_id = any(%s)", (list(ids),)
        )
    ).fetchall()
    code = CODE[ObservableType.DOMAIN]
    of = {digest(code, name.encode()): name for name in {name for _, name in rows}}
    if not of:
        return {}
    known = await (
        await db.execute(_TRUST, {"digests": list(of), "unknown": UNKNOWN_TRUST})
    ).fetchall()
    trust = {of[bytes(key)]: (float(value), str(name)) for key, value, name in known}
    best: dict[int, tuple[float, str]] = {}
    for incident_id, name in rows:
        if name in trust:
            best[incident_id] = max(best.get(incident_id, (0.0, "")), trust[name])
    return best
