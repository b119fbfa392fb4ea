"""A belief that means what it says: Platt scaling, and how far from the truth beliefs are.

Platt, "Probabilistic outputs for support vector machines" (1999): a slope and a shift of the
log-odds, fitted on values that were not learnt from.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

STEPS = 50
BINS = 10


class Platt(Struct, frozen=True, forbid_unknown_fields=True):
    """`slope * logit + shift`; the default changes nothing."""

    slope: float = 1.0
    shift: float = 0.0

    def of(self, logit: float) -> float:
        """The calibrated log-odds."""
        return self.slope * logit + self.shift


class Fit(Struct, frozen=True):
    """How well beliefs say what people said; lower is better."""

    values: int
    log_loss: float
    calibration_error: float


def platt(logits: Sequence[float], labels: Sequence[bool], *, prior: Platt, weight: float) -> Platt:
    """The scaling that fits best; `prior` counts as much as `weight` values that agree with it.

    Newton's method with halved steps; deterministic. Few values leave the prior nearly as it is.
    """
    slope, shift = prior.slope, prior.shift
    worth = _loss(logits, labels, slope, shift, prior, weight)
    for _ in range(STEPS):
        g0, g1 = weight * (slope - prior.slope), weight * (shift - prior.shift)
        h00, h01, h11 = weight, 0.0, weight
        for z, label in zip(logits, labels, strict=True):
            p = probability(slope * z + shift)
            error, curve = p - label, p * (1 - p)
            g0, g1 = g0 + error * z, g1 + error
            h00, h01, h11 = h00 + curve * z * z, h01 + curve * z, h11 + curve
        size = h00 * h11 - h01 * h01
        step0, step1 = (h11 * g0 - h01 * g1) / size, (h00 * g1 - h01 * g0) / size
        pace = 1.0
        while pace > 1e-4:
            after = _loss(logits, labels, slope - pace * step0, shift - pace * step1, prior, weight)
            if after <= worth:
                break
            pace /= 2
        else:
            break
        slope, shift, gained, worth = (
            slope - pace * step0,
            shift - pace * step1,
            worth - after,
            after,
        )
        if gained < 1e-9:
            break
    return Platt(round(slope, 3), round(shift, 3))


def measured(logits: Sequence[float], labels: Sequence[bool]) -> Fit:
    """Log loss and the calibration error in ten bins."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    loss = 0.0
    for z, label in zip(logits, labels, strict=True):
        p = probability(z)
        bins[min(BINS - 1, int(p * BINS))].append((p, label))
        loss += _softplus(z) - label * z
    error = sum(abs(sum(p - label for p, label in rows)) for rows in bins)
    count = max(1, len(logits))
    return Fit(len(logits), round(loss / count, 4), round(error / count, 4))


def probability(logit: float) -> float:
    """The logistic function, without overflow."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _softplus(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def _loss(
    logits: Sequence[float], labels: Sequence[bool], slope: float, shift: float, prior: Platt,
    weight: float,
) -> float:  # fmt: skip
    own = weight / 2 * ((slope - prior.slope) ** 2 + (shift - prior.shift) ** 2)
    return own + sum(
        _softplus(slope * z + shift) - label * (slope * z + shift)
        for z, label in zip(logits, labels, strict=True)
    )
