"""Families of honest pages that a careless judge would call fake: logins, shops, mentions."""

import random
from collections.abc import Callable

from bench.pages.kits import CARD, CODE, LOGIN, WORDS
from bench.pages.site import Site, page

_TAIL = ("<footer>{firm} d.o.o., Glavna ulica 1, 1000 Ljubljana · davčna št. SI12345679 · "
         "tel. 01 200 00 00 · <a href=/pogoji>Splošni pogoji</a></footer>")  # fmt: skip
LANGS = ("sl", "hr", "en", "sl")
_LOGIN_WORD = {"sl": "Prijava", "hr": "Prijava", "en": "Sign in"}


def clean(seed: int = 6, each: int = 4) -> list[Site]:
    """`each` sites of every family; the same seed gives the same."""
    rng = random.Random(seed)
    return [
        family(LANGS[n % 4], f"{rng.choice(WORDS)}{rng.randint(100, 999)}{n}", rng)
        for family in FAMILIES
        for n in range(each)
    ]


def _site(family: str, host: str, path: str, title: str, body: str, age: int | None, lang: str,
          ) -> Site:  # fmt: skip
    text = (f'<!doctype html><html lang="{lang}"><head><title>{title}</title></head>'
            f"<body>{body}</body></html>")  # fmt: skip
    return Site(family=family, kit=False, host=host, path=path, pages={path: page(text)}, age=age,
                lang=lang)  # fmt: skip


def _form(fields: str, to: str = "/seja") -> str:
    return f"<form method=post action='{to}'>{fields}<button>OK</button></form>"


def own_bank(lang: str, word: str, rng: random.Random) -> Site:
    """A bank that we do not protect, on its own domain."""
    body = f"<h1>Hranilnica {word}</h1>{_form(LOGIN)}{_form(CODE)}" + _TAIL.format(
        firm="Hranilnica"
    )
    return _site("small bank", f"hranilnica-{word}.example", "/e-banka", f"Hranilnica {word}",
                 body, rng.randint(2000, 7000), lang)  # fmt: skip


def webmail(lang: str, word: str, rng: random.Random) -> Site:
    """Webmail of a firm."""
    return _site("webmail", f"mail.podjetje-{word}.example", "/", "Webmail :: " + _LOGIN_WORD[lang],
                 f"<h1>Webmail</h1>{_form(LOGIN)}", rng.randint(900, 4000), lang)  # fmt: skip


def school(lang: str, word: str, rng: random.Random) -> Site:
    """A school's portal for parents."""
    return _site("school", f"sola-{word}.example", "/starsi", f"OŠ {word} - {_LOGIN_WORD[lang]}",
                 f"<h1>Osnovna šola {word}</h1>{_form(LOGIN)}<p>Malica, urniki, ocene.</p>",
                 rng.randint(1500, 6000), lang)  # fmt: skip


def checkout(lang: str, word: str, rng: random.Random) -> Site:
    """A shop that takes cards and says who it is; it delivers with carriers that we protect."""
    body = (f"<h1>Blagajna</h1>{_form(CARD)}<p>Dostava: Pošta Slovenije, GLS ali DPD.</p>"
            + _TAIL.format(firm=f"Trgovina {word}"))  # fmt: skip
    return _site("checkout", f"trgovina-{word}.example", "/blagajna", f"Trgovina {word}", body,
                 rng.randint(300, 3000), lang)  # fmt: skip


def single_sign_on(lang: str, word: str, rng: random.Random) -> Site:
    """A login that offers accounts of others."""
    body = (f"<h1>{_LOGIN_WORD[lang]}</h1>{_form(LOGIN)}<a href=/o/ms>Sign in with Microsoft</a>"
            "<a href=/o/pp>PayPal</a>")  # fmt: skip
    return _site("single sign-on", f"prijava.univerza-{word}.example", "/sso", f"Univerza {word}",
                 body, rng.randint(1000, 5000), lang)  # fmt: skip


def courier(lang: str, word: str, rng: random.Random) -> Site:
    """Tracking of a small courier."""
    return _site("courier", f"kurir-{word}.example", "/sledenje", f"Kurir {word}",
                 f"<h1>Sledenje paketu</h1>{_form('<input name=stevilka>')}<p>Paket, dostava.</p>"
                 + _TAIL.format(firm=f"Kurir {word}"), rng.randint(60, 2000), lang)  # fmt: skip


def wordpress(lang: str, word: str, rng: random.Random) -> Site:
    """The login of a blog's software."""
    return _site("wordpress", f"blog-{word}.example", "/wp-login.php",
                 f"{_LOGIN_WORD[lang]} ‹ Blog {word} — WordPress",
                 _form("<input name=log><input name=pwd type=password>"), rng.randint(30, 3000),
                 lang)  # fmt: skip


def router(lang: str, word: str, rng: random.Random) -> Site:
    """A device of a home network under a dynamic name."""
    return _site("router", f"dom-{word}.example", "/", "Router login",
                 f"<h1>Wireless router</h1>{_form('<input type=password name=p>')}", None, "en")  # fmt: skip


def forum(lang: str, word: str, rng: random.Random) -> Site:
    """A forum in which people talk about banks."""
    body = (f"<h1>Forum {word}</h1>{_form(LOGIN)}<p>Tema: NLB ali OTP banka, kaj je boljše?</p>"
            "<p>Jaz imam NLB že deset let.</p>")  # fmt: skip
    return _site("forum", f"forum-{word}.example", "/index.php", f"Forum {word}", body,
                 rng.randint(700, 4000), lang)  # fmt: skip


def parked(lang: str, word: str, rng: random.Random) -> Site:
    """A name for sale."""
    return _site("parked", f"prodaja-{word}.example", "/", "This domain is for sale",
                 "<h1>This domain is for sale</h1><p>Buy this domain. Related searches.</p>",
                 rng.randint(5, 400), "en")  # fmt: skip


def vault(lang: str, word: str, rng: random.Random) -> Site:
    """The demonstration of a password manager."""
    body = f"<h1>Vault {word}</h1><p>Try filling this form.</p>{_form(LOGIN)}{_form(CARD)}"
    return _site("form demo", f"vault-{word}.example", "/demo", f"Vault {word} demo", body,
                 rng.randint(200, 1500), "en")  # fmt: skip


def news(lang: str, word: str, rng: random.Random) -> Site:
    """An article that warns of fake mail of the Post, with a login for readers."""
    body = (f"<nav>{_form(LOGIN)}</nav><article><h1>Lažna sporočila v imenu Pošte Slovenije</h1>"
            "<p>Pošta Slovenije opozarja na goljufije.</p></article>")  # fmt: skip
    return _site("news", f"novice-{word}.example", f"/clanek/{rng.randint(100, 999)}",
                 f"Novice {word}: goljufi v imenu Pošte Slovenije", body, rng.randint(1000, 6000),
                 lang)  # fmt: skip


def adviser(lang: str, word: str, rng: random.Random) -> Site:
    """A page that compares banks, with accounts for its readers."""
    body = (f"<h1>Primerjava kreditov</h1><p>NLB, OTP banka, Addiko.</p>{_form(LOGIN)}"
            + _TAIL.format(firm=f"Svetovalec {word}"))  # fmt: skip
    return _site("adviser", f"krediti-{word}.example", "/primerjava", "Primerjava kreditov bank",
                 body, rng.randint(200, 2500), lang)  # fmt: skip


def startup(lang: str, word: str, rng: random.Random) -> Site:
    """A young firm with a login and no history."""
    return _site("young firm", f"{word}.example", "/app", f"{word.title()} – beta",
                 f"<h1>{word.title()}</h1>{_form(LOGIN)}<p>We just launched.</p>",
                 rng.randint(1, 15), "en")  # fmt: skip


def hobby(lang: str, word: str, rng: random.Random) -> Site:
    """Somebody's project on a free platform."""
    return _site("hobby project", f"{word}-todo.pages.dev", "/", "My todo list",
                 f"<h1>Todo</h1>{_form(LOGIN)}", None, "en")  # fmt: skip


def young_shop(lang: str, word: str, rng: random.Random) -> Site:
    """A new and honest shop that takes cards."""
    body = f"<h1>Mila ročna dela</h1>{_form(CARD)}" + _TAIL.format(firm=f"Mila {word}")
    return _site("young shop", f"rocna-dela-{word}.example", "/kosarica", "Mila ročna dela", body,
                 rng.randint(3, 25), lang)  # fmt: skip


def union(lang: str, word: str, rng: random.Random) -> Site:
    """An association that carries a bank's name lawfully, for years."""
    body = f"<h1>Sindikat delavcev NLB</h1><p>Za člane.</p>{_form(LOGIN)}"
    return _site("union", f"sindikat-nlb-{word}.example", "/clani", "Sindikat delavcev NLB", body,
                 rng.randint(1500, 5000), "sl")  # fmt: skip


FAMILIES: tuple[Callable[[str, str, random.Random], Site], ...] = (
    own_bank, webmail, school, checkout, single_sign_on, courier, wordpress, router, forum, parked,
    vault, news, adviser, startup, hobby, young_shop, union,
)  # fmt: skip
