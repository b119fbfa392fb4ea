"""`zvon audit verify` on a real database: whole, tampered with, and absent."""

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from zvon.access.node import create_node
from zvon.cli.audit import verify
from zvon.config import Settings
from zvon.store.pool import open_pool
from zvon.store.transaction import AuditEntry, transaction


@pytest.fixture
def root(dsn: str, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a node with five audit rows."""

    async def fill() -> None:
        async with open_pool(dsn, size=1) as pool, transaction(pool, now) as tx:
            await create_node(tx, Settings(root=tmp_path), now, os.urandom)
            tx.audit(*(AuditEntry(actor=f"p{n}", action="x", object="y") for n in range(4)))

    asyncio.run(fill())
    monkeypatch.setenv("ZVON_DATABASE", dsn)
    return tmp_path


def test_a_whole_chain_is_said_to_be_unbroken(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(root=root) == 0
    assert capsys.readouterr().out == "audit: 5 rows, chain unbroken\n"
    assert verify(root=root, json_=True) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 5, "problems": []}


def test_a_tampered_row_is_named_and_the_exit_is_one(
    root: Path, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("alter table audit disable trigger user")
        db.execute("update audit set actor = 'nobody' where seq = 3")
    assert verify(root=root) == 1
    assert capsys.readouterr().out.startswith("audit:3: row 3 ")
    assert verify(root=root, json_=True) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["seq"], problem["kind"]) == (3, "changed")


def test_another_nodes_key_is_a_sentence_and_not_a_traceback(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "node.key").write_bytes(bytes(32))
    assert verify(root=root) == 2
    assert capsys.readouterr().err.startswith("audit: ")
