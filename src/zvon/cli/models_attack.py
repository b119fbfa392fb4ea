"""`zvon models train|evaluate attack`: the tagger of ATT&CK techniques."""

import hashlib
import json
import lzma
import re
import sys
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from zvon.ml.attack.model import describe, pack

if TYPE_CHECKING:
    from zvon.ml.attack.model import Model
    from zvon.ml.attack_training.corpus import Corpus
    from zvon.ml.attack_training.run import Figures

NAME = "attack"
VERSION = "2026.11.22"
FILES = {
    "reports": "text/tram2/multi_label_sentences.train.jsonl.xz",
    "mapped": "text/tram2/bootstrap_sentences.jsonl.xz",
    "examples": "text/attack/procedure_examples.train.jsonl.xz",
}
BUNDLES = "cti/attack-stix.tar.xz"
NOTICE = (
    "(c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission "
    "of The MITRE Corporation."
)
_BUNDLE = re.compile(r"enterprise-attack-([0-9]+(?:\.[0-9]+)*)[^/]*\.json$")


def train(out: Path | None, data: Path | None) -> int:
    """Measure on held-out reports, fit on everything, write weights, description and card."""
    from zvon.ml.attack_training.run import train as run

    if data is None:
        print("this needs --data or ZVON_DATA", file=sys.stderr)
        return 2
    began = time.monotonic()
    model, figures = run(read(data), lambda line: print(line, flush=True))
    write(out or Path(__file__).parents[1] / "ml" / "attack", model, figures, data)
    print(f"{time.monotonic() - began:.0f} s")
    return 0


def evaluate(data: Path | None, *, as_json: bool) -> int:
    """Show what was measured at training; the shipped model has seen all reports that we have."""
    from importlib import resources

    folder = resources.files("zvon.ml") / "attack"
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    found = meta["figures"]
    print(json.dumps(found) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0


def read(data: Path) -> "Corpus":
    """The corpus of a data folder. Raises `FileNotFoundError`, `ValueError`."""
    from zvon.ml.attack_training.corpus import corpus

    rows = {name: _lines(data / path) for name, path in FILES.items()}
    with tarfile.open(data / BUNDLES) as archive:
        for member in archive:
            match = _BUNDLE.search(member.name)
            file = archive.extractfile(member) if match else None
            if match and file is not None:
                bundle = json.load(file)
                return corpus(**rows, bundle=bundle, version=match[1])
    raise ValueError(f"{BUNDLES} holds no enterprise-attack bundle")


def write(folder: Path, model: "Model", figures: "Figures", data: Path) -> None:
    """Write `weights.npz`, `meta.json` and `CARD.md`."""
    weights = pack(model)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "data": {
            path: hashlib.sha256((data / path).read_bytes()).hexdigest()
            for path in (*FILES.values(), BUNDLES)
        },
        "figures": msgspec.to_builtins(figures),
        "notice": NOTICE,
        **describe(model),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(weights)
    text = json.dumps(meta, indent=1, ensure_ascii=False) + "\n"
    (folder / "meta.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, len(weights)), encoding="utf-8")
    print(f"wrote {folder}: {len(weights) / 1e6:.2f} MB")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def card(meta: dict[str, Any], size: int) -> str:
    """The model card, from what was measured."""
    f = meta["figures"]
    alone = f"{f['documents_reports_alone']:.3f}, {f['pooled_reports_alone']:.3f}"
    lines = [
        f"# Card: {NAME}, version {meta['version']}, for ATT&CK {meta['attack_version']}",
        "",
        "**What it is.** Linear models over hashed words, pairs of words and runs of letters of a",
        f"sentence. One suggests {f['labels']} techniques with thresholds tuned on whole reports, one",
        f"ranks all {len(meta['techniques'])}. Addresses, hashes, numbers and CVEs are made equal first.",
        "It suggests with the sentence that says so, and decides nothing.",
        "",
        f"**Trained on** {f['reports']} labelled reports and mapped sentences of TRAM (Center for",
        "Threat-Informed Defense, Apache-2.0) and procedure examples, names and descriptions of MITRE",
        "ATT&CK, the subject of each example replaced, because who it was must not be learnt.",
        f"{meta['notice']}",
        "",
        "**Measured.** Reports: five folds that share no report; sentences from elsewhere that are",
        "alike one of the judged reports (cosine .7) were left out of its fold; thresholds were chosen",
        "on other reports than those judged. Ranking: one group or program in five held out whole.",
        "",
        "| what | value |",
        "|---|---|",
        f"| F1 of a report's techniques, mean over {f['reports']} reports | {f['documents']:.3f} |",
        f"| F1 over all pairs of report and technique | {f['pooled']:.3f} |",
        f"| the same two, learning from reports alone | {alone} |",
        f"| right technique first of all, {f['examples']:,} procedure examples | {f['top1']:.3f} |",
        f"| among the first three | {f['top3']:.3f} |",
        "",
        "**Known weak points.** People who labelled the reports marked some 77 techniques and not every",
        "mention, so a right suggestion can count as wrong. Techniques outside the tuned ones are",
        "ranked and not suggested in a report. Mapped sentences paraphrase public reports that others",
        "may be tested on. Slovenian and Croatian are read through a glossary of words (`low`): nothing",
        "is measured there. A table of techniques at a report's end is found by its ids, as literal.",
        "",
        f"**Size** {size / 1e6:.2f} MB. SHA-256 {meta['sha256']}.",
    ]
    return "\n".join(lines) + "\n"
