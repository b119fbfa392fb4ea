"""The queue over a million incidents: pages, filters and counts, from the store and over HTTP.

Run `python -m bench.queue [--incidents N] [--dsn DSN]`. The operator's analyst sees 30 of 40 parties
(the others' incidents are TLP:RED and for others), the guest one of 40. Store times are of the
whole call (page, counts of all tabs, hidden count) with row security forced; HTTP times are of the
whole application in this process (session, page, template). Goal: 95 of 100 under 100 ms. Then one
verdict on 10,000 incidents, item by item, and the ranking of all of them.
"""

import argparse
import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from httpx import ASGITransport, AsyncClient

from bench.ingest import server
from zvon.access import key
from zvon.access import node as identity
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.bulk import SayVerdict
from zvon.model.ids import uuid7
from zvon.model.marking import Tlp
from zvon.model.verdict import VerdictWord
from zvon.respond import bulk
from zvon.store import incident_filter, incident_queue, incident_rank, person
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.app import create_app

NOW = datetime.now(UTC)
GOAL_MS = 100
ROUNDS = 40
FILL = """
insert into party (uuid, name, kind, country, own)
  select gen_random_uuid(), 'party ' || n, 'csirt', case when n % 2 = 0 then 'HR' else 'SI' end, n = 1
  from generate_series(1, 40) n;
set session_replication_role = replica;
insert into record (uuid, kind, org_id, orgc_id, created_at, modified_at, tlp, pap, payload)
  select gen_random_uuid(), 'incident', 1, 1 + n % 40, now(), now(),
         case when n % 40 >= 30 then 4 when n % 1000 = 0 then 4 when n % 50 = 0 then 1 else 2 end, 1, '{}'
  from generate_series(1, %(n)s) n;
insert into incident (uuid, number, record_id, title, state, verdict, category, brand, severity, rank,
                      rank_reasons, first_at, last_at, owner_id, report_count, alert_count, campaign_id,
                      tlp, org_id, orgc_id, names, name_count)
  select uuid, 'I-' || id, id, 'TITLE_PHISHING', case when id % 10 = 0 then 'closed' else 'new' end,
         'suspicious', case when id % 3 = 0 then 'scam' else 'phishing' end,
         case when id % 100000 = 7 then 'si.rare' when id % 5 = 0 then 'si.posta' end, id % 5,
         random() * 20, '[{"code": "RANK_PROBABILITY", "params": {"percent": 20}, "weight": 20}]',
         now() - random() * interval '10 days', now(), case when id % 5000 = 1 then 1 end, 1 + id % 7,
         case when id % 4 = 0 then id % 900 else 0 end, null,
         tlp, org_id, orgc_id, array['n' || id || '.example'], 1
  from record;
insert into queue_count select tlp, org_id, orgc_id, group_uuid is not null, count(*) from incident
  where waiting group by 1, 2, 3, 4;
insert into incident_name (incident_id, name, scope, reason)
  select id, 'n' || id || '.example', 'host', 'x' from incident where id <= 100000;
insert into feed (name, country) values ('bench', 'SI');
insert into block (uuid, number, name, scope, incident_id, feed_id, reason, legal_ground,
                   proposer_id, proposed_at, expires_at, state)
  select gen_random_uuid(), 'B-' || n, 'n' || n || '.example', 'host', n * 7, 1, 'why', 'ground', 2,
         now(), now() + interval '1 day', case when n % 10 = 0 then 'held' else 'validated' end
  from generate_series(1, 2000) n;
set session_replication_role = default;
vacuum analyze;
"""
FILTERS = ("severity=4", "brand=si.posta", "brand=si.rare", "brand=si.none", "country=HR&source=alerts",
           "tlp=green", "state=closed", "owner=-&severity=3", "text=n777", "sort=newest", "tab=mine",
           "tab=approvals", "tab=held", "tab=snoozed")  # fmt: skip


def fill(dsn: str, count: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        for statement in FILL.split(";\n"):
            if statement.strip():
                db.execute(statement.replace("%(n)s", str(count)).encode())


async def people(pool: Pool) -> dict[str, Viewer]:
    """An analyst of the operator, and one of a guest party."""
    made = {}
    async with transaction(pool, NOW) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        for login, party, ceiling in (
            ("operator", 1, Tlp.AMBER_STRICT),
            ("guest", 7, Tlp.AMBER_STRICT),
        ):
            uuid = uuid7(NOW, os.urandom(10))
            id_ = await person.add(
                tx, uuid=uuid, party_id=party, login=login, name=login, lang="en",
                roles=["analyst"], password_hash=None, now=NOW, tlp_ceiling=ceiling,
            )  # fmt: skip
            found = await person.viewer(tx.db, id_)
            assert found is not None
            made[login] = found
    return made


async def times(
    call: Callable[[], Awaitable[int]], rounds: int = ROUNDS
) -> tuple[float, float, int]:
    """Median and 95th percentile in milliseconds, and how many rows came."""
    spent, rows = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        rows = await call()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1], rows


def say(name: str, median: float, p95: float, rows: int) -> None:
    print(
        f"{name:<48} p50 {median:>7.1f} ms · p95 {p95:>7.1f} ms · {rows} rows · goal {GOAL_MS}",
        flush=True,
    )


async def store(pool: Pool, viewers: dict[str, Viewer]) -> None:
    """Pages from the store."""
    for login, who in viewers.items():
        for query in ("", *FILTERS):

            async def page(who: Viewer = who, query: str = query) -> int:
                async with read(pool, who) as db:
                    found = await incident_queue.queue(
                        db, who, wanted=incident_filter.read(query), now=NOW
                    )
                    return len(found.rows)

            say(f"store, {login}, {query or 'all'}", *await times(page))
        async with read(pool, who) as db:
            after = None
            for _ in range(5):
                after = (await incident_queue.queue(db, who, after=after)).next

        async def later(who: Viewer = who, after: str | None = after) -> int:
            async with read(pool, who) as db:
                return len((await incident_queue.queue(db, who, after=after)).rows)

        say(f"store, {login}, sixth page", *await times(later))


async def http(pool: Pool, viewers: dict[str, Viewer], root: Path) -> None:
    """Pages and API over HTTP, with a key, through the whole application."""
    settings = Settings(root=root, name="bench", country="SI", lang="sl", resolver="127.0.0.1:9")
    async with transaction(pool, NOW) as tx:
        await tx.execute("update party set own = false")
        await identity.create_node(tx, settings, NOW, os.urandom)
        await tx.execute("update party set own = false where id <> 1")
        await tx.execute("update party set own = true where id = 1")
    async with transaction(pool, NOW) as tx:
        me = await identity.node(tx.db, identity.node_key(settings.key_file, os.urandom))
        keys = {
            login: await key.create(tx, who, (await person.by_id(tx.db, who.person_id)).uuid, "bench", NOW,
                                    os.urandom, NOW + timedelta(days=1))
            for login, who in viewers.items()
        }  # fmt: skip
    app = create_app(Context(pool, settings, me, lambda: NOW, os.urandom))
    transport = ASGITransport(app=app)  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://node.example") as client:
        for login, token in keys.items():
            for path in (
                "/queue",
                "/queue?severity=4",
                "/api/v1/incidents",
                "/api/v1/incidents?limit=50",
            ):

                async def ask(path: str = path, token: str = token) -> int:
                    answer = await client.get(
                        path, headers={"Authorization": f"Bearer {token}", "Accept": "text/html"}
                    )
                    assert answer.status_code == 200, answer.text
                    return answer.text.count("data-row") or len(answer.json()["incidents"])

                say(f"HTTP, {login}, {path}", *await times(ask))


async def many(pool: Pool, who: Viewer, items: int) -> None:
    """One verdict on many, item by item with all that follows, and its undo; ranking of changed rows."""
    async with transaction(pool, NOW) as tx:
        await tx.execute(
            "insert into policy (name, version, body, at) values ('bulk', 1,"
            " '{\"second_person_above\": 100000, \"most\": 100000, \"batch\": 200, \"at_once\": 50,"
            " \"holds_minutes\": 60}', %s)", (NOW,),
        )  # fmt: skip
    began = time.perf_counter()
    async with read(pool, who) as db:
        chosen = await (await db.execute(
            "select uuid from incident where waiting order by rank desc, id desc limit %s", (items,)
        )).fetchall()  # fmt: skip
    async with transaction(pool, NOW, viewer=viewer_setting(who)) as tx:
        uuid = await bulk.ask(tx, who, SayVerdict(word=VerdictWord.SUSPICIOUS), [r[0] for r in chosen],
                              "bench", NOW, os.urandom)  # fmt: skip
        await bulk.start(tx, who, uuid, NOW)
    print(f"bulk: list of {items:,} frozen in {time.perf_counter() - began:.2f} s", flush=True)
    began = time.perf_counter()
    await bulk.work(pool, uuid, lambda: NOW)
    spent = time.perf_counter() - began
    print(f"bulk: verdict on {items:,} in {spent:.1f} s, {items / spent:.0f}/s", flush=True)
    began = time.perf_counter()
    async with transaction(pool, NOW) as tx:
        await tx.execute("delete from rank_due")
        await tx.execute(
            "insert into rank_due (incident_id) select id from incident where waiting limit %s",
            (items,),
        )
    looked = 0
    while True:
        async with transaction(pool, NOW) as tx:
            found = await incident_rank.due(tx, NOW, 1000)
        looked += found
        if not found or looked >= items:
            break
    spent = time.perf_counter() - began
    print(f"rank: {looked:,} rows in {spent:.1f} s, {looked / spent:.0f}/s", flush=True)


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--incidents", type=int, default=1_000_000)
    arguments.add_argument("--items", type=int, default=10_000)
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    given = arguments.parse_args()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with server(given.dsn) as dsn, tempfile.TemporaryDirectory() as root:
        began = time.perf_counter()
        fill(dsn, given.incidents)
        print(f"{given.incidents:,} incidents in {time.perf_counter() - began:.0f} s", flush=True)
        async with open_pool(dsn, size=4) as pool:
            viewers = await people(pool)
            await store(pool, viewers)
            await http(pool, viewers, Path(root))
            await many(pool, viewers["operator"], given.items)


if __name__ == "__main__":
    asyncio.run(main())
