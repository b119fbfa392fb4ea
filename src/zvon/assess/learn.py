"""Learning on a schedule: what to ask people, whether the stream has changed, a new candidate."""

import asyncio
import csv
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from msgspec import Struct

from zvon.assess.model import PHISH_URL, current
from zvon.jobs import Context
from zvon.ml.drift import Drift, Word, judge
from zvon.ml.pick import pick
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.rate import Rate, rate
from zvon.store import label, label_task, model_day, model_version
from zvon.store.label import Judged
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger(__name__)

A_DAY = 40  # questions that a day brings
WINDOW = timedelta(days=7)
REFERENCE = timedelta(days=28)
KEPT = timedelta(days=400)
LEAST_LABELS = 50
TRAINING_S = 3 * 3600
THRESHOLD = 0.5
SHIPPED = Path(__file__).parents[1] / "ml" / "phish_url"


class Watched(Struct, frozen=True, kw_only=True):
    """What the monitor says of the model in use.

    `caught` is the share of addresses that people called malicious last week and the model too,
    `false` that of what was drawn by chance and people called benign.
    """

    model: str
    strata: tuple[Drift, ...]
    caught: Rate
    false: Rate

    @property
    def alarm(self) -> bool:
        """True when a stratum has changed so much that the model should not be trusted blindly."""
        return any(each.word is Word.ALARM for each in self.strata)


async def watched(db: Db, now: datetime) -> Watched:
    """The stream of the last week against the four weeks before, and rates on fresh labels."""
    model = await current(db)
    name = model.name if model is not None else ""
    today = now.date()
    week = await model_day.between(db, name, today - WINDOW, today + timedelta(days=1))
    before = await model_day.between(db, name, today - WINDOW - REFERENCE, today - WINDOW)
    fresh = await label.standing(db, since=now - WINDOW)
    bad = [each for each in fresh if each.word == "malicious" and each.score is not None]
    good = [each for each in fresh
            if each.word == "benign" and each.picked == "random" and each.score is not None]  # fmt: skip
    return Watched(model=name, strata=judge(before, week), caught=_above(bad), false=_above(good))


def _above(rows: Sequence[Judged]) -> Rate:
    return rate(sum((each.score or 0) >= THRESHOLD for each in rows), len(rows))


async def pick_questions(context: Context, payload: dict[str, Any]) -> None:
    """The job `assess.pick`: put the day's questions."""
    del payload
    now = context.clock()
    async with read(context.pool, SYSTEM) as db:
        open_ = await label_task.candidates(db, now - WINDOW)
        judged = await label_task.once_judged(db, now - WINDOW)
        known = await label_task.known(db)
    rng = Random(int.from_bytes(context.random(8), "big"))
    picked = pick(open_, judged, A_DAY, rng, known=known)
    async with transaction(context.pool, now) as tx:
        made = await label_task.ask(tx, picked, now, context.random)
    log.info("questions were put", new=made)


async def watch_drift(context: Context, payload: dict[str, Any]) -> None:
    """The job `assess.drift`: an alarm is written down once a day; old days are dropped."""
    del payload
    now = context.clock()
    async with read(context.pool, SYSTEM) as db:
        found = await watched(db, now)
    async with transaction(context.pool, now) as tx:
        await model_day.forget(tx, (now - KEPT).date())
        if found.alarm:
            strata = [each.stratum for each in found.strata if each.word is Word.ALARM]
            tx.audit(AuditEntry(actor="system", action="model:drift", object=f"model:{found.model}",
                                detail={"strata": strata}))  # fmt: skip
            log.warning("what comes in has changed", model=found.model, strata=strata)


async def retrain(context: Context, payload: dict[str, Any]) -> None:
    """The job `assess.retrain`: train on the node's labels and feeds, and keep the candidate.

    Runs in a process of its own, at low priority. What the gate refuses is kept with its reasons;
    nothing is promoted.
    """
    del payload
    data = context.settings.train_data
    async with read(context.pool, SYSTEM) as db:
        rows = await label.standing(db)
    if data is None or len(rows) < LEAST_LABELS:
        log.info("no training", labels=len(rows), data=str(data))
        return
    with TemporaryDirectory(prefix="zvon-train-") as folder:
        labels, out = Path(folder) / "labels.tsv", Path(folder) / "out"
        write_labels(labels, rows)
        champion = await _champion(context, Path(folder) / "champion")
        await _train(data, labels, out, champion)
        meta = json.loads((out / "meta.json").read_text(encoding="utf-8"))
        weights = (out / "weights.npz").read_bytes()
        card = (out / "CARD.md").read_text(encoding="utf-8")
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await model_version.put(
            tx, uuid=uuid7(now, context.random(RANDOM_BYTES)), name=PHISH_URL,
            version=f"{now:%Y.%m.%d.%H%M}", weights=weights, meta=meta, card=card,
            refusals=refusals(meta), now=now,
        )  # fmt: skip


def refusals(meta: dict[str, Any]) -> list[str]:
    """What the gate said against a model, from its description; each a rule and what breaks it."""
    said = meta.get("gate", [])
    rows = [row for row in said if isinstance(row, dict)] if isinstance(said, list) else []
    return [f"{row.get('rule')}: {row.get('what')}" for row in rows]


def write_labels(path: Path, rows: Sequence[Judged]) -> None:
    """The node's labels in the columns that training reads; undetermined ones teach nothing."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\")
        table.writerow(("url", "label", "date", "source", "domain"))
        for each in rows:
            if each.word == "undetermined":
                continue
            bad = each.word in {"malicious", "suspicious"}
            table.writerow((each.url, int(bad), f"{each.at:%Y-%m-%d}", "node", each.registered))


async def _champion(context: Context, folder: Path) -> Path:
    """The model in use as a folder, to compare the candidate with."""
    async with read(context.pool, SYSTEM) as db:
        found = await model_version.standing(db, PHISH_URL)
        if found is None:
            return SHIPPED
        weights = await model_version.weights(db, found[0])
    await asyncio.to_thread(_write, folder, weights, found[1])
    return folder


def _write(folder: Path, weights: bytes, meta: dict[str, Any]) -> None:
    folder.mkdir()
    (folder / "weights.npz").write_bytes(weights)
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


async def _train(data: Path, labels: Path, out: Path, champion: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "nice", "-n", "15", sys.executable, "-m", "zvon", "models", "train", PHISH_URL,
        "--data", str(data), "--labels", str(labels), "--use", "local", "--out", str(out),
        "--champion", str(champion),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await asyncio.wait_for(process.communicate(), TRAINING_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise RuntimeError("training took too long and was stopped") from None
    if process.returncode:
        raise RuntimeError(f"training failed: {said.decode('utf-8', 'replace')[-500:]}")
