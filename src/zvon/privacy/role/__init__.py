"""Whose is each value? A sum of terms in log-odds, every one kept as evidence."""

from zvon.privacy.role.graph import Score, entity_key
from zvon.privacy.role.score import score, score_document
from zvon.privacy.role.weights import Terms, terms

__all__ = ["Score", "Terms", "entity_key", "score", "score_document", "terms"]
