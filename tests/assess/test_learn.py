"""Learning on a schedule: questions, drift and the weekly candidate."""

import csv
import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.assess.message import message
from tests.assess.stored import context, stored
from tests.store.world import new_uuid, own_party, reported, somebody
from tests.store.world import verdict as judged
from zvon.assess import learn
from zvon.assess.jobs import assess
from zvon.jobs import Context
from zvon.ml.drift import BINS
from zvon.model.observable import Observable, ObservableType
from zvon.store import label, label_task, model_day, model_version, verdict
from zvon.store.ingest import SAID, Sighted, occurrences_of
from zvon.store.label import Judged
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


@pytest.fixture
def node(pool: Pool, now: datetime) -> Context:
    """What a job is given."""
    return context(pool, lambda: now)


async def lures(node: Context, count: int) -> None:
    """Reports with an address each, of which a model is not sure."""
    now = node.clock()
    home = await own_party(node.pool, now)
    for n in range(count):
        found = await reported(node.pool, now, home)
        value = Observable(ObservableType.URL, f"https://nekaj{n}.example/a")
        async with transaction(node.pool, now) as tx:
            await occurrences_of(tx, {found.record_id: [Sighted(value, SAID, now)]})
            await verdict.put_all(tx, [(found.record_id, judged(0.5), ())], now)


async def test_the_day_brings_questions_and_none_twice(node: Context) -> None:
    await lures(node, 4)
    for _ in range(2):
        await learn.pick_questions(node, {})
    async with read(node.pool, SYSTEM) as db:
        rows = await (await db.execute("select count(*), count(distinct observable_id)"
                                       " from label_task")).fetchone()  # fmt: skip
    assert rows == (4, 4)


async def test_a_stream_that_changed_is_written_down(node: Context) -> None:
    now = node.clock()
    async with read(node.pool, SYSTEM) as db:
        name = (await learn.watched(db, now)).model
    before, after = [0] * BINS, [0] * BINS
    before[1], after[15] = 100, 100
    async with transaction(node.pool, now) as tx:
        for days in range(1, 34):
            counted = after if days < 7 else before
            await model_day.add(tx, name, (now - timedelta(days=days)).date(), {"deep": counted})
    await learn.watch_drift(node, {})
    async with read(node.pool, SYSTEM) as db:
        rows = await (
            await db.execute("select object, detail from audit where action = 'model:drift'")
        ).fetchall()
        found = await learn.watched(db, now)
    assert found.alarm
    assert rows == [(f"model:{name}", {"strata": ["deep"]})]


async def test_labels_are_written_in_the_columns_of_the_lists(tmp_path: Path) -> None:
    now = datetime.fromisoformat("2026-12-08T07:02:00+00:00")
    rows = [
        Judged(url=f"https://{word}.example/a", registered=f"{word}.example", stratum="deep",
               word=word, category="unsure", source="queue", picked="", score=None, model="", at=now)
        for word in ("malicious", "suspicious", "benign", "undetermined")
    ]  # fmt: skip
    learn.write_labels(tmp_path / "l.tsv", rows)
    with (tmp_path / "l.tsv").open() as file:
        found = list(csv.DictReader(file, delimiter="\t"))
    assert [(row["url"], row["label"], row["date"]) for row in found] == [
        ("https://malicious.example/a", "1", "2026-12-08"),
        ("https://suspicious.example/a", "1", "2026-12-08"),
        ("https://benign.example/a", "0", "2026-12-08"),
    ]


async def test_the_week_brings_a_candidate_and_promotes_nothing(
    node: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Sequence[str]] = []

    async def train(data: Path, labels: Path, out: Path, champion: Path) -> None:
        given.append(labels.read_text().splitlines())
        assert (champion / "weights.npz").is_file()
        out.mkdir()
        weights = os.urandom(8)
        (out / "weights.npz").write_bytes(weights)
        gate = [{"rule": "worse", "what": "x"}] if len(given) > 1 else []
        meta = {"sha256": hashlib.sha256(weights).hexdigest(), "gate": gate}
        (out / "meta.json").write_text(json.dumps(meta))
        (out / "CARD.md").write_text("# card")

    monkeypatch.setattr(learn, "_train", train)
    settings = node.settings.model_copy(update={"train_data": tmp_path})
    node = replace(node, settings=settings)
    await learn.retrain(node, {})
    assert given == []  # too few labels
    now = node.clock()
    said = label.Said(word="malicious", category="phishing", source=label.IMPORT)
    about = [label.Subject(url=f"https://zlo{n}.example/") for n in range(learn.LEAST_LABELS)]
    async with transaction(node.pool, now) as tx:
        await label.put(tx, said, about, now)
    await learn.retrain(node, {})
    await learn.retrain(replace(node, clock=lambda: now + timedelta(minutes=1)), {})
    assert [len(rows) for rows in given] == [learn.LEAST_LABELS + 1] * 2
    async with read(node.pool, SYSTEM) as db:
        rows = await (
            await db.execute("select state, refusals from model_version order by id")
        ).fetchall()
        assert await model_version.standing(db, "phish-url") is None
        assert await label_task.agreement(db) == (0, None)
    assert rows == [("candidate", []), ("refused", ["worse: x"])]


async def test_a_shadow_scores_the_same_addresses_and_decides_nothing(node: Context) -> None:
    now = node.clock()
    home = await own_party(node.pool, now)
    ada = await somebody(node.pool, now, home, "ada", roles=("administrator",))
    folder = learn.SHIPPED
    meta = json.loads((folder / "meta.json").read_text()) | {"version": "beside"}
    async with transaction(node.pool, now) as tx:
        await model_version.put(
            tx, uuid=new_uuid(now), name="phish-url", version="beside", card="", refusals=(),
            weights=(folder / "weights.npz").read_bytes(), meta=meta, now=now,
        )  # fmt: skip
        await model_version.shadow(tx, ada, "phish-url", "beside", now)
    record_id = await stored(node.pool, now, message("NLB: https://nlb-prijava.example/p"))
    await assess(node, {"record_id": record_id})
    async with read(node.pool, SYSTEM) as db:
        rows = await (
            await db.execute("select model, (select sum(n) from unnest(bins) n) from model_day")
        ).fetchall()
        models = await (await db.execute("select models from verdict")).fetchall()
    assert dict(rows) == {(await learn_name(node)): 1, "phish-url@beside": 1}
    assert not any("phish-url@beside" in names for (names,) in models)


async def learn_name(node: Context) -> str:
    """The model that decides."""
    async with read(node.pool, SYSTEM) as db:
        return (await learn.watched(db, node.clock())).model
