"""`zvon models`: train and evaluate on lists that this test writes."""

import gzip
import json
from pathlib import Path

import pytest

from zvon.cli.model_folder import read_model
from zvon.cli.models import evaluate, train
from zvon.ml.url_training import plans
from zvon.ml.url_training.recipe import Recipe
from zvon.ml.url_training.run import Plan
from zvon.ml.url_training.trees import Growth

SMALL = Recipe(growth=Growth(trees=8, depth=3, rate=0.3, threads=1))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        plans, "PLANS", {"shipped": Plan(SMALL, made=40, bare=True), "local": Plan(SMALL)}
    )
    folder = tmp_path / "data" / "phishing" / "urls"
    folder.mkdir(parents=True)

    def write(name: str, head: str, rows: list[str]) -> None:
        with gzip.open(folder / name, "wt") as file:
            file.write("\n".join([head, *rows]).replace(" ", "\t") + "\n")

    days = ["2025-11-03", "2026-01-05", "2026-04-09"]
    for file, word in (
        ("tweetfeed_phishing_cc0", "verify-login"), ("openphish_2024-10_2026-04", "wallet-claim")
    ):  # fmt: skip
        write(f"{file}.tsv.gz", "url label date domain", [
            f"http://{word}{n}.example/pay 1 {days[n % 3]} {word}{n}.example" for n in range(90)
        ])  # fmt: skip
    write("benign_links_dated.tsv.gz", "url label date source domain", [
        f"https://garden{n}.example/notes 0 2020-01-01 {('awesome', 'twir')[n % 2]} garden{n}.example"
        for n in range(200)
    ])  # fmt: skip
    return tmp_path / "data"


@pytest.mark.slow
def test_both_uses_are_trained_and_only_one_may_use_every_list(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models"
    assert train("phish-url", data=data, out=out) == 0
    assert "gap" in capsys.readouterr().out
    metas = {use: json.loads((out / use / "meta.json").read_text()) for use in ("shipped", "local")}
    assert set(metas["shipped"]["sources"]) == {"tweetfeed", "awesome", "bare", "made", "official"}
    assert {"openphish", "twir"} <= set(metas["local"]["sources"])
    for use, meta in metas.items():
        assert meta["figures"]["benign"] > 0
        assert meta["sha256"] in (out / use / "CARD.md").read_text()
        assert read_model(out / use / "measured").name != read_model(out / use).name


@pytest.mark.slow
def test_evaluation_without_newer_phishing_repeats_the_figures_of_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "one"
    assert train("phish-url", data=data, out=out, use="local") == 0
    capsys.readouterr()
    for folder in (out, out / "measured"):
        said = []
        for _ in range(2):
            assert evaluate("phish-url", data=data, path=folder, json_=True) == 0
            said.append(json.loads(capsys.readouterr().out))
        assert said[0] == said[1]
        assert said[0]["phishing"] == 30
        assert said[0]["tpr_at_1pct"]["low"] <= said[0]["tpr_at_1pct"]["high"]


@pytest.mark.slow
def test_what_people_said_is_learned_and_the_candidate_is_compared_with_the_model_in_use(
    data: Path, tmp_path: Path
) -> None:
    """Fifty addresses that the lists call harmless, and people do not."""
    before, after = tmp_path / "before", tmp_path / "after"
    assert train("phish-url", data=data, out=before, use="local") == 0
    flipped = [f"https://orchard{n}.example/notes" for n in range(50)]
    rows = [f"{url}\t1\t2026-04-20\tnode\torchard{n}.example" for n, url in enumerate(flipped)]
    labels = tmp_path / "labels.tsv"
    labels.write_text("\n".join(["url\tlabel\tdate\tsource\tdomain", *rows]) + "\n")
    assert train("phish-url", data=data, out=after, use="local", labels=labels,
                 champion=before) == 0  # fmt: skip
    meta = json.loads((after / "meta.json").read_text())
    assert meta["sources"]["node"] == 50
    assert meta["figures"]["change"]["against"] == read_model(before).name
    was, now = read_model(before).score(flipped), read_model(after).score(flipped)
    assert (now > was).all()


def test_a_folder_without_lists_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZVON_DATA", raising=False)
    assert train("phish-url", data=tmp_path) == 2
    assert evaluate("phish-url") == 2
    assert "phishing/urls" in capsys.readouterr().err
