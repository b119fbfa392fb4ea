"""Training and its yardsticks, on addresses made up here."""

import numpy as np

from zvon.ml.url_training import Labelled, calibration_error, figures, fit, fold_of, tpr_at


def rows() -> list[Labelled]:
    made = []
    for n in range(120):
        made.append(Labelled(f"https://verify-login{n}.example/pay", True, "", f"bad{n}", "made"))
        made.append(Labelled(f"https://garden{n}.example/notes", False, "", f"good{n}", "made"))
    return made


def test_a_fit_separates_what_differs_and_is_repeatable() -> None:
    model, again = fit("t", rows()), fit("t", rows())
    lure, plain = model.score(["verify-login999.example/pay", "garden999.example/notes"])
    assert lure > 0.9
    assert plain < 0.1
    assert np.array_equal(model.grams, again.grams)


def test_a_domain_is_never_on_both_sides() -> None:
    assert {fold_of("same.example") for _ in range(5)} == {fold_of("same.example")}
    assert {fold_of(f"d{n}.example") for n in range(500)} == set(range(10))


def test_ties_enter_together() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.1])
    phishing = np.array([True, True, False, False])
    assert tpr_at(score, phishing, 0.0) == 0.5
    assert tpr_at(score, phishing, 0.5) == 1.0


def test_calibration_error_is_zero_when_scores_are_true() -> None:
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0.0
    assert calibration_error(np.array([1.0, 0.0]), np.array([False, True])) == 1.0


def test_perfect_scores_get_perfect_figures() -> None:
    phishing = np.array([True] * 50 + [False] * 200)
    found = figures(phishing.astype(float), phishing, [f"d{n}" for n in range(250)])
    assert (found.tpr_at_1pct, found.roc_auc, found.pr_auc) == (1.0, 1.0, 1.0)
    assert figures(1.0 - phishing, phishing, [f"d{n}" for n in range(250)]).roc_auc == 0.0
