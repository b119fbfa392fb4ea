"""`zvon text eval`: how well `zvon text extract` does on texts that a person labelled."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter
from msgspec import Struct

from zvon.model.role import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

app = App(name="eval", help="Measure `extract` against labelled texts.", help_format="plaintext")

DONE, BAD_INPUT = 0, 2


class GoldMention(Struct, frozen=True):
    """What a person labelled: `start`, `end` in code points, half-open; `role` where they said it."""

    start: int
    end: int
    type: str
    value: str
    role: Role | None = None


class GoldText(Struct, frozen=True):
    """One labelled text, a line of the gold file."""

    text: str
    mentions: tuple[GoldMention, ...]
    id: str = ""
    lang: str | None = None


class Tally(Struct):
    """Right, wrong and missed of one type or role."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def row(self) -> dict[str, Any]:
        """Counts, and precision and recall where there is something to divide by."""
        found, wanted = self.right + self.wrong, self.right + self.missed
        return {
            "n": wanted, "right": self.right, "wrong": self.wrong, "missed": self.missed,
            "precision": round(self.right / found, 4) if found else None,
            "recall": round(self.right / wanted, 4) if wanted else None,
        }  # fmt: skip


class Marks:
    """Types are compared as sets of (type, value) for each text; roles where the value was found."""

    def __init__(self) -> None:
        self.types: dict[str, Tally] = {}
        self.roles: dict[str, Tally] = {}
        self.confused: Counter[tuple[str, str]] = Counter()
        self.attacker_right = self.judged = self.role_right = self.texts = 0
        self.wrong: list[dict[str, Any]] = []

    def add(self, gold: GoldText, rows: "Iterable[dict[str, Any]]") -> None:
        """Count one text."""
        self.texts += 1
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            if not row.get("derived") and "type" in row:
                found.setdefault(scored(row["type"], row["value"]), row)
        wanted = {scored(m.type, m.value): m for m in gold.mentions}
        for key in wanted.keys() | found.keys():
            tally = self.types.setdefault(key[0], Tally())
            if key in wanted and key in found:
                tally.right += 1
            elif key in found:
                tally.wrong += 1
                self.wrong.append({"id": gold.id, "type": key[0], "value": key[1], "what": "wrong"})
            else:
                tally.missed += 1
                self.wrong.append(
                    {"id": gold.id, "type": key[0], "value": key[1], "what": "missed"}
                )
        for key, mention in wanted.items():
            if key in found and mention.role is not None:
                self._role(gold, key, mention.role, found[key])

    def _role(self, gold: GoldText, key: tuple[str, str], role: Role, row: dict[str, Any]) -> None:
        given = row["role"]
        self.judged += 1
        self.role_right += given == role
        self.attacker_right += (given == Role.ATTACKER) == (role is Role.ATTACKER)
        self.confused[role.value, given] += 1
        if given == role:
            self.roles.setdefault(role.value, Tally()).right += 1
            return
        self.roles.setdefault(role.value, Tally()).missed += 1
        self.roles.setdefault(given, Tally()).wrong += 1
        self.wrong.append(
            {"id": gold.id, "type": key[0], "value": key[1], "what": "role", "wanted": role.value,
             "given": given, "evidence": row["evidence"]}
        )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """Everything that was counted."""
        whole = Tally(
            sum(t.right for t in self.types.values()),
            sum(t.wrong for t in self.types.values()),
            sum(t.missed for t in self.types.values()),
        )
        return {
            "texts": self.texts,
            "all": whole.row(),
            "types": {name: self.types[name].row() for name in sorted(self.types)},
            "roles": {name: self.roles[name].row() for name in sorted(self.roles)},
            "judged": self.judged,
            "attacker_or_other": _share(self.attacker_right, self.judged),
            "role": _share(self.role_right, self.judged),
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def scored(kind: str, value: str) -> tuple[str, str]:
    """A value as scorers compare it: small letters, no slash at the end of an address."""
    low = value.lower()
    return kind, low.rstrip("/") if kind == "url" else low


@app.default
def evaluate(
    *,
    gold: Annotated[Path, Parameter(help="JSON lines `{id, lang, text, mentions}`.")],
    wrong: Annotated[bool, Parameter(help="Also print what was not right.", negative=())] = False,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Print precision and recall by type and by role.

    A line of the gold file is `{"id","lang","text","mentions":[{"start","end","type","value",
    "role"}]}`. Values are compared as sets for each text; what only stands inside another value
    does not count. Exit code 2 when the file cannot be read.
    """
    marks = Marks()
    try:
        for text in read(gold):
            marks.add(text, _extracted(text))
    except (OSError, ValueError) as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return BAD_INPUT
    answer = marks.answer()
    if json:
        sys.stdout.buffer.write(
            msgspec.json.encode(answer | {"wrong": marks.wrong if wrong else []}) + b"\n"
        )
        return DONE
    _print(answer)
    for row in marks.wrong if wrong else ():
        print(" ".join(f"{value}" for value in row.values()))
    return DONE


def read(path: Path) -> "Iterator[GoldText]":
    """The labelled texts. Raises `ValueError` with the line that is none, or whose label is not there."""
    decode = msgspec.json.Decoder(GoldText).decode
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                text = decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                raise ValueError(f"{path}:{number}: {problem}") from None
            if any(not 0 <= m.start < m.end <= len(text.text) for m in text.mentions):
                raise ValueError(f"{path}:{number}: a label lies outside the text")
            yield text


def _extracted(gold: GoldText) -> "Iterator[dict[str, Any]]":
    from zvon.cli.text_extract import Part, Reader

    lang = gold.lang if gold.lang in {"sl", "hr", "en"} else "auto"
    yield from Reader(None, lang, roles=True).texts([Part(text=gold.text)], gold.id)  # type: ignore[arg-type]


def _print(answer: dict[str, Any]) -> None:
    print(f"{'':<16}{'n':>6}{'precision':>11}{'recall':>9}")
    rows = [("all", answer["all"]), *answer["types"].items(), ("", None), *answer["roles"].items()]
    for name, row in rows:
        if row is None:
            print()
            continue
        cells = ("-" if row[key] is None else f"{row[key]:.3f}" for key in ("precision", "recall"))
        print("{:<16}{:>6}{:>11}{:>9}".format(name, row["n"], *cells))
    if answer["judged"]:
        print(
            f"\nattacker or other right: {answer['attacker_or_other']:.3f}; "
            f"role right: {answer['role']:.3f} of {answer['judged']}"
        )
