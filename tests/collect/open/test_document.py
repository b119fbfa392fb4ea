"""Whatever a person hands in, the right address comes out; what cannot be read says why."""

import gzip
import tarfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.open.outlook_file import compound, message
from tests.collect.open.papers import (
    locked,
    packed,
    pdf,
    png,
    qr,
    qr_image,
    saved,
    screenshot,
    word,
    wrapped,
)
from zvon.collect.open import archive, budget, document, picture
from zvon.collect.open.document import read
from zvon.formats.limit import Undecodable
from zvon.model.observable import ObservableType as T
from zvon.model.report import Channel, Message, PartOutcome
from zvon.respond.fixtures import fixture

ADDRESS = "https://paket.lipa.example/p?t=8KX21P"
# Letters that a reader of pictures does not take for others.
PLAIN = "https://paket.lipa.example/prevzem"


def opened(body: bytes, media_type: str = "", channel: Channel = Channel.UNKNOWN) -> Message:
    return read(body, media_type, channel)


def found(message: Message) -> dict[str, str]:
    """Values of the sender, and how each was read."""
    return {m.observable.value: m.derived for m in message.mentions if m.side == "attacker"}


def test_a_screenshot_of_an_sms_gives_its_sender_and_its_broken_address() -> None:
    text = fixture("R01").body.decode().split("\n")[0].partition(") ")[2]
    message = opened(screenshot(["+44 7700 900123", "", *wrapped(text, 38)]), "image/png")
    assert message.sender == "+44 7700 900123"
    assert message.channel is Channel.SMS
    assert "vašega paketa nismo" in message.text
    assert found(message) == {
        "+447700900123": "ocr",
        "https://posta-si.dostava-paketa.example/i?t=7F3K9Q": "ocr",
    }
    mention = next(m for m in message.mentions if m.observable.type is T.URL)
    assert mention.span is not None
    assert message.text[mention.span.start : mention.span.end] == mention.raw


def test_white_letters_on_black_are_read_too() -> None:
    message = opened(screenshot(["Vaš paket čaka v skladišču, plačajte carino", PLAIN], dark=True))
    assert found(message) == {PLAIN: "ocr"}
    assert message.lang == "sl"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_code_in_a_picture_gives_its_address_letter_by_letter(kind: str) -> None:
    message = opened(qr(ADDRESS, kind))
    [mention] = message.mentions
    assert (mention.observable.value, mention.derived, mention.part, mention.span) == (
        ADDRESS, "qr", "attachment:1", None,
    )  # fmt: skip
    assert message.parts[0].codes == (ADDRESS,)


def test_a_code_on_its_side_and_turned_to_white_on_black_is_read() -> None:
    from PIL import ImageOps

    turned = ImageOps.invert(qr_image(ADDRESS)).rotate(90, expand=True)
    assert found(opened(saved(turned)))[ADDRESS] == "qr"


def test_the_mail_with_a_document_with_a_code_leads_to_its_page() -> None:
    given = fixture("R10")
    message = opened(given.body, given.media_type, Channel.EMAIL)
    [mention] = [m for m in message.mentions if m.derived == "qr"]
    assert mention.observable.value.startswith("https://zvon-fixture-secure-doc.pages.dev/login")
    assert (mention.side, mention.span, mention.part) == ("attacker", None, "attachment:1")
    assert message.text.startswith("Scan the code with your phone")
    assert [(p.name, p.kind, p.outcome) for p in message.parts] == [
        ("payroll.pdf", "pdf", PartOutcome.READ)
    ]
    assert "Lucas Meyer" not in message.parts[0].text  # nor what its properties say
    assert "attachment-not-read" not in message.warnings


def test_a_pdf_gives_its_text_its_links_and_its_code_and_runs_no_script() -> None:
    made = pdf("Obvestilo o placilu racuna, odprite povezavo", picture=qr_image(ADDRESS),
               link="https://klik.lipa.example/a", script="app.launchURL('https://x.example')")  # fmt: skip
    message = opened(made, "application/pdf")
    assert message.text.startswith("Obvestilo o placilu racuna")
    assert found(message) == {ADDRESS: "qr", "https://klik.lipa.example/a": ""}
    assert "scripts" in message.parts[0].reason


def test_a_word_document_gives_its_text_its_links_and_the_codes_in_its_pictures() -> None:
    message = opened(
        word("Plačajte &amp; podpišite tukaj", "https://w.lipa.example/a", qr(ADDRESS))
    )
    assert message.text == "Plačajte & podpišite tukaj"
    assert found(message) == {ADDRESS: "qr", "https://w.lipa.example/a": ""}


def test_an_outlook_message_reads_as_the_mail_that_it_holds() -> None:
    lure = message(
        subject="Vaša pošiljka", text=f"Plačajte: {ADDRESS}",
        html=f"<p>Plačajte: <a href='{ADDRESS}'>www.posta.si</a></p>",
        head="From: Pošta <posta@brod.example>\r\nTo: ana@lipa.example\r\nSubject: Vaša pošiljka\r\n"
        "Received: from out.brod.example ([203.0.113.9]) by mx.lipa.example; x\r\n"
        "Authentication-Results: mx.lipa.example; spf=fail smtp.mailfrom=brod.example\r\n",
        attached={"koda.png": qr("https://qr.lipa.example/p")}, top=False,
    )  # fmt: skip
    outer = message(subject="FW: Vaša pošiljka", text="Je to prav?", sender="ana@lipa.example",
                    inner=lure)  # fmt: skip
    read_message = opened(compound(outer))
    assert read_message.channel is Channel.EMAIL
    assert (read_message.sender, read_message.sender_name) == ("posta@brod.example", "Pošta")
    assert read_message.subject == "Vaša pošiljka"
    assert read_message.remark == "Je to prav?"
    values = found(read_message)
    assert values[ADDRESS] == ""
    assert values["https://qr.lipa.example/p"] == "qr"
    assert values["out.brod.example"] == ""
    shown = next(m for m in read_message.mentions if m.shown)
    assert (shown.observable.value, shown.shown) == (ADDRESS, "www.posta.si")


def test_the_page_of_an_outlook_message_is_found_in_its_rtf() -> None:
    page = rf"{{\rtf1\ansi\fromhtml1 {{\*\htmltag84 <a href='{ADDRESS}'>}}www.posta.si{{\*\htmltag92 </a>}}}}"
    made = message(subject="Paket", text=f"www.posta.si <{ADDRESS}>", rtf=page.encode(),
                   sender="posta@brod.example")  # fmt: skip
    mention = next(m for m in opened(compound(made)).mentions if m.shown)
    assert (mention.observable.value, mention.shown) == (ADDRESS, "www.posta.si")


@pytest.mark.parametrize("wrap", ["zip", "gzip", "tar.gz", "zip in zip"])
def test_a_mail_in_an_archive_is_the_message(wrap: str) -> None:
    mail = f"From: a@brod.example\nTo: b@lipa.example\nSubject: Paket\n\n{ADDRESS}".encode()
    if wrap == "gzip":
        body = gzip.compress(mail)
    elif wrap == "tar.gz":
        out = BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            entry = tarfile.TarInfo("a/m.eml")
            entry.size = len(mail)
            tar.addfile(entry, BytesIO(mail))
        body = out.getvalue()
    else:
        body = packed({"lure.eml": mail, "koda.png": qr("https://qr.lipa.example/")})
        body = packed({"inner.zip": body}) if wrap == "zip in zip" else body
    read_message = opened(body)
    assert read_message.sender == "a@brod.example"
    assert found(read_message)[ADDRESS] == ""
    assert ("https://qr.lipa.example/" in found(read_message)) == wrap.startswith("zip")


def test_an_outlook_message_in_a_mail_to_us_is_what_is_reported() -> None:
    from email.message import EmailMessage

    lure = message(subject="Vaša pošiljka", text=f"Plačajte carino za paket: {ADDRESS}",
                   sender="posta@brod.example", attached={"koda.png": qr("https://qr.lipa.example/")})  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ana@lipa.example", "prijava@cert.example", "x"
    mail.set_content("Prosim, preverite.")
    mail.add_attachment(
        compound(lure), maintype="application", subtype="octet-stream", filename="a.msg"
    )
    report = read(mail.as_bytes(), "message/rfc822", Channel.EMAIL, to_us=True)
    assert (report.sender, report.subject) == ("posta@brod.example", "Vaša pošiljka")
    assert report.remark == "Prosim, preverite."
    assert report.text.strip() == f"Plačajte carino za paket: {ADDRESS}"
    by = {m.observable.value: (m.side, m.derived, m.part) for m in report.mentions}
    assert by[ADDRESS] == ("attacker", "", "")
    assert by["https://qr.lipa.example/"] == ("attacker", "qr", "attachment:1")
    assert by["ana@lipa.example"][0] == "reporter"
    assert [p.name for p in report.parts] == ["koda.png", "a.msg"]


def test_a_picture_only_mail_says_what_its_picture_says() -> None:
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@brod.example", "b@lipa.example", "Paket"
    mail.set_content("Glej sliko.")
    picture_of = screenshot(["Pošta Slovenije: vaš paket čaka na plačilo carine", PLAIN])
    mail.add_attachment(picture_of, maintype="image", subtype="png", filename="slika.png")
    message_of = opened(mail.as_bytes(), "message/rfc822")
    assert "paket čaka na plačilo" in message_of.text
    assert found(message_of)[PLAIN] == "ocr"
    assert message_of.attachments == ("slika.png",)


BOMBS = {
    "a picture that claims 3,600 million points": (png(60_000, 60_000), "million points"),
    "a picture that is cut off": (qr("https://x.lipa.example/")[:300], "damaged picture"),
    "a ZIP bomb": (packed({"a.txt": b"0" * 30_000_000}), "times its size"),
    "a gzip bomb": (gzip.compress(b"\0" * 30_000_000), "times its size"),
    "an archive of 300 files": (packed({f"{n}.txt": b"a" for n in range(300)}), "300 files"),
    "an archive with a password": (locked("a.txt", b"skrivnost"), "password"),
    "an archive that is cut off": (packed({"a.txt": b"a" * 999})[:60], "damaged archive"),
    "half a gzip": (gzip.compress(b"abc" * 999)[:30], "cut off"),
    "a PDF that is none": (b"%PDF-1.7\n" + b"a" * 99, "PDF"),
    "an Outlook message that is none": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "outlook"),
    "a program": (b"MZ\x90\x00" + bytes(99), "program"),
    "a picture without anything": (saved(qr_image("x").resize((9, 9))), "nothing to read"),
    "an empty archive": (packed({}), "without a file"),
    "a HEIC picture": (b"\0\0\0\x18ftypheic" + bytes(99), "not read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_cannot_be_read_says_why(name: str) -> None:
    body, reason = BOMBS[name]
    with pytest.raises(Undecodable, match=reason):
        opened(body)


def test_archives_are_opened_two_deep_and_no_deeper() -> None:
    body = ADDRESS.encode()
    for depth in range(1, 4):
        body = packed({"a.zip" if depth > 1 else "a.txt": body})
        if depth <= budget.MAX_DEPTH:
            assert ADDRESS in found(opened(body))
    with pytest.raises(Undecodable, match="deeper"):
        opened(body)


def test_one_bad_file_does_not_hide_the_others() -> None:
    body = packed({"bomb.png": png(60_000, 60_000), "text.txt": ADDRESS.encode(),
                   "half.pdf": b"%PDF-1.4\n", "run.exe": b"MZ\0\0"})  # fmt: skip
    message_of = opened(body)
    assert found(message_of) == {ADDRESS: ""}
    assert {p.name: p.outcome for p in message_of.parts} == {
        "text.txt": PartOutcome.READ, "bomb.png": PartOutcome.REFUSED,
        "half.pdf": PartOutcome.BROKEN, "run.exe": PartOutcome.LISTED,
    }  # fmt: skip


def test_unpacked_bytes_are_counted_over_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_UNPACKED", 3_000)
    body = packed({"a.txt": ADDRESS.encode() + b" a" * 900, "b.txt": b"b" * 2_000})
    assert [p.outcome for p in opened(body).parts] == [PartOutcome.READ, PartOutcome.REFUSED]


def test_a_mail_of_hundreds_of_parts_is_refused_whole() -> None:
    part = b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"
    head = b"From: a@brod.example\r\nTo: b@lipa.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    kind = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    body = head + kind + part * 500 + b"--b--\r\n"
    with pytest.raises(Undecodable, match="more than 200 parts"):
        opened(body)


def test_more_pictures_than_twenty_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "letters", lambda _image: ("", ""))
    body = packed({f"{n}.png": qr(f"https://n{n}.lipa.example/") for n in range(24)})
    assert (
        sorted(p.outcome for p in opened(body).parts)
        == [PartOutcome.READ] * 20 + [PartOutcome.REFUSED] * 4
    )


def test_a_card_number_in_a_picture_is_masked() -> None:
    read_message = opened(screenshot(["Kartica 4111 1111 1111 1111 za paket", ADDRESS]))
    assert "4111 1111" not in read_message.text + read_message.parts[0].text
    assert "1111" in read_message.text


def test_without_the_readers_a_picture_is_set_aside_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    body = qr(ADDRESS)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(Undecodable, match="extra `visual`"):
        opened(body)


def test_without_tesseract_codes_are_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    read_message = opened(qr(ADDRESS))
    assert found(read_message) == {ADDRESS: "qr"}
    assert "tesseract is not installed" in read_message.parts[0].reason


SEEDS = [packed({"a.txt": b"abc", "b.eml": b"From: a@b.example\nTo: c@d.example\nSubject: x\n\nh"}),
         gzip.compress(b"abc" * 50), pdf("Obvestilo", link="https://a.lipa.example/"), png(40, 40),
         word("Plačaj", "https://w.lipa.example/"),
         compound(message(subject="x", text="hej", sender="a@brod.example"))]  # fmt: skip


@settings(max_examples=150)
@given(st.sampled_from(SEEDS), st.data())
def test_damaged_files_give_a_message_or_our_error(seed: bytes, data: st.DataObject) -> None:
    body = bytearray(seed)
    for place in data.draw(st.lists(st.integers(4, len(body) - 1), min_size=1, max_size=8)):
        body[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(body)))
    with suppress(Undecodable):
        message_of = opened(bytes(body[:cut]))
        assert message_of.text or message_of.parts or message_of.mentions


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_members_of_anything_are_bounded(body: bytes) -> None:
    spent = budget.Budget()
    try:
        for _, content in archive.members(b"\x1f\x8b\x08" + body, spent):
            assert isinstance(content, budget.Unreadable) or len(content) <= budget.MAX_UNPACKED
    except budget.Unreadable:
        return


def test_the_same_report_opened_twice_gives_the_same_message() -> None:
    body = packed({"a.png": qr(ADDRESS), "b.pdf": pdf("Obvestilo o placilu racuna")})
    assert document.read(body, "", Channel.UNKNOWN) == document.read(body, "", Channel.UNKNOWN)
