"""`zvon models train|evaluate language`: from own sentences, the catalogues and our own lures."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from zvon.ml.language import answers
from zvon.ml.language.model import pack, shipped
from zvon.ml.language.training import SMOOTH, catalogue, fit, own_texts, templates

NAME = "language"
VERSION = "2026.11.22"
_SENTENCE = re.compile(r'(?<=[.!?:])\s+(?=[A-ZČŠŽĆĐ"])|\n')
_BARE = str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD")


def train(out: Path | None, data: Path | None) -> int:
    """Count, measure, and write `weights.npz`, `meta.json` and `CARD.md`."""
    texts = corpus()
    weights = pack(fit(texts))
    folder = out or Path(__file__).parents[1] / "ml" / "language"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(weights)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "smooth": SMOOTH,
        "texts_sha256": hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest(),
        "words": {lang: sum(len(t.split()) for t in found) for lang, found in texts.items()},
    }
    _write(folder, meta, len(weights))
    if out is None and data is not None:
        shipped.cache_clear()  # the one just written answers now
        meta["figures"] = figures(data)
        _write(folder, meta, len(weights))
    print(f"wrote {folder}: {len(weights) / 1e6:.2f} MB")
    return 0


def evaluate(data: Path | None, *, as_json: bool) -> int:
    """Measure the shipped model on mails that it did not learn from."""
    found = figures(data) if data else {}
    if not found:
        print("this needs a data folder with text/pii_roles/", file=sys.stderr)
        return 2
    print(json.dumps(found) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0


def corpus() -> dict[str, list[str]]:
    """All texts by language that the model may learn from; all are this product's own."""
    texts = own_texts()
    package = resources.files("zvon")
    for lang in ("sl", "hr", "en"):
        folder = package / "locale" / lang
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".po"):
                texts[lang] += catalogue(file.read_text(encoding="utf-8"))
        lures = package / "ml" / "phish_text" / f"{lang}.txt"
        texts[lang] += templates(lures.read_text(encoding="utf-8"))
    return texts


def sentences(data: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each sentence of three words or more of the labelled mails (CC0)."""
    for row in _mails(data):
        for text in _SENTENCE.split(row["text"]):
            if len(text.split()) >= 3:
                yield row["lang"], text


def figures(data: Path) -> dict[str, float]:
    """Shares that were told right: short sentences, the same without accents, whole mails."""
    mails, short = _mails(data), list(sentences(data))
    if not mails:
        return {}
    langs = [lang for lang, _ in short]

    def share(right: list[str], texts: list[str]) -> float:
        told = [found.lang for found in answers(texts)]
        return round(sum(a == b for a, b in zip(told, right, strict=True)) / len(right), 4)

    return {
        "sentences": len(short),
        "sentences_right": share(langs, [text for _, text in short]),
        "without_accents_right": share(langs, [text.translate(_BARE) for _, text in short]),
        "mails": len(mails),
        "mails_right": share([m["lang"] for m in mails], [m["text"] for m in mails]),
    }


def _mails(data: Path) -> list[dict[str, Any]]:
    path = data / "text" / "pii_roles" / "mails.dev.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _write(folder: Path, meta: dict[str, Any], size: int) -> None:
    text = json.dumps(meta, indent=1, ensure_ascii=False) + "\n"
    (folder / "meta.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, size), encoding="utf-8")


def card(meta: dict[str, Any], size: int) -> str:
    """The model card, from what was measured."""
    found = meta.get("figures", {})
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in found.items()]
    words = ", ".join(f"{lang} {count:,}" for lang, count in sorted(meta["words"].items()))
    lines = [
        f"# Card: {NAME}, version {meta['version']}",
        "",
        "**What it is.** Naive Bayes over hashed runs of one to four letters, together with the words",
        "that hold a sentence together (`formats/language.py`). Addresses, numbers, codes and names",
        "inside a sentence have no vote. Croatian stands for its family: Serbian and Bosnian with Latin",
        "letters are `hr` with the variant said, Cyrillic Serbian is `sr`.",
        "",
        "**Trained on** texts of this product alone: sentences written for it (`text/*.txt`, CC0), its",
        f"own catalogues and its own templates of lures. Words: {words}. Another language is a file",
        "more in `text/`. Half of the weight of each text is that of its form without accents.",
        "",
        "**Measured** on labelled mails of citizens and firms (CC0), none of which was learnt from.",
        "Sentences have three words or more, are full of addresses, and some are only a name.",
        "",
        "| what | value |",
        "|---|---|",
        *rows,
        "",
        "**Known weak points.** Two words that Slovenian and Croatian share cannot be told apart.",
        "The languages other than ours are there to be recognised as foreign; a few hundred words each",
        "tell sentences, not phrases. A paragraph of fewer than 20 letters is `und` unless both",
        "neighbours agree; a whole short text gets the best guess when it leads clearly.",
        "",
        f"**Size** {size / 1e6:.2f} MB. SHA-256 {meta['sha256']}.",
    ]
    return "\n".join(lines) + "\n"
