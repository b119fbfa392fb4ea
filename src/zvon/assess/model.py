"""Which model of addresses decides on this node: its champion, else the one that ships."""

from collections.abc import Mapping
from datetime import date

from zvon.assess.score_facts import Scorer
from zvon.ml.drift import BINS, bin_of
from zvon.ml.stratum import stratum
from zvon.store import model_day, model_version
from zvon.store.party import Db
from zvon.store.transaction import Tx

PHISH_URL = "phish-url"
SHADOW = model_version.SHADOW
# By weights and version: the same weights may stand under two names.
_loaded: dict[tuple[bytes, str], Scorer] = {}
MOST_LOADED = 3


async def current(db: Db, state: str = model_version.CHAMPION) -> Scorer | None:
    """The model of `state` for addresses; for the champion, without one of ours, the shipped one.

    A version is read from the database once for each process; a promotion is seen by the next
    report. Raises `BadWeights` or `WrongHash` when what is stored is not what was promoted.
    """
    from zvon.ml import url  # noqa: PLC0415 -- loads numpy

    found = await model_version.standing(db, PHISH_URL, state)
    if found is None:
        return url.load_shipped() if state == model_version.CHAMPION else None
    sha256, meta = found
    key = (sha256, str(meta.get("version", "")))
    if key not in _loaded:
        _loaded[key] = url.load(await model_version.weights(db, sha256), meta)
        if len(_loaded) > MOST_LOADED:
            del _loaded[next(iter(_loaded))]
    return _loaded[key]


async def count(tx: Tx, model: str, day: date, scores: Mapping[str, float]) -> None:
    """Count the scores of these addresses for the drift monitor."""
    bins: dict[str, list[int]] = {}
    for address, probability in scores.items():
        bins.setdefault(stratum(address), [0] * BINS)[bin_of(probability)] += 1
    await model_day.add(tx, model, day, bins)
