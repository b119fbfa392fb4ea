"""Headers one by one: each that can name the victim stays, each of the attacker leaves."""

import pytest

from tests.privacy.carrier.mails import INNER, mail
from tests.privacy.carrier.test_item import through
from zvon.privacy.carrier.headers import carrier

NAMES = ["To", "Cc", "Bcc", "Delivered-To", "X-Original-To", "Envelope-To", "Received", "Message-ID",
         "In-Reply-To", "References", "X-MS-Exchange-Organization-AuthSource", "Thread-Topic",
         "Authentication-Results", "Received-SPF", "ARC-Authentication-Results", "DKIM-Signature",
         "List-Id", "Organization", "Comments", "Keywords", "X-Forwarded-To", "Resent-From",
         "Disposition-Notification-To", "Errors-To", "X-Anything-Else", "Autocrypt", "Thread-Index",
         "Content-ID", "X-Google-Original-From"]  # fmt: skip
SECRET = "tajna.oseba@lipa-primer.si"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inner", [True, False])
def test_a_header_with_the_victim_in_it_stays_in_every_message(name: str, inner: bool) -> None:
    line = f"{name}: Tajna Oseba <{SECRET}>\n"
    raw = mail(line + INNER) if inner else line.encode() + mail()
    found = through(raw)
    assert "tajna" not in found.preview.lower()
    for body in found.files.values():
        assert b"tajna" not in body.lower()


@pytest.mark.parametrize(
    "name", ["Return-Path", "Reply-To", "Sender", "X-Mailer", "List-Unsubscribe"]
)
def test_a_header_of_the_attacker_leaves_from_their_message_only(name: str) -> None:
    line = f"{name}: https://drugi-fixture.top/x\n"
    body = INNER.replace(f"{name}: ", "X-Was: ")
    assert "drugi-fixture.top" in through(mail(line + body)).preview
    assert "drugi-fixture.top" not in through(line.encode() + mail(body)).preview


def test_every_header_is_on_one_list_at_most() -> None:
    table = carrier()
    every = [*table.gate, *table.attacker, *table.proven, *table.known, *table.strip]
    assert len(every) == len(set(every))
    assert all(each == each.lower() for each in every)
    assert table.action("x-nobody-knows") == "known"
    assert not (table.text & table.read | table.text & table.closed | table.read & table.closed)
