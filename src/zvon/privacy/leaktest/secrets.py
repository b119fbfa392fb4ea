"""Values of victims, each of a kind of its own and unlike any other, made from one seed."""

import base64
import string
import tomllib
from functools import cache
from importlib.resources import files
from random import Random
from urllib.parse import quote

import msgspec
from msgspec import Struct
from stdnum import luhn
from stdnum.hr import oib
from stdnum.iban import calc_check_digits as iban_digits
from stdnum.iso7064 import mod_11_10
from stdnum.si import ddv

from zvon.privacy.tables import names

_BASE32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Secret(Struct, frozen=True):
    """A victim's value: its kind, and how it is written."""

    kind: str
    text: str


class Land(Struct, frozen=True, forbid_unknown_fields=True):
    """How values are written where a language is spoken: `#` is a digit, `@` a letter.

    `account` is how many digits follow the check digits of an IBAN of `country`; `own_check` says
    that two of them check the account.
    """

    country: str
    account: int
    own_check: bool
    plate: str
    phones: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    organisations: tuple[str, ...]


@cache
def lands() -> dict[str, Land]:
    """The lands of `lands.toml` by language."""
    table = tomllib.loads((files(__package__) / "lands.toml").read_text("utf-8"))
    return msgspec.convert(table, dict[str, Land])


@cache
def _people() -> tuple[list[str], list[str]]:
    """Names that are long enough to be told from words, and are no words themselves."""
    table = names()
    fit = [
        sorted(n for n in part if n.isalpha() and len(n) >= 5 and n not in table.common)
        for part in (table.first, table.last)
    ]
    return fit[0], fit[1]


def secrets(dice: Random, lang: str) -> dict[str, Secret]:
    """One secret of every kind; two calls with one source of chance never give the same."""
    land = lands()[lang]
    first, last = (dice.choice(part).title() for part in _people())
    word = _word(dice, 7)
    domain = f"{_word(dice, 6).lower()}-{_word(dice, 5).lower()}.example"
    user = f"{first[0].lower()}{last.lower()}{dice.randrange(100, 999)}"
    mail = f"{first.lower()}.{last.lower()}{dice.randrange(10, 99)}@{domain}"
    texts = {
        "NAME": f"{first} {last}",
        "ORG": dice.choice(land.organisations).format(word),
        "EMAIL": mail,
        "PHONE": _filled(dice, dice.choice(land.phones)),
        "ADDR": f"{dice.choice(land.streets)} {dice.randrange(2, 99)}, {dice.choice(land.towns)}",
        "EMSO": _emso(dice),
        "OIB": (digits := _digits(dice, 10)) + mod_11_10.calc_check_digit(digits),
        "TAX": _tax(dice),
        "IBAN": _iban(dice, land),
        "CARD": _card(dice),
        "IP_PRIVATE": f"10.{dice.randrange(1, 250)}.{dice.randrange(250)}.{dice.randrange(2, 250)}",
        "HOST": f"srv-{_word(dice, 5).lower()}{dice.randrange(1, 99)}.{domain}",
        "HOST_BARE": f"PC-{_word(dice, 5).upper()}{dice.randrange(10, 99)}",
        "USER": user,
        "ACCOUNT": f"{_word(dice, 5).upper()}\\{user}",
        "PASSWORD": f"{_word(dice, 6)}{dice.choice('!#?*')}{dice.randrange(1000, 9999)}",
        "API_KEY": "AKIA" + _pick(dice, string.ascii_uppercase + string.digits, 16),
        "TOKEN": "ghp_" + _pick(dice, string.ascii_letters + string.digits, 36),
        "PRIVATE_KEY": _pem(dice),
        "PLATE": _filled(dice, land.plate),
        "PARCEL": f"RR{_digits(dice, 9)}{land.country}",
        "PASSPORT": f"P{_pick(dice, _BASE32[:8], 1)}{_digits(dice, 7)}",
        "PATIENT": f"{dice.randrange(10, 99)}-{_digits(dice, 6)}",
        "ANYDESK": " ".join(_digits(dice, 3) for _ in range(3)),
        "MAC": ":".join(f"{dice.randrange(256):02x}" for _ in range(6)),
        "COORDINATES": f"46.{_digits(dice, 5)}, 15.{_digits(dice, 5)}",
        "BIRTH": f"{dice.randrange(10, 28)}. {dice.randrange(1, 12)}. {dice.randrange(1950, 2004)}",
        "DOMAIN": domain,
        "PATH_USER": f"C:\\Users\\{user}\\Documents",
        "MAIL_BASE64": base64.b64encode(mail.encode()).decode().rstrip("="),
        "MAIL_PERCENT": quote(mail, safe=""),
        "MAIL_HEX": mail.encode().hex(),
    }
    return {kind: Secret(kind, text) for kind, text in texts.items()}


def _pick(dice: Random, signs: str, n: int) -> str:
    return "".join(dice.choice(signs) for _ in range(n))


def _digits(dice: Random, n: int) -> str:
    return dice.choice("123456789") + _pick(dice, string.digits, n - 1)


def _word(dice: Random, n: int) -> str:
    """Something that can be spoken and stands in no list."""
    return "".join(
        dice.choice("bdgklmnprstvz" if i % 2 == 0 else "aeiou") for i in range(n)
    ).title()


def _filled(dice: Random, form: str) -> str:
    """A form with a digit for each `#` and a letter for each `@`."""
    signs = {"#": string.digits, "@": "BCDEFGHJKLMNPRTVZ"}
    return "".join(dice.choice(signs.get(sign, sign)) for sign in form)


def _emso(dice: Random) -> str:
    body = (
        f"{dice.randrange(1, 29):02d}{dice.randrange(1, 13):02d}9{dice.randrange(50, 99):02d}50"
        f"{dice.randrange(1000):03d}"
    )
    weights = (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11
    return _emso(dice) if rest == 1 else body + str((11 - rest) % 11)


def _tax(dice: Random) -> str:
    while True:
        number = _digits(dice, 8)
        if ddv.is_valid(number):
            return number


def _iban(dice: Random, land: Land) -> str:
    body = _digits(dice, land.account)
    if land.own_check:  # the last two digits are a check of the account itself
        body = body[:-2] + f"{98 - int(body[:-2] + '00') % 97:02d}"
    return f"{land.country}{iban_digits(land.country + '00' + body)}{body}"


def _card(dice: Random) -> str:
    body = "45" + _pick(dice, string.digits, 13)
    number = body + luhn.calc_check_digit(body)
    return " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _pem(dice: Random) -> str:
    body = base64.b64encode(dice.randbytes(96)).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----"


def check_digits_hold(made: dict[str, Secret]) -> bool:
    """True when the numbers that carry a check digit are right; a wrong one would hide a leak."""
    return oib.is_valid(made["OIB"].text) and luhn.is_valid(made["CARD"].text.replace(" ", ""))
