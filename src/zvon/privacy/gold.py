"""The five numbers of the gate on labelled mails. "Ask everything" and "keep everything" both fail."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from zvon.model.role import SpanState
from zvon.privacy.engine import Outcome, Status
from zvon.privacy.residue import Original, scan

INDICATORS = frozenset({"IP", "URL", "EMAIL", "DOMAIN", "HASH", "IBAN", "PHONE", "WALLET", "FILE",
                        "HOST", "CVE", "PATH", "ASN"})  # fmt: skip
COVERED = 0.9


class GoldSpan(Struct, frozen=True):
    """What a person labelled: `start`, `end` in code points, half-open."""

    start: int
    end: int
    role: Literal["pseudonymise", "keep"]
    type: str
    text: str


class GoldMail(Struct, frozen=True):
    """One labelled mail; `author` is whose style it has, where that is known."""

    id: str
    text: str
    spans: tuple[GoldSpan, ...]
    lang: str | None = None
    author: str = ""


class Score(Struct, frozen=True):
    """Counts over some mails; ratios are computed from them, so that n is always known."""

    mails: int = 0
    pii: int = 0
    recalled: int = 0
    removed: int = 0
    indicators: int = 0
    kept: int = 0
    not_removed: int = 0
    clean: int = 0
    spans: int = 0
    asks: int = 0
    released: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, f) + getattr(other, f) for f in self.__struct_fields__))

    def rows(self) -> list[tuple[str, int, int]]:
        """Name, count and total of each number."""
        return [
            ("PII recall", self.recalled, self.pii),
            ("PII recall, automatic", self.removed, self.pii),
            ("indicators kept", self.kept, self.indicators),
            ("indicators kept, asks not counted as loss", self.not_removed, self.indicators),
            ("leak-free mails", self.clean, self.mails),
            ("ask rate", self.asks, self.spans),
            ("released", self.released, self.mails),
        ]


def judge(mail: GoldMail, outcome: Outcome) -> Score:
    """Compare the decision on one mail with its labels."""
    fate = _fate(mail, outcome)
    victims = [s for s in mail.spans if s.role == "pseudonymise"]
    attackers = [s for s in mail.spans if s.role == "keep" and s.type in INDICATORS]
    recalled = [_share(fate, s, "ra") >= COVERED for s in victims]
    text = next(iter((outcome.shared or outcome.preview).values()))
    originals = [Original(s.text, s.type, whole_word=len(s.text) < 6) for s in victims]
    return Score(
        mails=1,
        pii=len(victims),
        recalled=sum(recalled),
        removed=sum(_share(fate, s, "r") >= COVERED for s in victims),
        indicators=len(attackers),
        kept=sum(_share(fate, s, "ra") == 0 for s in attackers),
        not_removed=sum(_share(fate, s, "r") == 0 for s in attackers),
        clean=int(all(recalled) and not scan(text, originals).hits),
        spans=len(outcome.spans),
        asks=sum(s.state is SpanState.ASK for s in outcome.spans),
        released=int(outcome.status is Status.RELEASED),
    )


def judge_types(mail: GoldMail, outcome: Outcome) -> dict[str, Score]:
    """The same by type of the labelled value, as far as it is counted by value."""
    fate = _fate(mail, outcome)
    found: dict[str, Score] = {}
    for span in mail.spans:
        asked, gone = _share(fate, span, "ra"), _share(fate, span, "r")
        if span.role == "pseudonymise":
            one = Score(pii=1, recalled=int(asked >= COVERED), removed=int(gone >= COVERED))
        elif span.type in INDICATORS:
            one = Score(indicators=1, kept=int(asked == 0), not_removed=int(gone == 0))
        else:
            continue
        found[span.type] = found.get(span.type, Score()) + one
    return found


def _fate(mail: GoldMail, outcome: Outcome) -> str:
    """One letter for each character: removed, asked, or untouched."""
    fate = ["."] * len(mail.text)
    for span in outcome.spans:
        ranges = [(span.start, span.end, "r" if span.state.removes else "a")]
        if span.state is SpanState.KEEP:
            ranges = [(i.start, i.end, "r") for i in span.inner]
        for start, end, letter in ranges:
            fate[start:end] = letter * (end - start)
    return "".join(fate)


def _share(fate: str, span: GoldSpan, letters: Sequence[str]) -> float:
    inside = fate[span.start : span.end]
    return sum(c in letters for c in inside) / max(1, len(inside))
