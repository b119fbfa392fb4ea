"""Words and a file handed in together are one report, and none of both is lost."""

import pytest

from tests.collect.open.papers import qr
from zvon.collect.open.document import read
from zvon.formats.card import mask_bytes
from zvon.formats.enclosed import MEDIA_TYPE, enclose
from zvon.model.report import Channel, Door, Message, written_to_us

WORDS = "Dobila sem to na telefon, koda vodi čudno. Kaj naj naredim? Marko je rekel, da je prevara."
LURE = b"From: posta@brod.example\nTo: ana@lipa.example\nSubject: Paket\n\nhttps://paket.lipa.example/p"


def opened(name: str, kind: str, body: bytes) -> Message:
    whole = enclose(WORDS, name, kind, body)
    assert enclose(WORDS, name, kind, body) == whole
    return read(whole, MEDIA_TYPE, Channel.SMS, to_us=True)


def test_words_beside_a_picture_are_the_message_and_the_picture_came_with_it() -> None:
    message = opened('kôda "1".png', "image/png", qr("https://paket.lipa.example/p"))
    assert message.text == WORDS
    assert message.channel is Channel.SMS
    assert [(m.observable.value, m.derived) for m in message.mentions] == [
        ("https://paket.lipa.example/p", "qr")
    ]
    assert message.attachments == ("kôda 1.png",) or message.attachments[0].startswith("kôda")


def test_words_beside_a_mail_are_the_remark() -> None:
    message = opened("a.eml", "message/rfc822", LURE)
    assert message.sender == "posta@brod.example"
    assert message.remark.strip() == WORDS
    assert message.text == "https://paket.lipa.example/p"


def test_a_card_number_among_the_words_can_be_masked_before_it_is_stored() -> None:
    whole = enclose("Vpisala sem 4111 1111 1111 1111", "a.png", "image/png", b"\x89PNG")
    assert b"4111 1111" not in mask_bytes(whole)


@pytest.mark.parametrize(
    ("door", "kind", "ours"),
    [(Door.MAIL, "message/rfc822", True), (Door.FORM, MEDIA_TYPE, True),
     (Door.FORM, "message/rfc822", False), (Door.API, MEDIA_TYPE, False)],
)  # fmt: skip
def test_only_what_is_written_to_us_is_read_so(door: Door, kind: str, ours: bool) -> None:
    assert written_to_us(door, kind) is ours
