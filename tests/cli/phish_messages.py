"""Forty messages that we wrote for `zvon phish check`: mails, forwarded mails, short messages,
pictures and printed codes, in three languages; with what must be said of each.
"""

from email.message import EmailMessage
from io import BytesIO

from msgspec import Struct


class Case(Struct, frozen=True):
    """One message: its file name and bytes, and what the check must find."""

    name: str
    body: bytes
    word: tuple[str, ...]
    brand: str | None
    lang: str | None
    url: str | None
    reasons: frozenset[str] = frozenset()


BAD, MAYBE, OPEN = ("malicious",), ("malicious", "suspicious"), ("undetermined", "suspicious")


def _text(name: str, text: str, word: tuple[str, ...], brand: str | None, lang: str | None,
          url: str | None, *reasons: str) -> Case:  # fmt: skip
    return Case(f"{name}.txt", text.encode(), word, brand, lang, url, frozenset(reasons))


SHORT = (
    _text("sl-parcel", "Pošta Slovenije: paketa nismo mogli dostaviti. Uredite novo dostavo v 24 urah: https://posta-si.nova-dostava.example/i", BAD, "si.posta", "sl", "https://posta-si.nova-dostava.example/i", "BRAND_NOT_OFFICIAL", "DEADLINE"),
    _text("sl-parcel-plain", "Posta Slovenije: posiljka caka, poravnajte 1,67 EUR na hxxps://posta-si[.]caka-vas[.]example/p", BAD, "si.posta", "sl", "https://posta-si.caka-vas.example/p", "FEE"),
    _text("sl-bank", "NLB: zaznali smo prijavo z nove naprave. Takoj potrdite identiteto: https://nlb-varnost.example/prijava", BAD, "si.nlb", "sl", "https://nlb-varnost.example/prijava", "BRAND_NOT_OFFICIAL"),
    _text("sl-tax", "FURS: pripada vam vračilo 88,20 EUR, vlogo oddajte danes na https://furs-obrazec.example/v", BAD, "si.furs", "sl", "https://furs-obrazec.example/v", "REFUND"),
    _text("sl-toll", "DARS: e-vinjeta je potekla, kazen plačajte takoj na https://evinjeta-opomin.example", BAD, "si.dars", "sl", "https://evinjeta-opomin.example/"),
    _text("sl-short", "NLB: potrdite podatke v 24 urah bit.ly/zvontest55", MAYBE, "si.nlb", "sl", "https://bit.ly/zvontest55", "SHORTENER", "BRAND_CLAIM"),
    _text("sl-family", "Mama, telefon se mi je razbil, to je moja nova številka. Nakaži mi prosim 300 EUR na SI56020170014356205", BAD, None, "sl", None, "FAMILY_NEW_NUMBER", "PAY_TO_ACCOUNT"),
    _text("sl-code", "Vaša koda za prijavo je 553201. Kode ne povejte nikomur.", OPEN, None, None, None),
    _text("sl-dentist", "Opomnik: jutri ob 9. uri imate pregled pri zobozdravniku. Lep pozdrav.", OPEN, None, "sl", None),
    _text("sl-official", "Pošta Slovenije: paketu sledite na https://sledenje.posta.si/", OPEN, "si.posta", None, "https://sledenje.posta.si/"),
    _text("hr-parcel", "Hrvatska pošta: paket čeka u skladištu, dopunite adresu u roku 24 sata: https://hrvatskaposta-adresa.example/a", BAD, "hr.posta", "hr", "https://hrvatskaposta-adresa.example/a", "BRAND_NOT_OFFICIAL"),
    _text("hr-bank", "ZABA: uočena je prijava s novog uređaja, odmah otkažite: https://zaba-zastita.example/hr", BAD, "hr.zaba", "hr", "https://zaba-zastita.example/hr", "DEADLINE"),
    _text("hr-tax", "Porezna uprava: imate pravo na povrat 61,40 EUR, predajte zahtjev danas https://eporezna-zahtjev.example", BAD, "hr.porezna", "hr", "https://eporezna-zahtjev.example/", "REFUND"),
    _text("hr-market", "Njuškalo: kupac je platio, preuzmite novac na https://njuskalo-novac.example/88", BAD, "hr.njuskalo", "hr", "https://njuskalo-novac.example/88"),
    _text("hr-vote", "Bok, molim te glasaj za moju kćer na natjecanju, samo minuta: https://glas-za-nas.example/3", MAYBE, None, "hr", "https://glas-za-nas.example/3", "VOTE_LURE"),
    _text("hr-family", "Mama, mobitel mi je pao u more, ovo je novi broj, javi se. Hitno mi uplati na HR1210010051863000160", BAD, None, "hr", None, "FAMILY_NEW_NUMBER"),
    _text("hr-school", "Roditeljski sastanak je u četvrtak u 18 sati. Lijep pozdrav, razrednica", OPEN, None, "hr", None),
    _text("hr-order", "Vaša narudžba je poslana. Hvala na kupnji, Obrt Lavanda https://obrt-lavanda.example/n", OPEN, None, None, "https://obrt-lavanda.example/n"),
    _text("en-parcel", "DPD: your parcel is on hold, pay 1.10 EUR for redelivery within 24 hours: https://dpd-parcel-fee.example/p", BAD, "x.dpd", "en", "https://dpd-parcel-fee.example/p", "FEE"),
    _text("en-paypal", "PayPal: your account is limited, verify your identity within 24 hours https://paypal-limited.example/a", BAD, "x.paypal", "en", "https://paypal-limited.example/a", "CREDENTIALS"),
    _text("en-mum", "Hi mum, my phone broke, this is my new number, text me please", OPEN + BAD, None, "en", None, "FAMILY_NEW_NUMBER"),
    _text("en-lunch", "Shall we have lunch on Friday? The usual place at noon.", OPEN, None, "en", None),
    _text("en-number-host", "Your invoice is ready, sign in to view: http://198.51.100.23/login", MAYBE + OPEN, None, "en", "http://198.51.100.23/login", "ADDRESS_HOST"),
    _text("sl-reply", "Pošta Slovenije: odgovorite z Y in znova odprite povezavo https://posta-si.odgovor.example/y", BAD, "si.posta", "sl", "https://posta-si.odgovor.example/y", "REPLY_Y"),
)  # fmt: skip


def mail(name: str, sender: str, subject: str, html: str, *, plain: str = "") -> bytes:
    """A mail with an HTML body, as a server hands it over."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "Oseba <oseba@dom.example>", subject
    made["Message-ID"], made["Date"] = (
        f"<{name}@posiljatelj.example>",
        "Mon, 02 Nov 2026 08:00:00 +0100",
    )
    made["Received"] = "from posiljatelj.example by mx.dom.example; Mon, 2 Nov 2026 08:00:01 +0100"
    made.set_content(plain or "Glejte HTML.")
    made.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    return made.as_bytes()


def forwarded(inner: bytes) -> bytes:
    """The same mail, attached to one from the reporter."""
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = (
        "oseba@dom.example",
        "prijava@cert.example",
        "Fwd",
    )
    outer["Message-ID"], outer["Date"] = "<f@dom.example>", "Mon, 02 Nov 2026 09:00:00 +0100"
    outer.set_content("Ali je to prevara?")
    from email import message_from_bytes

    outer.add_attachment(message_from_bytes(inner))
    return outer.as_bytes()


_LINK = '<p>{text}</p><p><a href="{href}">{shown}</a></p>'
_MAILS = (
    ("sl-mail-shown", "Pošta Slovenije <info@strezba.example>", "Vaša pošiljka je zadržana",
     _LINK.format(text="Poravnajte strošek 2,99 EUR v 48 urah.", href="https://placilo-paket.example/x", shown="https://www.posta.si/placilo"),
     BAD, "si.posta", "sl", "https://placilo-paket.example/x", ("HREF_MISMATCH", "SENDER_CLAIM")),
    ("hr-mail-shown", "Hrvatska pošta <obavijest@strezba.example>", "Vaša pošiljka čeka",
     _LINK.format(text="Podmirite trošak 1,99 EUR u roku 24 sata, inače se paket vraća.", href="https://trosak-paket.example/x", shown="https://www.posta.hr/moj"),
     BAD, "hr.posta", "hr", "https://trosak-paket.example/x", ("HREF_MISMATCH", "SENDER_CLAIM")),
    ("en-mail-claim", "Microsoft <security@mail-alerts.example>", "Unusual sign-in",
     _LINK.format(text="Microsoft: confirm your account within 24 hours or access will be suspended.", href="https://office365-check.example/l", shown="Review activity"),
     BAD, "x.microsoft", "en", "https://office365-check.example/l", ("SENDER_CLAIM",)),
    ("sl-mail-ordinary", "Knjižnica <obvestila@knjiznica.example>", "Rok izposoje",
     _LINK.format(text="Izposojenim knjigam kmalu poteče rok. Podaljšate ga lahko na naši strani. Lep pozdrav.", href="https://knjiznica.example/moje", shown="Moja izposoja"),
     OPEN, None, "sl", "https://knjiznica.example/moje", ()),
    ("hr-mail-ordinary", "Planinari <drustvo@planinari.example>", "Izlet u subotu",
     _LINK.format(text="Okupljanje je u 7 sati na parkiralištu. Ponesite vodu i toplu odjeću, vraćamo se navečer.", href="https://planinari.example/izlet", shown="Plan puta"),
     OPEN, None, "hr", "https://planinari.example/izlet", ()),
)  # fmt: skip


def mails() -> list[Case]:
    """Five mails, each also as it comes when somebody forwards it."""
    found = []
    for name, sender, subject, html, word, brand, lang, url, reasons in _MAILS:
        body = mail(name, sender, subject, html)
        found.append(Case(f"{name}.eml", body, word, brand, lang, url, frozenset(reasons)))
        found.append(Case(f"{name}-fwd.eml", forwarded(body), word, brand, lang, url,
                          frozenset(reasons)))  # fmt: skip
    return found


def pictures() -> list[Case]:
    """Three screenshots and three printed codes; what they need is an optional part."""
    shots = [
        ("shot-sl", "NLB: vas dostop potece danes.\nPotrdite podatke:\nhttps://nlb-dostop.example/p",
         "si.nlb", "https://nlb-dostop.example/p"),
        ("shot-hr", "ZABA: pristup istjece danas.\nPotvrdite podatke:\nhttps://zaba-pristup.example/p",
         "hr.zaba", "https://zaba-pristup.example/p"),
        ("shot-en", "PayPal: your account is limited.\nVerify your account:\nhttps://paypal-help.example/p",
         "x.paypal", "https://paypal-help.example/p"),
    ]  # fmt: skip
    found = [Case(f"{name}.png", screenshot(text), MAYBE, brand, None, url)
             for name, text, brand, url in shots]  # fmt: skip
    codes = [("qr-sl", "https://posta-si.koda-paket.example/q", "si.posta"),
             ("qr-hr", "https://njuskalo-kod.example/q", "hr.njuskalo"),
             ("qr-en", "https://paypal-login.example/q", "x.paypal")]  # fmt: skip
    found += [
        Case(f"{name}.png", printed(url), MAYBE, brand, None, url) for name, url, brand in codes
    ]
    return found


def screenshot(text: str) -> bytes:
    """A picture of a message on a telephone."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1000, 360), "white")
    font = ImageFont.load_default(size=36)
    ImageDraw.Draw(image).multiline_text((30, 40), text, fill="black", font=font, spacing=24)
    return _png(image)


def printed(text: str) -> bytes:
    """A QR code on paper."""
    import zxingcpp
    from PIL import Image

    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    code = Image.fromarray(made.to_image(scale=8))
    image = Image.new("L", (code.width + 80, code.height + 80), 255)
    image.paste(code, (40, 40))
    return _png(image)


def _png(image: object) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")  # type: ignore[attr-defined]
    return out.getvalue()
