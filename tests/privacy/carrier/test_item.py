"""Whole mails through the gate: nothing of the victim leaves, everything of the attacker does."""

from email import message_from_bytes
from email.message import Message

import pytest

from tests.privacy.carrier.mails import ATTACKERS, INNER, VICTIMS, mail
from tests.privacy.conftest import demo, key
from zvon.privacy.carrier.final import readings
from zvon.privacy.carrier.item import (
    BadItem,
    Passed,
    checked,
    mail_item,
    markings,
    pass_item,
    text_item,
)
from zvon.privacy.engine import Status
from zvon.privacy.facts import read_register, with_brands
from zvon.privacy.mail import read_mail
from zvon.privacy.pseudonym import TOKEN


def through(raw: bytes, register: str = "domain,lipa-primer.si\n") -> Passed:
    return pass_item(
        mail_item(read_mail(raw)), facts=with_brands(read_register([register])),
        policy=demo(), keys=key(),
    )  # fmt: skip


def texts(message: Message) -> str:
    out = []
    for part in message.walk():
        payload = part.get_payload(decode=True)
        out += [payload.decode()] if isinstance(payload, bytes) else []
    return "\n".join(out)


def test_nothing_of_the_victim_leaves_in_any_part_of_the_mail() -> None:
    found = through(mail())
    assert found.outcome.status is Status.RELEASED, [
        (s.part, s.text) for s in found.outcome.spans if s.state.value == "ask"
    ] or found.outcome.residue
    for name, body in found.files.items():
        for reading in readings(name, body):
            assert not [each for each in VICTIMS if each in reading.lower()], name


def test_everything_of_the_attacker_does() -> None:
    left = through(mail()).files["shared.txt"].decode()
    assert not [each for each in ATTACKERS if each not in left]
    assert "[message.1.spf.1]\nfail" in left
    assert "[message.1.dkim-domain.1]\nevil-fixture.top" in left
    assert "2026-06-01T08:00:00Z" in left


def test_the_mail_that_leaves_is_a_mail_with_the_attackers_inside() -> None:
    shared = message_from_bytes(through(mail()).files["shared.eml"])
    (inner,) = [p for p in shared.walk() if p.get_content_type() == "message/rfc822"]
    (held,) = [p for p in inner.get_payload() if isinstance(p, Message)]
    assert "posta@evil-fixture.top" in str(held["From"])
    assert held["Reply-To"] == "drugi@evil-fixture.top"
    assert "evil-fixture.top/p" in texts(held)
    for name in ("Received", "Message-ID", "To", "Cc", "References", "X-MS-Exchange-Organization-AuthAs",
                 "Delivered-To", "ARC-Seal", "Organization"):  # fmt: skip
        assert name not in shared
        assert name not in held


def test_certificates_cards_and_the_packing_of_outlook_are_named_and_stay() -> None:
    item = mail_item(read_mail(mail()))
    stays = " ".join(item.withheld)
    for kind in ("application/pkcs7-signature", "application/ms-tnef", "text/vcard"):
        assert kind in stays


def test_the_same_mail_gives_the_same_bytes() -> None:
    assert through(mail()).files == through(mail()).files


def test_a_card_that_stays_still_says_who_the_victim_is() -> None:
    raw = mail(INNER.replace("Spo=9Atovani Igor Kos", "Prijava: 041 332 118"))
    assert "332 118" not in through(raw).files["shared.txt"].decode()


def test_a_found_original_in_the_final_bytes_stops_the_item() -> None:
    found = through(mail())
    stopped = checked(found.outcome, {"shared.json": b'{"a": "igor.kos\\u0040lipa-primer.si"}'})
    assert stopped.outcome.status is Status.RESIDUE
    assert stopped.files == {}
    assert stopped.outcome.shared == {}
    assert "igor" not in str(stopped.outcome.residue)


def test_labels_in_a_text_are_found_and_bytes_that_are_no_text_are_refused() -> None:
    assert markings(text_item(b"TLP:RED\nPAP: AMBER"))["TLP"] == ["RED"]
    with pytest.raises(BadItem):
        text_item(b"Igor \xff")


def test_in_a_mail_of_nobody_knows_whom_the_machine_of_its_sender_stays() -> None:
    raw = b"From: a@lipa-primer.si\nX-Originating-IP: [46.99.1.2]\nX-Mailer: PC-KOS\nSubject: x\n\nIgor Kos"
    found = through(raw)
    assert "46.99.1.2" not in found.preview
    assert "PC-KOS" not in found.preview


def test_pseudonyms_of_a_mail_that_has_left_stay_what_they_are() -> None:
    once = through(mail())
    again = through(once.files["shared.eml"])
    tokens = set(TOKEN.findall(once.files["shared.txt"].decode()))
    assert len(tokens) > 2
    assert tokens <= set(TOKEN.findall(again.preview))
