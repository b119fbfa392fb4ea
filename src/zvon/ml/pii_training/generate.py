"""Labelled texts from templates: filled, put together, and written as people write."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast
from zlib import crc32

from msgspec import Struct

from zvon.ml.pii.inflect import Case
from zvon.ml.pii.tokens import Tokens, tokens
from zvon.ml.pii_training.people import HELD_OUT, Maker, Pool

Word = tuple[int, int, str, str]
Split = Callable[[str], Sequence[Word]]

_SLOT = re.compile(r"\{([A-Za-z]+)(?:\.([ngdalip]))?(?:=([^{}]*))?\}")
AS_WRITTEN = 0.35  # how often a value that the template shows is left in its place
_KIND = {"N": "NAME", "F": "NAME", "L": "NAME", "R": "NAME", "C": "NAME", "J": "NAME", "c": "NAME", "T": "NAME",
         "O": "ORG", "A": "ADDR", "S": "ADDR", "U": "USER", "H": "HOST", "K": "SECRET"}  # fmt: skip
_PLACE = {"email": "<EMAIL>", "phone": "<PHONE>", "ip": "<NET>", "url": "<URL>", "file": "<ID>",
          "path": "<ID>", "hash": "<ID>", "card": "<ID>", "iban": "<ID>", "id": "<ID>"}  # fmt: skip
_BARE = str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD")
BRAND_KNOWN = 0.4  # how often a brand is one that the registry found before the tagger reads


class Labelled(Struct, frozen=True):
    """One text: its tokens, the label kind of each (`` for none), whether it begins a value.

    `listed` is false where the text's names are read as if they stood in no list.
    """

    lang: str
    tokens: Tokens
    kinds: list[str]
    begins: list[bool]
    listed: bool


def templates(text: str, *, held_out: bool | None = None) -> list[str]:
    """The templates of a file; `held_out` chooses those that are measured on, or the others."""
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = [row.replace("\\n", "\n").replace("\\t", "\t") for row in rows]
    if held_out is None:
        return rows
    return [row for row in rows if (crc32(row.encode()) % HELD_OUT == 0) == held_out]


class Writer:
    """Writes labelled texts of one language."""

    def __init__(
        self, pool: Pool, lang: str, rows: Sequence[str], prose: Sequence[str], split: Split,
        dice: random.Random,
    ) -> None:  # fmt: skip
        self.lang, self.rows, self.prose, self.split, self.dice = lang, rows, prose, split, dice
        self.pool = pool
        self.maker = Maker(pool, lang, dice)

    def texts(self, count: int) -> Iterator[Labelled]:
        """So many texts."""
        for _ in range(count):
            yield self._text()

    def mails(self, rows: Sequence[str], times: int) -> Iterator[Labelled]:
        """Each whole mail of `rows` so many times, with other values and written otherwise."""
        for row in rows:
            for _ in range(times):
                yield self._put_together([row])

    def _text(self) -> Labelled:
        dice = self.dice
        rows: list[str] = []
        for _ in range(dice.randint(1, 6)):
            ordinary = self.prose and dice.random() < 0.2
            rows.append(dice.choice(self.prose if ordinary else self.rows))
        return self._put_together(rows)

    def _put_together(self, rows: Sequence[str]) -> Labelled:
        dice = self.dice
        parts: list[str] = []
        marks: list[tuple[int, int, str]] = []
        at = 0
        for row in rows:
            shown = self._typo(row) if dice.random() < 0.06 else row
            for piece, kind in self._filled(shown):
                if kind:
                    marks.append((at, at + len(piece), kind))
                parts.append(piece)
                at += len(piece)
            glue = dice.choice((" ", " ", "\n", "\n", "\n\n"))
            if row[-1] not in ".?!" and glue == " ":
                glue = "\n"
            parts.append(glue)
            at += len(glue)
        return self._styled("".join(parts), marks)

    def _filled(self, row: str) -> Iterator[tuple[str, str]]:
        at = 0
        for found in _SLOT.finditer(row):
            yield row[at : found.start()], ""
            if found[3] and self.dice.random() < AS_WRITTEN:
                yield found[3], _KIND[found[1]]
            else:
                yield self._value(found[1], cast("Case", found[2] or "n"))
            at = found.end()
        yield row[at:], ""

    def _value(self, slot: str, case: Case) -> tuple[str, str]:
        dice, maker = self.dice, self.maker
        if slot in _PLACE:
            return "x", _PLACE[slot]
        own, common = cast("Mapping[str, Sequence[str]]", self.pool.places[self.lang]), cast("Mapping[str, Sequence[str]]", self.pool.places["all"])  # fmt: skip
        match slot:
            case "O":
                made = maker.organisation()
            case "A":
                made = maker.address()
            case "S":
                made = maker.street()
            case "U":
                made = maker.account()
            case "H":
                made = maker.machine()
            case "K":
                made = maker.secret()
            case "n":
                return str(dice.choice((dice.randint(1, 99), dice.randint(100, 99999), dice.randint(1, 9))), ), ""  # fmt: skip
            case "date":
                day, month = dice.randint(1, 28), dice.randint(1, 12)
                return dice.choice((f"{day}.{month}.2026", f"{day}. {month}. 2026", f"2026-{month:02d}-{day:02d}")), ""  # fmt: skip
            case "time":
                return f"{dice.randint(0, 23):02d}{dice.choice(':.')}{dice.randint(0, 59):02d}", ""
            case "brand":
                brand = dice.choice(common["brands"])
                return (brand, "<BRAND>") if dice.random() < BRAND_KNOWN else (brand, "")
            case "mal":
                return dice.choice(common["malware"]), ""
            case "prod":
                return dice.choice(common["products"]), ""
            case "town":
                return dice.choice(own["towns"]).split(" ", 1)[-1], ""
            case _:
                made = maker.person(slot, case)
        return made, _KIND[slot]

    def _typo(self, row: str) -> str:
        """Drop or double one letter of the sentence, never in a slot."""
        places = [m.start() for m in re.finditer(r"(?<=[a-zčšž])[a-zčšž](?=[a-zčšž])(?![^{}]*\})", row)]  # fmt: skip
        if not places:
            return row
        at = self.dice.choice(places)
        return row[:at] + row[at + 1 :] if self.dice.random() < 0.6 else row[:at] + row[at] + row[at:]  # fmt: skip

    def _styled(self, text: str, marks: list[tuple[int, int, str]]) -> Labelled:
        draw = self.dice.random()
        if draw < 0.16:
            text = text.translate(_BARE)
        elif draw < 0.21:
            text = _same_length(text, text.upper())
        elif draw < 0.31:
            text = _same_length(text, text.translate(_BARE).lower())
        places = [mark for mark in marks if mark[2].startswith("<")]
        found = tokens(text, self.split(text), places)
        kinds, begins = [], []
        labelled = iter((*(m for m in marks if m[2][0] != "<"), (len(text) + 1, len(text) + 1, "")))  # fmt: skip
        low, high, kind = next(labelled)
        opened = False
        for start in found.starts:
            while start >= high:
                low, high, kind = next(labelled)
                opened = False
            inside = low <= start
            kinds.append(kind if inside else "")
            begins.append(inside and not opened)
            opened = opened or inside
        return Labelled(self.lang, found, kinds, begins, self.dice.random() >= 0.3)


def _same_length(old: str, new: str) -> str:
    return new if len(new) == len(old) else old
