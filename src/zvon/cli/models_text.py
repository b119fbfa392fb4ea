"""`zvon models train|evaluate phish-text`: the model of message texts, from our own templates."""

import gzip
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from zvon.ml.text import Floats, Model, load_shipped, pack
from zvon.ml.text_corpus import templates
from zvon.ml.text_training import EACH, SEED, Figures, fit, measured

NAME = "phish-text"
VERSION = "2026.11.22"
MAILS = {
    "phishing_pot_2022_2025.jsonl.gz": "phishing that a honeypot received in 2022 to 2025",
    "spamassassin_ham_2002_train.jsonl.gz": "ordinary mail of 2002",
    "spamassassin_spam_2002.jsonl.gz": "advertising mail of 2002",
}
THRESHOLD = 0.7


def train(out: Path | None, data: Path | None) -> int:
    """Train on the templates, measure, and write `weights.npz`, `meta.json` and `CARD.md`."""
    model, held_out = fit(NAME)
    weights = pack(model)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "seed": SEED,
        "texts_each": EACH,
        "templates": {
            lang: sum(t.lang == lang for t in templates()) for lang in ("sl", "hr", "en")
        },
        "figures": {name: msgspec.to_builtins(found) for name, found in held_out.items()},
        "elsewhere": elsewhere(model, data) if data else [],
    }
    folder = out or Path(__file__).parents[1] / "ml" / "phish_text"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(weights)
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, held_out, len(weights)), encoding="utf-8")
    print(f"wrote {folder}: {len(weights) / 1e6:.2f} MB")
    return 0


def evaluate(data: Path | None, *, as_json: bool) -> int:
    """Measure the shipped model on mail that it did not learn from."""
    model = load_shipped()
    if model is None or data is None:
        print("this needs a shipped phish-text model and a data folder", file=sys.stderr)
        return 2
    found = elsewhere(model, data)
    print(json.dumps(found) if as_json else "\n".join(map(str, found)))
    return 0


def elsewhere(model: Model, data: Path) -> list[dict[str, Any]]:
    """For each foreign collection how many of its mails the model calls lures.

    `auc` says how well the model's order tells the honeypot's mails from this collection.
    """
    rows: list[dict[str, Any]] = []
    lures: Floats | None = None
    for name, what in MAILS.items():
        path = data / "phishing" / "email" / name
        if not path.exists():
            continue
        p = model.score(list(mails(path)))
        row = {
            "mails": len(p),
            "what": what,
            "called_lure": round(float((p >= THRESHOLD).mean()), 4),
        }
        if lures is None:
            lures = p
        else:
            labels = np.concatenate([np.ones(len(lures)), np.zeros(len(p))])
            row["auc"] = measured(np.concatenate([lures, p]), labels).auc
        rows.append(row)
    return rows


def mails(path: Path) -> Iterator[str]:
    """Subject and text of each mail of a collection."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield f"{row.get('subject') or ''}\n{row.get('text') or ''}"


def card(meta: dict[str, Any], held_out: dict[str, Figures], size: int) -> str:
    """The model card, from what was measured."""
    count = sum(meta["templates"].values())
    lines = [
        f"# Card: {NAME}, version {meta['version']}",
        "",
        "**What it is.** A logistic regression over hashed words, word pairs and parts of words of a",
        "message in Slovenian, Croatian or English. Its score is one fact with a bounded weight",
        "(`TEXT` in `ml/evidence/weights.toml`); alone it never makes a verdict.",
        "",
        f"**Trained on** {count} templates of our own ({meta['templates']}), half of them lures, each",
        f"filled {meta['texts_each']} times with seed {meta['seed']}. No real message, no class (ii) data",
        "and none of the twelve fixtures. Addresses, amounts, numbers, dates and months are made equal;",
        "headers, markup and length never come in.",
        "",
        "**Measured** at probability 0.7 on texts whose template (or whose whole kind of lure) was held",
        "out. These are texts by the same author: they say that it reads wording, not that it is right",
        "on the street.",
        "",
        "| held out | texts | lures | AUC | lures found | ordinary called lure | Brier |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {f.texts} | {f.lures} | {f.auc:.3f} | {f.recall:.3f} | {f.alarms:.3f} |"
            f" {f.brier:.3f} |"
            for name, f in held_out.items()
        ),
        "",
        "**Mail that it did not learn from** (English mostly; share called lure at 0.7). The second and",
        "third row test the trap of eras: a model that learns the era calls old advertising phishing.",
        "",
        "| collection | mails | called lure | AUC of the honeypot against it |",
        "|---|---|---|---|",
        *(
            f"| {e['what']} | {e['mails']} | {e['called_lure']:.3f} | {e.get('auc', '')} |"
            for e in meta["elsewhere"]
        ),
        "",
        "**Known weak points.** On the honeypot's mails its order is about as good as chance, and it finds",
        "few of them: they are long, often in other languages, and many say little in words. So it does",
        "not know the era, and on such mail it does not know much else. It is made for short messages",
        "in our languages. No sizeable set of real Slovenian or Croatian lures",
        "exists in the open, so nothing is measured there. Honest mail that asks for a login or a",
        "payment scores high; that is why the weight is bounded.",
        "",
        f"**Size** {size / 1e6:.2f} MB. SHA-256 {meta['sha256']}.",
    ]
    return "\n".join(lines) + "\n"


def data_folder(given: Path | None) -> Path | None:
    """The folder with `phishing/email/`: the one given, or that of ZVON_DATA."""
    text = os.environ.get("ZVON_DATA")
    return given or (Path(text) if text else None)
