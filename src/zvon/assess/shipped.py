"""The assessor as it ships: weights, words, policy and models of the program, and a registry."""

from functools import cache

from zvon.assess import cues, policy
from zvon.assess.facts import Assessor
from zvon.assess.score_facts import Reader, Scorer
from zvon.ml import brand as brands
from zvon.ml import evidence as evidence_model
from zvon.model import brand
from zvon.model.brand import Registry


def shipped(
    verified: frozenset[str] = frozenset(),
    registry: Registry | None = None,
    addresses: Scorer | None = None,
) -> Assessor:
    """The assessor of this program; with `registry`, of a node whose desks have changed it.

    `verified` adds to the brands that the registry itself says are verified; `addresses` is the
    node's own model of addresses, in place of the one that ships.
    """
    current = registry or brand.shipped()
    return Assessor(
        matcher=brands.compiled(current),
        weights=evidence_model.shipped(),
        cues=cues.shipped(),
        policy=policy.shipped(),
        verified=verified | {each.id for each in current.brands if each.verified_by},
        registry=current,
        addresses=addresses or _addresses(),
        wording=_wording(),
    )


@cache
def _addresses() -> Scorer | None:
    from zvon.ml.url import load_shipped  # noqa: PLC0415 -- loads numpy and the weights

    return load_shipped()


@cache
def _wording() -> Reader | None:
    from zvon.ml.text import load_shipped  # noqa: PLC0415 -- loads numpy and the weights

    return load_shipped()
