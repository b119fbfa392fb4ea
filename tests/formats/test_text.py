"""Pasted messages: the sender in front, the reporter's words behind or before, sides."""

import pytest

from zvon.formats.remark import only_asks, split
from zvon.formats.text import read
from zvon.model.observable import ObservableType
from zvon.model.report import Channel


@pytest.mark.parametrize(
    ("text", "message", "remark"),
    [
        (
            "Lure https://a.example\n\nPrijavitelj: Ana",
            "Lure https://a.example",
            "Prijavitelj: Ana",
        ),
        ("Lure\nPoslala: Ana\nin še to", "Lure", "Poslala: Ana\nin še to"),
        ("Prijavila: Ana\n\nLure", "Lure", "Prijavila: Ana"),
        ("Opomba: prosim\nLure", "Lure", "Opomba: prosim"),
        ("Lure\n\nJe to res?", "Lure", "Je to res?"),
        ("Lure\n\nIs this a scam?", "Lure", "Is this a scam?"),
        ("Lure\n\nJe li ovo prijevara?", "Lure", "Je li ovo prijevara?"),
        ("Je to res?", "Je to res?", ""),
        ("Lure\n\nAli je varno? https://a.example", "Lure\n\nAli je varno? https://a.example", ""),
        ("Lure\n\nČe dvomite: pokličite", "Lure\n\nČe dvomite: pokličite", ""),
        ("Lure\n\nSent to me by a contact: Tom", "Lure", "Sent to me by a contact: Tom"),
        ("Prijavitelj: Ana", "Prijavitelj: Ana", ""),
        ("A\n\nB\n\nReported by: C\n\nD", "A\n\nB", "Reported by: C\n\nD"),
    ],
)
def test_the_reporters_words_are_told_from_the_message(
    text: str, message: str, remark: str
) -> None:
    assert split(text) == (message, remark)


def test_a_long_question_or_one_with_a_number_may_be_the_lure() -> None:
    assert only_asks("Je to res?")
    assert not only_asks("Je to res? Pokličite 01 200 4567?")
    assert not only_asks("res " * 60 + "?")
    assert not only_asks("Kdaj pridete?")


@pytest.mark.parametrize(
    ("text", "sender", "body"),
    [
        ("(+44 7700 900123) Vas paket", "+44 7700 900123", "Vas paket"),
        ("(HP-Posta) Vas paket", "HP-Posta", "Vas paket"),
        ("Od: posta@lipa.example\nVas paket", "posta@lipa.example", "Vas paket"),
        ("From: +44 7700 900123\nYour parcel", "+44 7700 900123", "Your parcel"),
        ("Vas paket (nujno)", None, "Vas paket (nujno)"),
    ],
)
def test_the_sender_stands_in_front(text: str, sender: str | None, body: str) -> None:
    message = read(text, Channel.SMS)
    assert (message.sender, message.text) == (sender, body)


def test_in_ones_own_words_a_number_is_ones_own_unless_it_is_blamed() -> None:
    text = "Klicali so me s številke +44 7700 900123. Moja je 040 000 111, ana@lipa.example"
    sides = {m.observable.value: m.side for m in read(text, Channel.WEB).mentions}
    assert sides == {
        "+447700900123": "attacker", "+38640000111": "reporter", "ana@lipa.example": "reporter",
    }  # fmt: skip
    forwarded = {m.side for m in read(text, Channel.SMS).mentions}
    assert forwarded == {"attacker"}


def test_an_address_inside_a_wrapper_is_found_beside_it() -> None:
    message = read("https://www.google.com/url?q=https://a.example/b", Channel.SMS)
    assert [m.observable.value for m in message.mentions] == [
        "https://www.google.com/url?q=https://a.example/b", "https://a.example/b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["+386 40 000 111", "Kdo me kliče s +386 40 000 111?", "tko zove: 00385 91 000 0111"]
)
@pytest.mark.parametrize("channel", [Channel.UNKNOWN, Channel.WEB, Channel.SMS])
def test_a_number_alone_is_what_is_reported(text: str, channel: Channel) -> None:
    [mention] = read(text, channel).mentions
    assert mention.observable.type is ObservableType.PHONE
    assert mention.side == "attacker"


def test_a_number_at_the_end_of_a_story_is_the_reporters() -> None:
    story = "Na spletu sem našla trgovino, ki je zelo poceni in mi ni všeč. Dosegljiva sem na 040 000 111."
    assert [m.side for m in read(story, Channel.WEB).mentions] == ["reporter"]
