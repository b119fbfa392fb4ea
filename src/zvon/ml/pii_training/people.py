"""Invented people, firms, addresses, accounts and machines, in the case that a sentence asks for."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, cast
from zlib import crc32

from msgspec import Struct

from zvon.ml.pii.inflect import Case, first_form, gender, last_form

HELD_OUT = 5  # one name in so many is never learnt from


class Pool(Struct, frozen=True):
    """First and last names of each language, and what fills the other slots."""

    first: Mapping[str, Sequence[str]]
    last: Mapping[str, Sequence[str]]
    places: Mapping[str, Any]


def half(pool: Pool, *, held_out: bool) -> Pool:
    """The names that are learnt from, or those that are only measured on."""

    def chosen(names: Sequence[str]) -> list[str]:
        return [n for n in names if (crc32(n.casefold().encode()) % HELD_OUT == 0) == held_out]

    return Pool(
        {lang: chosen(names) for lang, names in pool.first.items()},
        {lang: chosen(names) for lang, names in pool.last.items()},
        pool.places,
    )


_TITLES = {
    "sl": ("dr.", "mag.", "prof. dr.", "doc. dr.", "dr. med.", "univ. dipl. inž.", "mag. farm.", "izr. prof. dr.", "akad.", "spec."),
    "hr": ("dr. sc.", "mr. sc.", "prof. dr. sc.", "dr.", "mr.", "doc. dr. sc.", "dipl. ing.", "dr. med.", "prof.", "mag. iur.", "prim. dr."),
    "en": ("Dr", "Dr.", "Prof.", "Mr", "Mrs", "Ms", "Sir", "Prof. Dr."),
}  # fmt: skip


class Maker:
    """Makes values for one language; `dice` is the only source of chance."""

    def __init__(self, pool: Pool, lang: str, dice: random.Random) -> None:
        self.pool, self.lang, self.dice = pool, lang, dice
        self._own = cast("Mapping[str, Sequence[str]]", pool.places[lang])
        self._all = cast("Mapping[str, Sequence[str]]", pool.places["all"])

    def _language(self) -> str:
        return self.lang if self.dice.random() < 0.75 else self.dice.choice(list(self.pool.first))

    def first(self) -> str:
        """A first name, one in twelve in no list."""
        names = self.pool.first[self._language()]
        name = self.dice.choice(names)
        return self._mixed(names) if self.dice.random() < 0.08 else name

    def last(self) -> str:
        """A last name, one in four in no list, some hyphenated."""
        names = self.pool.last[self._language()]
        draw = self.dice.random()
        if draw < 0.25:
            return self._mixed(names)
        if draw < 0.31:
            return f"{self.dice.choice(names)}-{self.dice.choice(names)}"
        return self.dice.choice(names)

    def _mixed(self, names: Sequence[str]) -> str:
        """A name that nobody has: the head of one and the tail of another."""
        head, tail = self.dice.choice(names), self.dice.choice(names)
        cut = self.dice.randint(2, 3)
        made = head[:cut] + tail[-self.dice.randint(2, 4) :].lower()
        return made if len(made) >= 4 else head + tail[-2:].lower()

    def name(self, case: Case = "n") -> str:
        """A person's full name in a case."""
        first, last = self.first(), self.last()
        of = gender(first)
        draw = self.dice.random()
        parts = [first_form(first, case, self.lang)]
        if draw < 0.05:
            parts.append(first_form(self.first(), case, self.lang))
        elif draw < 0.08:
            parts.append(self.dice.choice("ABDFIJKLMNPSTVZ") + ".")
        elif draw < 0.12:
            parts[0] = first[0] + "."
        elif draw < 0.135:
            parts[0] = f"{first[0]}. {self.first()[0]}."
        elif draw < 0.15:
            parts.append(last_form(self.last(), case, self.lang, of))
        parts.append(last_form(last, case, self.lang, of))
        return " ".join(parts)

    def person(self, slot: str, case: Case) -> str:
        """A value for one of the person slots `N F L R I T`."""
        if slot == "F":
            return first_form(self.first(), case, self.lang)
        if slot == "L":
            return last_form(self.last(), case, self.lang, self.dice.choice(("m", "f")))
        if slot == "R":
            last, first = self.last(), self.first()
            draw = self.dice.random()
            if draw < 0.12:
                first = first[0] + "."
            elif draw < 0.2:
                last = last.upper()
            return f"{last}{self.dice.choice((' ', ' ', ', '))}{first}"
        if slot == "C":
            return f"{self.first()} {self.dice.choice('ABCDFGHIJKLMNPRSTVZŠŽ')}."
        if slot == "J":
            glue = self.dice.choice((". ", ".", ". "))
            return (
                glue.join(self.dice.choices("ABCDFGHIJKLMNPRSTVZŠ", k=self.dice.randint(2, 3)))
                + "."
            )
        if slot == "c":
            made = _plain(self.first())
            return self.dice.choice(
                (
                    made,
                    made,
                    f"{made}_{self.last()[0].lower()}",
                    made.capitalize(),
                    f"{made}.{_plain(self.last())}",
                )
            )
        if slot == "T":
            return f"{self.dice.choice(_TITLES[self.lang])} {self.name(case)}"
        return self.name(case)

    def organisation(self) -> str:
        """A firm with its legal form, an institution, or a firm without a form."""
        own, dice = self._own, self.dice
        draw = dice.random()
        word = dice.choice(own["words"])
        if draw < 0.45:
            made = dice.choice((
                f"{word}", f"{dice.choice(own['firms'])} {word}", f"{dice.choice(own['firms'])} {self.last()}",
                f"{self.last()}", f"{word} {dice.choice(own['firms']).lower()}", f"{self.last()} {dice.choice(own['firms'])}",
                f"{word.upper()} {dice.choice(own['words']).lower()}", f"{word} {dice.choice(own['words'])}",
                f"{self.last()} in {self.last()}" if self.lang == "sl" else f"{self.last()} & {self.last()}",
                f"{dice.choice(own['firms'])} {self.name()}",
            ))  # fmt: skip
            return f"{made}{dice.choice((' ', ' ', ' ', ', '))}{dice.choice(own['forms'])}"
        if draw > 0.93:
            other = dice.choice(own["words"])
            return dice.choice((
                f"{word}{other.split()[0]}", f"{word} {other}", f"{self.last()} Group", f"Skupina {word}" if self.lang != "en" else f"The {word} {other}",
                f"{word} {dice.choice(own['firms'])}", word.upper(), f"{self.last()[:4]}{dice.choice(('tel', 'trans', 'plast', 'med', 'net', 'soft'))}",
            ))  # fmt: skip
        shape = dice.choice(own["houses"] if draw < 0.8 else own["bare"])
        town = dice.choice(own["towns"]).split(" ", 1)[-1] if self.lang != "en" else dice.choice(own["towns"]).split()[0]  # fmt: skip
        return str(
            shape.replace("{T}", town).replace("{W}", word).replace("{L}", self.last())
            .replace("{F}", self.first()).replace("{P}", self.name("g"))
            .replace("{w}", dice.choice(own["fields"]))
        )  # fmt: skip

    def street(self) -> str:
        """A street with its number."""
        dice = self.dice
        number = f"{dice.randint(1, 240)}{dice.choice(('', '', '', '', 'a', 'b', ' A', '/3', 'c'))}"
        street = dice.choice(self._own["streets"])
        if dice.random() < 0.12:
            street = f"{self.last()}{dice.choice(('eva', 'ova', 'eva ulica', 'ova ulica'))}" if self.lang != "en" else f"{self.last()} {dice.choice(('Road', 'Street', 'Lane'))}"  # fmt: skip
        return f"{number} {street}" if self.lang == "en" else f"{street} {number}"

    def address(self) -> str:
        """A postal address."""
        dice = self.dice
        comma = dice.choice((", ", ", ", ", ", "\n", " "))
        town = dice.choice(self._own["towns"])
        if self.lang == "en":
            head = dice.choice(
                ("", "", "", "", "Flat 3, ", "Unit 2, ", "Apt 4, ", "The Old Mill, ")
            )
            return f"{head}{self.street()}, {town}"
        draw = dice.random()
        bare = town.split(" ", 1)[-1]
        village = f"{dice.choice(self._own['villages'])} {dice.randint(1, 140)}{dice.choice(('', '', '', 'a', 'b'))}"
        if draw < 0.1:
            return f"{village}, {town}"
        if draw < 0.16:
            return f"{village}, {bare}"
        if draw < 0.2:
            return village
        if draw < 0.28:
            return f"{self.street()}, {bare}"
        if draw < 0.33:
            return f"{bare}, {self.street()}"
        extra = dice.choice(("", "", "", "", "", ", stan 4", ", 2. kat", "/II"))
        return f"{self.street()}{extra}{comma}{town}"

    def account(self) -> str:
        """A user name: from a person, of a service, or of a domain."""
        dice = self.dice
        first, last = _plain(self.first()), _plain(self.last()).replace("-", "")
        return dice.choice((
            f"{first[0]}{last}", f"{first[0]}.{last}", f"{first}.{last}", f"{last}{first[0]}", f"{first}{dice.randint(1, 99)}",
            f"{first[0]}{last}{dice.randint(1, 99)}", f"{first}_{last}", f"svc_{dice.choice(self._all['stems'])}",
            f"svc-{dice.choice(self._all['stems'])}", f"adm_{last}", f"admin-{last}", f"{last}", f"{first}",
            f"{dice.choice(self._own['words']).split()[0].upper()}\\{first[0]}{last}", f"u{dice.randint(1000, 99999)}", f"{last[:5]}{first[:2]}",
            f"{last}.{first[0]}", f"backup_{dice.choice(self._all['stems'])}", f"{first[0]}{last}", f"{first[0]}{last}",
            f"{first[0]}.{last}", f"{first[0]}.{last}", f"gost_{last}", f"{first}.{dice.randint(1, 99)}", f"{first}_{dice.choice(self._own['words']).split()[0].lower()}",
        ))  # fmt: skip

    def machine(self) -> str:
        """A bare name of a machine."""
        dice = self.dice
        stem, number = dice.choice(self._all["stems"]), dice.randint(1, 120)
        code = "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=7))
        made = dice.choice((
            f"{stem}{number:02d}", f"{stem}-{number:02d}", f"{stem}-{dice.choice(self._all['stems'])}{number}",
            f"{dice.choice(('LAPTOP', 'DESKTOP', 'PC', 'NB', 'WIN'))}-{code}", f"{stem}-{_plain(self.last())}",
            f"{dice.choice(('FIN', 'HR', 'IT', 'LJ', 'ZG', 'MB', 'ST'))}-{stem.upper()}-{number:03d}", f"{stem}_{number}",
            f"{dice.choice(self._own['words']).split()[0].lower()}-{stem}{number}", f"{stem}-{dice.choice(('lj', 'zg', 'mb', 'st', 'ri'))}-{number}",
        ))  # fmt: skip
        return made.upper() if dice.random() < 0.25 else made

    def secret(self) -> str:
        """A password as people choose them, or a random one."""
        dice = self.dice
        word = dice.choice(self._all["secrets"])
        if dice.random() < 0.3:
            word = self.first()
        return dice.choice((
            f"{word}{dice.randint(1, 2026)}", f"{word}{dice.randint(2019, 2026)}!", f"{word}!{dice.randint(1, 99)}",
            f"{word}.{dice.randint(1, 999)}", f"{word}#{dice.randint(1, 99)}", f"{word.lower()}{dice.randint(1, 999)}",
            "".join(dice.choices("abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789!#$%&*?", k=dice.randint(8, 16))),
            f"{word}_{dice.randint(1, 99)}", f"{word}@{dice.randint(1, 2026)}", f"{word}-{dice.randint(2015, 2026)}",
            f"{word}.{self.first()}.{dice.randint(1, 99)}", f"{word.lower()}{word.lower()}{dice.randint(1, 2012)}", f"P@{word.lower()}{dice.randint(1, 99)}",
        ))  # fmt: skip


_BARE = str.maketrans("čšžćđČŠŽĆĐáéíóúüöä", "cszcdCSZCDaeiouuoa")


def _plain(name: str) -> str:
    return "".join(c for c in name.translate(_BARE).lower() if c.isascii() and c.isalpha()) or "user"  # fmt: skip
