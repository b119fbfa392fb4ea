"""Every report has one outcome: a message, or `Undecodable` with place and reason."""

import random
from collections.abc import Iterator
from email.message import EmailMessage

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.decode import decode
from zvon.formats.limit import MAX_BYTES, MAX_URLS, Undecodable
from zvon.model.observable import ObservableType as T
from zvon.model.report import Channel, Lang, Mention, Message
from zvon.respond.fixtures import IDS, fixture

PIECES = [b"From: a@lipa.example\r\n", b"Subject: =?utf-8?q?=C4=8D=", b"?=\r\n", b"\r\n", b"\n\n",
          b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\n", b"--b--\n", b"\xff\xfe",
          b"Content-Type: text/html; charset=utf-7\n", b"<a href='https://x.example/\xff'>posta.si",
          b"Content-Type: message/rfc822\n\n", b"Received: from a (b [1.2.3.4]) by c; x\n", b"\x00",
          b"Content-Transfer-Encoding: base64\n\n", b"=?utf-16?b?//4=?=", b"<div>" * 50, b"\xc4\x8d",
          b"-----Original Message-----\nFrom: a\nTo: b\nSubject: c\n\n", b"<meta http-equiv=refresh",
          b" content='0;url=//x.example'>", b"MIME-Version: 1.0\n", b"To: \xff@x\n", b"Date: Foo\n",
          b"Content-Disposition: attachment; filename*=x''%ff\n", b"4111 1111 1111 1111",
          "Prijavitelj: Ž \ud83d".encode("utf-8", "surrogatepass"), b"(+44 7700 900123) x"]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)
KINDS = ["", "text/plain", "message/rfc822", "text/html; charset=utf-16", "text/plain; charset=x",
         "application/octet-stream", "multipart/form-data", "\x00/;"]  # fmt: skip


def texts_in(value: object) -> Iterator[str]:
    """Every string in decoded JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.items() if isinstance(value, dict) else value:
            yield from texts_in(list(item) if isinstance(item, tuple) else item)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), soup), st.sampled_from(KINDS), st.sampled_from(Channel))
def test_any_bytes_give_a_message_that_can_be_stored_or_our_error(
    body: bytes, kind: str, channel: Channel
) -> None:
    try:
        message = decode(body, kind, channel)
    except Undecodable:
        return
    stored = msgspec.json.encode(message)
    assert not any("\0" in text for text in texts_in(msgspec.json.decode(stored)))
    assert msgspec.json.decode(stored, type=Message) == message
    texts = {"text": message.text, "subject": message.subject, "remark": message.remark,
             "sender": message.sender or ""}  # fmt: skip
    for mention in message.mentions:
        if mention.span is not None and mention.span.part in texts:
            assert mention.span.end <= len(texts[mention.span.part])


def of(id: str) -> Message:
    report = fixture(id)
    return decode(report.body, report.media_type, Channel(report.channel))


def side(message: Message, side: str) -> set[tuple[T, str]]:
    return {(m.observable.type, m.observable.value) for m in message.mentions if m.side == side}


@pytest.mark.parametrize(
    ("id", "attacker", "reporter"),
    [
        ("R01", {(T.PHONE, "+447700900123"),
                 (T.URL, "https://posta-si.dostava-paketa.example/i?t=7F3K9Q")},
         {(T.PHONE, "+38640000111")}),
        ("R02", {(T.URL, "https://posta-hr.azuriraj-adresu.example/p?t=2C81XM")},
         {(T.PHONE, "+385910000111")}),
        ("R04", {(T.URL, "https://www.os-lipovec.example/wp-content/uploads/2026/nlb/prijava.html")},
         {(T.EMAIL, "petra.hribar@os-lipovec.example")}),
        ("R05", {(T.URL, "https://zaba-otkazivanje.example/hr/4471")}, set()),
        ("R06", {(T.URL, "https://planinar-outlet-hrvatska.example/")}, set()),
        ("R07", {(T.URL, "https://sapunara-bura.example/")},
         {(T.EMAIL, "lucija@pericfamily.example")}),
        ("R08", {(T.URL, "https://sledenje.posta.si/")}, set()),
        ("R09", {(T.URL, "https://glasanje-plesna.example/v/2")}, {(T.PHONE, "+385910000122")}),
        ("R10", {(T.EMAIL, "notice@shared-desk.example"), (T.DOMAIN, "out4.shared-desk.example"),
                 (T.IPV4, "203.0.113.90")},
         {(T.EMAIL, "lucas.meyer@brod.example"), (T.DOMAIN, "mx1.brod.example")}),
        ("R11", {(T.URL, "https://bit.ly/zvonfixture7")}, set()),
        ("R12", {(T.IBAN, "SI56990000000000068"), (T.PHONE, "+447700900456")}, set()),
    ],
)  # fmt: skip
def test_what_the_sender_wrote_is_told_from_what_the_reporter_wrote(
    id: str, attacker: set[tuple[T, str]], reporter: set[tuple[T, str]]
) -> None:
    message = of(id)
    assert side(message, "attacker") == attacker
    assert side(message, "reporter") == reporter
    assert message.lang == fixture(id).lang


def test_the_forwarded_mail_is_the_object_and_its_link_leads_elsewhere() -> None:
    message = of("R03")
    assert message.sender == "obvestila@vps4471.gostovanje.example"
    assert message.sender_name == "Pošta Slovenije"
    assert message.subject == "Vaša pošiljka je zadržana"
    assert message.sent_at is not None
    assert message.sent_at.isoformat() == "2026-12-05T06:41:09+00:00"
    assert message.remark.strip() == "Prosim, preverite to sporočilo."
    target = next(m for m in message.mentions if m.shown)
    assert target.observable.value.startswith("https://moj-racun.posta-slo.example/pay?e=amFuZXoua")
    assert target.shown == "https://www.posta.si/placilo"
    assert side(message, "link_text") == {(T.URL, "https://www.posta.si/placilo")}
    assert (T.DOMAIN, "vps4471.gostovanje.example") in side(message, "attacker")
    assert (T.IPV4, "203.0.113.25") in side(message, "attacker")
    assert side(message, "reporter") == {
        (T.EMAIL, "janez.kovac@lipa.example"), (T.EMAIL, "prijava@zvon.example"),
        (T.DOMAIN, "mx1.lipa.example"), (T.DOMAIN, "sef-pc.lipa.local"), (T.IPV4, "10.20.30.41"),
    }  # fmt: skip
    assert dict(message.headers)["Return-Path"] == "<info@vps4471.gostovanje.example>"


@pytest.mark.parametrize("id", IDS)
def test_no_payload_holds_what_may_never_be_stored(id: str) -> None:
    stored = msgspec.json.encode(of(id)).decode()
    for secret in fixture(id).expect.get("never_stored", ()):
        assert secret not in stored


def test_the_reporters_own_words_are_the_remark() -> None:
    assert of("R01").remark == "Prijavitelj: Ali je to res? Maja Zupanc, 040 000 111"
    assert of("R02").remark.endswith("kartica **** **** **** 1111 – već sam upisala!")
    assert of("R08").remark == "Je to prevara?"
    assert of("R01").sender == "+44 7700 900123"
    assert of("R01").text.startswith("Pošta Slovenije: ")
    assert of("R12").remark == ""


@pytest.mark.parametrize(
    ("body", "kind", "position", "reason"),
    [
        (b"", "text/plain", "byte 0", "empty"),
        (b" \n\t", "text/plain", "byte 0", "empty"),
        (b"a" * (MAX_BYTES + 1), "text/plain", f"byte {MAX_BYTES}", "at most"),
        (b"%PDF-1.7", "application/pdf", "byte 0", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "byte 0", "PNG"),
        (b"PK\x03\x04abc", "text/plain", "byte 0", "ZIP"),
        (b"abc\x00\x01\x02" * 9, "text/plain", "byte 3", "binary"),
        (random.Random(1).randbytes(5000), "", "byte", "binary"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n" * 300, "message/rfc822", "part 201", "200"),
        (b"Content-Type: message/rfc822\n\n" * 12, "message/rfc822", "level 9", "deeper"),
        (b"Subject: x\n" + b"\n" * 500_001, "message/rfc822", "line 500001", "lines"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_cannot_be_read_says_where_and_why(
    body: bytes, kind: str, position: str, reason: str
) -> None:
    with pytest.raises(Undecodable) as problem:
        decode(body, kind, Channel.UNKNOWN)
    assert problem.value.position.startswith(position)
    assert reason in problem.value.reason


def test_broken_character_sets_are_read_and_said() -> None:
    windows = decode("Vaš račun čaka".encode("cp1250"), "text/plain; charset=us-ascii", Channel.SMS)
    assert windows.text == "Vaš račun čaka"
    assert "charset-guessed" in windows.warnings
    wide = decode("Vaš račun čaka".encode("utf-16"), "text/plain", Channel.SMS)
    assert wide.text == "Vaš račun čaka"
    broken = decode(b"Va\xc5\x81 ra\x8dun \x81\x83", "text/plain", Channel.SMS)
    assert "charset-broken" in broken.warnings


def test_invisible_characters_are_removed_and_said() -> None:
    message = decode("https://po\u200bsta\u202e.lipa.example/".encode(), "text/plain", Channel.SMS)
    assert side(message, "attacker") == {(T.URL, "https://posta.lipa.example/")}
    assert "invisible-characters" in message.warnings


def test_a_crowd_of_addresses_is_bounded_and_said() -> None:
    body = "\n".join(f"https://n{i}.lipa.example/" for i in range(MAX_URLS + 100))
    message = decode(body.encode(), "text/plain", Channel.SMS)
    assert len(message.mentions) == MAX_URLS
    assert "too-many-urls" in message.warnings


def test_the_bytes_decide_and_not_the_claimed_type() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@lipa.example", "b@brod.example", "Hej"
    mail.set_content("Poglejte https://lipa.example/a")
    message = decode(mail.as_bytes(), "text/plain", Channel.UNKNOWN)
    assert message.channel is Channel.EMAIL
    assert message.sender == "a@lipa.example"
    page = decode(
        b"<!DOCTYPE html><p>Hej</p><a href='https://x.lipa.example'>tu</a>", "", Channel.WEB
    )
    assert [m.observable.value for m in page.mentions] == ["https://x.lipa.example/"]


def test_a_sender_in_front_tells_the_channel() -> None:
    assert decode(b"(+44 7700 900123) Hej", "text/plain", Channel.UNKNOWN).channel is Channel.SMS
    assert decode(b"Hej hej", "text/plain", Channel.UNKNOWN).channel is Channel.UNKNOWN
    named = decode(b"(HP Posta) Vas paket ceka", "text/plain", Channel.SMS)
    assert named.mentions == (
        Mention(
            observable=named.mentions[0].observable, span=named.mentions[0].span, raw="HP Posta"
        ),
    )
    assert named.mentions[0].observable.type is T.SENDER
    assert named.lang is Lang.HR
