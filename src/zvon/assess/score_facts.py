"""What the models say, as facts with a bounded weight: each may add to others, none decides.

A score below its threshold is no fact. The weight grows with the log-odds and stops at a bound
far below what a verdict needs.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from zvon.ml.evidence import Weights
from zvon.model.link import Link
from zvon.model.report import Message
from zvon.model.verdict import Reason, Span

LEAST_WORDS = 4  # below this a text says too little to be judged by its words


class Scorer(Protocol):
    """A model that gives a probability for each address."""

    @property
    def name(self) -> str:
        """Name and version, `phish-url@2026.11.22`."""
        ...

    def score(self, urls: Sequence[str], /) -> Any:
        """One probability for each of `urls`, in order."""
        ...


class Reader(Protocol):
    """A model that gives a probability for each text, and says which words told it most."""

    @property
    def name(self) -> str:
        """Name and version, `phish-text@2026.11.22`."""
        ...

    def score(self, texts: Sequence[str], /) -> Any:
        """One probability for each of `texts`, in order."""
        ...

    def telling(self, text: str, /) -> tuple[int, int] | None:
        """The place of the words that raise the score most, as code points of `text`."""
        ...


def address(
    weights: Weights, model: Scorer | None, links: Sequence[Link]
) -> list[tuple[float | None, Reason | None]]:
    """For each of `links` its score, and the fact that it makes; `None` where there is none."""
    if model is None or not links:
        return [(None, None)] * len(links)
    found: list[tuple[float | None, Reason | None]] = []
    for link, score in zip(links, model.score([link.url for link in links]), strict=True):
        probability = round(float(score), 6)
        weight = weights.scored("LEXICAL", probability)
        fact = Reason(code="LEXICAL", weight=weight, span=link.span, source=f"model:{model.name}")
        found.append((probability, fact if weight else None))
    return found


def wording(weights: Weights, model: Reader | None, message: Message) -> list[Reason]:
    """What the words of the message say, with the place of the most telling ones."""
    text = message.text
    if model is None or len(text.split()) < LEAST_WORDS:
        return []
    weight = weights.scored("TEXT", float(model.score([f"{message.subject}\n{text}"])[0]))
    if not weight:
        return []
    place = model.telling(text)
    span = Span(*place) if place else None
    return [Reason(code="TEXT", weight=weight, span=span, source=f"model:{model.name}")]
