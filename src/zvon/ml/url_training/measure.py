"""A fitted model against rows that it did not see: calibration and figures in one go."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from zvon.ml.url.form import read_texts
from zvon.ml.url.model import Model
from zvon.ml.url_training.judge import Figures, Judged, calibration_error, figures
from zvon.ml.url_training.recipe import calibrated, reference_weights
from zvon.ml.url_training.rows import Labelled, Parts, fold_of
from zvon.ml.url_training.strata import TELEMETRY, strata_of

MEASURED_SOURCE = "openphish"


def judged_rows(parts: Parts) -> list[Labelled]:
    """Later phishing and held harmless rows. One phishing list, when it is there: the feed of
    names that researchers post holds too few and too many odd ones to be mixed with it.
    """
    feed = [r for r in parts.later if r.source == MEASURED_SOURCE]
    return [*(feed or parts.later), *parts.held]


def calibrate(model: Model, rows: Sequence[Labelled]) -> Model:
    """`model` with its calibration from rows that it did not see."""
    raw = model.raw(read_texts(r.url for r in rows))
    return calibrated(model, raw, np.array([r.phishing for r in rows]))


def measure(
    model: Model, rows: Sequence[Labelled], pinned: Sequence[str], *, size: int = 0
) -> Figures:
    """Figures of a calibrated model on `rows`.

    Brier and calibration error use probabilities whose calibration the row's domain had no part
    in: one half of the domains is calibrated on the other.
    """
    judged = judge(model, rows)
    weight = reference_weights(judged.phishing)
    found = figures(judged, weight=weight, pinned=model.score(pinned), size=size)
    raw = model.raw(read_texts(r.url for r in rows))
    half = np.array([fold_of(r.domain, 2) == 0 for r in rows])
    crossed = np.empty(len(rows))
    for side in (half, ~half):
        if not judged.phishing[~side].any() or judged.phishing[~side].all():
            return found
        other = calibrated(model, raw[~side], judged.phishing[~side])
        crossed[side] = other.probability(raw[side])
    return replace(
        found,
        brier=float((weight * (crossed - judged.phishing) ** 2).sum() / weight.sum()),
        ece=calibration_error(crossed, judged.phishing, weight),
    )


def judge(model: Model, rows: Sequence[Labelled]) -> Judged:
    """Rows with their strata and their scores by `model`."""
    return Judged(
        score=model.score_forms(read_texts(r.url for r in rows)),
        phishing=np.array([r.phishing for r in rows]),
        domain=[r.domain for r in rows],
        stratum=strata_of(rows, model.tables.rules),
        curated=np.array([r.source not in TELEMETRY for r in rows]),
    )
