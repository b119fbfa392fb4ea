"""How what was found in files becomes one message, each value with the place that it was read in."""

import pytest

from zvon.formats.limit import Undecodable
from zvon.formats.opened import MAX_PART_TEXT, Finding, alone, joined
from zvon.model.observable import ObservableType as T
from zvon.model.report import Channel, Message, Part, PartOutcome

URL = "https://paket.lipa.example/p"


def picture(text: str = "", *codes: str, name: str = "a.png") -> Finding:
    return Finding(part=Part(name=name, kind="picture", text=text, derived="ocr"), codes=codes)


def facts(message: Message) -> list[tuple[str, str, str, bool]]:
    return [(m.observable.value, m.derived, m.part, m.span is not None) for m in message.mentions]


def test_a_file_alone_is_the_message() -> None:
    message = alone(picture(f"Plačajte tu: {URL}", "https://qr.lipa.example/"), Channel.WEB)
    assert message.channel is Channel.UNKNOWN
    assert facts(message) == [
        (URL, "ocr", "", True),
        ("https://qr.lipa.example/", "qr", "attachment:1", False),
    ]


def test_a_printed_code_beside_the_same_letters_is_kept_as_the_surer_one() -> None:
    message = alone(picture(f"Plačajte tu: {URL}", URL), Channel.SMS)
    assert [derived for _, derived, _, _ in facts(message)] == ["ocr", "qr"]


def test_the_number_above_a_message_is_its_sender() -> None:
    message = alone(
        picture("9:41\n+44 7700 900123\n\nVaš paket čaka na plačilo carine danes"), Channel.UNKNOWN
    )
    assert (message.sender, message.channel) == ("+44 7700 900123", Channel.SMS)
    assert facts(message) == [("+447700900123", "ocr", "", True)]
    none = alone(
        picture("+99 9999 99999999999\nVaš paket čaka na plačilo carine danes"), Channel.SMS
    )
    assert none.sender is None


def test_nothing_in_a_file_is_a_reason() -> None:
    with pytest.raises(Undecodable, match="nothing to read in this picture"):
        alone(picture(), Channel.SMS)
    locked = Finding(
        part=Part(name="", kind="pdf", outcome=PartOutcome.LOCKED, reason="a password")
    )
    with pytest.raises(Undecodable, match="a password"):
        alone(locked, Channel.SMS)
    with pytest.raises(Undecodable, match="kind other: listed"):
        alone(Finding(part=Part(name="", kind="other", outcome=PartOutcome.LISTED)), Channel.SMS)
    inside = Message(channel=Channel.EMAIL, text="Hej")
    assert alone(Finding(part=Part(name="", kind="mail"), message=inside), Channel.SMS) == inside


def test_files_beside_a_message_add_values_and_parts() -> None:
    mail = Message(
        channel=Channel.EMAIL, text="Pozdravljeni, v prilogi je račun, ki ga plačajte danes."
    )
    links = Finding(
        part=Part(name="a.pdf", kind="pdf", text="x" * (MAX_PART_TEXT + 5)),
        links=(URL, "mailto:a@brod.example?subject=x", "tel:+38640000111", "javascript:x"),
    )
    code = picture("", "SMSTO:+38640000222:https://sms.lipa.example/", "WIFI:S:x;P:geslo123;;")
    message = joined(mail, [links, code])
    assert message.text == mail.text
    assert facts(message) == [
        (URL, "", "attachment:1", False), ("a@brod.example", "", "attachment:1", False),
        ("+38640000111", "", "attachment:1", False), ("+38640000222", "qr", "attachment:2", False),
        ("https://sms.lipa.example/", "qr", "attachment:2", False),
    ]  # fmt: skip
    assert len(message.parts[0].text) == MAX_PART_TEXT
    assert message.parts[1].codes == ("SMS +38640000222: https://sms.lipa.example/", "WIFI: x")


def test_a_mail_that_says_nothing_says_what_its_picture_says() -> None:
    text = f"Pošta Slovenije: vaš paket čaka na plačilo {URL}"
    bare = joined(Message(channel=Channel.EMAIL, text=""), [picture(text)])
    short = joined(Message(channel=Channel.EMAIL, text="Glej."), [picture(text)])
    assert (bare.text, short.text) == (text, f"Glej.\n\n{text}")
    assert bare.lang == "sl"


def test_values_of_a_mail_among_the_files_keep_their_side() -> None:
    from zvon.formats.mail import read

    inside = read(b"From: a@brod.example\nTo: ana@lipa.example\nSubject: x\n\n" + URL.encode())
    message = joined(
        Message(
            channel=Channel.EMAIL, text="Prosim, poglejte priloženo sporočilo, ker se mi zdi čudno."
        ),
        [Finding(part=Part(name="a.eml", kind="mail", text=inside.text), message=inside)],
    )
    sides = {m.observable.value: m.side for m in message.mentions}
    assert (sides[URL], sides["ana@lipa.example"]) == ("attacker", "reporter")
    assert {m.observable.type for m in message.mentions} == {T.URL, T.EMAIL}
