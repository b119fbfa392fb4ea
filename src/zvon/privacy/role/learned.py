"""The learned term: what the words around a value say, its weightiest words as evidence."""

import math

from zvon.ml import side
from zvon.privacy.mentions import Reading
from zvon.privacy.role.context import Around, around
from zvon.privacy.role.graph import Graph, entity_key
from zvon.privacy.role.weights import terms

_SHOWN = 2


def learned(graph: Graph, readings: list[Reading]) -> None:
    """Add what the model says of every entity; several places say more than one, but not twice.

    The sum over n places is divided by the root of n, because places of one text are alike.
    """
    weights = side.shipped()
    said: dict[str, list[tuple[float, Reading, Around, list[float]]]] = {}
    for reading in readings:
        for found in around(reading):
            values = weights.terms(found.features)
            row = (math.fsum(values), reading, found, values)
            said.setdefault(entity_key(found.mention), []).append(row)
    table = terms().learned
    for key, rows in said.items():
        node = graph.nodes[key]
        node.term("usual", table.offset.get(node.kind, 0.0))
        total = math.fsum(row[0] for row in rows) / math.sqrt(len(rows))
        factor = table.factor.get(node.kind, table.factor[""])
        limited = max(-table.most, min(table.most, total * factor))
        if not limited:
            continue
        _, reading, found, values = max(rows, key=lambda row: abs(row[0]))
        scale = limited / total / math.sqrt(len(rows))
        shown = _weightiest(found, values, limited > 0)
        for (start, end), weight in shown:
            word = reading.folded[start:end]
            node.term(f"word.{word}", weight * scale, *reading.view.source(start, end))
        node.term("words", limited - sum(w for _, w in shown) * scale)


def _weightiest(
    found: Around, values: list[float], speaks_for: bool
) -> list[tuple[tuple[int, int], float]]:
    """The places that speak most for the side that the whole speaks for."""
    by_place: dict[tuple[int, int], float] = {}
    for place, value in zip(found.places, values, strict=True):
        if place != (found.mention.start, found.mention.end):
            by_place[place] = by_place.get(place, 0.0) + value
    order = sorted(by_place.items(), key=lambda row: -row[1] if speaks_for else row[1])
    return [row for row in order[:_SHOWN] if (row[1] > 0) == speaks_for and abs(row[1]) >= 0.3]
