"""What is done about a request of a person: each step once, in order, and in the audit without a name."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.seal import NONCE_BYTES, seal
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, spoken, uuid7
from zvon.store.block_eyes import check_text
from zvon.store.data_request import (
    SOON,
    BadDataRequest,
    DataRequest,
    Given,
    Kind,
    NotInStep,
    Subject,
    known,
    months_after,
    purpose,
)
from zvon.store.transaction import AuditEntry, Tx

MOST_GIVEN = 20
SALT_BYTES = 32
MONTHS, EXTENDED_MONTHS = 1, 3  # GDPR, Article 12(3)


async def add(
    tx: Tx, viewer: Viewer, *, kind: Kind, country: str, lang: str, contact: str,
    given: Sequence[Given], received_at: datetime, now: datetime, key: bytes,
    random: Callable[[int], bytes],
) -> DataRequest:  # fmt: skip
    """Take a request in; its identifiers are sealed with the node key until it is closed.

    The audit holds a salted commitment to them; the salt is sealed with them, and gone with them.
    Raises `Denied`, `BadDataRequest`, `privacy.subject.BadIdentifier`.
    """
    viewer.require(Permission.DATA_REQUEST_MANAGE)
    if not 1 <= len(given) <= MOST_GIVEN:
        raise BadDataRequest(f"identifiers: 1 to {MOST_GIVEN}")
    if not now - timedelta(days=366) <= received_at <= now:
        raise BadDataRequest("received_at: within the last year, and not in the future")
    if len(contact) > 1000 or "\x00" in contact:
        raise BadDataRequest("contact: at most 1000 characters that can be stored")
    subject = Subject(contact=contact.encode("utf-8", "replace").decode(), given=list(given),
                      lang=lang, salt=random(SALT_BYTES))  # fmt: skip
    commitment = _commitment(subject)
    uuid = uuid7(now, random(RANDOM_BYTES))
    drawn = await (await tx.execute("select nextval('data_request_number')")).fetchone()
    assert drawn is not None
    number = spoken("D", now.year, int(drawn[0]))
    sealed = seal(key, purpose(uuid), msgspec.json.encode(subject), random(NONCE_BYTES))
    await tx.execute(
        """
        insert into data_request (uuid, number, kind, country, lang, subject_sealed, received_at,
                                  due_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, number, kind, country, lang, sealed, received_at,
         months_after(received_at, MONTHS)),
    )  # fmt: skip
    made = await known(tx.db, uuid)
    await _note(tx, made, "RECEIVED", {"identifiers": len(given), "commitment": commitment},
                viewer.login, now)  # fmt: skip
    return made


async def identify(tx: Tx, viewer: Viewer, uuid: UUID, how: str, now: datetime) -> DataRequest:
    """Say how it was made sure who asks; that stays with the request and is not in the audit.

    Raises `Denied`, `NoDataRequest`, `NotInStep`.
    """
    found = await _locked(tx, viewer, uuid, "received")
    why = check_text("how", how)
    await tx.execute(
        "update data_request set state = 'identified', identified_by = %s where id = %s",
        (viewer.person_id, found.id),
    )
    await _note(tx, found, "IDENTIFIED", {"how": why}, viewer.login, now)
    return await known(tx.db, uuid)


async def extend(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> DataRequest:
    """Take two months more, once, while the first is not over (Article 12(3)).

    Raises `Denied`, `NoDataRequest`, `NotInStep`, `BadDataRequest`.
    """
    found = await _locked(tx, viewer, uuid, "received", "identified", "searched")
    why = check_text("reason", reason)
    if found.extended_until is not None:
        raise BadDataRequest("the time was extended already")
    if now > found.due_at:
        raise BadDataRequest("the time can be extended only within the first month")
    await tx.execute(
        "update data_request set extended_until = %s, extension_reason = %s, warned = ''"
        " where id = %s",
        (months_after(found.received_at, EXTENDED_MONTHS), why, found.id),
    )
    await _note(tx, found, "EXTENDED", {}, viewer.login, now)
    return await known(tx.db, uuid)


async def searched(tx: Tx, uuid: UUID, found: Mapping[str, int], by: str, now: datetime) -> None:
    """Write how much stands where. Raises `NotInStep`."""
    request = await _in_state(tx, uuid, "identified", "searched")
    await tx.execute(
        "update data_request set state = 'searched', found = %s where id = %s",
        (Jsonb(dict(found)), request.id),
    )
    await _note(tx, request, "SEARCHED", {"found": dict(found)}, by, now)


async def answer(
    tx: Tx, viewer: Viewer, uuid: UUID, *, granted: bool, reason: str, now: datetime
) -> DataRequest:
    """Close a request with what was told the person; its identifiers are erased.

    An erasure is closed by `erased`, when all is gone. Raises as `identify`.
    """
    states = ("identified", "searched") if granted else ("received", "identified", "searched")
    found = await _locked(tx, viewer, uuid, *states)
    if granted and found.kind == "erasure":
        raise NotInStep(found.number, found.state, ("erasing",))
    why = check_text("reason", reason)
    await tx.execute(
        """
        update data_request set state = %s, reason = %s, answered_by = %s, answered_at = %s,
          subject_sealed = null where id = %s
        """,
        ("answered" if granted else "refused", why, viewer.person_id, now, found.id),
    )
    await _note(tx, found, "ANSWERED" if granted else "REFUSED", {}, viewer.login, now)
    return await known(tx.db, uuid)


async def begin_erasing(
    tx: Tx, viewer: Viewer, uuid: UUID, *, except_for: Mapping[str, str], reason: str, now: datetime
) -> DataRequest:
    """Have a person's data erased, except in the classes named, each with its reason.

    Raises as `identify`, and `BadDataRequest` for a request of another kind.
    """
    found = await _locked(tx, viewer, uuid, "searched")
    if found.kind not in {"erasure", "objection"}:
        raise BadDataRequest("only a request for erasure, or an objection, erases")
    why = check_text("reason", reason)
    kept = {of_class: {"kept": check_text(of_class, said)} for of_class, said in except_for.items()}
    await tx.execute(
        "update data_request set state = 'erasing', reason = %s, done = %s, answered_by = %s"
        " where id = %s",
        (why, Jsonb(kept), viewer.person_id, found.id),
    )
    await _note(tx, found, "ERASING", {"kept": sorted(kept)}, viewer.login, now)
    return await known(tx.db, uuid)


async def did(
    tx: Tx, uuid: UUID, code: str, done: Mapping[str, Any], now: datetime, *,
    shares: Sequence[str] = (),
) -> DataRequest:  # fmt: skip
    """Add what was done, by class, while the erasure runs; `shares` are releases taken back.

    Raises `NotInStep`.
    """
    found = await _in_state(tx, uuid, "erasing")
    await tx.execute(
        "update data_request set done = done || %s where id = %s", (Jsonb(dict(done)), found.id)
    )
    detail = {**done, **({"shares": list(shares)} if shares else {})}
    await _note(tx, found, code, detail, "system", now)
    return await known(tx.db, uuid)


async def erased(tx: Tx, uuid: UUID, now: datetime) -> None:
    """All is gone: the request's own identifiers go too. Raises `NotInStep`."""
    found = await _in_state(tx, uuid, "erasing")
    await tx.execute(
        "update data_request set state = 'answered', answered_at = %s, subject_sealed = null"
        " where id = %s",
        (now, found.id),
    )
    await _note(tx, found, "ERASED", {}, "system", now)


async def warn(tx: Tx, now: datetime) -> list[tuple[str, str, datetime]]:
    """Requests that are due within a week (`soon`) or over their time (`late`), each told once."""
    cursor = await tx.execute(
        """
        with x as (
          select id, coalesce(extended_until, due_at) as until,
                 case when coalesce(extended_until, due_at) <= %(now)s then 'late' else 'soon' end
                   as word
          from data_request where state not in ('answered', 'refused')
            and coalesce(extended_until, due_at) <= %(soon)s)
        update data_request d set warned = x.word from x where x.id = d.id and d.warned <> x.word
        returning d.number, x.word, x.until
        """,
        {"now": now, "soon": now + SOON},
    )
    return sorted((row[0], row[1], row[2]) for row in await cursor.fetchall())


async def _locked(tx: Tx, viewer: Viewer, uuid: UUID, *states: str) -> DataRequest:
    viewer.require(Permission.DATA_REQUEST_MANAGE)
    return await _in_state(tx, uuid, *states)


async def _in_state(tx: Tx, uuid: UUID, *states: str) -> DataRequest:
    await tx.execute("select from data_request where uuid = %s for update", (uuid,))
    found = await known(tx.db, uuid)
    if found.state not in states:
        raise NotInStep(found.number, found.state, states)
    return found


async def _note(
    tx: Tx, request: DataRequest, code: str, detail: dict[str, Any], by: str, now: datetime
) -> None:
    await tx.execute(
        "insert into data_request_step (request_id, code, detail, by_login, at)"
        " values (%s, %s, %s, %s, %s)",
        (request.id, code, Jsonb(detail), by, now),
    )
    tx.audit(
        AuditEntry(actor=by, action=f"data_request:{code.lower()}", object=request.number,
                   detail={key: value for key, value in detail.items() if key != "how"})
    )  # fmt: skip


def _commitment(subject: Subject) -> str:
    digest = hashlib.blake2b(key=subject.salt, person=b"zvon.commitment"[:16], digest_size=32)
    for each in sorted(subject.identifiers):
        digest.update(f"{each.kind}\0{each.value}\0".encode("utf-8", "replace"))
    return digest.hexdigest()
