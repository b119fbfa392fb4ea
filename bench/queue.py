"""The first page of the queue over a million incidents, for the operator and for a guest party.

Run `python -m bench.queue [--incidents N] [--dsn DSN]`. Times are of the whole store call (page,
counts of all tabs, hidden count) with row security forced; goal: 95 of 100 under 100 ms.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable

import psycopg

from bench.ingest import server
from zvon.access.permission import SHIPPED_ROLES, Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store import incident
from zvon.store.incident import Tab
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool
from zvon.store.visibility import read

GOAL_MS = 100
ROUNDS = 40
FILL = """
insert into party (uuid, name, kind, country, own)
  select gen_random_uuid(), 'party ' || n, 'csirt', 'SI', n = 1 from generate_series(1, 40) n;
insert into person (uuid, party_id, login, name, created_at)
  select gen_random_uuid(), n, 'p' || n, 'p', now() from generate_series(1, 40) n;
set session_replication_role = replica;
insert into record (uuid, kind, org_id, orgc_id, created_at, modified_at, tlp, pap, payload)
  select gen_random_uuid(), 'incident', 1, 1 + n % 40, now(), now(),
         case when n % 1000 = 0 then 4 when n % 50 = 0 then 1 else 2 end, 1, '{}'
  from generate_series(1, %(n)s) n;
insert into incident (uuid, number, record_id, title, state, verdict, rank, first_at, last_at, owner_id,
                      tlp, org_id, orgc_id, names, name_count)
  select uuid, 'I-' || id, id, 'TITLE_PHISHING', case when id % 10 = 0 then 'closed' else 'new' end,
         'suspicious', random() * 20, now(), now(), case when id % 5000 = 1 then 1 end,
         tlp, org_id, orgc_id, array['n' || id || '.example'], 1
  from record;
insert into incident_name (incident_id, name, scope, reason)
  select id, 'n' || id || '.example', 'host', 'x' from incident;
insert into feed (name, country) values ('si', 'SI');
insert into block (uuid, number, name, scope, incident_id, feed_id, reason, legal_ground,
                   proposer_id, proposed_at, expires_at, state)
  select gen_random_uuid(), 'B-' || n, 'n' || n || '.example', 'host', n * 7, 1, 'why', 'ground', 2,
         now(), now() + interval '1 day', case when n % 10 = 0 then 'held' else 'validated' end
  from generate_series(1, 2000) n;
set session_replication_role = default;
vacuum analyze;
"""


def fill(dsn: str, count: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        for statement in FILL.split(";\n"):
            if statement.strip():
                db.execute(statement.replace("%(n)s", str(count)).encode())


def viewer(person: int, own: bool, ceiling: Tlp) -> Viewer:
    return Viewer(person_id=person, login=f"p{person}", name="p", party_id=person, party_own=own,
                  country="SI", roles=("analyst",),
                  permissions=SHIPPED_ROLES["analyst"] | {Permission.AUDIT_READ},
                  tlp_ceiling=ceiling)  # fmt: skip


async def times(call: Callable[[], Awaitable[int]]) -> tuple[float, float, int]:
    """Median and 95th percentile in milliseconds, and how many rows came."""
    spent, rows = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        rows = await call()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1], rows


async def measure(pool: Pool) -> dict[str, dict[str, float]]:
    people = {
        "operator": viewer(1, own=True, ceiling=Tlp.AMBER_STRICT),
        "operator, ceiling RED": viewer(1, own=True, ceiling=Tlp.RED),
        "guest party, 1 of 40": viewer(7, own=False, ceiling=Tlp.AMBER_STRICT),
    }
    result: dict[str, dict[str, float]] = {}
    for name, who in people.items():
        for tab in Tab:

            async def page(who: Viewer = who, tab: Tab = tab) -> int:
                async with read(pool, who) as db:
                    return len((await incident.queue(db, who, tab=tab)).rows)

            median, p95, rows = await times(page)
            result[f"{name} / {tab}"] = {
                "p50_ms": round(median, 1),
                "p95_ms": round(p95, 1),
                "rows": rows,
            }
        async with read(pool, who) as db:
            after = None
            for _ in range(5):
                after = (await incident.queue(db, who, after=after)).next

        async def later(who: Viewer = who, after: str | None = after) -> int:
            async with read(pool, who) as db:
                return len((await incident.queue(db, who, after=after)).rows)

        median, p95, rows = await times(later)
        result[f"{name} / all, sixth page"] = {
            "p50_ms": round(median, 1),
            "p95_ms": round(p95, 1),
            "rows": rows,
        }
    return result


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--incidents", type=int, default=1_000_000)
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    given = arguments.parse_args()
    with server(given.dsn) as dsn:
        began = time.perf_counter()
        fill(dsn, given.incidents)
        print(f"{given.incidents:,} incidents in {time.perf_counter() - began:.0f} s")
        async with open_pool(dsn, size=1) as pool:
            result = await measure(pool)
    for name, found in result.items():
        print(
            f"{name:<40} p50 {found['p50_ms']:>7} ms · p95 {found['p95_ms']:>7} ms · {found['rows']} rows · goal {GOAL_MS}"
        )
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
