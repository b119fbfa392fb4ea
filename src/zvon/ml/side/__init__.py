"""Whose is a value, by the words around it: a sparse linear model in three languages.

A feature is a slot (how a word stands to the value, `ip.L1` is the word right before an address)
and a token. The weights are log-odds that the value is the attacker's. They say nothing of the
value itself; what it looks like and what is known of it are terms of the caller.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

Feature = tuple[str, str]


class BadWeights(ValueError):
    """The bytes are no weights of this model."""


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """Log-odds by slot and token; `version` names the training."""

    version: str
    slot: dict[str, dict[str, float]]

    def logit(self, features: Sequence[Feature]) -> float:
        """The sum over all features; one that was never seen adds nothing."""
        slot = self.slot
        return math.fsum(
            table.get(token, 0.0) for name, token in features if (table := slot.get(name))
        )

    def of(self, group: str) -> dict[str, dict[str, float]]:
        """What a token adds in each slot for one group of types: its own weight and that of all."""
        out: dict[str, dict[str, float]] = {}
        for name, table in self.slot.items():
            owner, _, slot = name.partition(".")
            if owner in {group, "*"}:
                merged = out.setdefault(slot, {})
                for token, weight in table.items():
                    merged[token] = merged.get(token, 0.0) + weight
        return out


def read_weights(raw: bytes) -> Weights:
    """The weights in `raw`. Raises `BadWeights`."""
    try:
        return msgspec.json.decode(raw, type=Weights)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadWeights(str(problem)) from None


def write_weights(weights: Weights) -> bytes:
    """Bytes from which `read_weights` gives the same weights; one line for each slot."""
    ordered = {name: dict(sorted(table.items())) for name, table in sorted(weights.slot.items())}
    lines = [
        f"{msgspec.json.encode(name).decode()}:{msgspec.json.encode(table).decode()}"
        for name, table in ordered.items()
    ]
    head = msgspec.json.encode(weights.version).decode()
    return ('{"version":' + head + ',"slot":{\n' + ",\n".join(lines) + "\n}}\n").encode()


@cache
def shipped() -> Weights:
    """The weights that ship. Raises `BadWeights` when they are absent or damaged."""
    try:
        return read_weights((files("zvon.ml.side") / "weights.json").read_bytes())
    except OSError as problem:
        raise BadWeights(f"weights.json: {problem.strerror}") from None


@cache
def shipped_for(group: str) -> dict[str, dict[str, float]]:
    """The weights that ship for one group of types, by slot and token. Raises `BadWeights`."""
    return shipped().of(group)


def pruned(weights: Mapping[str, Mapping[str, float]], least: float) -> dict[str, dict[str, float]]:
    """Weights without those below `least` in size, rounded to what a reader can compare."""
    out = {
        name: {token: round(w, 3) for token, w in table.items() if abs(w) >= least}
        for name, table in weights.items()
    }
    return {name: table for name, table in out.items() if table}
