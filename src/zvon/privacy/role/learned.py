"""The learned term: what the words around a value say, its weightiest words as evidence."""

import math

from zvon.ml import side
from zvon.privacy.mentions import Reading
from zvon.privacy.role.context import Around, Token, around
from zvon.privacy.role.graph import Graph, entity_key
from zvon.privacy.role.weights import terms

_SHOWN = 2
_SIGNS = frozenset({"G", "P", "F"})  # signs and the line: what there is without any word
_LEAST = 0.3  # log-odds from which a word is worth showing


def learned(graph: Graph, readings: list[Reading]) -> None:
    """Add what the model says of every entity; several places say more than one, but not twice.

    The sum over n places is divided by the root of n, because places of one text are alike.
    """
    said: dict[str, list[tuple[float, Reading, list[tuple[float, Token]]]]] = {}
    for reading in readings:
        for found in around(reading):
            total, words = _said(found)
            if total > 0 and all(slot in _SIGNS for slot, _, _ in found.words):
                continue  # a value that stands alone, as fields do, is accused by no word
            said.setdefault(entity_key(found.mention), []).append((total, reading, words))
    table = terms().learned
    for key, rows in said.items():
        node = graph.nodes[key]
        node.term("usual", table.offset.get(node.kind, 0.0))
        total = sum(row[0] for row in rows) / math.sqrt(len(rows))
        limited = max(-table.most, min(table.most, total * table.factor.get(node.kind, table.factor[""])))  # fmt: skip
        if not limited:
            continue
        _, reading, words = max(rows, key=lambda row: abs(row[0]))
        scale = limited / total / math.sqrt(len(rows))
        rest = limited
        for weight, token in _weightiest(words, limited > 0):
            rest -= weight * scale
            node.term(f"word.{reading.folded[token.start : token.end]}", weight * scale,
                      *reading.view.source(token.start, token.end))  # fmt: skip
        node.term("words", rest)


def _said(found: Around) -> tuple[float, list[tuple[float, Token]]]:
    """The sum for one mention, and every word of weight."""
    tables = side.shipped_for(found.group)
    total = 0.0
    words: list[tuple[float, Token]] = []
    for slot, word, token in found.words:
        table = tables.get(slot)
        weight = table.get(word) if table is not None else None
        if weight:
            total += weight
            if (weight >= _LEAST or weight <= -_LEAST) and token.start != found.mention.start:
                words.append((weight, token))
    return total, words


def _weightiest(words: list[tuple[float, Token]], speaks_for: bool) -> list[tuple[float, Token]]:
    """The words that speak most for the side that the whole speaks for, each place once."""
    shown: dict[int, tuple[float, Token]] = {}
    for weight, token in sorted(words, key=lambda row: -abs(row[0])):
        if (weight > 0) == speaks_for and len(shown) < _SHOWN:
            shown.setdefault(token.start, (weight, token))
    return list(shown.values())
