"""The facts of a page, from pages written for it in three languages, and from bytes meant to hurt."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.page import read, reading
from zvon.formats.page.facts import content_hash
from zvon.model.page import MAX_PAGE_TEXT, Asked, PageFacts

URL = "https://prijava.kavarna.example/a/b?x=1"
A = Asked


def of(body: str, url: str = URL) -> PageFacts:
    return read(f"<!doctype html><html><body>{body}</body></html>".encode(), url)


def asks(body: str) -> list[tuple[Asked, ...]]:
    return [form.asks for form in of(body).forms]


def test_title_text_language_and_parts() -> None:
    page = """<html lang="en"><head><title> Hrvatska
     pošta </title><meta name="Generator" content="WordPress 6.9"><base href="/k/">
     <link rel="stylesheet" href="a.css"><link rel="shortcut icon" href="f.png"><script src="//cdn.example/x.js"></script>
     </head><body><img src="l.png" alt="Logotip HP"><p>Vaša pošiljka čeka u sortirnici, dopunite adresu.</p>
     <input placeholder="Broj mobitela"><a href="https://www.primjer.example/a">x</a>
     <iframe src="/okvir"></iframe></body></html>"""
    seen = reading(page.encode(), URL)
    facts = seen.facts
    assert facts.title == "Hrvatska pošta"
    assert facts.lang == "hr"
    assert facts.text.startswith("Vaša pošiljka čeka")
    assert facts.text.endswith("Logotip HP\nBroj mobitela")
    assert facts.generator == "WordPress 6.9"
    assert seen.icon == "https://prijava.kavarna.example/k/f.png"
    assert [(each.kind, each.url) for each in seen.resources] == [
        ("script", "https://cdn.example/x.js"),
        ("style", "https://prijava.kavarna.example/k/a.css"),
        ("picture", "https://prijava.kavarna.example/k/l.png"),
    ]
    assert facts.links_out == {"www.primjer.example": 1}
    assert facts.frames == ("https://prijava.kavarna.example/okvir",)


def test_the_icon_is_looked_for_where_browsers_do() -> None:
    assert reading(b"<p>x", URL).icon == "https://prijava.kavarna.example/favicon.ico"
    assert reading(b"<link rel=icon href='data:image/png;base64,AA'>", URL).icon == ""


def test_the_claimed_language_counts_where_the_text_says_nothing() -> None:
    assert read(b"<html lang='de-AT'><p>12</p>", URL).lang == "de"
    assert read(b"<html lang='??'><p>12</p>", URL).lang is None


def test_forms_ask_and_send() -> None:
    facts = of("""<form action="https://zbiralec.example/x.php"><label for="u">Uporabniško ime</label>
      <input id="u"><label>Geslo <input name="g" type="password"></label><button>Prijava</button></form>
      <form action="/iskanje"><input name="q"></form>
      <form action="https://kavarna.example/narocilo"><input autocomplete="cc-number"></form>
      <form action="mailto:jaz@zbiralec.example?subject=x"><input name="koda" placeholder="SMS koda"></form>
      <form><input type="hidden" name="a"><button formaction="//tam.example/p">Prijava</button><input name="iban"></form>""")
    assert [(form.asks, form.target) for form in facts.forms] == [
        ((A.LOGIN, A.PASSWORD), "zbiralec.example"),
        ((A.SEARCH,), None),
        ((A.CARD,), None),
        ((A.CODE,), "zbiralec.example"),
        ((A.BANK,), "tam.example"),
    ]
    assert facts.forms[0].target_url == "https://zbiralec.example/x.php"
    assert facts.forms[3].target_url == "mailto:"


def test_customers_of_one_platform_are_strangers_to_each_other() -> None:
    body = '<form action="https://drugi.pages.dev/x"><input type=password></form>'
    assert of(body, "https://prvi.pages.dev/").forms[0].target == "drugi.pages.dev"
    assert of(body, "https://drugi.pages.dev/a").forms[0].target is None


def test_fields_outside_of_a_form_are_a_form() -> None:
    assert asks("<div>Številka kartice</div><input name=a><form><input name=q></form>") == [
        (A.SEARCH,), (A.CARD,)]  # fmt: skip


def test_a_row_of_boxes_is_a_code() -> None:
    assert asks("<form>" + '<input maxlength="1" type="tel">' * 6 + "</form>") == [
        (A.CODE, A.PHONE)
    ]


def test_a_mail_address_alone_is_a_way_in_only_with_a_button_that_says_so() -> None:
    mail = '<input type="email" name="e">'
    assert asks(f"<form>{mail}<button>Prijava</button></form>") == [(A.LOGIN,)]
    assert asks(f"<form>{mail}<input type=submit value='Sign in'></form>") == [(A.LOGIN,)]
    assert asks(f"<form>{mail}<button>Pošlji</button></form>") == [(A.OTHER,)]
    assert asks(f"<form>E-novice {mail}<button>Prijavi se</button></form>") == [(A.OTHER,)]


def test_inputs_that_a_script_makes_are_a_hint_and_no_form() -> None:
    facts = of(
        """<div id=r></div><script>r.innerHTML = '<input type="password" name=p>';</script>"""
    )
    assert facts.forms == ()
    assert {"script-password"} <= set(facts.hints)


def test_tokens_of_messengers_are_hashed_and_never_kept() -> None:
    token = "123456789:AAH-abcdefghijklmnopqrstuvwxyz012345"
    script = f'<script>fetch("https://api.telegram.org/bot{token}/sendMessage")</script>'
    form = f'<form action="https://api.telegram.org/bot{token}/sendMessage"><input></form>'
    one, two = of(script), of(form)
    assert len(one.secrets) == 1
    assert one.secrets == two.secrets
    assert one.sends == ("api.telegram.org",)
    assert token.split(":")[1] not in msgspec.json.encode(one).decode()
    assert of(script.replace("AAH-", "AAG-")).secrets != one.secrets


def test_scripts_give_their_habits_away() -> None:
    habits = of("""<script>eval(function(p,a,c,k,e,d){}); var _0x1a2b=1,_0x1a2c,_0x1a2d,_0x1a2e,_0x1a2f,_0x1a30;
      if (navigator.webdriver) {} if (/Android|iPhone/.test(navigator.userAgent)) {}; atob("aa");
      document.addEventListener('contextmenu', e => e.preventDefault()); navigator.clipboard.writeText("x")
      </script>""").hints
    assert set(habits) >= {
        "packed",
        "eval",
        "made-names",
        "bot-check",
        "atob",
        "no-inspect",
        "clipboard",
    }
    assert of("<script>var a = 1; function f() { return a }</script>").hints == ()


@pytest.mark.parametrize(
    ("script", "onward"),
    [
        ("window.location.href = 'https://cilj.example/p';", "https://cilj.example/p"),
        ('location="/drugam?a=1"', "https://prijava.kavarna.example/drugam?a=1"),
        ("top.location.replace('https://cilj.example/')", "https://cilj.example/"),
        ("if (window.location == 'https://cilj.example/') {}", None),
        ("location.href = '#vrh'; location = 'javascript:1'", None),
        ("mylocation = 'https://cilj.example/'", None),
        ("location = base + '/x'", None),
    ],
)
def test_a_plain_line_that_leads_on_is_read(script: str, onward: str | None) -> None:
    assert of(f"<script>{script}</script>").onward == onward


@pytest.mark.parametrize("text", [
    "Ta domena je naprodaj", "Ova domena je na prodaju.", "This domain is for sale!",
    "Diese Domain steht zum Verkauf", "Ce nom de domaine est à vendre", "Questo dominio è in vendita",
])  # fmt: skip
def test_parked_pages_are_known_by_their_words(text: str) -> None:
    assert of(f"<h1>kavarna.example</h1><p>{text}</p>").parked


def test_parked_pages_are_known_by_what_they_are_built_of() -> None:
    assert of(
        '<script src="https://www.parkingcrew.net/jsparkcaf.php"></script><div id=x></div>'
    ).parked
    assert not of(
        "<h1>Parkirišče Lipa</h1><p>Mesečna karta za parkiranje stane 30 evrov.</p>"
    ).parked
    long = "<p>Prodajamo hiše. This domain is for sale. " + "Opis hiše z vrtom in garažo. " * 200
    assert not of(long).parked
    assert not of("<p>domain for sale</p><form><input type=password></form>").parked


@pytest.mark.parametrize(("body", "hint"), [
    ("<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>", "default-page"),
    ("<title>Apache2 Debian Default Page: It works</title>", "default-page"),
    ("<p>Stran je v izdelavi", "default-page"),
    ("<title>Account Suspended</title>", "suspended-page"),
    ("<title>Index of /x</title><a href='a.zip'>a</a>", "listing"),
    ("<meta name=ROBOTS content='NOINDEX, nofollow'>", "noindex"),
    ("<!-- saved from url=(0023)https://www.banka.example/ -->", "copied:www.banka.example"),
    ("<!-- Mirrored from www.banka.example/p by HTTrack -->", "copied:www.banka.example"),
    ("<link rel=canonical href='https://www.banka.example/'>", "says:www.banka.example"),
    ("<p>Firma OIB: 12345678901", "owner-id-wrong"),
    ("<div style='display:none'>skrito</div>", "hidden-text"),
    ("<a href='data:text/html;charset=utf-8;base64,PGI+'>x</a>", "page-in-link"),
])  # fmt: skip
def test_what_else_a_page_is(body: str, hint: str) -> None:
    assert hint in of(body).hints
    assert hint not in of("<h1>Kavarna Lipa</h1><p>Odprto vsak dan od 7. do 22. ure.</p>").hints


def test_a_listing_names_its_archives() -> None:
    body = ("<title>Index of /p</title><a href='kit.zip'>k</a><a href='/a/b.tar.gz'>b</a>"
            "<a href='https://drugje.example/c.zip'>c</a><a href='d.html'>d</a>")  # fmt: skip
    assert of(body, "https://a.example/p/").kit_archives == ("/p/kit.zip", "/a/b.tar.gz")
    assert of("<a href='cenik.zip'>cenik</a>").kit_archives == ()


def test_a_shop_says_who_it_is() -> None:
    honest = of("""<p>Lipa trgovina d.o.o., Cesta 1, 1000 Ljubljana. ID za DDV: SI50223054, matična številka 1234567.
      Tel: 01 234 56 78, info@lipa.example</p><a href="/p">Splošni pogoji poslovanja</a>
      <a href="/z">Varstvo osebnih podatkov</a><button>Dodaj v košarico</button> Vračilo blaga""")
    assert set(honest.business) == {"firm", "tax_id", "registry", "phone", "mail", "terms", "privacy",
                                    "returns", "shop"}  # fmt: skip
    assert honest.owner_ids == ("ddv",)
    croatian = of("<p>Brod j.d.o.o., OIB 69435151530, uvjeti kupnje, povrat robe, u košaricu")
    assert croatian.owner_ids == ("oib",)
    assert set(croatian.business) >= {"firm", "tax_id", "terms", "returns", "shop"}
    bare = of("<h1>ZNIŽANJE -80 %</h1><button>Dodaj v košarico</button>")
    assert bare.business == ("shop",)
    assert "69435151530" not in str(croatian.business) + str(croatian.owner_ids)


CARD = """<div class="box {c} card-12"><header class="top"><img src=l.png></header><form action=x method=post>
<p class="note">{t}</p><input type=text name=a><input type=password name=b></form><ul>{li}</ul></div>"""


def test_bones_are_the_same_under_another_skin() -> None:
    one = of(CARD.format(c="red x1y2z3", t="Pošta Slovenije", li="<li>1" * 3))
    two = of(CARD.format(c="k9m8n7 red", t="Hrvatska pošta", li="<li>2" * 9).replace(
        "type=text name=a", "name=a type=text"))  # fmt: skip
    assert one.skeleton == two.skeleton
    assert len(one.skeleton) == 32
    assert one.nodes < two.nodes
    assert of(CARD.format(c="red", t="x", li="") + "<footer></footer>").skeleton != one.skeleton
    scripted = of(
        CARD.format(c="red x1y2z3", t="x", li="<li>1") + "<script>1</script><style>a{}</style>"
    )
    assert scripted.skeleton == one.skeleton


def test_inline_scripts_are_resources_by_content() -> None:
    script = "var a = 1; " * 40
    facts = of(f"<script>{script}</script><script>kratko</script>")
    assert facts.resources == (content_hash(script.strip().encode()),)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("Pošta čaka".encode("cp1250"), "windows-1250"),
        ("Pošta čaka".encode("iso-8859-2"), "iso-8859-2"),
        ("Pošta čaka".encode(), "utf-8"),
        ("Pošta čaka".encode("utf-16"), None),
        ("Pošta čaka".encode("cp1250"), None),
        ("Pošta čaka".encode(), "no-such-set"),
        (b"<meta charset=windows-1250>" + "Pošta čaka".encode("cp1250"), None),
        (b'<meta http-equiv=content-type content="text/html; charset=iso-8859-2">'
         + "Pošta čaka".encode("iso-8859-2"), None),
    ],
)  # fmt: skip
def test_letters_come_through_whatever_the_charset(body: bytes, charset: str | None) -> None:
    assert "Pošta čaka" in read(body, URL, charset=charset).text


def test_one_broken_letter_does_not_spoil_a_page() -> None:
    body = ("Pošta čaka na vas. " * 30).encode() + "č".encode()[:1]
    assert read(body, URL, charset="utf-8").text.startswith("Pošta čaka na vas.")


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (b"<div>" * 10_000 + b"<form><input type=password></form>", "html-too-deep"),
        (b"<p>" + b"a" * 2_100_000, "html-cut"),
        (b"<b><i>" * 100_000, "html-too-deep"),
        (b"<p>x</p>" * 30_000, "page-too-large"),
    ],
)
def test_pages_that_are_built_to_hurt_are_bounded(body: bytes, warning: str) -> None:
    facts = read(body, URL)
    assert warning in facts.warnings
    assert len(facts.text) <= MAX_PAGE_TEXT


def test_a_form_is_seen_even_on_a_page_that_is_too_deep() -> None:
    facts = read(b"<div>" * 10_000 + b"<form><input type=password></form>", URL)
    assert [form.asks for form in facts.forms] == [(A.PASSWORD,)]


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    facts = read(body, URL)
    assert facts.hops[-1:] == () or facts.hops[-1].url == URL
    assert len(facts.text) <= 2 * len(body) + 2


markup = st.lists(
    st.sampled_from(["<form action='", "<input name=", "type=password", ">", "</form>", "<script>", "</script>", "<!--",
                     "-->", "location='", "//x.example/", "'", '"', "<label for=a>", "<title>", "<base href=",
                     "<meta http-equiv=refresh content='0;url=", "č", "\x00", "&#0;", "<svg>", "<template>", "</body>"]),
    max_size=40,
).map("".join)  # fmt: skip


@given(markup)
def test_no_broken_markup_does_either_and_the_same_gives_the_same(body: str) -> None:
    assert read(body.encode(), URL) == read(body.encode(), URL)


@given(st.text(max_size=100))
def test_no_address_of_the_page_does(url: str) -> None:
    facts = read(b"<a href=x><form action=y><input></form>", url)
    assert len(facts.forms) == 1
