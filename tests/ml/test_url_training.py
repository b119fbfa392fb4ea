"""Training and its yardsticks, on addresses made up here."""

import hashlib

import numpy as np
import pytest
from msgspec.structs import replace

from zvon.ml.url import load, pack
from zvon.ml.url.layout import Floats
from zvon.ml.url.suffixes import EXACT, PLATFORM, rules_of
from zvon.ml.url_training import (
    Change,
    Judged,
    Labelled,
    Recipe,
    Rule,
    calibration_error,
    capped,
    change,
    figures,
    fit,
    fold_of,
    gate,
    split,
    tpr_at,
)
from zvon.ml.url_training.made import bare_rows, made_rows, official_rows, pinned_urls
from zvon.ml.url_training.recipe import beta, months, weights_of
from zvon.ml.url_training.run import Plan, first_measured_day, train
from zvon.ml.url_training.strata import strata_of
from zvon.ml.url_training.suffix_list import suffix_rules
from zvon.ml.url_training.trees import Growth, grow
from zvon.model.brand import registry

RULES = rules_of({"example": EXACT, "pages.example": EXACT | PLATFORM, "si": EXACT})
RECIPE = Recipe(growth=Growth(trees=12, depth=3, rate=0.3, threads=1))


def rows(count: int = 120, day: str = "2026-01-05") -> list[Labelled]:
    made = []
    for n in range(count):
        made.append(
            Labelled(f"https://verify-login{n}.example/pay", True, day, f"bad{n}", "openphish")
        )
        made.append(Labelled(f"https://garden{n}.example/notes", False, "", f"good{n}", "awesome"))
    return made


def test_a_fit_separates_what_differs_and_gives_the_same_bytes_twice() -> None:
    model, again = fit("t", rows(), RULES, RECIPE), fit("t", rows(), RULES, RECIPE)
    lure, plain = model.score(["verify-login999.example/pay", "garden999.example/notes"])
    assert lure > 0.8
    assert plain < 0.2
    assert pack(model) == pack(again)


def test_packed_weights_score_as_the_fitted_ones() -> None:
    model = fit("t", rows(), RULES, RECIPE)
    data = pack(model)
    meta = {"name": "t", "version": "1", "sha256": hashlib.sha256(data).hexdigest()}
    urls = [r.url for r in rows(20)]
    assert np.array_equal(model.score(urls), load(data, meta).score(urls))


def test_grown_trees_answer_as_the_library_does() -> None:
    from catboost import CatBoostClassifier

    rng = np.random.default_rng(5)
    table: Floats = rng.normal(size=(600, 4)).astype(np.float32)
    phishing = table[:, 0] + table[:, 1] * table[:, 2] > 0
    weight = np.ones(600, np.float32)
    how = Growth(trees=20, depth=4, threads=1)
    forest, asked = grow(table, phishing, weight, how)
    theirs = CatBoostClassifier(
        iterations=20, depth=4, learning_rate=how.rate, border_count=how.borders,
        l2_leaf_reg=how.ridge, bootstrap_type="MVS", subsample=0.7, boosting_type="Plain",
        random_seed=how.seed, thread_count=1, allow_writing_files=False, verbose=False,
    ).fit(table, phishing, sample_weight=weight)  # fmt: skip
    expected = theirs.predict(table, prediction_type="RawFormulaVal")
    assert np.allclose(forest.raw(np.ascontiguousarray(table[:, asked].T)), expected, atol=1e-5)


def test_two_trainings_of_everything_give_the_same_bytes() -> None:
    later = [replace(r, url=r.url + "/new", domain=r.domain + "x") for r in rows(40, "2026-04-20")]
    everything = [*rows(60), *later]
    plan = Plan(RECIPE, made=20, bare=True)
    runs = [
        train("t", "shipped", everything, everything, plan, rules=RULES, brands=registry())
        for _ in range(2)
    ]
    for first, second in zip(*runs, strict=True):
        assert first.weights == second.weights
        assert first.meta == second.meta
    measured, last = runs[0]
    assert measured.meta["until"] == "2026-03-01" == last.meta["measured_from"]
    assert last.meta["sources"].keys() == {"openphish", "awesome", "made", "official", "bare"}
    assert last.meta["phishing"] > measured.meta["phishing"]


def test_a_domain_is_never_on_both_sides() -> None:
    assert {fold_of("same.example") for _ in range(5)} == {fold_of("same.example")}
    assert {fold_of(f"d{n}.example") for n in range(500)} == set(range(10))
    old = [Labelled(f"https://a{n}.example", True, "2025-01-01", f"a{n}", "t") for n in range(50)]
    new = [replace(r, day="2026-04-01", url=r.url + "/x") for r in old]
    fresh = [Labelled(f"https://b{n}.example", True, "2026-04-01", f"b{n}", "t") for n in range(50)]
    good = [Labelled(f"https://g{n}.example", False, "", f"g{n}", "t") for n in range(300)]
    everything = [*old, *new, *fresh, *good, replace(good[0], phishing=True, day="2026-04-02")]
    parts = split(everything, everything, "2026-03-01")
    assert {r.domain for r in parts.later} == {r.domain for r in fresh}
    assert not {r.domain for r in parts.train} & {r.domain for r in (*parts.later, *parts.held)}


def test_no_name_fills_the_lists() -> None:
    many = [Labelled(f"https://x.example/{n}", True, "", "x.example", "t") for n in range(30)]
    assert len(capped(many, 6)) == 6
    assert capped(many, 6) == capped(many[::-1], 6)


def test_the_last_two_months_are_measured() -> None:
    assert first_measured_day(rows(1, "2026-04-30")) == "2026-03-01"
    assert first_measured_day(rows(1, "2026-01-02")) == "2025-12-01"


def test_old_phishing_counts_less_and_platforms_more() -> None:
    made = [
        Labelled("https://a.example", True, "2026-04-01", "a", "t"),
        Labelled("https://b.example", True, "2025-04-01", "b", "t"),
        Labelled("https://c.example", True, "", "c", "t"),
        Labelled("https://d.pages.example", False, "", "d", "t"),
        Labelled("https://e.example", False, "", "e", "t"),
    ]
    found = weights_of(made, np.array([False, False, False, True, False]), Recipe(platform=3.0))
    assert found == pytest.approx([1.0, 0.5, 0.02, 3.0, 1.0])
    assert months("2026-04-01") - months("2025-12-31") == 4


def test_strata_tell_kinds_of_addresses_apart() -> None:
    kinds = [
        ("https://x.pages.example", True, "t", "free hosting"),
        ("https://x.example", True, "t", "own domain"),
        ("https://x.pages.example", False, "t", "free hosting"),
        ("https://x.example", False, "t", "home page"),
        ("https://x.example/a", False, "t", "deep link"),
        ("https://x.example/login", False, "jdm", "account page"),
        ("https://x.example/a", False, "deepurlbench", "telemetry"),
    ]
    made = [Labelled(url, bad, "", "x.example", source) for url, bad, source, _ in kinds]
    made.append(Labelled("https://posta.si/a", False, "", "posta.si", "t"))
    made.append(Labelled("https://bit.ly/a", False, "", "bit.ly", "t"))
    expected = [kind for *_, kind in kinds] + ["si and hr", "shortener"]
    assert strata_of(made, RULES) == expected


def test_made_up_rows_are_repeatable_and_never_official() -> None:
    brands = registry()
    first = made_rows(brands, 200, seed=1, day="2026-01-01", weight=0.3)
    assert first == made_rows(brands, 200, seed=1, day="2026-01-01", weight=0.3)
    assert sum(r.phishing for r in first) == 200
    official = {name for b in brands for name in b.names}
    assert not any(r.phishing and r.domain in official for r in first)
    trained = {r.url for r in official_rows(brands, 0.3)}
    assert "https://posta.si/login" in trained
    pinned = set(pinned_urls(brands))
    assert len(pinned) > 500
    assert len(pinned - trained) > 0.9 * len(pinned)
    assert [r.url for r in bare_rows([r for r in rows(1) if not r.phishing])] == [
        "https://garden0.example"
    ]


def test_the_bundled_suffix_list_is_read() -> None:
    rules = suffix_rules()
    assert len(rules.keys) > 5000
    assert np.all(rules.keys[1:] > rules.keys[:-1])


def test_calibration_finds_the_slopes_that_made_the_labels() -> None:
    rng = np.random.default_rng(2)
    raw = rng.normal(scale=3, size=40_000)
    logit = 0.7 * np.logaddexp(0, raw) - 0.4 * np.logaddexp(0, -raw) - 0.2
    phishing = rng.random(40_000) < 1 / (1 + np.exp(-logit))
    assert beta(raw, phishing, np.ones(40_000)) == pytest.approx((0.4, 0.7, -0.2), abs=0.07)
    low, high, _ = beta(raw, raw < 0, np.ones(40_000))
    assert min(low, high) > 0


def test_ties_enter_together() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.1])
    phishing = np.array([True, True, False, False])
    assert tpr_at(score, phishing, 0.0) == 0.5
    assert tpr_at(score, phishing, 0.5) == 1.0
    assert np.isnan(tpr_at(score, np.ones(4, np.bool_), 0.5))


def test_calibration_error_is_zero_when_scores_are_true() -> None:
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0.0
    assert calibration_error(np.array([1.0, 0.0]), np.array([False, True])) == 1.0


def judged(score: np.ndarray, phishing: np.ndarray) -> Judged:
    return Judged(
        score=score, phishing=phishing, domain=[f"d{n}" for n in range(len(score))],
        stratum=["own domain" if p else "home page" for p in phishing],
        curated=np.ones(len(score), np.bool_),
    )  # fmt: skip


def test_perfect_scores_get_perfect_figures_and_pass_the_gate() -> None:
    phishing = np.array([True] * 50 + [False] * 200)
    ones = np.ones(250)
    found = figures(judged(phishing * 0.998 + 0.001, phishing), weight=ones, pinned=np.zeros(3))
    assert (found.tpr_at_1pct.value, found.roc_auc, found.pr_auc) == (1.0, 1.0, 1.0)
    assert (found.own_at_01pct.value, found.alarms, found.pinned) == (1.0, 0, 3)
    assert gate(found, None) == ()
    worse = figures(judged(1.0 - phishing, phishing), weight=ones, pinned=np.full(3, 2.0))
    assert worse.roc_auc == 0.0
    assert {r.rule for r in gate(worse, None)} >= {Rule.PINNED, Rule.CALIBRATION}


def test_the_gate_names_each_rule_that_is_broken() -> None:
    phishing = np.array([True] * 50 + [False] * 200)
    good = figures(
        judged(phishing * 0.998 + 0.001, phishing), weight=np.ones(250), pinned=np.zeros(3)
    )
    assert [r.rule for r in gate(good, good)] == [Rule.NOT_COMPARED]
    lost = replace(good, change=Change("old", -0.03, -0.05, -0.02))
    assert [r.rule for r in gate(lost, good)] == [Rule.WORSE]
    kept = replace(good, change=Change("old", 0.02, -0.005, 0.03))
    assert gate(kept, good) == ()
    home = good.strata[0]
    strata = (replace(home, at_1pct=0.03),)
    bad = replace(good, size=6_000_000, speed=9e3, strata=strata)
    assert {r.rule for r in gate(bad, None)} == {Rule.SIZE, Rule.SPEED, Rule.STRATUM}
    few = replace(good, strata=(replace(home, at_1pct=0.5, n=3),))
    assert gate(few, None) == ()


def test_a_change_is_paired_by_domain() -> None:
    phishing = np.array([True] * 100 + [False] * 100)
    sure = phishing.astype(float)
    sample = judged(sure, phishing)
    same = change(sure, sure, sample, "old", draws=50)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    assert change(sure, 1 - sure, sample, "old", draws=50).low > 0.9
