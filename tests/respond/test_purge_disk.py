"""What had its time is not in the database's files any more, however one looks for it."""

import gzip
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import FAST
from zvon.access.node import create_node, node, node_key
from zvon.access.permission import SHIPPED_ROLES
from zvon.collect.decode import decode
from zvon.collect.index import index
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.privacy.policies import shipped
from zvon.respond import purge
from zvon.store import data_policy, evidence_file, person, zone
from zvon.store.cluster import Cluster
from zvon.store.data_key import DataKeys
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction

LOW = "maribel.potocnik"  # repeats, so that PostgreSQL compresses what holds it
HIGH = "q9f2xwk7lmzp4rty8vbnc3sda6"  # nothing in it that could be packed
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=365 * 31)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of its own, because its whole folder is searched."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-purge-"))
    folder.chmod(0o755)
    server = Cluster(folder / "node", settings={**FAST, "autovacuum": "off"})
    try:
        server.start()
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as db:
            db.execute("create database purge")
        migrate(server.dsn("purge"))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def a_node(cluster: Cluster, tmp_path: Path, clock: list[datetime]) -> AsyncIterator[Context]:
    settings = Settings(root=tmp_path)
    keys = DataKeys(node_key(settings.key_file, os.urandom), os.urandom)
    async with open_pool(cluster.dsn("purge"), size=3, keys=keys) as pool:
        async with transaction(pool, NOW) as tx:
            await person.put_roles(tx, SHIPPED_ROLES)
            await create_node(tx, settings, NOW, os.urandom)
        async with transaction(pool, NOW) as tx:
            await data_policy.ensure(tx, "SI", shipped(), NOW)
            await zone.ensure_feed(tx, "si", "SI")
            me = await node(tx.db, keys.node)
        yield Context(pool, settings, me, lambda: clock[0], os.urandom)


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["From"] = f"Maribel Potočnik <{LOW}@primer-obcina.example>"
    mail["To"] = "prijave@si-cert.example"
    mail["Subject"] = f"Sumljivo sporočilo {HIGH}"
    mail.set_content(
        f"Pozdravljeni, sem {LOW}@primer-obcina.example, koda {HIGH}.\n"
        + f"{LOW} " * 400
        + f"\nhttps://posta-paket.example/placilo?email={LOW}%40primer-obcina.example\n"
    )
    return bytes(mail)


async def plant(context: Context) -> int:
    """A mail through the door, and the two secrets wherever else words of reports come to stand."""
    receipt = await submit(
        context.pool,
        ReportIn(body=a_mail(), media_type="message/rfc822", channel=Channel.EMAIL,
                 door=Door.FORM, lang=Lang.SL, received_at=NOW),
        now=NOW, random=os.urandom,
    )  # fmt: skip
    async with transaction(context.pool, NOW) as tx:
        row = await (
            await tx.execute("select id from record where uuid = %s", (receipt.uuid,))
        ).fetchone()
    assert row is not None
    record = int(row[0])
    await decode(context, {"record_id": record})
    await index(context, {})
    said = Jsonb({"text": f"{HIGH} {LOW}"})
    async with transaction(context.pool, NOW) as tx:
        put = tx.execute
        await put("insert into record_version values (%s, %s, %s)", (record, NOW, said))
        await put(
            "insert into evidence (record_id, stage, code, value, params, source, seen_at)"
            " values (%s, 1, 'mail.from', %s, %s, 'mail', %s)",
            (record, LOW, said, NOW),
        )
        await put(
            "insert into verdict (record_id, word, category, reasons, advice, at) values"
            " (%s, 'malicious', 'phishing', %s, %s, %s)",
            (
                record,
                Jsonb([{"code": "X", "params": {"a": LOW}, "weight": 1.0}]),
                Jsonb([{"name": "posta-paket.example", "url": HIGH}]),
                NOW,
            ),
        )
        await put(
            "insert into quarantine (raw_sha256, record_id, position, reason, piece, at)"
            " select raw_sha256, id, '0', %s, %s, %s from record where id = %s",
            (HIGH, LOW.encode(), NOW, record),
        )
        await put(
            "insert into document (record_id, exact, template, signature, scheme, bands, card)"
            " values (%s, '', '', '', 'x', '{}', %s)",
            (record, said),
        )
        await put(
            "insert into mail_reply (record_id, sealed, sender_hash, asked_at)"
            " values (%s, 'x', 'y', %s)",
            (record, NOW),
        )
        await put(
            "insert into edge (src, type, dst, reason, record_id, at) values"
            " (gen_random_uuid(), 'about', gen_random_uuid(), %s, %s, %s)",
            (said, record, NOW),
        )
        sha = await evidence_file.put(
            tx,
            context.node.key,
            os.urandom,
            kind="html",
            media_type="text/html",
            body=(HIGH + LOW).encode(),
            now=NOW,
        )
        await put(
            "insert into capture (uuid, observable_id, record_id, stage, vantage, outcome,"
            " text, read, html_sha256, took_ms, at) select gen_random_uuid(), min(id), %s, 3,"
            " 'plain', 'seen', %s, %s, %s, 1, %s from observable",
            (record, HIGH, LOW, sha, NOW),
        )
        await put(
            "insert into pgqueuer (priority, status, entrypoint, payload, updated)"
            " values (0, 'failed', 'x', %s, %s)",
            (LOW.encode(), NOW),
        )
    return record


def rows_with(dsn: str, words: list[str]) -> set[str]:
    """Tables that say one of `words` in any row, when it is read as text or decoded."""
    found = set()
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("select set_config('zvon.viewer', 'system', false)")
        names = db.execute(
            "select relname from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (name,) in names:
            for (text,) in db.execute(f"select t::text from {name} t".encode()):
                hexed = "".join(
                    bytes.fromhex(h).decode("latin-1")
                    for h in re.findall(r"\\x((?:[0-9a-f]{2})+)", text)
                )
                if any(w in text or w in hexed for w in words):
                    found.add(name)
    return found


def files_with(folder: Path, words: list[str]) -> set[str]:
    """Files below `folder` with one of `words`, plain or packed by zlib."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            for start in (m.start() for m in re.finditer(rb"\x78[\x01\x9c\xda]|\x1f\x8b", body)):
                try:
                    piece = body[start : start + 100_000]
                    body += (gzip.decompress(piece) if piece[:2] == b"\x1f\x8b"
                             else zlib.decompress(piece))  # fmt: skip
                except (zlib.error, OSError, EOFError):
                    continue
            if any(w.encode() in body for w in words):
                found.add(str(path.relative_to(folder)))
    return found


def named(dsn: str, paths: set[str]) -> set[str]:
    """The relations whose files these are, where they are any."""
    with psycopg.connect(dsn, autocommit=True) as db:
        known = {
            str(row[0]): str(row[1])
            for row in db.execute("select pg_relation_filenode(oid), relname from pg_class")
        }
    return {known.get(Path(each).name.partition(".")[0], each) for each in paths}


async def test_after_its_time_neither_rows_nor_files_nor_the_log_of_writes_hold_a_report(
    cluster: Cluster, tmp_path: Path
) -> None:
    clock = [NOW]
    async with a_node(cluster, tmp_path, clock) as context:
        await plant(context)
        dsn = cluster.dsn("purge")
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("analyze")
            db.execute("checkpoint")
        assert {"record", "evidence", "search_record", "observable", "capture"} <= rows_with(
            dsn, [LOW, HIGH]
        )
        assert files_with(cluster.data, [LOW, HIGH])
        clock[0] = LATER
        done = await purge.run(context)
        written = await purge.write_anew(context)
        assert written.left == {}
        assert written.log
    assert rows_with(dsn, [LOW, HIGH]) == set()
    assert named(dsn, files_with(cluster.data, [LOW, HIGH])) == set()
    assert files_with(cluster.root, [LOW, HIGH]) == set()
    keys = {each.of_class: each.keys for each in done}
    assert keys["report.raw"] == keys["capture"] == 1
