"""Looks at pages: what was seen at an address, from where, and when."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import structs
from psycopg.types.json import Jsonb

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Outcome, PageFacts, Vantage
from zvon.store.observable import code_of, digest, known_ids
from zvon.store.party import Db
from zvon.store.transaction import Tx

_HALF, _WHOLE = 1 << 63, 1 << 64
_LOOKS: LiteralString = """
select c.record_id, c.uuid, o.value, c.stage, c.vantage, c.outcome, c.reason, c.facts, c.text,
       c.read, c.phash, c.html_sha256, c.screenshot_sha256, c.took_ms, c.at
from capture c join observable o on o.id = c.observable_id
"""


class NoCapture(LookupError):
    """No look with this identifier is here, or not for this viewer."""


async def put(
    tx: Tx, record_id: int | None, captures: Sequence[Capture], random: Callable[[int], bytes]
) -> list[UUID]:
    """Keep looks that `record_id` made us take, with their addresses; their identifiers, in order.

    Artefacts that they name must be stored. The text loses what a database cannot hold.
    """
    if not captures:
        return []
    code = code_of(Observable(ObservableType.URL, captures[0].url))
    rows = {(_digest(each.url), code, each.url) for each in captures}
    known = await known_ids(tx, sorted(rows))
    made = [uuid7(each.at, random(RANDOM_BYTES)) for each in captures]
    for uuid, each in zip(made, captures, strict=True):
        facts = each.facts
        await tx.execute(
            """
            insert into capture (uuid, observable_id, record_id, stage, vantage, outcome, reason,
                                 final_url, facts, text, read, phash, html_sha256,
                                 screenshot_sha256, took_ms, at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (uuid, known[_digest(each.url)], record_id, each.stage,
             each.vantage.value, each.outcome.value, each.reason,
             facts.hops[-1].url if facts and facts.hops else None,
             Jsonb(_packed(facts)), _storable(facts.text if facts else ""), _storable(each.read),
             _signed(each.phash), _raw(each.html), _raw(each.screenshot), each.took_ms, each.at),
        )  # fmt: skip
    return made


async def of_record(db: Db, record_id: int) -> list[Capture]:
    """The looks that a report made us take, oldest first."""
    return (await of_records(db, [record_id]))[record_id]


async def of_records(db: Db, record_ids: Sequence[int]) -> dict[int, list[Capture]]:
    """The looks of each report, oldest first."""
    cursor = await db.execute(
        _LOOKS + "where c.record_id = any(%s) order by c.id", (list(record_ids),)
    )
    found: dict[int, list[Capture]] = {each: [] for each in record_ids}
    for row in await cursor.fetchall():
        found[row[0]].append(_capture(row))
    return found


async def of_url(db: Db, url: str, most: int = 20) -> list[Capture]:
    """The newest looks at a canonical address, newest first, whoever asked for them."""
    cursor = await db.execute(
        _LOOKS + "where o.digest = %s order by c.at desc, c.id desc limit %s",
        (_digest(url), most),
    )
    return [_capture(row) for row in await cursor.fetchall()]


async def one(db: Db, uuid: UUID) -> Capture:
    """One look. Raises `NoCapture`."""
    cursor = await db.execute(_LOOKS + "where c.uuid = %s", (uuid,))
    row = await cursor.fetchone()
    if row is None:
        raise NoCapture(str(uuid))
    return _capture(row)


async def fresh(
    db: Db, urls: Sequence[str], stage: int, since: datetime
) -> dict[str, list[Capture]]:
    """For each address its looks of this stage after `since`, the newest of each vantage.

    A look that another report asked for minutes ago serves this one too.
    """
    cursor = await db.execute(
        _LOOKS + "where o.digest = any(%s) and c.stage = %s and c.at > %s order by c.at, c.id",
        ([_digest(url) for url in urls], stage, since),
    )
    newest: dict[tuple[str, Vantage], Capture] = {}
    for row in await cursor.fetchall():
        each = _capture(row)
        newest[each.url, each.vantage] = each
    found: dict[str, list[Capture]] = {}
    for each in newest.values():
        found.setdefault(each.url, []).append(each)
    return found


def _digest(url: str) -> bytes:
    return digest(code_of(Observable(ObservableType.URL, url)), url.encode())


def _capture(row: Sequence[Any]) -> Capture:
    (_, uuid, url, stage, vantage, outcome, reason, facts, text, read, phash, html, screenshot,
     took_ms, at) = row  # fmt: skip
    return Capture(
        uuid=uuid,
        url=url,
        stage=stage,
        vantage=Vantage(vantage),
        outcome=Outcome(outcome),
        reason=reason,
        facts=msgspec.convert({**facts, "text": text}, PageFacts) if facts else None,
        read=read,
        phash=None if phash is None else phash % _WHOLE,
        html=None if html is None else bytes(html).hex(),
        screenshot=None if screenshot is None else bytes(screenshot).hex(),
        took_ms=took_ms,
        at=at,
    )


def _packed(facts: PageFacts | None) -> dict[str, Any]:
    if facts is None:
        return {}
    plain: dict[str, Any] = msgspec.to_builtins(structs.replace(facts, text=""))
    del plain["text"]
    cleaned: dict[str, Any] = _clean(plain)
    return cleaned


def _clean(value: Any) -> Any:
    """Without NUL and lone surrogates, which JSON in the database cannot hold."""
    match value:
        case str():
            return _storable(value)
        case list():
            return [_clean(each) for each in value]
        case dict():
            return {_storable(key): _clean(each) for key, each in value.items()}
        case _:
            return value


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _signed(phash: int | None) -> int | None:
    return phash if phash is None or phash < _HALF else phash - _WHOLE


def _raw(sha256: str | None) -> bytes | None:
    return None if sha256 is None else bytes.fromhex(sha256)
