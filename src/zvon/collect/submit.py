"""Taking in a report: after the answer nothing of it can be lost."""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime

from zvon.formats.card import mask_bytes
from zvon.jobs import enqueue
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.report import MAX_REPORT_BYTES, Receipt, ReportIn
from zvon.store import party, raw, report
from zvon.store.ingest import RecordIn, ingest
from zvon.store.transaction import Pool, transaction

CITIZENS = "citizens"
TOKEN_BYTES = 32


class TooLarge(ValueError):
    """The report is larger than what we take in; says the limit."""


class Empty(ValueError):
    """There is nothing in the report."""


async def submit(
    pool: Pool,
    submitted: ReportIn,
    *,
    now: datetime,
    random: Callable[[int], bytes],
    key: str | None = None,
) -> Receipt:
    """Store the bytes, the record and the job that reads it, in one transaction.

    Card numbers in the bytes are masked first; all else is kept as it came.
    With `key`, the same bytes from the same door and party are the same report, however often
    they come; each receipt opens it. Other bytes under a key that was used are a new report: a
    key that two strangers chose must not cost either of them theirs. Raises `Empty`, `TooLarge`.
    """
    if not submitted.body.strip():
        raise Empty("the report is empty")
    if len(submitted.body) > MAX_REPORT_BYTES:
        raise TooLarge(f"a report has at most {MAX_REPORT_BYTES} bytes")
    token = urlsafe_b64encode(random(TOKEN_BYTES)).decode().rstrip("=")
    uuid = uuid7(now, random(RANDOM_BYTES))
    # Beside the event loop: a report of the largest size takes a second.
    body = await asyncio.to_thread(mask_bytes, submitted.body)
    async with transaction(pool, now) as tx:
        key_hash = None if key is None else _key_hash(submitted, key)
        known = None if key_hash is None else await report.repeated(tx, key_hash, token)
        if known is not None:
            number, uuid, status = known
            return Receipt(report=number, uuid=uuid, token=token, status=status)
        operator = await party.own(tx.db)
        record = RecordIn(
            uuid=uuid,
            kind="report",
            created_at=submitted.received_at,
            modified_at=now,
            tlp=Tlp.AMBER,
            pap=Pap.GREEN,
            payload={},
            org_id=operator.id,
            orgc_id=submitted.party_id or operator.id,
            source_id=await party.source(tx, CITIZENS, "citizens", now),
            raw_sha256=await raw.put(tx, body, submitted.media_type, now),
        )
        [record_id] = await ingest(tx, [record], now)
        number = await report.add(
            tx, submitted, record_id=record_id, token=token, key_hash=key_hash
        )
        await enqueue(tx, "collect.decode", {"record_id": record_id})
    return Receipt(report=number, uuid=uuid, token=token, status="received")


def _key_hash(submitted: ReportIn, key: str) -> bytes:
    digest = hashlib.sha256(f"{submitted.door}\0{submitted.party_id or ''}\0".encode())
    digest.update(hashlib.sha256(key.encode("utf-8", "replace")).digest())
    digest.update(hashlib.sha256(submitted.body).digest())
    return digest.digest()
