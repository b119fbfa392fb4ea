"""`zvon models train|evaluate side`: whose is a value, by the words around it."""

import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zvon.ml.side import Weights
    from zvon.ml.side.fit import Example
    from zvon.ml.side.made import Made

NAME = "side"
VERSION = "2026.11.22"
MAILS, SEED = 4500, 20261122
COPIES, DROP = 8, 0.3  # of each labelled value, and the share of features that a copy misses
FOLDS = 5
GOLD = "text/pii_roles/mails.dev.jsonl"


def train(out: Path | None, data: Path | None, gold: Sequence[Path] = ()) -> int:
    """Measure on what was held out, fit on all, write weights, description and card.

    `gold` are labelled mails to learn from beside the passages; they are measured by folds that
    share no author.
    """
    from zvon.ml.side import write_weights
    from zvon.ml.side.fit import fit, thinned
    from zvon.ml.side.made import made

    began = time.monotonic()
    figures = {"held_out": measure()}
    labelled = by_author(gold)
    rows = examples(made(MAILS, SEED))
    if labelled:
        figures["labelled"] = crossed(rows, labelled)
    own = [row for found in labelled.values() for row in found]
    weights = fit([*rows, *thinned(own, copies=COPIES, drop=DROP, seed=SEED)], version=VERSION)
    if data is not None and (data / GOLD).exists():
        figures["mails"] = on_mails(weights, data / GOLD)
    raw = write_weights(weights)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "examples": len(rows),
        "labelled": len(own),
        "gold": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in gold},
        "weights": sum(map(len, weights.slot.values())),
        "figures": figures,
    }
    folder = out or Path(__file__).parents[1] / "ml" / "side"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.json").write_bytes(raw)
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, len(raw)), encoding="utf-8")
    print(f"wrote {folder}: {len(raw) / 1e6:.2f} MB, {time.monotonic() - began:.0f} s")
    return 0


def evaluate(data: Path | None, *, as_json: bool) -> int:
    """Measure the shipped weights alone, without the other terms of the gate, on labelled mails."""
    from zvon.ml.side import shipped

    if data is None or not (data / GOLD).exists():
        print(f"this needs a data folder with {GOLD}", file=sys.stderr)
        return 2
    found = on_mails(shipped(), data / GOLD)
    print(json.dumps(found) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0


def examples(mails: Iterable["Made"]) -> list["Example"]:
    """Every value of made mails as the gate itself reads it."""
    from zvon.ml.side.fit import Example

    out = []
    for mail in mails:
        sides = [(s.start, s.end, s.attacker) for s in mail.slots]
        out += [
            Example(tuple(features), attacker)
            for features, attacker, _ in _values(mail.text, mail.lang, sides)
        ]
    return out


def measure() -> dict[str, Any]:
    """Share of values judged right in mails of passages that were not learnt from."""
    from zvon.ml.side.fit import fit
    from zvon.ml.side.made import held_out, made

    known = examples(made(MAILS // 3, SEED, wanted=lambda passage: not held_out(passage)))
    judged = examples(made(MAILS // 9, SEED + 1, wanted=held_out))
    weights = fit(known, version=VERSION)
    right = sum((weights.logit(row.features) > 0) == row.attacker for row in judged)
    return {"values": len(judged), "right": round(right / len(judged), 3)}


def by_author(gold: Sequence[Path]) -> dict[str, list["Example"]]:
    """Every value of labelled mails by the author of the mail."""
    import msgspec

    from zvon.ml.side.fit import Example
    from zvon.privacy.gold import GoldMail

    found: dict[str, list[Example]] = defaultdict(list)
    for line in (line for path in gold for line in path.read_bytes().splitlines()):
        mail = msgspec.json.decode(line, type=GoldMail)
        sides = [(s.start, s.end, s.role == "keep") for s in mail.spans]
        found[mail.author or mail.id] += [
            Example(tuple(features), attacker)
            for features, attacker, _ in _values(mail.text, mail.lang, sides)
        ]
    return found


def crossed(rows: list["Example"], labelled: dict[str, list["Example"]]) -> dict[str, Any]:
    """Share of labelled values judged right by weights that saw no mail of their author."""
    from zvon.ml.side.fit import fit, thinned

    authors = sorted(labelled)
    right = count = 0
    for fold in range(FOLDS):
        own = [r for i, a in enumerate(authors) if i % FOLDS != fold for r in labelled[a]]
        judged = [r for i, a in enumerate(authors) if i % FOLDS == fold for r in labelled[a]]
        weights = fit([*rows[: len(rows) // 2], *thinned(own, copies=COPIES, drop=DROP, seed=SEED)], version=VERSION)  # fmt: skip
        right += sum((weights.logit(row.features) > 0) == row.attacker for row in judged)
        count += len(judged)
    return {"values": count, "right": round(right / max(1, count), 3), "authors": len(authors)}


def on_mails(weights: "Weights", path: Path) -> dict[str, Any]:
    """Share of values of labelled mails judged right by the words alone, by type."""
    import msgspec

    from zvon.privacy.gold import GoldMail

    right: dict[str, list[bool]] = defaultdict(list)
    for line in path.read_bytes().splitlines():
        mail = msgspec.json.decode(line, type=GoldMail)
        sides = [(s.start, s.end, s.role == "keep") for s in mail.spans]
        for features, attacker, kind in _values(mail.text, mail.lang, sides):
            right[kind].append((weights.logit(features) > 0) == attacker)
    whole = [one for rows in right.values() for one in rows]
    by = {kind: {"values": len(r), "right": round(sum(r) / len(r), 3)} for kind, r in right.items()}
    return {"values": len(whole), "right": round(sum(whole) / max(1, len(whole)), 3), **by}


def _values(
    text: str, lang: str | None, sides: Sequence[tuple[int, int, bool]]
) -> Iterable[tuple[list[tuple[str, str]], bool, str]]:
    """Features, side and type of every value that the detectors find where a side is known."""
    from zvon.privacy import identifiers, names
    from zvon.privacy.mentions import Reading
    from zvon.privacy.role.context import around

    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    names.detect(reading)
    for found in around(reading):
        start, end = reading.view.source(found.mention.start, found.mention.end)
        for low, high, attacker in sides:
            if low < end and start < high:
                yield found.features(), attacker, found.mention.type
                break


def card(meta: dict[str, Any], size: int) -> str:
    """The model card, from what was measured."""
    figures = meta["figures"]
    mails = figures.get("mails")
    lines = [
        f"# Card: {NAME}, version {meta['version']}",
        "",
        "**What it is.** A sparse linear model over the words around a value (before, after, the",
        "heading over a list, the first word of the line), in Slovenian, Croatian and English. It",
        "says whether the value is more likely the attacker's. It is one term of the role score in",
        "`privacy/role/`; what a value looks like and what is known of it are others.",
        "",
        f"**Trained on** {meta['examples']:,} values of {MAILS:,} mails made from the passages in",
        "`training/`, which were written for this"
        + (
            f", and {meta['labelled']:,} values of invented labelled mails"
            f" ({', '.join(meta['gold'])}), each {COPIES} times with {DROP:.0%} of its words left out."
            if meta["gold"]
            else "."
        ),
        "No real mail was learnt from.",
        "",
        "**Measured.**",
        "",
        "| what | values | right |",
        "|---|---|---|",
        f"| mails of passages that were held out | {figures['held_out']['values']:,} | {figures['held_out']['right']:.3f} |",
    ]  # fmt: skip
    if own := figures.get("labelled"):
        lines.append(f"| labelled mails, folds that share none of {own['authors']} authors | {own['values']:,} | {own['right']:.3f} |")  # fmt: skip
    if mails:
        lines.append(f"| labelled mails by others (development), words alone | {mails['values']:,} | {mails['right']:.3f} |")  # fmt: skip
    lines += [
        "",
        "**Known weak points.** Made passages are shorter and clearer than life; words that no passage",
        "has say nothing. Irony, negation far from the value and roles that only the story tells are",
        "not seen. A word has one weight, whatever the sentence.",
        "",
        f"**Size** {size / 1e6:.2f} MB, {meta['weights']:,} weights. SHA-256 {meta['sha256']}.",
        "`zvon models train side --gold …` with the same files gives the same weights again.",
    ]
    return "\n".join(lines) + "\n"
