"""Mails made from passages, with the side of every value known: what the model is trained on.

The passages and the values that fill them are the files of `training/`. Values of both sides come
from the same ranges wherever they do in life (addresses, numbers, accounts), so that the words
around them are what is left to learn from.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from string import hexdigits
from zlib import crc32

from msgspec import Struct
from stdnum.iso7064 import mod_97_10

LANGUAGES = ("sl", "hr", "en")
_SLOT = re.compile(r"\{([+-])([a-z]+)\}")
_CHOICE = re.compile(r"\(\(((?:(?!\(\()[^)]|\)(?!\)))*)\)\)")
_FOLDER = files("zvon.ml.side") / "training"
# Accounts: country, and how many digits follow the two of the check.
_ACCOUNTS = {"ours": (("SI", 15), ("HR", 17), ("SI", 15), ("HR", 17), ("AT", 16), ("DE", 18)),
             "theirs": (("LT", 16), ("DE", 18), ("EE", 16), ("SI", 15), ("HR", 17), ("PT", 21))}  # fmt: skip
_PHONES = {"ours": ("041 33# ###", "+386 31 77# ###", "01 470 1###", "+385 91 222 1###",
                    "098 77# ###", "+386 1 478 1###", "+44 7911 12# ###"),
           "theirs": ("+44 7911 12# ###", "+386 31 77# ###", "+385 91 222 1###", "+1 202 555 01##",
                      "+371 2#### ###", "041 33# ###", "+49 1512 345 6###", "0044 20 7946 0###")}  # fmt: skip


class Slot(Struct, frozen=True):
    """One value of a made mail; offsets are half-open code points."""

    start: int
    end: int
    attacker: bool


class Made(Struct, frozen=True):
    """One made mail."""

    text: str
    lang: str
    slots: tuple[Slot, ...]


@cache
def passages(language: str) -> dict[str, tuple[str, ...]]:
    """The passages of a language by the place of a mail they belong to."""
    out: dict[str, list[str]] = {}
    section = ""
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[[a-z]+\]", line):
            section = line[1:-1]
        elif line and not line.startswith("# "):
            out.setdefault(section, []).append(line.replace("\\n", "\n"))
    return {name: tuple(lines) for name, lines in out.items()}


@cache
def _values() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((_FOLDER / "values.toml").read_text(encoding="utf-8"))


def held_out(passage: str) -> bool:
    """True for the passages, one in five, that a measurement keeps from training."""
    return crc32(passage.encode()) % 5 == 0


def made(
    count: int, seed: int, *, wanted: Callable[[str], bool] = lambda _passage: True
) -> Iterator[Made]:
    """`count` mails of wanted passages, the same for the same seed.

    Every passage is used about equally often.
    """
    rng = random.Random(seed)
    bags: dict[tuple[str, str], list[str]] = {}

    def draw(language: str, section: str) -> str:
        bag = bags.setdefault((language, section), [])
        if not bag:
            bag += filter(wanted, passages(language)[section])
            rng.shuffle(bag)
        return bag.pop()

    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        lines = [draw(language, "subject") if rng.random() < 0.6 else "",
                 draw(language, "greeting") if rng.random() < 0.4 else "",
                 draw(language, "report")]  # fmt: skip
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
            lines.append(rng.choice((" ", " ", "\n")) + draw(language, "report"))
        if rng.random() < 0.45:
            source = "log" if rng.random() < 0.5 else language
            lines += ["\n" + draw(source, "log") for _ in range(rng.choice((1, 1, 2)))] + ["\n"]
        if rng.random() < 0.35:
            lines.append(" " + draw(language, "contact"))
        if rng.random() < 0.4:
            lines.append(draw(language, "sign"))
        text, slots = _filled("".join(lines), rng)
        yield Made(text, language, slots)


def _filled(pattern: str, rng: random.Random) -> tuple[str, tuple[Slot, ...]]:
    """The pattern with choices made and slots filled."""
    while "((" in pattern:
        pattern, n = _CHOICE.subn(lambda found: rng.choice(found[1].split("|")), pattern)
        if not n:
            raise ValueError(f"a choice does not close: {pattern[:60]}")
    harmless = rng.random() < 0.35  # this writer defangs
    text, at, slots = "", 0, []
    for found in _SLOT.finditer(pattern):
        text += pattern[at : found.start()]
        attacker = found[1] == "+"
        value = _value(found[2], attacker, rng)
        if attacker and harmless and found[2] in {"ip", "domain", "url", "host"}:
            value = value.replace("http", "hxxp", 1).replace(".", "[.]", 1)
        slots.append(Slot(len(text), len(text) + len(value), attacker))
        text += value
        at = found.end()
    return text + pattern[at:], tuple(slots)


def _value(kind: str, attacker: bool, rng: random.Random) -> str:
    side = "theirs" if attacker else "ours"
    table = _values()[side]
    pick = rng.choice
    match kind:
        case "ip":
            return _address(rng)
        case "cidr":
            return f"{_address(rng).rpartition('.')[0]}.0/{pick((22, 24, 24, 28))}"
        case "domain":
            return _domain(attacker, rng)
        case "host":
            return f"{pick(table['sub'])}.{_domain(attacker, rng)}"
        case "url":
            tail = pick(("", "/", "/prijava", "/p/ZR81", "/login.php?id=8812", "/app", "/a/b.php?k=7f3a"))  # fmt: skip
            return f"{pick(('http', 'https'))}://{_domain(attacker, rng)}{tail}"
        case "mail":
            return _mail(attacker, rng)
        case "phone":
            return re.sub("#", lambda _: pick("0123456789"), pick(_PHONES[side]))
        case "iban":
            return _account(side, rng)
        case "name":
            first = pick(table["first"])
            return first if attacker and rng.random() < 0.2 else f"{first} {pick(table['last'])}"
        case "org":
            return f"{pick(table['firm']).title()} {pick(table['place']).title()} {pick(table['form'])}"
        case "hash":
            return "".join(pick(hexdigits[:16]) for _ in range(pick((32, 40, 64))))
        case "file" | "path":
            return pick((table if attacker else _values()["victim"])[kind])
        case _:
            return pick(table[kind])


def _address(rng: random.Random) -> str:
    first = rng.choice((5, 31, 45, 46, 77, 80, 84, 89, 91, 93, 95, 109, 141, 161, 178, 185, 188, 193,
                        194, 195, 198, 203, 212, 213))  # fmt: skip
    return f"{first}.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"


def _domain(attacker: bool, rng: random.Random) -> str:
    table = _values()["theirs" if attacker else "ours"]
    if attacker:
        words = rng.sample(table["word"], 2)
    else:
        words = [rng.choice(table["firm"]), rng.choice(table["place"])]
    return f"{words[0]}{rng.choice(('-', '-', ''))}{words[1]}.{rng.choice(table['tld'])}"


def _mail(attacker: bool, rng: random.Random) -> str:
    table = _values()["theirs" if attacker else "ours"]
    host = rng.choice(table["post"]) if rng.random() < 0.35 else _domain(attacker, rng)
    if not attacker and rng.random() < 0.7:
        words = (rng.choice(table["first"]), rng.choice(table["last"]))
        local = ".".join(words).lower().translate(str.maketrans("čšžćđ", "cszcd"))
    else:
        local = rng.choice(table["local"])
    return f"{local}@{host}"


def _account(side: str, rng: random.Random) -> str:
    country, length = rng.choice(_ACCOUNTS[side])
    digits = "".join(rng.choice("0123456789") for _ in range(length))
    full = country + mod_97_10.calc_check_digits(digits + country) + digits
    if rng.random() < 0.6:
        return " ".join(full[i : i + 4] for i in range(0, len(full), 4))
    return full
