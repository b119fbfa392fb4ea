"""`zvon models train|evaluate triage`: how likely a group of alerts belongs to an attack."""

import csv
import hashlib
import io
import json
import lzma
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from zvon.ml.triage.model import Model
    from zvon.ml.triage_training.corpus import Scenario
    from zvon.ml.triage_training.fit import Figures

NAME = "triage"
VERSION = "2026.11.22"
FOLDER = "incidents/ait_ads"
NOTICE = (
    "AIT Alert Data Set, Landauer, Skopik, Wurzenberger (AIT Austrian Institute of Technology), "
    "Zenodo 8263181, CC BY 4.0; changed: alerts were joined by minute and reduced to weights."
)


def train(out: Path | None, data: Path | None) -> int:
    """Leave each scenario out in turn, fit on all, write weights, description and card."""
    from zvon.ml.triage_training.fit import train as run

    if data is None:
        print("this needs --data or ZVON_DATA", file=sys.stderr)
        return 2
    began = time.monotonic()
    model, figures = run(read(data), VERSION)
    write(out or Path(__file__).parents[1] / "ml" / NAME, model, figures, data)
    print("\n".join(f"{k}: {v}" for k, v in msgspec.to_builtins(figures).items()))
    print(f"{time.monotonic() - began:.0f} s")
    return 0


def evaluate(data: Path | None, *, as_json: bool) -> int:
    """Show what was measured at training; the shipped model has seen all scenarios that we have."""
    from importlib import resources

    text = (resources.files("zvon.ml") / NAME / "meta.json").read_text(encoding="utf-8")
    found = json.loads(text)["figures"]
    print(json.dumps(found) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0


def paths(data: Path) -> list[Path]:
    """The scenarios of a data folder. Raises `FileNotFoundError`."""
    found = sorted((data / FOLDER).glob("*_alerts.csv.xz"))
    if not found:
        raise FileNotFoundError(f"{data / FOLDER} holds no *_alerts.csv.xz")
    return found


def read(data: Path) -> list["Scenario"]:
    """The labelled scenarios. Raises `FileNotFoundError`, `ValueError`."""
    from zvon.ml.triage_training.corpus import Labelled, scenario

    found = []
    for path in paths(data):
        with lzma.open(path, "rb") as packed:
            rows = csv.DictReader(io.TextIOWrapper(packed, "utf-8"))
            alerts = [
                Labelled(
                    int(row["time"]), row["short"], row["name"], row["host"], row["time_label"]
                )
                for row in rows
            ]
        found.append(scenario(path.name.removesuffix("_alerts.csv.xz"), alerts))
    return found


def write(folder: Path, model: "Model", figures: "Figures", data: Path) -> None:
    """Write `weights.npz`, `meta.json` and `CARD.md`."""
    from zvon.ml.triage.model import pack

    weights = pack(model)
    meta: dict[str, Any] = {
        "name": NAME,
        "version": VERSION,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "data": {
            f"{FOLDER}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths(data)
        },
        "figures": msgspec.to_builtins(figures),
        "notice": NOTICE,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(weights)
    text = json.dumps(meta, indent=1, ensure_ascii=False) + "\n"
    (folder / "meta.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(card(meta, len(weights)), encoding="utf-8")
    print(f"wrote {folder}: {len(weights) / 1e3:.0f} kB")


def card(meta: dict[str, Any], size: int) -> str:
    """The model card, from what was measured."""
    f = meta["figures"]
    rows = [
        f"| {name} left out | {f['by_scenario_full'][name]:.3f} | {value:.3f} |"
        for name, value in f["by_scenario_blind"].items()
    ]
    lines = [
        f"# Card: {meta['name']}, version {meta['version']}",
        "",
        "**What it is.** Two logistic regressions that say how likely a group of alerts belongs to an",
        "attack. One reads how new the signature is here and anywhere, how much else is new at the",
        "same time on this host and on others, how many kinds of it, and the words of the title; the",
        "other reads no words, and judges signatures that the training never saw. The probability is",
        "one term of an incident's rank, with its sentence. It joins nothing, hides nothing, decides",
        "nothing.",
        "",
        f"**Trained on** {f['sightings']:,} minutes of alerts, {f['attack']:,} of them of an attack, in five",
        f"scenarios. {meta['notice']}",
        "Alerts that also fire outside of the attack in more than 5 % of the hours were left out.",
        "",
        "**Measured.** Each scenario by a model that was fitted on the four others; average precision.",
        "",
        "| scenario | with words | without |",
        "|---|---|---|",
        *rows,
        f"| **mean** | **{f['precision_full']:.3f}** | **{f['precision_blind']:.3f}** |",
        "",
        f"Calibration error in ten bins: {f['calibration_error_full']:.4f} with words and",
        f"{f['calibration_error_blind']:.4f} without; Brier score {f['brier_full']:.4f} and",
        f"{f['brier_blind']:.4f}. Slope and shift were",
        "chosen on the margins of the scenarios left out, so these four are a little too good.",
        "",
        "**Known weak points.** Five testbeds of one kind, synthetic users, one attack at a time: real",
        "networks have more noise, and attacks that are slower. The way labels were cleaned is alike",
        "the novelty that the model reads, which flatters it. Average precision hides the smallest",
        "steps: the end of an exfiltration is one to five minutes of alerts, and is hardly seen here.",
        "In the first day of a node everything is new. Titles are English.",
        "",
        f"**Size** {size / 1e3:.0f} kB. SHA-256 {meta['sha256']}.",
    ]
    return "\n".join(lines) + "\n"
