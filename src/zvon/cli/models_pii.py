"""`zvon models train|evaluate pii`: the tagger of names, firms, addresses, accounts and machines."""

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zvon.ml.pii_training.run import Count, Figures, Words
    from zvon.privacy.gold import GoldMail

NAME = "pii"
VERSION = "2026.11.22"
LANGS = ("sl", "hr", "en")
_CHOICE = re.compile(r"\[([^|\]]*)\|[^\]]*\]")
_SLOTS = {"{num}": "{id}", "{sum}": "{n} EUR", "{date}": "{date}", "{url}": "{url}", "{brand}": "{brand}"}  # fmt: skip


def train(out: Path | None, gold: Sequence[Path] = ()) -> int:
    """Fit, measure on held-out names and sentences, and write weights, meta and card.

    `gold` are labelled mails: they take the place of those that the package keeps as templates.
    """
    from zvon.ml.pii.model import LABELS, pack
    from zvon.ml.pii_training.run import train as run

    try:
        keep([mail for path in gold for mail in read_gold(path)])
    except (OSError, ValueError) as problem:
        print(f"cannot learn from it: {problem}", file=sys.stderr)
        return 2
    rows, prose, whole = templates(), ordinary(), mails()
    model, figures = run(pool(), rows, prose, words(), print, whole)
    weights = pack(model)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "labels": list(LABELS),
        "templates": {lang: len(text.splitlines()) for lang, text in sorted(rows.items())},
        "mails": {lang: len(found) for lang, found in sorted(whole.items())},
        "texts_sha256": texts_hash(),
        "figures": _table(figures),
    }
    folder = out or Path(__file__).parents[1] / "ml" / "pii"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(weights)
    text = json.dumps(meta, indent=1, ensure_ascii=False) + "\n"
    (folder / "meta.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, len(weights)), encoding="utf-8")
    print(f"wrote {folder}: {len(weights) / 1e6:.2f} MB")
    return 0


def texts_hash() -> str:
    """A hash of all that is learnt from, so that weights of older texts are noticed."""
    from zvon.privacy.lexeme import classes

    told = pool()
    every = (
        sorted(templates().items()), sorted(mails().items()), sorted(ordinary().items()), sorted(told.first.items()),
        sorted(told.last.items()), repr(told.places), sorted(classes().items()),
    )  # fmt: skip
    return hashlib.sha256(repr(every).encode()).hexdigest()


def evaluate(gold: Sequence[Path], *, as_json: bool) -> int:
    """Measure on labelled mails: the tagger by itself, and with the lists and rules of the gate.

    Without a file it shows what was measured when the model was trained.
    """
    from zvon.ml.pii.model import BadWeights
    from zvon.privacy.tables import BadTable

    if not gold:
        text = (resources.files("zvon.ml") / "pii" / "meta.json").read_text(encoding="utf-8")
        found = {"held out": json.loads(text)["figures"]}
    else:
        try:
            found = judged([mail for path in gold for mail in read_gold(path)])
        except (OSError, ValueError, BadWeights, BadTable) as problem:
            print(f"cannot measure: {problem}", file=sys.stderr)
            return 2
    print(json.dumps(found) if as_json else _shown(found))
    return 0


def read_gold(path: Path) -> "list[GoldMail]":
    """Labelled mails of a JSONL file. Raises `ValueError` with the line that is none."""
    import msgspec

    from zvon.privacy.gold import GoldMail

    out = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            out.append(msgspec.json.decode(line, type=GoldMail))
        except msgspec.DecodeError:
            raise ValueError(f"{path}:{number} is no labelled mail") from None
    return out


def judged(mails: "Sequence[GoldMail]") -> dict[str, Any]:
    """Figures by language and label for the tagger alone and for lists, rules and tagger."""
    from zvon.ml.pii.model import KINDS
    from zvon.ml.pii_training.run import Count
    from zvon.privacy import identifiers, names
    from zvon.privacy.facts import Facts, with_brands
    from zvon.privacy.mentions import Reading
    from zvon.privacy.tagged import lines

    facts = with_brands(Facts())
    together: Figures = {}
    alone: Figures = {}
    wrong = total = 0
    for mail in mails:
        reading = Reading("text", mail.text, mail.lang)
        identifiers.detect(reading)
        known = [(m.start, m.end, "") for m in reading.mentions]
        brands = facts.brands_in(reading.folded)
        said = [(s.start, s.end, s.kind) for s in lines(reading, brands).said]
        names.detect(reading, brands)
        every = [(m.start, m.end, m.type) for m in reading.mentions]
        lang = mail.lang or "?"
        for figures, found in ((alone, [*known, *said]), (together, every)):
            rows = figures.setdefault(lang, {kind: Count() for kind in KINDS})
            ranges = [(*reading.view.source(s, e), kind) for s, e, kind in found]
            _compare(rows, mail, ranges)
            if figures is together:
                wrong += sum(e - s for s, e, k in ranges if k in KINDS and not _meets(mail, s, e))
        total += len(mail.text)
    return {
        "tagger alone": _table(alone),
        "lists, rules and tagger": _table(together),
        "share of characters taken wrongly": round(wrong / max(1, total), 4),
    }


def _compare(rows: "dict[str, Count]", mail: "GoldMail", found: list[tuple[int, int, str]]) -> None:
    from zvon.ml.pii_training.run import Count
    from zvon.privacy.gold import COVERED

    covered = bytearray(len(mail.text))
    for start, end, kind in found:
        covered[start:end] = b"\x01" * (end - start)
        if kind in rows and not _meets(mail, start, end):
            rows[kind] += Count(wrong=1)
    for span in mail.spans:
        if span.role == "pseudonymise" and span.type in rows:
            share = sum(covered[span.start : span.end]) / max(1, span.end - span.start)
            rows[span.type] += Count(values=1, found=int(share >= COVERED))


def _meets(mail: "GoldMail", start: int, end: int) -> bool:
    return any(span.start < end and start < span.end for span in mail.spans)


def words() -> "Words":
    """How texts become words, and what the lists of the gate say of each."""
    from zvon.ml.pii_training.run import Words
    from zvon.privacy.cues import words as split
    from zvon.privacy.fold import fold
    from zvon.privacy.lexeme import lex, unlisted

    return Words(split=lambda text: split(text, fold(text)), facet=lex, unlisted=unlisted)


def pool() -> Any:
    """The name lists as written, and what fills the other slots."""
    import tomllib

    from zvon.ml.pii_training.people import Pool
    from zvon.privacy.tables import DATA, read

    first, last = {}, {}
    for path in sorted((DATA / "names").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            table = read(path)
            lang = path.name.removesuffix(".toml")
            first[lang], last[lang] = table["first"].split(), table["last"].split()
    places = resources.files("zvon.ml") / "pii" / "training" / "places.toml"
    return Pool(first, last, tomllib.loads(places.read_text(encoding="utf-8")))


def keep(found: "Sequence[GoldMail]") -> None:
    """Write labelled mails into the package as templates; nothing to do without any."""
    from zvon.cli.pii_mails import as_template

    folder = Path(__file__).parents[1] / "ml" / "pii" / "training"
    for lang in LANGS if found else ():
        rows = [as_template(mail) for mail in found if mail.lang == lang]
        head = "# Our own labelled mails (tests/privacy/corpus), their values taken out; CC0.\n"
        (folder / f"mails.{lang}.txt").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


def mails() -> dict[str, list[str]]:
    """The labelled mails of each language that the package keeps, as templates."""
    from zvon.ml.pii_training.generate import templates as rows

    folder = resources.files("zvon.ml") / "pii" / "training"
    return {
        lang: rows((folder / f"mails.{lang}.txt").read_text(encoding="utf-8")) for lang in LANGS
    }


def templates() -> dict[str, str]:
    """The templates of each language."""
    folder = resources.files("zvon.ml") / "pii" / "training"
    return {lang: (folder / f"{lang}.txt").read_text(encoding="utf-8") for lang in LANGS}


def ordinary() -> dict[str, list[str]]:
    """Sentences of each language with nobody's name in them; all are this product's own."""
    package = resources.files("zvon.ml")
    out = {}
    for lang in LANGS:
        text = (package / "language" / "text" / f"{lang}.txt").read_text(encoding="utf-8")
        rows = [row for row in text.splitlines() if row[:1].isupper() and len(row) < 300]
        lures = (package / "phish_text" / f"{lang}.txt").read_text(encoding="utf-8")
        for row in lures.splitlines():
            if row[:1] in {"+", "-"}:
                plain = _CHOICE.sub(r"\1", row.split("; ", 1)[-1])
                for old, new in _SLOTS.items():
                    plain = plain.replace(old, new)
                if set(re.findall(r"\{\w+\}", plain)) <= {"{id}", "{n}", "{date}", "{url}", "{brand}"}:  # fmt: skip
                    rows.append(plain)
        out[lang] = rows
    return out


def _table(figures: "Figures") -> dict[str, Any]:
    import msgspec

    return {
        lang: {kind: msgspec.to_builtins(count) for kind, count in rows.items()}
        for lang, rows in sorted(figures.items())
    }


def _shown(found: dict[str, Any]) -> str:
    out = []
    for title, rows in found.items():
        if not isinstance(rows, dict):
            out.append(f"{title}: {rows}")
            continue
        out.append(f"{title}:")
        out += _lines(rows)
    return "\n".join(out)


def _lines(rows: dict[str, Any]) -> list[str]:
    out = []
    for lang, kinds in rows.items():
        for kind, count in kinds.items():
            share = f"{count['found'] / count['values']:.3f}" if count["values"] else "-"
            out.append(f"  {lang:<3} {kind:<7} {share:>6}  ({count['found']} of {count['values']}, {count['wrong']} wrong)")  # fmt: skip
    return out


def card(meta: dict[str, Any], size: int) -> str:
    """The model card, from what was measured."""
    rows = [
        f"| {lang} | {kind} | {c['found'] / max(1, c['values']):.3f} | {c['values']} | {c['wrong']} |"
        for lang, kinds in meta["figures"].items()
        for kind, c in kinds.items()
    ]
    count = ", ".join(f"{lang} {n}" for lang, n in meta["templates"].items())
    text = (resources.files("zvon.ml") / "pii" / "training" / "card.md").read_text(encoding="utf-8")
    return text.format(
        version=meta["version"],
        mails=", ".join(f"{k} {n}" for k, n in meta["mails"].items()),
        size=f"{size / 1e6:.2f}",
        templates=count,
        rows="\n".join(rows),
    )
