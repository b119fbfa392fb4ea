"""`zvon models`: train and evaluate the models of this node."""

import csv
import gzip
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from zvon.ml.url import Model
    from zvon.ml.url_training import Labelled

app = App(name="models", help="Train and evaluate models.")

# Files, and the sources in them, whose licence allows weights to be shipped: CC0, MIT, CC BY 4.0.
PERMISSIVE: dict[str, frozenset[str] | None] = {
    "tweetfeed_phishing_cc0.tsv.gz": None,
    "benign_links_dated.tsv.gz": frozenset({"awesome", "fpb"}),
    "benign_account_search_pages.tsv.gz": frozenset({"jdm", "apple_pw", "2fa", "bangs"}),
}
EVERYTHING: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(PERMISSIVE),
    "openphish_2024-10_2026-04.tsv.gz": None,
    "benign_sites_home.tsv.gz": None,
}
LICENCES = {
    "shipped": (
        "Every source is CC0, MIT or CC BY 4.0: TweetFeed (CC0); awesome-list pages, "
        "just-delete-me, password-manager resources, two-factor lists and search shortcuts (MIT); "
        "free-programming-books (CC BY 4.0)."
    ),
    "local": "Also sources whose licence forbids shipping: these weights stay on this machine.",
}
TRAIN_BEFORE = "2026-03-01"
PER_DOMAIN = 6
BENIGN_FOLD = 0

Data = Annotated[Path | None, Parameter(help="Folder with `phishing/urls/`; default: ZVON_DATA.")]
Allowed = Literal["shipped", "local"]


@app.command
def train(
    model: Literal["phish-url", "phish-text"],
    *,
    data: Data = None,
    out: Annotated[Path | None, Parameter(help="Folder for weights, meta and card.")] = None,
    use: Annotated[Allowed, Parameter(help="`shipped`: permissive sources only.")] = "shipped",
) -> int:
    """Train a model and write `weights.npz`, `meta.json` and `CARD.md`.

    Trains on phishing seen before 2026-03-01 and measures on later phishing of other domains.
    """
    if model == "phish-text":
        from zvon.cli import models_text

        return models_text.train(out, models_text.data_folder(data))
    from zvon.ml.url import pack
    from zvon.ml.url_training import describe, fit

    folder = _folder(data)
    if folder is None:
        return 2
    out = out or Path(__file__).parents[1] / "ml" / "phish_url"
    rows, seen = _split(folder, PERMISSIVE if use == "shipped" else EVERYTHING)
    print(f"training on {len(rows):,} addresses, {sum(r.phishing for r in rows):,} phishing")
    fitted = fit(model, rows)
    weights = pack(fitted)
    figures = _measure(fitted, folder, seen)
    meta: dict[str, Any] = {
        "name": model,
        "version": datetime.now(UTC).strftime("%Y.%m.%d"),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "use": use,
        "sources": dict(sorted(Counter(r.source for r in rows).items())),
        "features": describe(),
        "train_before": TRAIN_BEFORE,
        "seed": 7,
        "figures": figures,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "weights.npz").write_bytes(weights)
    (out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    (out / "CARD.md").write_text(_card(meta, len(weights)), encoding="utf-8")
    print(f"wrote {out}: {len(weights) / 1e6:.2f} MB")
    _show(figures)
    return 0


@app.command
def evaluate(
    model: Literal["phish-url", "phish-text"],
    *,
    data: Data = None,
    path: Annotated[Path | None, Parameter(help="Folder of a trained model.")] = None,
    json_: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Measure a model on phishing after its training period, on domains that it did not see."""
    if model == "phish-text":
        from zvon.cli import models_text

        return models_text.evaluate(models_text.data_folder(data), as_json=json_)
    from zvon.ml.url import load_shipped

    folder = _folder(data)
    if folder is None:
        return 2
    fitted = read_model(path) if path else load_shipped()
    if fitted is None:
        print(f"no shipped {model} model; run `make train`", file=sys.stderr)
        return 2
    _, seen = _split(folder, PERMISSIVE)
    found = _measure(fitted, folder, seen)
    if json_:
        print(json.dumps(found, indent=1))
    else:
        _show(found)
    return 0


def _show(found: dict[str, dict[str, Any]]) -> None:
    for name, row in found.items():
        print(f"{name}: " + " · ".join(f"{k} {v}" for k, v in row.items()))


def read_model(folder: Path) -> "Model":
    """Load a trained model from its folder. Raises `BadWeights`, `OSError`."""
    from zvon.ml.url import load

    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return load((folder / "weights.npz").read_bytes(), meta)


def _folder(data: Path | None) -> Path | None:
    root = data or (Path(os.environ["ZVON_DATA"]) if "ZVON_DATA" in os.environ else None)
    if root is None or not (root / "phishing" / "urls").is_dir():
        print("give --data FOLDER (or ZVON_DATA) that holds phishing/urls/", file=sys.stderr)
        return None
    return root / "phishing" / "urls"


def _read(path: Path, sources: frozenset[str] | None) -> Iterator["Labelled"]:
    from zvon.ml.url_training import Labelled

    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            source = row.get("source") or path.name.split("_")[0]
            if sources is None or source in sources:
                yield Labelled(row["url"], row["label"] == "1", row["date"], row["domain"], source)


def _split(
    folder: Path, files: dict[str, frozenset[str] | None]
) -> tuple[list["Labelled"], frozenset[str]]:
    """Training rows, and the registered domains that they use."""
    from zvon.ml.url import score_form
    from zvon.ml.url_training import Labelled, fold_of

    rows = [r for name, sources in files.items() for r in _read(folder / name, sources)]
    phishing = _cap([r for r in rows if r.phishing and r.day < TRAIN_BEFORE], PER_DOMAIN)
    harmless = [r for r in rows if not r.phishing and fold_of(r.domain) != BENIGN_FOLD]
    benign = _cap(harmless, PER_DOMAIN)
    # Lists of links hold few bare hosts and feeds hold many: without these rows "no path" would
    # be learned as a sign of phishing.
    bare = [
        Labelled("https://" + score_form(r.url)[8:].split("/")[0], False, "", r.domain, "bare")
        for r in _cap(benign, 1)
    ]
    chosen = phishing + benign + bare
    return chosen, frozenset(r.domain for r in phishing)


def _cap(rows: Sequence["Labelled"], most: int) -> list["Labelled"]:
    """At most `most` rows of one registered domain, chosen by a stable shuffle."""
    seen: Counter[str] = Counter()
    kept = []
    for row in sorted(rows, key=lambda r: hashlib.blake2b(r.url.encode(), digest_size=8).digest()):
        if seen[row.domain] < most:
            seen[row.domain] += 1
            kept.append(row)
    return kept


def _measure(model: "Model", folder: Path, seen: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Figures against each list of later phishing, on registered domains not in `seen`."""
    import msgspec
    import numpy as np

    from zvon.ml.url_training import figures, fold_of

    benign = [
        r
        for name in EVERYTHING
        for r in _read(folder / name, None)
        if not r.phishing and fold_of(r.domain) == BENIGN_FOLD
    ]
    benign = _cap(benign, 3)
    found = {}
    for name in ("tweetfeed_phishing_cc0.tsv.gz", "openphish_2024-10_2026-04.tsv.gz"):
        rows = _read(folder / name, None)
        late = [r for r in rows if r.day >= TRAIN_BEFORE and r.domain not in seen]
        both = _cap(late, 3) + benign
        score = model.score([r.url for r in both])
        row = figures(score, np.array([r.phishing for r in both]), [r.domain for r in both])
        found[name.split("_")[0]] = {k: round(v, 4) for k, v in msgspec.structs.asdict(row).items()}
    return found


def _card(meta: dict[str, Any], size: int) -> str:
    """The model card: `ml/card.md` filled with what was trained and measured."""
    rows = "\n".join(
        f"| {name} | {f['phishing']:,} | {f['benign']:,} | {f['tpr_at_1pct']:.3f}"
        f" [{f['tpr_at_1pct_low']:.3f}, {f['tpr_at_1pct_high']:.3f}] | {f['tpr_at_01pct']:.3f}"
        f" | {f['pr_auc']:.3f} | {f['roc_auc']:.3f} | {f['ece']:.3f} |"
        for name, f in meta["figures"].items()
    )
    text = (resources.files("zvon.ml") / "card.md").read_text(encoding="utf-8")
    return text.format(
        rows=rows,
        sources=", ".join(f"{k} {v:,}" for k, v in meta["sources"].items()),
        licence=LICENCES[meta["use"]],
        megabytes=size / 1e6,
        per_domain=PER_DOMAIN,
        **{k: meta[k] for k in ("name", "version", "use", "sha256", "seed", "train_before")},
    )
