"""What a look left behind is stored once, sealed, and opened only by those who may look at pages."""

import os
from datetime import datetime

import pytest
from msgspec import structs

from tests.store.test_capture import look
from tests.store.world import other_party, own_party, report, somebody
from zvon.access.permission import Denied, Permission
from zvon.access.seal import BadSeal
from zvon.store import capture, evidence_file
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import viewer_setting

KEY, OTHER = bytes(32), bytes([1] * 32)
PAGE = b"<h1>Dostava paketa</h1>" * 5000


async def kept(tx: Tx, now: datetime, body: bytes = PAGE) -> bytes:
    return await evidence_file.put(tx, KEY, os.urandom, kind="html", media_type="text/html", body=body,
                              now=now)  # fmt: skip


async def test_the_same_bytes_are_stored_once_and_come_back(pool: Pool, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        sha = await kept(tx, now)
        assert await kept(tx, now) == sha
        small, empty = await kept(tx, now, b"x"), await kept(tx, now, b"")
        row = await (
            await tx.execute("select count(*), sum(length(sealed)) from evidence_file")
        ).fetchone()
        assert row is not None
        assert row[0] == 3
        assert row[1] < len(PAGE) / 10
        assert (await evidence_file.get(tx.db, KEY, sha)).body == PAGE
        assert (await evidence_file.get(tx.db, KEY, small)).body == b"x"
        assert (await evidence_file.get(tx.db, KEY, empty)).body == b""
        with pytest.raises(evidence_file.NoEvidenceFile):
            await evidence_file.get(tx.db, KEY, bytes(32))


async def test_it_is_sealed_to_the_key_and_to_its_own_name(pool: Pool, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        sha, small = await kept(tx, now), await kept(tx, now, b"x")
        with pytest.raises(BadSeal):
            await evidence_file.get(tx.db, OTHER, sha)
        await tx.execute(
            "update evidence_file set sealed = (select sealed from evidence_file where sha256 = %s)"
            " where sha256 = %s", (small, sha),
        )  # fmt: skip
        with pytest.raises(BadSeal):
            await evidence_file.get(tx.db, KEY, sha)


async def test_a_person_opens_what_they_may_see_and_the_audit_says_so(
    pool: Pool, now: datetime
) -> None:
    home, bank = await own_party(pool, now), await other_party(pool, now)
    ana, tina = await somebody(pool, now, home, "ana"), await somebody(pool, now, bank, "tina")
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        sha, loose = await kept(tx, now), await kept(tx, now, b"loose")
        await capture.put(tx, record_id, [structs.replace(look(now), html=sha.hex())], os.urandom)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        assert (await evidence_file.for_person(tx, ana, KEY, sha)).body == PAGE
        with pytest.raises(evidence_file.NoEvidenceFile):
            await evidence_file.for_person(tx, ana, KEY, loose)
    async with transaction(pool, now) as tx:
        audit = await (
            await tx.execute("select actor, object from audit where action = 'evidence_file:open'")
        ).fetchall()
        assert audit == [("ana", f"evidence_file:{sha.hex()}")]
    with pytest.raises(evidence_file.NoEvidenceFile):
        async with transaction(pool, now, viewer=viewer_setting(tina)) as tx:
            await evidence_file.for_person(tx, tina, KEY, sha)
    nobody = structs.replace(ana, permissions=ana.permissions - {Permission.PAGE_LOOK})
    with pytest.raises(Denied):
        async with transaction(pool, now, viewer=viewer_setting(nobody)) as tx:
            await evidence_file.for_person(tx, nobody, KEY, sha)
