"""The lexical score beside what it replaces: accuracy on later phishing, and addresses per second.

`python -m bench.phish_url --data FOLDER [--model DIR …]`: each DIR holds a model as `zvon models
train` writes it; accuracy is of its `measured/` weights, which saw only what is older than the
test, speed is of the real command with its start. Without --model only the two yardsticks run.

`rules` follows what phishing_catcher says of itself (keywords with points, suspicious endings,
entropy, many hyphens, deep names, "fake .com"), written anew; it was made for certificate names, so
addresses on hacked sites and shared hosts are not its field. `linear` is one logistic regression on
hashed byte 2-5-grams.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from zvon.cli.model_folder import read_model
from zvon.cli.phish_lists import EVERYTHING, lists_folder, read_lists
from zvon.ml.url.form import read_texts
from zvon.ml.url.model import Scores
from zvon.ml.url_training.judge import Judged, figures
from zvon.ml.url_training.measure import judge, judged_rows
from zvon.ml.url_training.prepared import Linear, linear_fit, prepare
from zvon.ml.url_training.recipe import reference_weights
from zvon.ml.url_training.rows import Labelled, split
from zvon.ml.url_training.run import first_measured_day
from zvon.ml.url_training.strata import TELEMETRY, strata_of
from zvon.ml.url_training.suffix_list import suffix_rules

LINES = 100_000
ROUNDS = 3
KEYWORDS = {
    "login": 25, "log-in": 25, "sign-in": 25, "signin": 25, "account": 25, "verification": 25,
    "verify": 25, "webscr": 25, "password": 25, "credential": 25, "support": 25, "activity": 25,
    "security": 25, "update": 25, "authentication": 25, "authenticate": 25, "authorize": 25,
    "wallet": 25, "alert": 25, "purchase": 25, "transaction": 25, "recover": 25, "unlock": 25,
    "confirm": 20, "live": 15, "office": 15, "service": 15, "manage": 15, "portal": 15,
    "invoice": 15, "secure": 10, "customer": 10, "client": 10, "bill": 10, "online": 10,
    "safe": 10, "form": 10, "appleid": 70, "icloud": 60, "iforgot": 60, "itunes": 50, "apple": 30,
    "outlook": 60, "office365": 50, "microsoft": 60, "windows": 30, "paypal": 70, "facebook": 60,
    "twitter": 40, "instagram": 40, "google": 60, "gmail": 60, "amazon": 60, "netflix": 70,
    "whatsapp": 50, "coinbase": 70, "binance": 60, "blockchain": 50, "metamask": 60,
    "bankofamerica": 70, "wellsfargo": 70, "chase": 40, "hsbc": 50, "dropbox": 50, "adobe": 40,
}  # fmt: skip
ENDINGS = frozenset(
    [
        "ga",
        "gdn",
        "bid",
        "country",
        "kim",
        "loan",
        "men",
        "ml",
        "mom",
        "party",
        "review",
        "science",
        "stream",
        "tk",
        "top",
        "trade",
        "vip",
        "win",
        "work",
        "xyz",
        "cf",
        "gq",
        "icu",
        "cyou",
        "click",
        "link",
        "online",
        "site",
        "shop",
        "buzz",
        "rest",
        "live",
        "club",
    ],
)
_WORDS = re.compile(r"\W+")


def rules(form: bytes) -> float:
    """Points of one address by its host."""
    host = form.decode("utf-8", "replace").split("/")[0].split("?")[0]
    points = 20.0 if host.rpartition(".")[2] in ENDINGS else 0.0
    name = host.removeprefix("*.")
    letters = Counter(name).values()
    if name:
        points += 10 * round(-sum(n / len(name) * math.log2(n / len(name)) for n in letters))
    words = _WORDS.split(name)
    if words[:1] and words[0] in {"com", "net", "org"}:
        points += 10
    points += sum(worth for word, worth in KEYWORDS.items() if word in name)
    for strong in (word for word, worth in KEYWORDS.items() if worth >= 70):
        near = (w for w in words if w not in {"email", "mail", "cloud"})
        points += sum(70 for w in near if Levenshtein.distance(w, strong) == 1)
    if "xn--" not in name and name.count("-") >= 4:
        points += 3 * name.count("-")
    if name.count(".") >= 3:
        points += 3 * name.count(".")
    return points


def linear(train: Sequence[Labelled], forms: Sequence[bytes]) -> Scores:
    """One hashed n-gram logistic regression, all rows alike."""
    known = suffix_rules()
    label = np.array([r.phishing for r in train])
    data = prepare(read_texts(r.url for r in train), [r.domain for r in train], known)
    weights = linear_fit(data.grams, label, np.ones(len(train), np.float32), Linear())
    return np.asarray(prepare(forms, [""] * len(forms), known).grams @ weights)


def per_second(command: Sequence[str], lines: bytes) -> float:
    """Lines per second of a whole command with its start: the best of a few runs."""
    best = math.inf
    with tempfile.TemporaryFile() as file:
        file.write(lines)
        for _ in range(ROUNDS):
            file.seek(0)
            began = time.perf_counter()
            out = subprocess.run(command, stdin=file, capture_output=True, check=True).stdout
            best = min(best, time.perf_counter() - began)
            assert out.count(b"\n") == lines.count(b"\n")
    return lines.count(b"\n") / best


def timed(score: Callable[[], Scores], count: int) -> tuple[Scores, float]:
    began = time.perf_counter()
    found = score()
    return found, count / (time.perf_counter() - began)


def row(name: str, sample: Judged, speed: float, note: str) -> str:
    f = figures(sample, weight=reference_weights(sample.phishing), pinned=np.zeros(0))
    benign = {s.name: s.at_1pct for s in f.strata if not s.phishing}
    rates = (f.tpr_at_1pct, f.tpr_at_01pct)
    return (
        f"| {name} | {f.pr_auc:.3f} | {f.pr_auc_at_1pct_prior:.3f} | {f.roc_auc:.3f} | "
        + " | ".join(f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in rates)
        + f" | {f.own_at_1pct.value:.3f} / {f.own_at_01pct.value:.3f}"
        f" | {f.curated_at_1pct.value:.3f} / {f.curated_at_01pct.value:.3f}"
        f" | {100 * benign.get('free hosting', 0):.1f} % | {f.brier:.3f} / {f.ece:.3f}"
        f" | {speed:,.0f}{note} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", type=Path, action="append", default=[])
    chosen = parser.parse_args()
    folder = lists_folder(chosen.data)
    if folder is None:
        return 2
    everything = read_lists(folder, EVERYTHING)
    parts = split(everything, everything, first_measured_day(everything))
    test = judged_rows(parts)
    forms = read_texts(r.url for r in test)
    count = len(test)
    lines = b"".join(b"https://" + forms[n % count] + b"\n" for n in range(LINES))
    print("| model | PR-AUC | at 1 % | ROC | TPR at 1 % | TPR at 0.1 % | own 1 / 0.1 % "
          "| curated 1 / 0.1 % | free-hosting FPR | Brier / ECE | addresses/s |")  # fmt: skip
    print("|" + "---|" * 11)
    points, speed = timed(lambda: np.array([rules(form) for form in forms]), count)
    print(row("rules", judge_with(points / (points.max() + 1), test), speed, " without start"))
    logit, speed = timed(lambda: linear(parts.train, forms), count)
    print(row("linear", judge_with(1 / (1 + np.exp(-logit)), test), speed, " with its training"))
    for place_of in chosen.model:
        use = json.loads((place_of / "meta.json").read_text("utf-8"))["use"]
        command = [sys.executable, "-m", "zvon", "phish", "score", "--model", str(place_of)]
        measured = read_model(place_of / "measured")
        print(row(use, judge(measured, test), per_second(command, lines), ""))
    print(f"\n{sum(r.phishing for r in test):,} phishing, "
          f"{sum(not r.phishing for r in test):,} harmless; {LINES:,} lines for the speed")  # fmt: skip
    return 0


def judge_with(score: Scores, rows: Sequence[Labelled]) -> Judged:
    """Rows with scores from elsewhere."""
    return Judged(
        score=score,
        phishing=np.array([r.phishing for r in rows]),
        domain=[r.domain for r in rows],
        stratum=strata_of(rows, suffix_rules()),
        curated=np.array([r.source not in TELEMETRY for r in rows]),
    )


if __name__ == "__main__":
    sys.exit(main())
