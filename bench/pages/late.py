"""Families written after weights, words and policy stood: nothing was changed because of them."""

import random
from collections.abc import Callable

from bench.pages.kits import BAITS, CARD, LOGIN, WORDS, Bait
from bench.pages.site import Site, page

_OWNER = ("<footer>{firm} d.o.o., Ulica 5, Maribor · davčna številka SI12345679 · tel. 02 300 00 00"
          " · <a href=/pogoji>Pogoji poslovanja</a></footer>")  # fmt: skip


def late(seed: int = 9, each: int = 4) -> list[Site]:
    """`each` sites of every family; the same seed gives the same."""
    rng = random.Random(seed)
    found = []
    for kit in KITS:
        for n, bait in enumerate(rng.sample(BAITS, each)):
            found.append(kit(bait, f"{rng.choice(WORDS)}{rng.randint(100, 999)}k{n}", rng))
    for honest in CLEAN:
        found += [honest(f"{rng.choice(WORDS)}{rng.randint(100, 999)}c{n}", rng)
                  for n in range(each)]  # fmt: skip
    return found


def _doc(lang: str, title: str, body: str) -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>{title}</title></head><body>{body}</body></html>'


def shared_file(bait: Bait, word: str, rng: random.Random) -> Site:
    """A file that somebody is said to share, behind a mail login."""
    body = (f"<div class=blur></div><div><h2>{bait.name}</h2><p>Dokument.pdf</p>"
            f"<form method=post action=/v>{LOGIN}<button>{bait.go}</button></form></div>")  # fmt: skip
    return Site(family="shared file", kit=True, host=f"dok-{word}.pages.dev", path="/d/4",
                pages={"/d/4": page(_doc(bait.lang, f"{bait.name}: dokument", body))}, age=None,
                lang=bait.lang)  # fmt: skip


def identity(bait: Bait, word: str, rng: random.Random) -> Site:
    """A form for the number of the citizen and a copy of the card, in the brand's colours."""
    body = (f"<h1>{bait.name}</h1><p>{bait.greet}</p><form method=post action=/o>"
            '<input name="oib" placeholder="OIB"><input name="emso" placeholder="EMŠO">'
            f'<input name="dob" autocomplete="bday"><input type=file name=osebna><button>{bait.go}</button></form>')  # fmt: skip
    return Site(family="identity", kit=True, host=f"{bait.token}-{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, f"{bait.name}", body))}, age=rng.randint(0, 14),
                lang=bait.lang)  # fmt: skip


def live_chat(bait: Bait, word: str, rng: random.Random) -> Site:
    """A page that asks for the code in a chat box, under the official name as a sub-domain."""
    body = (f"<header>{bait.name}</header><div id=chat><p>{bait.greet}</p><form action=/c method=post>"
            f'<input name="tan" autocomplete="one-time-code"><button>{bait.go}</button></form></div>')  # fmt: skip
    return Site(family="chat", kit=True, host=f"www.posta.si.{word}.example", path="/",
                pages={"/": page(_doc(bait.lang, bait.greet, body))}, age=rng.randint(0, 20),
                lang=bait.lang)  # fmt: skip


def refund(bait: Bait, word: str, rng: random.Random) -> Site:
    """A refund in three fields under a name without a meaning, a month old."""
    body = f"<main><img alt='{bait.name}' src=/l.svg><h1>{bait.greet}</h1><form method=post action=r>{CARD}<button>{bait.go}</button></form></main>"
    return Site(family="refund", kit=True, host=f"{word}.example", path="/r/1",
                pages={"/r/1": page(_doc(bait.lang, f"{bait.greet} – {bait.name}", body))},
                age=rng.randint(20, 45), lang=bait.lang)  # fmt: skip


def donation(word: str, rng: random.Random) -> Site:
    """A charity that takes cards."""
    body = (
        f"<h1>Darujte</h1><form method=post action=/d>{CARD}<button>Daruj</button></form>"
        + _OWNER.format(firm="Dobrodelno društvo")
    )
    return Site(family="donation", kit=False, host=f"darujem-{word}.example", path="/",
                pages={"/": page(_doc("sl", "Darujte za igrišče", body))}, age=rng.randint(20, 900),
                lang="sl")  # fmt: skip


def hotel(word: str, rng: random.Random) -> Site:
    """A small hotel's booking page."""
    body = f"<h1>Hotel {word}</h1><form method=post action=/b><input name=ime>{CARD}<button>Rezervacija</button></form><p>Plaćanje: PayPal ili kartica.</p>"
    return Site(family="hotel", kit=False, host=f"hotel-{word}.example", path="/rezervacija",
                pages={"/rezervacija": page(_doc("hr", f"Hotel {word}", body))},
                age=rng.randint(100, 4000), lang="hr")  # fmt: skip


def municipality(word: str, rng: random.Random) -> Site:
    """A municipality's portal that also takes the state's login."""
    body = f"<h1>Občina {word}</h1><form method=post action=/p>{LOGIN}<button>Prijava</button></form><a href='https://sipass.si/'>Prijava s SI-PASS</a>"
    return Site(family="municipality", kit=False, host=f"obcina-{word}.example", path="/prijava",
                pages={"/prijava": page(_doc("sl", f"Občina {word}: e-storitve", body))},
                age=rng.randint(1000, 6000), lang="sl")  # fmt: skip


def insurance(word: str, rng: random.Random) -> Site:
    """An insurer's offer that needs the number of the citizen."""
    body = (
        f"<h1>Osiguranje {word}</h1><form method=post action=/p><input name=oib placeholder=OIB><input name=dob autocomplete=bday><button>Ponuda</button></form>"
        + _OWNER.format(firm="Osiguranje")
    )
    return Site(family="insurance", kit=False, host=f"osiguranje-{word}.example", path="/ponuda",
                pages={"/ponuda": page(_doc("hr", f"Osiguranje {word}: ponuda", body))},
                age=rng.randint(300, 5000), lang="hr")  # fmt: skip


def reseller(word: str, rng: random.Random) -> Site:
    """A repair shop that names the maker of what it repairs in its title."""
    body = (
        f"<h1>Pomoč za Microsoft 365</h1><p>Nismo Microsoft.</p><form method=post action=/p>{LOGIN}<button>Stranke</button></form>"
        + _OWNER.format(firm=f"Servis {word}")
    )
    return Site(family="reseller", kit=False, host=f"servis-{word}.example", path="/stranke",
                pages={"/stranke": page(_doc("sl", f"Servis {word}: pomoč za Microsoft 365", body))},
                age=rng.randint(400, 4000), lang="sl")  # fmt: skip


KITS: tuple[Callable[[Bait, str, random.Random], Site], ...] = (
    shared_file, identity, live_chat, refund,
)  # fmt: skip
CLEAN: tuple[Callable[[str, random.Random], Site], ...] = (
    donation, hotel, municipality, insurance, reseller,
)  # fmt: skip
