"""The correlation on the AIT Alert Data Set: quality, queue, ranks, speed, memory; leave one out.

    python -m bench.correlate --data FOLDER [--sweep]      (or ZVON_DATA; holds `incidents/ait_ads`)

The metric is attack-centred: (1) meta-alerts are records of the same short name and host in the
same minute, with the label that most of them have. (2) Incident 2 is the chain from network scans
to privilege escalation, incident 1 the exfiltration that ends; an alert in an attack window whose
short name and host also fire in more than 5 % of the other hours is background and left out. (3)
Only pairs with an attack alert count; what was suppressed is missed. (4) Beside F1: incidents a day
after a warm-up of 24 h, phases in the first 10, ranks, phase-macro recall (mean over phases of the
share that lies in the incident with most of the chain) with those labels and with the raw ones.

`--sweep` chooses the policy on four scenarios and scores the fifth, for each of the five.
Cite Landauer, Skopik, Wurzenberger: Introducing a New Alert Data Set (CSET 2024), CC BY.
"""

import argparse
import csv
import io
import lzma
import resource
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from zvon.cli.alerts_read import Records
from zvon.cli.alerts_run import Result, run
from zvon.cli.models_text import data_folder
from zvon.ml.correlate.policy import Policy, shipped

CHAIN = frozenset(
    {"network_scans", "service_scans", "wpscan", "dirb", "webshell", "cracking", "reverse_shell",
     "privilege_escalation"}
)  # fmt: skip
EXFIL = frozenset({"service_stop", "dnsteal"})
HOUR, DAY = 3600, 86400
BACKGROUND = 0.05

Ints = NDArray[np.int64]


class Meta(Struct, frozen=True):
    """Meta-alerts of a scenario: time, truth (2, 1, 0, -1), raw truth, phase; and of each record
    the meta-alert that it is in.
    """

    time: Ints
    truth: Ints
    raw: Ints
    phase: NDArray[np.str_]
    of_record: Ints


def meta(path: Path) -> Meta:
    """Read the labels of a scenario; the correlation never sees them."""
    with lzma.open(path, "rb") as packed:
        rows = list(csv.DictReader(io.TextIOWrapper(packed, "utf-8")))
    times = np.array([int(row["time"]) for row in rows])
    phases = np.array([row["time_label"] for row in rows])
    what = [f"{row['short']}\0{row['host']}" for row in rows]
    names, pair = np.unique(what, return_inverse=True)
    keys, of_record = np.unique(np.stack([times // 60, pair]), axis=1, return_inverse=True)
    of_record = of_record.ravel()
    count = keys.shape[1]
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, of_record, times)
    votes: list[Counter[str]] = [Counter() for _ in range(count)]
    for record, where in enumerate(of_record.tolist()):
        votes[where][str(phases[record])] += 1
    phase = np.array([max(vote, key=lambda each: (vote[each], each)) for vote in votes])
    raw = np.array([2 if p in CHAIN else 1 if p in EXFIL else 0 for p in phase.tolist()])
    quiet = raw == 0
    hours = first // HOUR
    usual = len(np.unique(hours[quiet]))
    seen = np.unique(np.stack([keys[1][quiet], hours[quiet]]), axis=1)[0]
    share = np.bincount(seen, minlength=len(names)) / usual
    truth = np.where((raw > 0) & (share[keys[1]] > BACKGROUND), -1, raw)
    return Meta(first, truth, raw, phase, of_record)


class Found(Struct, frozen=True):
    """The figures of a scenario; a rank of 0 is none."""

    f1: float
    precision: float
    recall: float
    per_day: float
    phases_in_10: float
    chain_rank: int
    exfil_rank: int
    exfil_24h: int
    queue_24h: int
    phase_recall: float
    phase_recall_raw: float


def judge(labels: Meta, result: Result) -> Found:
    """Score one pass of the correlation against the labels."""
    incident = _majority(labels.of_record, result.incident.astype(np.int64), len(labels.time))
    kept = incident >= 0
    pairs = {each: _pairs(labels.truth == each) for each in (1, 2)}
    tp = fp = 0.0
    for name in np.unique(incident[kept]).tolist():
        inside = labels.truth[incident == name]
        ones, twos, noise = (int((inside == each).sum()) for each in (1, 2, 0))
        tp += ones * (ones - 1) / 2 + twos * (twos - 1) / 2
        fp += ones * twos + (ones + twos) * noise
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / sum(pairs.values())
    begin, end = int(labels.time.min()), int(labels.time.max())
    attack = labels.truth > 0
    warm = min(24 * HOUR, int(labels.time[attack].min()) - begin)
    last = {each.incident: each.last for each in result.ranking}
    live = [each.incident for each in result.ranking if last[each.incident] >= begin + warm]
    shown = set(labels.phase[attack & np.isin(incident, live[:10])].tolist())
    chain, exfil = (_home(incident, labels.truth == each) for each in (2, 1))
    place, queue = _view(labels, result, exfil, incident)
    return Found(
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        precision=precision, recall=recall,
        per_day=len(live) / ((end - begin - warm) / DAY),
        phases_in_10=len(shown) / len(set(labels.phase[attack].tolist())),
        chain_rank=live.index(chain) + 1 if chain in live else 0,
        exfil_rank=live.index(exfil) + 1 if exfil in live else 0,
        exfil_24h=place, queue_24h=queue,
        phase_recall=_macro(labels, incident, labels.truth == 2),
        phase_recall_raw=_macro(labels, incident, labels.raw == 2),
    )  # fmt: skip


def _pairs(mask: NDArray[np.bool_]) -> float:
    count = int(mask.sum())
    return count * (count - 1) / 2


def _majority(of_record: Ints, incident: Ints, count: int) -> Ints:
    """The incident that most records of each meta-alert are in."""
    both, votes = np.unique(np.stack([of_record, incident]), axis=1, return_counts=True)
    order = np.argsort(votes, kind="stable")
    found = np.full(count, -1)
    found[both[0][order]] = both[1][order]  # the last one written has most
    return found


def _home(incident: Ints, mask: NDArray[np.bool_]) -> int:
    """The incident that holds most of it."""
    inside = incident[mask & (incident >= 0)]
    if not len(inside):
        return -2
    names, counts = np.unique(inside, return_counts=True)
    return int(names[counts.argmax()])


def _macro(labels: Meta, incident: Ints, mask: NDArray[np.bool_]) -> float:
    home = _home(incident, mask)
    shares = [
        float((incident[mask & (labels.phase == phase)] == home).mean())
        for phase in sorted(set(labels.phase[mask].tolist()))
    ]
    return float(np.mean(shares))


def _view(labels: Meta, result: Result, exfil: int, incident: Ints) -> tuple[int, int]:
    """Its place at the full hour after the exfiltration showed in its incident, and of how many."""
    shown = labels.time[(labels.truth == 1) & (incident == exfil)]
    if not len(shown):
        return 0, 0
    at = min((each.at for each in result.hourly if each.at > int(shown.min())), default=0)
    view = [each for each in result.hourly if each.at == at]
    return next((each.rank for each in view if each.incident == exfil), 0), len(view)


def variants(policy: Policy) -> dict[str, Policy]:
    """Policies around the shipped one: how wide is the optimum?"""
    found = {}
    for hours, strong, wide, grave in product(
        (4, 6, 8), (0.15, 0.2, 0.3), (120, 300, 600, 900), (5.0,)
    ):
        name = f"hours {hours}, strong from {strong}, any host {wide} s, context from {grave:g}"
        found[name] = replace(
            policy,
            novelty=replace(policy.novelty, hours=hours),
            time=replace(policy.time, strong_from=strong, strong_any_s=float(wide)),
            context=replace(policy.context, score=grave),
        )
    return found


def aim(found: Found) -> float:
    """What a policy is chosen by: F1 and raw recall, less what a long queue and low ranks cost."""
    low = sum(
        rank == 0 or rank > most for rank, most in ((found.exfil_rank, 15), (found.exfil_24h, 5))
    )
    return found.f1 + 0.5 * found.phase_recall_raw - 0.02 * max(0.0, found.per_day - 17) - 0.2 * low


def show(rows: Mapping[str, Found]) -> None:
    """A table of scenarios and their mean."""
    names = Found.__struct_fields__
    print(f"{'':18}" + "".join(f"{name[:13]:>14}" for name in names))
    for name, found in rows.items():
        print(f"{name:18}" + "".join(f"{getattr(found, each):14.3f}" for each in names))
    means = (np.mean([getattr(found, each) for found in rows.values()]) for each in names)
    print(f"{'mean':18}" + "".join(f"{mean:14.3f}" for mean in means))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--data", type=Path, default=None)
    options.add_argument("--sweep", action="store_true", help="leave one scenario out")
    chosen = options.parse_args(arguments)
    data = data_folder(chosen.data)
    folder = None if data is None else data / "incidents" / "ait_ads"
    if folder is None or not folder.is_dir():
        print("no alert data here: --data FOLDER or ZVON_DATA")
        return 0
    read, rows = {}, {}
    alerts, seconds = 0, 0.0
    for path in sorted(folder.glob("*_alerts.csv.xz")):
        name = path.name.removesuffix("_alerts.csv.xz")
        began = time.process_time()
        records = Records()
        records.read(path)
        result = run(records, shipped(), hourly=True)
        seconds += time.process_time() - began
        alerts += records.alerts
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if len(result.incident) != len(records.kinds):
            raise RuntimeError(
                f"{name}: {len(records.kinds)} records, {len(result.incident)} answers"
            )
        read[name] = (records, meta(path))
        rows[name] = judge(read[name][1], result)
    show(rows)
    print(f"\n{alerts:,} alerts read, joined and ranked: {alerts / seconds:,.0f}/s of one core, "
          f"peak {peak / 1024:.0f} MB")  # fmt: skip
    if chosen.sweep:
        _sweep(read)
    return 0


def _sweep(read: dict[str, tuple[Records, Meta]]) -> None:
    """Choose on all but one, score that one; and say how wide the optimum is."""
    scores: dict[str, dict[str, Found]] = {}
    for name, policy in variants(shipped()).items():
        scores[name] = {
            each: judge(labels, run(records, policy, hourly=True))
            for each, (records, labels) in read.items()
        }
        mean = np.mean([found.f1 for found in scores[name].values()])
        worst = max(found.exfil_24h or 99 for found in scores[name].values())
        rank = max(found.exfil_rank or 99 for found in scores[name].values())
        raw = np.mean([found.phase_recall_raw for found in scores[name].values()])
        long = max(found.per_day for found in scores[name].values())
        print(
            f"{name}: F1 {mean:.3f}, raw recall {raw:.3f}, longest queue {long:.1f} a day, "
            f"lowest place of exfiltration {rank}, in the 24 h view {worst}",
            flush=True,
        )
    left = {}
    for out in read:
        best = max(scores, key=lambda each: sum(aim(scores[each][s]) for s in read if s != out))
        left[out] = scores[best][out]
        print(f"without {out}: {best}")
    print("\nchosen without the scenario that is scored")
    show(left)


if __name__ == "__main__":
    raise SystemExit(main())
