"""The model card and the short table of the lexical model, both rendered from `meta.json`."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from zvon.cli.phish_lists import LICENCES, NONE_STATED

_RATES = (
    ("TPR at 1 % FPR", "tpr_at_1pct"),
    ("TPR at 0.1 % FPR", "tpr_at_01pct"),
    ("own domain, TPR at 1 %", "own_at_1pct"),
    ("own domain, TPR at 0.1 %", "own_at_01pct"),
    ("without telemetry, TPR at 1 %", "curated_at_1pct"),
    ("without telemetry, TPR at 0.1 %", "curated_at_01pct"),
)
_NUMBERS = (
    ("PR-AUC at 1 : 2", "pr_auc"),
    ("PR-AUC at 1 % phishing", "pr_auc_at_1pct_prior"),
    ("ROC-AUC", "roc_auc"),
    ("Brier", "brier"),
    ("ECE, 15 bins", "ece"),
)


def card(meta: Mapping[str, Any], size: int) -> str:
    """The model card: `ml/card.md` filled with what was trained and measured."""
    found = meta["figures"]
    text = (resources.files("zvon.ml") / "card.md").read_text(encoding="utf-8")
    plan = meta["plan"]
    return text.format(
        name=meta["name"],
        version=meta["version"],
        use=meta["use"],
        newest=meta["newest"],
        sha256=meta["sha256"],
        seed=plan["seed"],
        megabytes=size / 1e6,
        trees=plan["recipe"]["growth"]["trees"],
        depth=plan["recipe"]["growth"]["depth"],
        gram_bits=meta["features"]["gram_bits"],
        per_domain=plan["per_domain"],
        half_life=plan["recipe"]["half_life"],
        measured_from=meta["measured_from"],
        phishing=found["phishing"],
        benign=found["benign"],
        sources="\n".join(
            f"| {name} | {count:,} | {LICENCES.get(name, NONE_STATED)} |"
            for name, count in meta["sources"].items()
        ),
        numbers="\n".join(f"| {text} | {found[key]:.4f} |" for text, key in _NUMBERS),
        rates="\n".join(
            f"| {text} | {found[key]['value']:.3f} | {found[key]['low']:.3f} to "
            f"{found[key]['high']:.3f} |"
            for text, key in _RATES
        ),
        strata="\n".join(
            f"| {s['name']} | {'phishing' if s['phishing'] else 'harmless'} | {s['n']:,} | "
            f"{100 * s['at_1pct']:.2f} % | {100 * s['at_01pct']:.2f} % |"
            for s in found["strata"]
        ),
        alarms=found["alarms"],
        pinned=found["pinned"],
        gate=refusals(meta),
    )


def refusals(meta: Mapping[str, Any]) -> str:
    """What the release gate says, in a line."""
    return "; ".join(
        f"{r['rule']} {r['what']}: {r['found']:.4g}, limit {r['limit']:.4g}" for r in meta["gate"]
    ) or "no objection"  # fmt: skip


def summary(metas: Mapping[str, Mapping[str, Any]]) -> str:
    """A table of one or two models with the gap between them, strata, and the gate's word."""
    names = list(metas)
    found = [metas[name]["figures"] for name in names]
    rows = [(text, [f[key] for f in found]) for text, key in _NUMBERS]
    rows += [(text, [f[key]["value"] for f in found]) for text, key in _RATES]
    for label in (False, True):
        kinds = sorted({s["name"] for f in found for s in f["strata"] if s["phishing"] is label})
        for kind in kinds:
            values = [
                next((s["at_1pct"] for s in f["strata"] if (s["name"], s["phishing"]) == (kind, label)),
                     float("nan")) for f in found
            ]  # fmt: skip
            rows.append((f"{'TPR' if label else 'FPR'} at 1 %, {kind}", values))
    rows.append(("alarms among pinned", [float(f["alarms"]) for f in found]))
    gap = len(names) == 2
    head = f"{'':36}" + "".join(f"{name:>10}" for name in names) + ("       gap" if gap else "")
    lines = [head]
    for text, values in rows:
        line = f"{text:36}" + "".join(f"{value:10.4f}" for value in values)
        lines.append(line + (f"{values[1] - values[0]:+10.4f}" if gap else ""))
    for name in names:
        f = metas[name]["figures"]
        lines.append(
            f"{name} {metas[name]['version']}: {f['phishing']:,} phishing from "
            f"{metas[name]['measured_from']}, {f['benign']:,} harmless, {f['size'] / 1e6:.2f} MB; "
            f"gate: {refusals(metas[name])}"
        )
    return "\n".join(lines)
