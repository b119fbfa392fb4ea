"""The job `collect.message`: a mail that came to us, read, checked and put into its thread.

It is threaded by what it answers to, then by the code in our address, then by the code in the
subject; never by the words of a subject. Nothing is ever answered here, so nothing can loop.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from msgspec import Struct, structs

from zvon.formats import (
    mail_letter,
    mail_pgp,
    mail_report,
    mail_said,
    mail_signed,
    mail_smime,
    mail_token,
)
from zvon.formats.card import mask
from zvon.formats.limit import Undecodable
from zvon.formats.mail_letter import Letter
from zvon.formats.mail_pgp import CannotOpen, Checked
from zvon.formats.mail_reply import head
from zvon.formats.mail_report import Report
from zvon.formats.mail_signed import Encrypted, Signed
from zvon.formats.mail_token import Token
from zvon.jobs import Context, enqueue
from zvon.model.mail_policy import shipped
from zvon.model.message import MessageState, Trust
from zvon.model.report import MAX_REPORT_BYTES
from zvon.store import contact, message_in, message_key
from zvon.store.message_in import Party, Place, Reading
from zvon.store.party import Db
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.collect.message")

LATE = timedelta(minutes=5)
READ_S = 60.0
_TYPES = {True: "pgp_both", False: "pgp_encrypted"}


class Opened(Struct, frozen=True, kw_only=True):
    """A mail out of its cover; `reason` says why it stays shut."""

    letter: Letter
    protection: str = ""
    checked: Checked = Checked("")
    reason: str = ""


def own_address(context: Context) -> str | None:
    """The address that letters come from and answers go to."""
    return context.settings.message_address or context.settings.mailbox_address


async def take(context: Context, body: bytes, recipients: Sequence[str]) -> UUID:
    """Keep a mail and have it read; after it returns nothing can be lost."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return await message_in.receive(tx, body, recipients, now, context.random)


async def belongs(context: Context, body: bytes, recipients: Sequence[str] = ()) -> bool:
    """Is this mail an answer to a letter of ours, and no report? By its head alone."""
    if own_address(context) is None:
        return False
    top = head(body)
    answers, delivered, subject = mail_letter.place_of(top)
    key = context.node.key
    if mail_token.in_addresses([*recipients, *delivered], key) is not None:
        return True
    if mail_token.in_subject(subject, key) is not None:
        return True
    async with read(context.pool, SYSTEM) as db:
        return await message_in.by_ids(db, answers) is not None


async def look(context: Context, payload: dict[str, Any]) -> None:
    """Read one mail; without a name in the payload those whose job was lost. Idempotent."""
    if "message" not in payload:
        async with transaction(context.pool, context.clock()) as tx:
            for uuid in await message_in.left_over(tx.db, context.clock() - LATE):
                await enqueue(tx, "collect.message", {"message": str(uuid)}, dedupe=f"collect.message:{uuid}")  # fmt: skip
        return
    uuid = UUID(str(payload["message"]))
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        found = await message_in.unread(tx, uuid)
        if found is None:
            return
        number, body, recipients, at = found
        try:
            await _read(context, tx, number, uuid, body, recipients, at)
        except (Undecodable, RecursionError, TimeoutError) as problem:
            reason = str(problem) if isinstance(problem, Undecodable) else type(problem).__name__
            shut = Reading(recipients=recipients, reason=f"UNREADABLE {reason}")
            await message_in.place(tx, number, uuid, MessageState.QUARANTINED, shut, None, now)


async def _read(
    context: Context, tx: Tx, id: int, uuid: UUID, body: bytes, recipients: list[str], at: datetime
) -> None:
    own = own_address(context) or ""
    if len(body) > MAX_REPORT_BYTES:
        raise Undecodable(f"byte {MAX_REPORT_BYTES}", "the mail is too large")
    async with asyncio.timeout(READ_S):
        letter = await asyncio.to_thread(mail_letter.read, body, own)
        report = await asyncio.to_thread(mail_report.read, body)
    token = mail_token.in_addresses([*recipients, *letter.delivered], context.node.key)
    place = await _place(tx.db, letter, token, report, context.node.key)
    parties = [] if place is None else await message_in.parties(tx.db, place.thread_id)
    opened = await _open(context, tx.db, body, letter, own, parties, at)
    letter, party = opened.letter, _party(parties, letter.sender)
    reading = Reading(
        message_id=letter.message_id, in_reply_to=letter.answers[0] if letter.answers else "",
        sender=letter.sender, sender_name=letter.sender_name,
        recipients=[*recipients, *letter.delivered], subject=mail_token.without_mark(letter.subject),
        text=mask(letter.text), lang=letter.lang or context.settings.lang,
        trust=trust(letter, opened.checked, party).value, machine=letter.machine,
        protection=opened.protection, signature=opened.checked.signature,
        signer=opened.checked.signer, files=[_listed(f) for f in letter.files],
        reason=opened.reason, contact_id=party.contact_id if party else None,
        said=await asyncio.to_thread(
            lambda: mail_said.read(letter.files, letter.authentication, at, context.settings.country).kept()
        ),
    )  # fmt: skip
    now = context.clock()
    since = now - timedelta(hours=1)
    if letter.sender and await message_in.from_sender(tx.db, letter.sender, since) >= shipped().receiving.per_hour:  # fmt: skip
        flooded = structs.replace(reading, reason="RATE")
        await message_in.place(tx, id, uuid, MessageState.QUARANTINED, flooded, place, now)
        return
    state = MessageState.UNTHREADED if place is None else MessageState.THREADED
    await message_in.place(tx, id, uuid, state, reading, place, now)
    if place is not None and report is not None and token is not None:
        await _reported(tx, place, report, now)


async def _reported(tx: Tx, place: Place, report: Report, now: datetime) -> None:
    """What a server says of a letter; it has shown the code that went out with it."""
    if report.kind == "complaint":
        await message_in.complained(tx, place.thread_id, report.original_id)
    for each in report.deliveries:
        await message_in.reported(
            tx, place.thread_id, report.original_id, each.action, lasting=each.lasting,
            why=f"{each.status} {each.reason}".strip(), now=now,
        )  # fmt: skip


async def _place(
    db: Db, letter: Letter, token: Token | None, report: Report | None, key: bytes
) -> Place | None:
    found = await message_in.by_ids(db, letter.answers) if letter.answers else None
    if found is None and token is not None:
        found = await message_in.by_ref(db, token.ref, "address")
    marked = mail_token.in_subject(letter.subject, key) if found is None else None
    if found is None and marked is not None:
        found = await message_in.by_ref(db, marked.ref, "subject")
    if found is None and report is not None and report.original_id:
        found = await message_in.by_ids(db, [report.original_id])
    return found


def trust(letter: Letter, checked: Checked, party: Party | None) -> Trust:
    """Whether the sender is one whom the thread was written to, and who says so."""
    if letter.vouched == "fail":
        return Trust.DISOWNED
    if party is None:
        return Trust.STRANGER
    if checked.signature == "bad":
        return Trust.CLAIMED
    if checked.signature == "good":
        return Trust.SIGNED
    return Trust.AUTHENTICATED if letter.vouched == "pass" else Trust.CLAIMED


async def _open(
    context: Context, db: Db, body: bytes, letter: Letter, own: str, parties: Sequence[Party],
    at: datetime,
) -> Opened:  # fmt: skip
    """The mail out of its cover. A signature counts with a key of whom the mail says it is from."""
    wrapped = await asyncio.to_thread(mail_signed.unwrap, body)
    if wrapped is None:
        return Opened(letter=letter)
    party = _party(parties, letter.sender)
    keys = await contact.certificates(db, letter.sender) if letter.sender else None
    pgp = [each for each in (keys and keys.pgp, party and party.pgp_cert) if each]
    smime = [each for each in (keys and keys.smime, party and party.smime_cert) if each]
    if isinstance(wrapped, Signed):
        return await asyncio.to_thread(_checked, letter, wrapped, pgp, smime, at)
    secrets = await message_key.for_opening(db, context.node.key)
    return await asyncio.to_thread(_decrypted, letter, wrapped, secrets, pgp, own)


def _checked(
    letter: Letter, signed: Signed, pgp: list[bytes], smime: list[bytes], at: datetime
) -> Opened:
    if signed.kind == "smime":
        checked = mail_smime.check(signed.part, signed.signature, smime, at)
    else:
        checked = mail_pgp.check(signed.part, signed.signature, pgp)
    return Opened(letter=letter, protection=f"{signed.kind}_signed", checked=checked)


def _decrypted(
    letter: Letter, shut: Encrypted, secrets: list[bytes], known: list[bytes], own: str
) -> Opened:
    for secret in secrets:
        try:
            opened = mail_pgp.opened(shut.body, secret, known)
        except CannotOpen:
            continue
        protection = _TYPES[opened.checked.signature != ""]
        if shut.inline:
            text = opened.body.decode("utf-8", "replace")
            return Opened(letter=structs.replace(letter, text=text), protection=protection,
                          checked=opened.checked)  # fmt: skip
        inner = mail_letter.read(opened.body, own)
        checked, within = opened.checked, mail_signed.unwrap(opened.body)
        if isinstance(within, Signed) and within.kind == "pgp":
            checked, protection = mail_pgp.check(within.part, within.signature, known), "pgp_both"
        told = structs.replace(letter, text=inner.text, files=inner.files, lang=inner.lang)
        return Opened(letter=told, protection=protection, checked=checked)
    return Opened(letter=letter, protection="pgp_encrypted", reason="CANNOT_OPEN")


def _party(parties: Sequence[Party], sender: str) -> Party | None:
    return next((each for each in parties if sender and each.address == sender.lower()), None)


def _listed(file: Any) -> dict[str, Any]:
    return {"name": file.name, "media_type": file.media_type, "size": len(file.body),
            "sha256": mail_letter.sha256(file)}  # fmt: skip
