"""One fact as a reason: the weight comes from the evidence model and from nowhere else."""

from zvon.ml.evidence import Weights
from zvon.model.verdict import Reason, Span


def reason(
    weights: Weights,
    code: str,
    grade: str | None = None,
    *,
    source: str,
    span: Span | None = None,
    **params: str | int,
) -> Reason:
    """The fact `code`, as strong as its `grade`. Raises `KeyError` for one without a weight."""
    return Reason(code=code, params=params, weight=weights.of(code, grade), span=span,
                  source=source)  # fmt: skip
