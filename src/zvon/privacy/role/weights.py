"""The weights that were set by judgement, `data/terms.toml`, and the scaling of their sum."""

from functools import cache

import msgspec
from msgspec import Struct

from zvon.ml.side.calibrate import Platt
from zvon.privacy.tables import DATA, read


class Learned(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learned term counts: a factor by type (`""` for others) and the most it may say.

    `offset` is added once by type: what labelled mails say beyond the prior.
    """

    most: float
    factor: dict[str, float]
    offset: dict[str, float]


class Shares(Struct, frozen=True, forbid_unknown_fields=True):
    """How much cue words of either side and neighbours count."""

    cue_for: float = 1.0
    cue_against: float = 1.0
    lent: float = 1.0


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of `data/terms.toml`."""

    conflict: float
    reach: float
    documents: frozenset[str]
    prior: dict[str, float]
    rule: dict[str, float]
    edge: dict[str, float]
    learned: Learned
    beside_model: Shares


@cache
def calibration() -> dict[str, Platt]:
    """The shipped scaling of beliefs by group of types, `data/calibration.toml`."""
    return msgspec.convert(read(DATA / "calibration.toml"), dict[str, Platt])


@cache
def terms() -> Terms:
    """The shipped weights."""
    return msgspec.convert(read(DATA / "terms.toml"), Terms)
