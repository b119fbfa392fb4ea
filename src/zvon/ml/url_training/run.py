"""One model from lists: measured on the latest phishing, then fitted on everything."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zvon.ml.url.hashing import GRAMS
from zvon.ml.url.model import Model, pack
from zvon.ml.url.suffixes import Rules
from zvon.ml.url.tables import GRAM_BITS, WORD_BITS
from zvon.ml.url_training.judge import Figures, change
from zvon.ml.url_training.made import bare_rows, made_rows, official_rows, pinned_urls
from zvon.ml.url_training.measure import calibrate, judge, judged_rows, measure
from zvon.ml.url_training.recipe import Recipe, fit
from zvon.ml.url_training.release import gate
from zvon.ml.url_training.rows import Labelled, Parts, split
from zvon.model.brand import Brand

NEVER = "9999"


class Plan(Struct, frozen=True):
    """How a model of one use is made. `made` is the number of lures made up for it."""

    recipe: Recipe
    made: int = 0
    made_weight: float = 0.3
    official_weight: float = 1.0
    bare: bool = False
    per_domain: int = 6
    seed: int = 7


class Trained(Struct, frozen=True, eq=False):
    """A model with its weights as bytes and what is known about it."""

    model: Model
    weights: bytes
    meta: dict[str, Any]


def first_measured_day(rows: Sequence[Labelled]) -> str:
    """The first day of the month before the newest phishing's: the last two months are measured."""
    newest = max((r.day for r in rows if r.phishing and r.day), default="0001-02-01")
    year, month = int(newest[:4]), int(newest[5:7]) - 1
    return f"{year if month else year - 1:04}-{month or 12:02}-01"


def rows_of(parts: Parts, plan: Plan, brands: Sequence[Brand]) -> list[Labelled]:
    """The training rows of a split with what is made up for this use."""
    rows = list(parts.train)
    day = max((r.day for r in rows if r.phishing), default="")
    if plan.bare:
        rows += bare_rows(r for r in parts.train if not r.phishing)
    if plan.made:
        rows += made_rows(brands, plan.made, seed=plan.seed, day=day, weight=plan.made_weight)
    return rows + official_rows(brands, plan.official_weight)


def train(
    name: str,
    use: str,
    allowed: Sequence[Labelled],
    everything: Sequence[Labelled],
    plan: Plan,
    *,
    rules: Rules,
    brands: Sequence[Brand],
    champion: Model | None = None,
) -> tuple[Trained, Trained]:
    """The measured model (fitted on what is older than its test) and the final one (on all).

    The final model takes its calibration and its figures from the measured one: nothing later than
    its own rows exists yet. `everything` is what both are judged on; it may hold rows that
    `allowed` must not. `champion` is the model in use: the measured one is compared with it on the
    same rows, which a champion that has seen some of them wins rather than loses.
    """
    until = first_measured_day(everything)
    parts = split(allowed, everything, until, per_domain=plan.per_domain)
    rows = rows_of(parts, plan, brands)
    judged = judged_rows(parts)
    model = calibrate(fit(name, rows, rules, plan.recipe), judged)
    pinned = pinned_urls(brands) + [
        r.url for r in everything if not r.phishing and r.domain.endswith((".si", ".hr"))
    ]
    weights = pack(model)
    found = measure(model, judged, pinned, size=len(weights))
    if champion is not None:
        seen = judge(champion, judged)
        better = change(judge(model, judged).score, seen.score, seen, champion.name)
        found = replace(found, change=better)
    measured = Trained(
        model, weights, describe(name, use, until, rows, weights, plan, found, compared=champion)
    )
    parts = split(allowed, everything, NEVER, per_domain=plan.per_domain)
    rows = rows_of(parts, plan, brands)
    last = fit(name, rows, rules, plan.recipe)
    last = replace(last, low=model.low, high=model.high, offset=model.offset)
    weights = pack(last)
    return measured, Trained(
        last, weights,
        describe(name, use, NEVER, rows, weights, plan, found, until, compared=champion),
    )  # fmt: skip


def describe(
    name: str,
    use: str,
    until: str,
    rows: Sequence[Labelled],
    weights: bytes,
    plan: Plan,
    found: Figures,
    measured_from: str = "",
    *,
    compared: Model | None = None,
) -> dict[str, Any]:
    """What goes into `meta.json`. No clock: the version is the newest row's day and the digest.

    `compared` is the model in use, when the figures hold a comparison with it.
    """
    against = found if compared is not None else None
    digest = sha256(weights).hexdigest()
    newest = max((r.day for r in rows if r.phishing), default="") or "undated"
    return {
        "name": name,
        "version": f"{newest.replace('-', '.')}-{digest[:8]}",
        "sha256": digest,
        "use": use,
        "newest": newest,
        "until": until,
        "measured_from": measured_from or until,
        "sources": dict(sorted(Counter(r.source for r in rows).items())),
        "phishing": sum(r.phishing for r in rows),
        "features": {
            "grams": f"hashed byte {GRAMS[0]}-{GRAMS[-1]}-grams, host and path apart",
            "gram_bits": GRAM_BITS,
            "word_bits": WORD_BITS,
        },
        "plan": msgspec.to_builtins(plan),
        "figures": msgspec.to_builtins(found),
        "gate": [msgspec.to_builtins(refusal) for refusal in gate(found, against)],
    }
