"""Training of the lexical model: labelled addresses in, weights and honest numbers out."""

from zvon.ml.url_training.judge import (
    Change,
    Figures,
    Judged,
    Rate,
    Stratum,
    calibration_error,
    change,
    figures,
    tpr_at,
)
from zvon.ml.url_training.recipe import Recipe, calibrated, fit, reference_weights
from zvon.ml.url_training.release import Refusal, Rule, gate
from zvon.ml.url_training.rows import Labelled, Parts, capped, fold_of, split

__all__ = [
    "Change", "Figures", "Judged", "Labelled", "Parts", "Rate", "Recipe", "Refusal", "Rule",
    "Stratum", "calibrated", "calibration_error", "capped", "change", "figures", "fit", "fold_of",
    "gate", "reference_weights", "split", "tpr_at",
]  # fmt: skip
