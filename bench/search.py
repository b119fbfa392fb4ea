"""Search over a filled node: how quick answers are, and what the projections behind them cost.

Run `python -m bench.search [--observables N] [--folder DIR] [--lookups N]`. Values of six types, each in
a record of its own as from lists, one in ten in a second one; written by COPY, since taking in is
measured in `bench.ingest`. `--folder` keeps the server's data: a run that was stopped goes on, and
a larger N adds to what is there. Prints one line for each kind of question, and JSON.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.ingest import records, values
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.formats.pasted import pasted
from zvon.model.ids import uuid7
from zvon.model.marking import Tlp
from zvon.model.observable import CODE, Observable, ObservableType
from zvon.model.query import parse
from zvon.store import party, person
from zvon.store.cluster import Cluster
from zvon.store.ingest import ingest
from zvon.store.lookup import AT_ONCE, distinct, lookup
from zvon.store.migrate import migrate
from zvon.store.observable import code_of, digest
from zvon.store.pool import open_pool
from zvon.store.search import search
from zvon.store.search_facets import facets
from zvon.store.search_index import step
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read

CHUNK = 50_000
SOURCES = 40
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOAL_MS = 200
T = ObservableType
WORDS = ("posta", "paket", "dostava", "banka", "prijava", "varnost", "racun", "potrditev", "login",
         "secure", "update", "account", "verify", "mail", "office", "cloud", "invoice", "portal",
         "nalog", "carina")  # fmt: skip
TITLES = ("Phishing kit", "Emotet C2", "Lažna stran banke", "Krađa identiteta", "Scanner",
          "Malware download", "Spam source", "Brute force SSH")  # fmt: skip


def value(n: int) -> Observable:
    """The value with this number: always the same, so that questions about it can be made."""
    draw = random.Random(n)
    word, other = draw.choice(WORDS), draw.choice(WORDS)
    match n % 10:
        case 0 | 1 | 2:
            return Observable(T.DOMAIN, f"{word}-{other}{n * 7919:x}.example")
        case 3 | 4:
            return Observable(T.URL, f"https://{word}{n % 9973}.example/{other}/{draw.getrandbits(40):x}")  # fmt: skip
        case 5 | 6:
            return Observable(
                T.IPV4, ".".join(str(b) for b in (n * 2654435761 % (1 << 32)).to_bytes(4))
            )
        case 7:
            return Observable(T.SHA256, draw.randbytes(32).hex())
        case 8:
            return Observable(T.MD5, draw.randbytes(16).hex())
        case _:
            return Observable(T.EMAIL, f"{word}.{n:x}@{other}.example")


@contextmanager
def node(folder: Path | None) -> Iterator[str]:
    """A migrated database; with a folder the one that is kept there."""
    root = folder or Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    cluster = Cluster(root / "node", settings={"shared_buffers": "2GB", "max_wal_size": "8GB"})
    try:
        cluster.start()
        migrate(cluster.dsn())
        yield cluster.dsn()
    finally:
        cluster.stop()
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)


async def viewer(pool: Pool) -> Viewer:
    """An analyst of the operator; made in the first run."""
    async with transaction(pool, NOW) as tx:
        row = await (await tx.execute("select id from person where login = 'ana'")).fetchone()
        if row is None:
            await person.put_roles(tx, SHIPPED_ROLES)
            home = await party.put(tx, uuid=new(), name="bench", kind="csirt", country="SI", own=True)  # fmt: skip
            made = await person.add(
                tx, uuid=new(), party_id=home.id, login="ana", name="Ana", lang="sl",
                roles=["analyst"], password_hash=None, now=NOW, tlp_ceiling=Tlp.AMBER_STRICT,
            )  # fmt: skip
            for n in range(SOURCES):
                await tx.execute(
                    "insert into source (uuid, name, kind, created_at) values (%s, %s, 'http', %s)",
                    (new(), f"list {n}", NOW),
                )
            await tx.execute("insert into tag (name) values ('rare'), ('common')")
        else:
            made = int(row[0])
        found = await person.viewer(tx.db, made)
    assert found is not None
    return found


def new() -> UUID:
    return uuid7(NOW, os.urandom(10))


def fill(dsn: str, count: int) -> tuple[int, float]:
    """Bring the node to `count` values; how many were new, and the seconds."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("select set_config('zvon.viewer', 'system', false)")
        db.execute("set synchronous_commit = off")
        start = one(db, "select coalesce(max(id), 0) from observable")
        home = one(db, "select id from party where own")
        began = time.perf_counter()
        for first in range(start, count, CHUNK):
            chunk(db, first, min(first + CHUNK, count), home)
        db.execute("analyze record, observable, occurrence, change, tag_use")
    return max(0, count - start), time.perf_counter() - began


def chunk(db: psycopg.Connection[Any], first: int, end: int, home: int) -> None:
    """The values with these numbers, whose ids are one higher, in one transaction."""
    drawn = [(n, value(n)) for n in range(first, end)]
    extra = [n for n, _ in drawn if n % 10 == 4]
    with db.transaction():
        made = copied = one(db, "select coalesce(max(id), 0) from record")
        seq = one(db, "select seq from head")
        held: list[tuple[int, int]] = []
        with db.cursor().copy("copy observable (id, type, digest, value) from stdin (format binary)") as copy:  # fmt: skip
            copy.set_types(["int8", "int2", "bytea", "text"])
            for n, v in drawn:
                copy.write_row((n + 1, CODE[v.type], digest(code_of(v), v.value.encode()), v.value))
        with db.cursor().copy(
            "copy record (id, uuid, kind, org_id, orgc_id, source_id, created_at, modified_at, tlp,"
            " pap, payload) from stdin"
        ) as copy:
            for n, v in [*drawn, *[(n, value(n)) for n in extra]]:
                made += 1
                at = NOW - timedelta(seconds=(10_000_000 - made) % 8_000_000)
                title = TITLES[n % len(TITLES)]
                said = {"format": "table", "position": f"line {n}", "title": title,
                        "said": {"value": v.value, "comment": f"seen by honeypot {n % 977}"}}  # fmt: skip
                kind = "alert" if n % 50 == 0 else "indicator"
                copy.write_row((made, UUID(int=made), kind, home, home, source(n), at, at, n % 4, 1, json.dumps(said)))  # fmt: skip
                held.append((n + 1, made))
        with db.cursor().copy("copy occurrence (observable_id, record_id, role, seen_at) from stdin") as copy:  # fmt: skip
            for number, record in held:
                copy.write_row((number, record, 1, NOW - timedelta(seconds=(10_000_000 - record) % 8_000_000)))  # fmt: skip
        with db.cursor().copy("copy change (seq, at, record_id, subject, kind, op, tlp) from stdin") as copy:  # fmt: skip
            for n, (_, record) in enumerate(held, start=1):
                copy.write_row((seq + n, datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=seq + n),
                                record, UUID(int=record), "indicator", "add", 1))  # fmt: skip
        with db.cursor().copy("copy tag_use (tag_id, record_id) from stdin") as copy:
            for number, record in held:
                if number % 20_000 == 7:
                    copy.write_row((1, record))
                if number % 4 == 0:
                    copy.write_row((2, record))
        db.execute("update head set seq = %s", (seq + len(held),))
        db.execute("select setval('record_id_seq', %s)", (made,))
        db.execute("select setval('observable_id_seq', %s)", (end,))
        assert made - copied == len(held)


def source(n: int) -> int:
    """Lists are of unequal size: the first has half of all, the last a handful."""
    return next(k for k in range(SOURCES) if n % (1 << min(k + 1, 22)) or k == SOURCES - 1) + 1


def one(db: psycopg.Connection[Any], statement: str) -> int:
    row = db.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def build(pool: Pool, dsn: str) -> dict[str, Any]:
    """Fill the projections with the job's own steps."""
    began, steps = time.perf_counter(), 0
    with psycopg.connect(dsn, autocommit=True) as db:
        before = one(db, "select count(*) from search_value")
    more = True
    while more:
        async with transaction(pool, NOW) as tx:
            more = await step(tx, NOW)
        steps += 1
        if steps % 100 == 0:
            print(f"  {steps} steps, {time.perf_counter() - began:,.0f} s", flush=True)
    spent = time.perf_counter() - began
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("vacuum analyze search_value")
        db.execute("vacuum analyze search_record")
        db.execute("vacuum analyze occurrence")
        added = one(db, "select count(*) from search_value") - before
        sizes: dict[str, int] = dict(
            db.execute(
                "select relname, pg_relation_size(oid) / 1048576 from pg_class"
                " where relname like 'search_%' or relname in ('observable', 'observable_digest_key',"
                " 'record', 'occurrence') order by 2 desc limit 14"
            ).fetchall()
        )
    return {"values": added, "seconds": round(spent, 1),
            "per_s": round(added / spent) if added else 0, "megabytes": sizes}  # fmt: skip


def questions(count: int, turn: int) -> dict[str, str]:
    """One question of each kind; another one each turn."""
    draw = random.Random(turn)
    at = [draw.randrange(count) for _ in range(8)]
    domain = next(value(n).value for n in range(at[0] - at[0] % 10, count))
    ip = value(at[1] - at[1] % 10 + 5).value
    prefix = ".".join(ip.split(".")[:3]) + ".0/24"
    return {
        "nothing typed": "",
        "value": domain,
        "value, defanged": domain.replace(".", "[.]"),
        "unknown value": f"never{turn}.test",
        "network /24": prefix,
        "network /12": ip.split(".")[0] + ".16.0.0/12",
        "rare part": f"*{domain[-15:-8]}*",
        "common part": "*banka-p*",
        "everywhere": "*example*",
        "two parts": "*posta* *login*",
        "part and type": "*carina* type:email",
        "part of a hash": f"*{value(at[2] - at[2] % 10 + 7).value[9:19]}*",
        "source": f'source:"list {draw.randrange(8)}"',
        "small source, type": 'source:"list 12" type:url',
        "rare tag": "tag:rare",
        "common tag": "tag:common",
        "common tag, part": "tag:common *racun*",
        "kind and time": "kind:alert after:2026-11-20",
        "words": 'text:"laž* banke"',
        "rare words": f'text:"honeypot {draw.randrange(977)}" kind:alert',
        "bare words": "Emotet honeypot",
        "not": 'type:domain -tag:common -source:"list 0"',
        "or": f"{domain} OR {ip} OR *carina-racun*",
    }  # fmt: skip


async def ask(pool: Pool, who: Viewer, count: int, turns: int) -> dict[str, Any]:
    """Milliseconds of the first page of each kind of question, first the coldest."""
    spent: dict[str, list[float]] = {}
    rows: dict[str, int] = {}
    for turn in range(turns):
        for kind, text in questions(count, turn).items():
            began = time.perf_counter()
            async with read(pool, who) as db:
                page = await search(db, who, parse(text), NOW)
            spent.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
            rows[kind] = len(page.rows)
    result = {}
    for kind, times in spent.items():
        result[kind] = {"first": round(times[0], 1), "median": round(statistics.median(times), 1),
                        "most": round(max(times[1:] or times), 1), "rows": rows[kind]}  # fmt: skip
        mark = " " if max(times[1:] or times) < GOAL_MS else "!"
        print(f"{mark} {kind:<22} median {result[kind]['median']:>8.1f} ms · most {result[kind]['most']:>8.1f}"
              f" · first {times[0]:>8.1f} · rows {rows[kind]}")  # fmt: skip
    return result


async def counting(pool: Pool, who: Viewer, count: int) -> dict[str, float]:
    """Milliseconds of the counts beside a first page."""
    result = {}
    for kind, text in questions(count, 99).items():
        began = time.perf_counter()
        async with read(pool, who) as db:
            await facets(db, who, parse(text), NOW)
        result[kind] = round((time.perf_counter() - began) * 1000, 1)
    print(
        f"counts: median {statistics.median(result.values())} ms · most {max(result.values())} ms"
        f" ({max(result, key=lambda kind: result[kind])})"
    )
    return result


async def looking_up(pool: Pool, who: Viewer, count: int, most: int) -> dict[str, float]:
    """Values a second of a pasted list of which half is known, every third defanged."""
    draw = random.Random(5)
    lines = [value(draw.randrange(count)).value if n % 2 else f"n{n}.unknown-{n % 7}.test"
             for n in range(most)]  # fmt: skip
    lines = [line.replace(".", "[.]") if n % 3 == 0 else line for n, line in enumerate(lines)]
    began = time.perf_counter()
    given = distinct(pasted("\n".join(lines)), most)
    was_read = time.perf_counter() - began
    known = 0
    for start in range(0, len(given), AT_ONCE):
        async with read(pool, who) as db:
            answers = await lookup(db, who, given[start : start + AT_ONCE], NOW)
        known += sum(one.records > 0 for one in answers)
    spent = time.perf_counter() - began
    print(f"lookup: {len(given):,} distinct values of {most:,} in {spent:,.1f} s ({was_read:,.1f} s of it"
          f" reading them), {known:,} known, {len(given) / spent:,.0f}/s")  # fmt: skip
    return {"values": len(given), "seconds": round(spent, 2), "reading": round(was_read, 2),
            "known": known}  # fmt: skip


async def taking_in(pool: Pool, home: int, seed: int) -> tuple[float, float]:
    """Values a second through `ingest` alone, and while the projections are being filled."""
    rates = []
    for beside in (False, True):
        names = values(100_000, seed * 2 + beside)
        stop = asyncio.Event()

        async def follow(stop: asyncio.Event) -> None:
            while not stop.is_set():
                async with transaction(pool, NOW) as tx:
                    await step(tx, NOW)
                await asyncio.sleep(0.01)

        following = asyncio.create_task(follow(stop)) if beside else None
        began = time.perf_counter()
        for batch in records(names, 10_000, home):
            async with transaction(pool, NOW) as tx:
                await ingest(tx, batch, NOW)
        rates.append(len(names) / (time.perf_counter() - began))
        if following is not None:
            stop.set()
            await following
    return rates[0], rates[1]


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--observables", type=int, default=1_000_000)
    arguments.add_argument("--turns", type=int, default=7)
    arguments.add_argument("--lookups", type=int, default=100_000)
    arguments.add_argument("--folder", type=Path, help="where the node is kept for the next run")
    given = arguments.parse_args()
    with node(given.folder) as dsn:
        async with open_pool(dsn, size=3) as pool:
            who = await viewer(pool)
            added, spent = fill(dsn, given.observables)
            print(f"filled: {added:,} values in {spent:,.0f} s")
            built = await build(pool, dsn)
            print(
                f"projections: {built['values']:,} values in {built['seconds']} s ({built['per_s']:,}/s)"
            )
            print("  MB: " + ", ".join(f"{k} {v}" for k, v in built["megabytes"].items()))
            asked = await ask(pool, who, given.observables, given.turns)
            counts = await counting(pool, who, given.observables)
            looked = await looking_up(pool, who, given.observables, given.lookups)
            alone, beside = await taking_in(pool, who.party_id, given.observables)
            print(
                f"taking in: {alone:,.0f} values/s alone, {beside:,.0f}/s while projections are filled"
            )
    print(json.dumps({"observables": given.observables, "built": built, "ms": asked, "facets_ms": counts, "lookup": looked,

                      "ingest_alone_s": round(alone), "ingest_beside_s": round(beside)}))  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
