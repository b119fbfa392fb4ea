"""The audit chain: it only grows, and what was done to it is found and named."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.world import own_party, somebody
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.store import audit
from zvon.store.audit import Problem
from zvon.store.transaction import AuditEntry, Pool, audit_hash, transaction
from zvon.store.visibility import SYSTEM, read


async def fill(pool: Pool, now: datetime, rows: int = 5) -> None:
    for n in range(rows):
        async with transaction(pool, now + timedelta(seconds=n)) as tx:
            tx.audit(AuditEntry(actor=f"p{n}", action="block:approve", object=f"B-26-{n:06d}",
                                rule="four eyes", detail={"č": [1.5, None], "n": n}))  # fmt: skip


async def verified(pool: Pool) -> list[Problem]:
    async with read(pool, SYSTEM) as db:
        return await audit.verify(db)


def tamper(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("alter table audit disable trigger user")
        for statement in statements:
            db.execute(statement.encode())


async def test_an_untouched_chain_is_whole(pool: Pool, now: datetime) -> None:
    assert await verified(pool) == []
    await fill(pool, now, 12)
    assert await verified(pool) == []
    async with read(pool, SYSTEM) as db:
        assert await audit.length(db) == 12


@pytest.mark.parametrize(
    ("statement", "seqs", "kind"),
    [
        ("update audit set actor = 'somebody else' where seq = 3", [3], "changed"),
        ("update audit set outcome = 'refused' where seq = 3", [3], "changed"),
        ("update audit set at = at + interval '1 microsecond' where seq = 3", [3], "changed"),
        ("update audit set detail = '{}' where seq = 5", [5], "changed"),
        ("update audit set hash = sha256('x') where seq = 3", [3, 4], "changed"),
        ("delete from audit where seq = 3", [3], "missing"),
        ("delete from audit where seq >= 4", [4], "missing"),
        ("delete from audit", [1], "missing"),
    ],
)
async def test_a_changed_chain_names_the_row(
    pool: Pool, dsn: str, now: datetime, statement: str, seqs: Sequence[int], kind: str
) -> None:
    await fill(pool, now)
    tamper(dsn, statement)
    found = await verified(pool)
    assert [p.seq for p in found] == seqs
    assert {p.kind for p in found} == {kind}
    assert str(seqs[0]) in found[0].text


async def test_a_row_that_was_rewritten_with_a_fitting_hash_is_still_found(
    pool: Pool, dsn: str, now: datetime
) -> None:
    await fill(pool, now)
    with psycopg.connect(dsn) as db:
        row = db.execute("select at, prev from audit where seq = 5").fetchone()
    assert row is not None
    entry = AuditEntry(actor="forger", action="block:approve", object="x")
    forged = audit_hash(5, row[0], entry, bytes(row[1])).hex()
    tamper(
        dsn,
        "update audit set actor = 'forger', object = 'x', rule = '', detail = '{}',"
        f" hash = '\\x{forged}' where seq = 5",
    )
    assert [(p.seq, p.kind) for p in await verified(pool)] == [(5, "head")]


@pytest.mark.parametrize(
    "statement", ["update audit set actor = 'x'", "delete from audit", "truncate audit"]
)
@pytest.mark.parametrize("owner", [False, True])
async def test_nobody_rewrites_the_audit_by_ordinary_means(
    pool: Pool, dsn: str, now: datetime, statement: str, owner: bool
) -> None:
    await fill(pool, now, 1)
    with psycopg.connect(dsn, autocommit=True) as db:
        if not owner:
            db.execute("set role zvon_app")
        with pytest.raises(psycopg.Error):
            db.execute(statement.encode())
    assert await verified(pool) == []


async def test_a_page_is_newest_first_and_for_auditors(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    eva = await somebody(pool, now, home, "eva", roles=["auditor"])
    ana = await somebody(pool, now, home, "ana")
    await fill(pool, now)
    async with read(pool, eva) as db:
        first = await audit.page(db, eva, limit=2)
        second = await audit.page(db, eva, after=first[-1].seq, limit=2)
        mine = await audit.page(db, eva, actor="p0")
        with pytest.raises(Denied):
            await audit.page(db, ana)
    assert [r.seq for r in (*first, *second)] == [5, 4, 3, 2]
    assert [r.actor for r in mine] == ["p0"]


async def test_a_refusal_is_kept_although_its_transaction_is_undone(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    with pytest.raises(Refused):
        async with transaction(pool, now) as tx:
            await tx.execute("update party set name = 'changed' where id = %s", (home.id,))
            raise Refused("no", AuditEntry(actor="ana", action="x", object="y", outcome="refused"))
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select name from party")).fetchone()
        audits = await (await db.execute("select actor, outcome from audit")).fetchall()
    assert row == ("SI-CERT",)
    assert audits == [("ana", "refused")]


entries = st.builds(
    AuditEntry,
    actor=st.text(),
    action=st.text(),
    object=st.text(),
    rule=st.text(),
    detail=st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=entries, two=entries)
def test_two_entries_have_one_hash_only_when_they_are_equal(
    now: datetime, one: AuditEntry, two: AuditEntry
) -> None:
    try:
        same = audit_hash(1, now, one, b"") == audit_hash(1, now, two, b"")
    except UnicodeEncodeError:
        return
    assert same == (one == two)
