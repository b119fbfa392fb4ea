"""Mail that comes back: threaded by what nobody can guess, believed only when somebody vouches."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pysequoia import Tsk

from tests.collect import mails
from tests.collect.mails import KINDS, Sent, hostile
from tests.share.post import OWN, Desk, desk_of
from zvon.collect import message as incoming
from zvon.formats import mail_compose, mail_pgp, mail_smime
from zvon.formats.mail_compose import Head
from zvon.model.message import MessageState
from zvon.store import message as rows
from zvon.store import message_key
from zvon.store.message import Message
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

THEIRS = "abuse@gostitelj.example"


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def written(desk: Desk, **said: Any) -> Sent:
    """A letter that went out."""
    made = await desk.notice(await desk.contact(**said))
    await desk.send(made)
    letter = desk.sink.letters[-1]
    return Sent(letter["Message-ID"], letter["Reply-To"], desk.sink.senders[-1], letter["Subject"], THEIRS)  # fmt: skip


async def comes(desk: Desk, body: bytes, to: str = "") -> Message:
    """A mail arrives and is read."""
    uuid = await incoming.take(desk.context, body, [to] if to else [])
    await incoming.look(desk.context, {"message": str(uuid)})
    return await desk.message(uuid)


async def letter_of(desk: Desk) -> Message:
    ((uuid,),) = await desk.rows("select uuid from message where direction = 'out'")
    return await desk.message(UUID(str(uuid)))


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({"to": OWN, "subject": "povsem drugo", "answers": "yes"}, "references"),
        ({"subject": "povsem drugo"}, "address"),
        ({"to": OWN}, "subject"),
    ],
)
async def test_an_answer_is_threaded(desk: Desk, said: dict[str, str], by: str) -> None:
    sent = await written(desk)
    if "answers" in said:
        said = {**said, "answers": sent.message_id}
    got = await comes(desk, mails.answer(sent, 1, **said).as_bytes())
    assert (got.state, got.found_by, got.incident) == ("threaded", by, desk.world.incident)
    assert got.text == "Odstranili smo vsebino. 1"
    assert "[z-" not in got.subject


async def test_the_words_of_a_subject_never_thread(desk: Desk) -> None:
    sent = await written(desk)
    words = f"Re: {sent.subject.partition('[')[0]}"
    got = await comes(desk, mails.answer(sent, 1, to=OWN, subject=words).as_bytes())
    assert (got.state, got.thread) == ("unthreaded", None)


@pytest.mark.parametrize(
    ("sender", "vouched", "trust", "counts"),
    [
        (THEIRS, "pass", "authenticated", True),
        (THEIRS, "", "claimed", False),
        (THEIRS, "fail", "disowned", False),
        ("drugi@tuj.example", "pass", "stranger", False),
    ],
)
async def test_only_a_sender_who_is_vouched_for_answers(
    desk: Desk, sender: str, vouched: str, trust: str, counts: bool
) -> None:
    sent = await written(desk)
    before = await letter_of(desk)
    got = await comes(
        desk,
        mails.answer(sent, 1, sender=sender, vouched=vouched, answers=sent.message_id).as_bytes(),
    )
    async with read(desk.pool, SYSTEM) as db:
        answered = await rows.answered(db, before.uuid)
    assert (got.state, got.trust, got.verified) == ("threaded", trust, counts)
    assert answered is counts
    assert (await letter_of(desk)).state == "sent"


async def test_a_forged_word_of_our_server_counts_for_nothing(desk: Desk) -> None:
    sent = await written(desk)
    mail = mails.answer(sent, 1, answers=sent.message_id)
    mail["Authentication-Results"] = "mx.tuj.example; dmarc=pass header.from=gostitelj.example"
    assert (await comes(desk, mail.as_bytes())).trust == "claimed"


async def test_an_answer_stops_the_reminders_and_a_strangers_does_not(desk: Desk) -> None:
    from zvon.share import notice

    sent = await written(desk)
    await comes(desk, mails.answer(sent, 1, sender="x@tuj.example", answers=sent.message_id).as_bytes())  # fmt: skip
    desk.later(hours=25)
    await notice.tell(desk.context, {})
    await desk.send()
    assert [letter["Subject"].partition(":")[0] for letter in desk.sink.letters] == [
        "Obvestilo o incidentu " + sent.subject.split()[3] + " " + sent.subject.split()[4],
        "Opomnik",
    ]
    assert desk.sink.letters[1]["In-Reply-To"] == sent.message_id
    await comes(desk, mails.answer(sent, 2, vouched="pass", answers=sent.message_id).as_bytes())
    desk.later(hours=60)
    await notice.tell(desk.context, {})
    await desk.send()
    assert len(desk.sink.letters) == 2


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [("failed", "5.1.1", "bounced"), ("failed", "4.4.1", "sent"), ("delayed", "4.4.1", "sent"),
     ("delivered", "2.0.0", "delivered"), ("relayed", "2.0.0", "sent")],
)  # fmt: skip
async def test_a_report_of_delivery_counts_with_our_code_and_the_letters_name(
    desk: Desk, action: str, status: str, state: str
) -> None:
    sent = await written(desk)
    got = await comes(desk, mails.bounce(sent, 1, action, status), sent.bounce_to)
    assert (got.state, got.machine) == ("threaded", "bounce")
    assert (await letter_of(desk)).state == state
    ((contact,),) = await desk.rows("select state from contact")
    assert contact == ("bounced" if state == "bounced" else "active")


async def test_a_bounce_without_our_code_changes_nothing(desk: Desk) -> None:
    sent = await written(desk)
    got = await comes(desk, mails.bounce(sent, 1, to=OWN), OWN)
    assert (got.state, got.machine) == ("threaded", "bounce")
    assert (await letter_of(desk)).state == "sent"


async def test_a_complaint_ends_the_reminders(desk: Desk) -> None:
    sent = await written(desk)
    got = await comes(desk, mails.complaint(sent, 1), sent.bounce_to)
    assert got.machine == "complaint"
    assert (await letter_of(desk)).remind is False


async def test_the_same_bytes_are_one_message(desk: Desk) -> None:
    sent = await written(desk)
    body = mails.answer(sent, 1).as_bytes()
    first, again = await comes(desk, body), await comes(desk, body)
    assert first.uuid == again.uuid


async def test_html_is_told_as_text_and_files_stay_packed(desk: Desk) -> None:
    sent = await written(desk)
    mail = mails.answer(sent, 1)
    mail.set_content("<p>Pozdrav<script>alert(1)</script> iz <b>pisarne</b></p>", subtype="html")
    mail.add_attachment(mails.bomb(1), maintype="application", subtype="zip", filename="../a.zip")
    got = await comes(desk, mail.as_bytes())
    assert "Pozdrav" in got.text
    assert "alert" not in got.text
    assert [(f["media_type"], len(f["sha256"])) for f in got.files] == [("application/zip", 64)]


async def test_too_many_of_one_sender_are_kept_apart(desk: Desk) -> None:
    sent = await written(desk)
    states = Counter(
        [(await comes(desk, mails.answer(sent, n, sender="r@tuj.example").as_bytes())).state
         for n in range(65)]
    )  # fmt: skip
    assert states == {"threaded": 60, "quarantined": 5}


def pgp() -> tuple[bytes, bytes]:
    secret = Tsk.generate(f"Gostitelj <{THEIRS}>")
    return bytes(secret), bytes(secret.extract_certificate())


def smime(now: datetime) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gostitelj")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return secret, made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def covered(sent: Sent, body: Any, n: int) -> bytes:
    head = Head(sender=THEIRS, sender_name="G", to=sent.reply_to, reply_to=THEIRS, subject="Re: x",
                message_id=f"<c{n}@gostitelj.example>", answers=(sent.message_id,),
                at=datetime(2026, 11, 22, tzinfo=UTC), machine=False, lang="sl")  # fmt: skip
    return mail_compose.mail(head, body)


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
async def test_a_pgp_signature_vouches_and_a_changed_one_does_not(desk: Desk, ends: bytes) -> None:
    secret, public = pgp()
    sent = await written(desk, pgp_cert=None)
    await desk.rows("select 1")
    async with transaction(desk.pool, desk.now) as tx:
        await tx.execute("update contact set pgp_cert = %s", (public,))
    part = mail_compose.content("Rešeno, hvala.", [])
    signature, micalg = mail_pgp.signature(part, secret)
    body = covered(sent, mail_compose.signed(part, signature, smime=False, micalg=micalg), 1)
    got = await comes(desk, body.replace(b"\r\n", ends))
    assert (got.trust, got.protection, got.signature) == ("signed", "pgp_signed", "good")
    assert got.text == "Rešeno, hvala."
    other = mail_compose.content("Ni rešeno.", [])
    forged = covered(sent, mail_compose.signed(other, signature, smime=False, micalg=micalg), 2)
    got = await comes(desk, forged)
    assert (got.signature, got.verified) == ("bad", False)


async def test_a_strangers_key_vouches_for_nobody(desk: Desk) -> None:
    sent = await written(desk)
    part = mail_compose.content("Rešeno.", [])
    signature, micalg = mail_pgp.signature(part, pgp()[0])
    body = covered(sent, mail_compose.signed(part, signature, smime=False, micalg=micalg), 1)
    got = await comes(desk, body)
    assert (got.trust, got.signature) == ("claimed", "unknown")


async def test_smime_counts_with_the_certificate_that_we_hold(desk: Desk) -> None:
    secret, certificate = smime(desk.now)
    sent = await written(desk)
    part = mail_compose.content("Rešeno.", [])
    made = mail_smime.signature(part, certificate, secret)
    wrapped = mail_compose.signed(part, made, smime=True, micalg="sha-256")
    assert (await comes(desk, covered(sent, wrapped, 1))).signature == "unknown"
    async with transaction(desk.pool, desk.now) as tx:
        await tx.execute("update contact set smime_cert = %s", (certificate,))
    got = await comes(desk, covered(sent, wrapped, 2))
    assert (got.trust, got.protection, got.signature) == ("signed", "smime_signed", "good")
    changed = mail_compose.content("Drugače.", [])
    forged = mail_compose.signed(changed, made, smime=True, micalg="sha-256")
    assert (await comes(desk, covered(sent, forged, 3))).signature == "bad"


async def test_what_goes_out_covered_comes_back_covered(desk: Desk) -> None:
    ours, theirs = Tsk.generate(f"CERT <{OWN}>"), Tsk.generate(f"G <{THEIRS}>")
    async with transaction(desk.pool, desk.now) as tx:
        await message_key.put(
            tx, desk.world.approver, "pgp", public=bytes(ours.extract_certificate()),
            secret=bytes(ours), fingerprint="x", key=desk.context.node.key, now=desk.now,
            random=os.urandom,
        )  # fmt: skip
    sent = await written(desk, pgp_cert=bytes(theirs.extract_certificate()))
    letter = desk.sink.letters[0]
    assert letter.get_content_type() == "multipart/encrypted"
    assert "incidentu" not in letter.as_string()
    opened = mail_pgp.opened(
        list(letter.walk())[2].get_payload(decode=True), bytes(theirs), [bytes(ours.extract_certificate())]  # type: ignore[arg-type]
    )  # fmt: skip
    assert opened.checked.signature == "good"
    part = mail_compose.content("Skrivnost: rešeno.", [])
    shut = mail_pgp.covered(part, [bytes(ours.extract_certificate())], bytes(theirs))
    got = await comes(desk, covered(sent, mail_compose.encrypted(shut), 1))
    assert (got.protection, got.signature, got.trust) == ("pgp_both", "good", "signed")
    assert got.text == "Skrivnost: rešeno."


async def test_hostile_mails_loop_nothing_and_lose_nothing(desk: Desk) -> None:
    sent = await written(desk)
    count = 42 * len(KINDS)
    limit = asyncio.Semaphore(4)

    async def one(mail: mails.Mail) -> tuple[str, Message]:
        async with limit:
            return mail.kind, await comes(desk, mail.body, mail.to)

    got = await asyncio.gather(*(one(mail) for mail in hostile(sent, count, seed=7)))
    states = Counter((kind, m.state) for kind, m in got)
    await desk.send()
    assert len(desk.sink.letters) == 1, "nothing was ever answered"
    assert (await letter_of(desk)).state == "sent", "nothing forged moved the letter"
    assert not any(m.verified for _, m in got)
    assert {m.state for _, m in got} <= {"threaded", "unthreaded", "quarantined"}
    assert all(m.reason for _, m in got if m.state == "quarantined")
    for kind in ("spoofed", "by-subject-words"):
        assert states[kind, "threaded"] == 0
    for kind in ("deep", "many-parts"):
        assert states[kind, "quarantined"] == 42
    assert all(m.machine for kind, m in got if kind in {"loop", "list", "bulk", "forged-bounce"})
    ((kept,),) = await desk.rows("select count(*) from message where direction = 'in'")
    assert kept == len({m.uuid for _, m in got}) == count
    assert MessageState.UNTHREADED in {m.state for _, m in got}
