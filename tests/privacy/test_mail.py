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
    assert sides["message.1.from"] == "attacker"
    assert sides["known.message.1.reporter"] == "reporter"
    (outer,) = [p for p in opened.known if p.id == "known.reporter"]
    assert "ana@lipa.example" in outer.text


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


def test_a_header_in_two_coded_words_is_one_text() -> None:
    raw = b"Subject: =?utf-8?q?No?=\n =?utf-8?q?vak?=\n\nx"
    assert {p.id: p.text for p in open_mail(raw)}["subject"] == "Novak"


def test_a_file_name_in_pieces_is_one_name_and_its_file_is_handed_on() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: application/pdf\n"
        b"Content-Disposition: attachment; filename*0*=utf-8''Ra%C4%8Dun%20; filename*1*=Kosa.pdf\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERi0=\n--x--\n"
    )
    opened = read_mail(raw)
    assert opened.files[0].name == "Račun Kosa.pdf"
    assert opened.files[0].body == b"%PDF-"
    assert opened.files[0].part == "attachment.1"
    assert any(p.text == "Račun Kosa.pdf" and p.whole == "FILE" for p in opened.parts)


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        (b"x-nobody", b"abc"),
        (b"utf-8", b"\xff\xfe a"),
        (b"us-ascii", b"\x8eiga"),
        (b"base64", b"abcd"),
        (b"unicode_escape", b"abcd"),
        (b"utf-16", b"a"),
    ],
)
def test_a_text_in_a_character_set_that_must_be_guessed_is_refused(
    charset: bytes, body: bytes
) -> None:
    raw = b"Content-Type: text/plain; charset=" + charset + b"\n\n" + body
    with pytest.raises(BadMail) as said:
        read_mail(raw)
    assert "character set" in str(said.value)
    assert open_mail(raw)


def test_a_mail_that_forwards_in_its_text_tells_who_received_it() -> None:
    raw = (
        b"From: a@lipa.example\nSubject: Fwd: x\n\nGlej.\n\n---------- Forwarded message ---------\n"
        b"From: Banka <lazna@evil.example>\nDate: 1. 6. 2026\nSubject: x\nTo: <zrtev@lipa.example>\n\nKlik.\n"
    )
    opened = read_mail(raw)
    assert "zrtev@lipa.example" in opened.reporters
    assert {p.id: p.side for p in opened.known} == {"known.reporter": "reporter"}


@pytest.mark.parametrize(
    "level",
    ["Content-Type: message/rfc822\n\n", "Content-Type: multipart/mixed; boundary=x\n\n--x\n"],
)
def test_ten_thousand_nested_parts_are_refused(level: str) -> None:
    with pytest.raises(BadMail):
        read_mail((level * 10_000 + "x").encode())


def test_a_mail_of_one_line_of_ten_megabytes_is_read() -> None:
    raw = b"Subject: a\n\n" + b"abc def " * 1_250_000
    assert len(read_mail(raw).parts[1].text) == 10_000_000


def test_more_than_fifty_megabytes_are_refused() -> None:
    with pytest.raises(BadMail):
        read_mail(bytes(50 * 1024 * 1024 + 1))


def test_a_header_with_line_ends_and_halves_of_letters_is_one_line_of_the_new_mail() -> None:
    raw = rebuilt(
        {
            "subject": "a\r\nBcc: x@y.example",
            "from": "Ž \ud800 <a@b.example>",
            "body.1": "\ud800\x00b",
        }
    )
    again = {p.id: p.text for p in (*read_mail(raw).parts, *read_mail(raw).known)}
    assert again["subject"] == "a Bcc: x@y.example"
    assert again["from"].endswith("<a@b.example>")
    assert not [name for name in again if name.startswith("known")]


@given(st.dictionaries(st.sampled_from(["subject", "from", "body.1", "body.2", "message.1.from",
                                        "message.1.body.1", "attachment.1.name"]), st.text(max_size=60)))  # fmt: skip
def test_any_texts_make_a_mail_that_can_be_read_again(texts: dict[str, str]) -> None:
    again = {p.id: p.text for p in read_mail(rebuilt(texts)).parts}
    for name in ("body.1",):
        if texts.get(name, "").strip().isalnum() and texts[name].isascii():
            assert any(texts[name].strip() in text for text in again.values())


@pytest.mark.parametrize(
    ("sender", "side"),
    [
        (b"ana@lipa.example", ""),  # their own earlier mail: it is only read
        (b"sodelavka@lipa.example", "nobody"),
        (b"evil@gostovanje.example", "attacker"),
        (b"prijava@cert.example", ""),
    ],
)
def test_an_attached_mail_of_the_reporters_own_side_is_not_the_attackers(
    sender: bytes, side: str
) -> None:
    raw = FORWARDED.replace(b"From: evil@gostovanje.example", b"From: " + sender)
    raw = raw.replace(b"To: ana@lipa.example\nSubject: =", b"To: drug@drugje.example\nSubject: =")
    opened = read_mail(raw)
    sides = {p.id: p.side for p in opened.parts}
    assert sides.get("message.1.from", "read") == {"": "read", "nobody": ""}.get(side, side)
    assert sender.decode() not in opened.attackers
