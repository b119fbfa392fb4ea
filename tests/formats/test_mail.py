"""Which mail is meant, who sent it, over which hosts it came, and what it links to."""

import time
from email.message import EmailMessage

import pytest

from zvon.formats.limit import MAX_DEPTH, Undecodable
from zvon.formats.mail import read
from zvon.model.observable import ObservableType as T
from zvon.model.report import Message

LURE = "Vaš paket čaka, poravnajte stroške: https://paket.lipa.example/a"


def mail(sender: str, to: str, subject: str, text: str = LURE, **fields: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def sides(message: Message) -> dict[str, str]:
    return {m.observable.value: m.side for m in message.mentions}


def test_a_mail_forwarded_twice_as_attachment_gives_the_innermost() -> None:
    lure = mail("Pošta <posta@brod.example>", "ana@lipa.example", "Paket")
    first = mail("ana@lipa.example", "it@lipa.example", "Fwd: Paket", "Je to prav?")
    first.add_attachment(lure)
    second = mail(
        "it@lipa.example", "prijava@cert.example", "Fwd: Fwd: Paket", "Prosim, preverite."
    )
    second.add_attachment(first)
    message = read(second.as_bytes())
    assert (message.sender, message.subject) == ("posta@brod.example", "Paket")
    assert message.text.strip() == LURE
    assert message.remark == "Prosim, preverite.\n\n\nJe to prav?\n"
    seen = sides(message)
    assert seen["posta@brod.example"] == "attacker"
    assert seen["https://paket.lipa.example/a"] == "attacker"
    assert seen["ana@lipa.example"] == seen["it@lipa.example"] == "reporter"


INLINE = {
    "Outlook sl": "Prosim poglejte.\n\nOd: Pošta Slovenije <posta@brod.example>\n"
    "Poslano: sobota, 05. december 2026 07:41\nZa: Ana Kos <ana@lipa.example>\nZadeva: Paket\n\n"
    + LURE,
    "Gmail": "Prosim poglejte.\n\n---------- Forwarded message ---------\nFrom: Pošta <posta@brod.example>\n"
    "Date: Sat, 5 Dec 2026 at 07:41\nSubject: Paket\nTo: <ana@lipa.example>\n\n" + LURE,
    "Apple hr": "Prosim poglejte.\n\nPočetak proslijeđene poruke:\n\nŠalje: Pošta <posta@brod.example>\n"
    "Predmet: Paket\nDatum: 5. prosinca 2026.\nPrima: ana@lipa.example\n\n" + LURE,
    "quoted": "Prosim poglejte.\n\n> -----Original Message-----\n> From: Pošta <posta@brod.example>\n"
    "> Sent: 5 Dec 2026\n> To: ana@lipa.example\n> Subject: Paket\n>\n> " + LURE,
}  # fmt: skip


@pytest.mark.parametrize("program", INLINE)
def test_an_inline_forward_gives_the_quoted_mail(program: str) -> None:
    message = read(
        mail("ana@lipa.example", "prijava@cert.example", "Fwd: Paket", INLINE[program]).as_bytes()
    )
    assert message.sender == "posta@brod.example"
    assert message.subject == "Paket"
    assert message.text.strip() == LURE
    assert message.remark == "Prosim poglejte."
    assert message.headers == ()
    assert sides(message) == {
        "posta@brod.example": "attacker", "https://paket.lipa.example/a": "attacker",
        "ana@lipa.example": "reporter", "prijava@cert.example": "reporter",
    }  # fmt: skip
    target = next(m for m in message.mentions if m.observable.type is T.URL)
    assert target.span is not None
    assert message.text[target.span.start : target.span.end] == target.raw


def test_a_conversation_that_the_sender_quotes_is_no_forward() -> None:
    text = (
        LURE
        + "\n\nFrom: Ana <ana@lipa.example>\nSent: 4 Dec\nTo: posta@brod.example\nSubject: x\n\nHej"
    )
    message = read(mail("posta@brod.example", "ana@lipa.example", "RE: x", text).as_bytes())
    assert message.sender == "posta@brod.example"
    assert message.remark == ""
    assert sides(message)["https://paket.lipa.example/a"] == "attacker"


def test_html_and_plain_text_of_one_mail_are_read_once() -> None:
    made = mail(
        "posta@brod.example", "ana@lipa.example", "Paket", "Tekst: https://samo-tekst.example/"
    )
    made.add_alternative(
        "<html><body><p>Pozdravljeni,</p><a href='https://cilj.lipa.example/a'>www.posta.si</a>"
        "<form action='https://obrazec.lipa.example/p'></form>"
        "<meta http-equiv=refresh content='0; url=https://naprej.lipa.example/'>"
        "<div style='display:none'>skrito</div></body></html>",
        subtype="html",
    )
    made["List-Unsubscribe"] = "<https://odjava.brod.example/>"
    message = read(made.as_bytes())
    assert message.text == "Pozdravljeni,\n\nwww.posta.si"
    assert "hidden-text" in message.warnings
    seen = sides(message)
    assert {u for u, s in seen.items() if s == "attacker" and u.startswith("http")} == {
        "https://cilj.lipa.example/a", "https://obrazec.lipa.example/p",
        "https://naprej.lipa.example/", "https://samo-tekst.example/",
    }  # fmt: skip
    assert seen["www.posta.si"] == "link_text"
    assert "https://odjava.brod.example/" not in seen
    assert dict(message.headers)["List-Unsubscribe"] == "<https://odjava.brod.example/>"


def test_attachments_are_named_and_a_page_among_them_is_read() -> None:
    made = mail("posta@brod.example", "ana@lipa.example", "Paket", "Glej prilogo.")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="račun.pdf")
    made.add_attachment(
        "<a href='https://v-prilogi.lipa.example'>x</a>", subtype="html", filename="a.html"
    )
    message = read(made.as_bytes())
    assert message.attachments == ("račun.pdf", "a.html")
    assert "attachment-not-read" in message.warnings
    assert message.text.strip() == "Glej prilogo."
    assert sides(message)["https://v-prilogi.lipa.example/"] == "attacker"


def test_a_sender_who_uses_the_victims_own_address_does_not_make_it_the_attackers() -> None:
    message = read(mail("ana@lipa.example", "ana@lipa.example", "Paket").as_bytes())
    assert sides(message)["ana@lipa.example"] == "reporter"


def received(*fields: str, to: str = "ana@lipa.example") -> dict[str, str]:
    head = "".join(f"Received: {field}\r\n" for field in fields)
    return sides(read(f"{head}From: x@brod.example\r\nTo: {to}\r\nSubject: a\r\n\r\nHej".encode()))


def test_only_the_host_that_delivered_is_the_senders() -> None:
    seen = received(
        "from filter.lipa.example (filter.lipa.example [192.0.2.5]) by imap.lipa.example; x",
        "from out.brod.example (out.brod.example [203.0.113.9]) by mx.lipa.example; x",
        "from bank.si (bank.si [198.51.100.1]) by out.brod.example; x",
    )
    assert seen["out.brod.example"] == seen["203.0.113.9"] == "attacker"
    assert seen["filter.lipa.example"] == seen["192.0.2.5"] == "reporter"
    assert seen["imap.lipa.example"] == seen["mx.lipa.example"] == "reporter"
    assert "bank.si" not in seen


def test_hops_inside_a_mail_provider_are_nobodys() -> None:
    seen = received(
        "from a.provider.example ([192.0.2.7]) by b.provider.example; x",
        "from out.brod.example ([203.0.113.9]) by a.provider.example; x",
    )
    assert "a.provider.example" not in {k for k, side in seen.items() if side == "attacker"}
    assert seen["203.0.113.9"] == "attacker"


def test_private_addresses_are_the_reporters() -> None:
    seen = received("from pc.local (10.0.0.7) by mx.lipa.example", "from x ([fd00::1]) by pc.local")
    assert seen["pc.local"] == seen["10.0.0.7"] == seen["fd00::1"] == "reporter"


def test_malformed_fields_are_read_as_far_as_they_go() -> None:
    message = read(
        b"From: =?utf-8?b?broken?= <a@brod.example>\r\nSubject: \xe8\r\nDate: yesterday\r\n"
        b"Reply-To: <odgovor@brod.example>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nHej"
    )
    assert message.sender == "a@brod.example"
    assert message.reply_to == "odgovor@brod.example"
    assert message.sent_at is None
    assert message.text == "Hej"


def test_deep_nesting_is_refused_with_its_level() -> None:
    made = mail("a@lipa.example", "b@lipa.example", "x")
    for _ in range(MAX_DEPTH + 1):
        outer = mail("a@lipa.example", "b@lipa.example", "x")
        outer.add_attachment(made)
        made = outer
    with pytest.raises(Undecodable, match="nested deeper"):
        read(made.as_bytes())
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(30))
    with pytest.raises(Undecodable, match="nested deeper"):
        read(f"From: a@b.example\nTo: c@d.example\n{parts}".encode())


def test_addresses_are_read_in_every_usual_form() -> None:
    head = (
        b'From: "Posta, Slovenije \\"d.d.\\"" <a@brod.example>\r\n'
        b"To: Ana Kos <ana@lipa.example>, bor@lipa.example; (x) cene@lipa.example\r\n"
        b"Cc: undisclosed-recipients:;, <dora@lipa.example>\r\n\r\nHej"
    )
    message = read(head)
    assert (message.sender, message.sender_name) == ("a@brod.example", 'Posta, Slovenije "d.d."')
    assert {k for k, side in sides(message).items() if side == "reporter"} == {
        f"{who}@lipa.example" for who in ("ana", "bor", "cene", "dora")
    }


@pytest.mark.parametrize(
    "field",
    [b"From: " + b"(" * 100_000, b"To: " + b"<" * 100_000, b"From: " + b'"' * 100_000,
     b"Received: from " + b"(" * 100_000, b"Subject: " + b"=?utf-8?q?" * 20_000,
     b"Content-Type: text/plain" + b';a="' * 100_000, b"Date: " + b"1 " * 100_000,
     b"Content-Disposition: attachment" + b"; filename*0=x" * 20_000,
     b"To: " + b"a@lipa.example, " * 50_000],
    ids=lambda field: field[:20].decode(),
)  # fmt: skip
def test_a_field_built_to_break_readers_is_read_in_time(field: bytes) -> None:
    began = time.process_time()
    message = read(b"Subject: x\r\n" + field + b"\r\n\r\nHej https://a.lipa.example/")
    assert time.process_time() - began < 10
    assert sides(message)["https://a.lipa.example/"] == "attacker"
