"""The words around each value as features of the learned model.

A value is one token among words, so that "from VALUE to VALUE" reads the same for every value.
Slots: the word before at distance 1, 2 to 3, 4 to 8 (`L1`, `L2`, `L4`), after (`R1`, `R2`, `R4`),
over the end of the clause (`B`), the heading over a list (`H`), the first word of the line (`F`),
any of these at any distance (`W`), the head of the column (`C`), the signs right before and after (`G`, `P`), and pairs of the nearest
word with one of the four before it (`X`). Each slot exists for the type of the value and, with
`*`, for all types.
"""

import re
from typing import NamedTuple

from zvon.ml.side import Feature
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.role.table import columns

GROUP = {
    "IP": "ip", "CIDR": "ip", "DOMAIN": "name", "HOST": "name", "URL": "url", "EMAIL": "mail",
    "PHONE": "phone", "IBAN": "iban", "FILE": "file", "PATH": "file", "HASH": "file",
    "NAME": "person", "USER": "person", "ORG": "person",
}  # fmt: skip
"""Types that the model was trained on, and what they share."""
_INNER = frozenset({"IP", "CIDR", "HOST"})
_STEM = 6
_NEAR = frozenset({"L1", "L2", "L4", "R1", "R2", "R4", "B"})
_RIGHT = ("R1", "R2", "R2", "R4", "R4", "R4")
_FILL = "\ue0ff"
_TOKEN = re.compile(
    "\ue000\ue0ff*|[^\\W_\ue000-\ue0ff]+|->|=>|<-|→|←|[.!?;](?=[\\s\"'”)]|$)|\n[ \t]*\n|\n"
)
_FOREIGN = re.compile("[\ue000-\ue0ff]")
_SIGNS = re.compile(r"[^\s\w.]+")
_BESIDE = frozenset(":/->@|;[")  # a full stop or comma says nothing of the value before it
# Words too common to say anything unless they stand right beside the value.
_EMPTY = frozenset(
    ("je", "so", "sem", "smo", "se", "si", "bi", "bil", "bila", "bilo", "bili", "pa", "da", "ki",
     "ter", "tudi", "su", "sam", "bio", "koji", "koja", "koje", "the", "and", "was", "were", "has",
     "have", "had", "with", "that", "this", "are", "been", "also", "but", "for", "#")
)  # fmt: skip


class Token(NamedTuple):
    """A word, a value or an end of a clause; `word` is its stem."""

    start: int
    end: int
    word: str
    ends: bool


class Around(NamedTuple):
    """What is around one mention: slot, word, and the token that it speaks of."""

    mention: Mention
    group: str
    words: list[tuple[str, str, Token]]

    def features(self) -> list[Feature]:
        """The same as features to train on: for the type of the value, and for all types."""
        own = [(f"{self.group}.{slot}", word) for slot, word, _ in self.words]
        return own + [(f"*.{slot}", word) for slot, word, _ in self.words]


def around(reading: Reading) -> list[Around]:
    """The features of every mention of a type that the model knows, in order."""
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    if not ordered:
        return []
    masked = _masked(reading.folded, ordered)
    tokens: list[Token] = []
    where: list[int] = []
    for found in _TOKEN.finditer(masked):
        text = found[0]
        first = text[0]
        if first == "\ue000":
            word = _shown(ordered[len(where)])
            where.append(len(tokens))
            tokens.append(Token(found.start(), found.end(), word, False))
        elif first.isdigit():
            tokens.append(Token(found.start(), found.end(), "#", False))
        else:
            ends = first in ".!?;\n"
            tokens.append(Token(found.start(), found.end(), text[:_STEM], ends))
    lines = _Lines(tokens, masked)
    heads = columns(masked)
    return [
        _one(mention, tokens, i, masked, lines, heads.over(mention.start))
        for mention, i in zip(ordered, where, strict=True)
        if mention.type in GROUP
    ]


def _shown(mention: Mention) -> str:
    """What other values see of this one: its type, and whether it is surely inside or defanged."""
    if mention.defanged:
        return "<bad>"
    if mention.fixed == "remove" and mention.type in _INNER:
        return "<inner>"
    return f"<{mention.type.lower()}>"


def _masked(folded: str, ordered: list[Mention]) -> str:
    """`folded` with every mention as one private character and filling; the length stays."""
    if _FOREIGN.search(folded):
        folded = _FOREIGN.sub(" ", folded)
    pieces: list[str] = []
    at = 0
    for mention in ordered:
        pieces.append(folded[at : mention.start])
        pieces.append("\ue000" + _FILL * (mention.end - mention.start - 1))
        at = mention.end
    pieces.append(folded[at:])
    return "".join(pieces)


class _Lines:
    """For each token the first token of its line and the heading that governs it."""

    __slots__ = ("first", "heading")

    def __init__(self, tokens: list[Token], masked: str) -> None:
        self.first: list[int] = []
        self.heading: list[tuple[int, int]] = []
        start, heading = 0, (0, 0)
        for i, token in enumerate(tokens):
            self.first.append(start)
            self.heading.append(heading)
            if token.ends and token.word[0] == "\n":
                line = masked[tokens[start].start : token.start].rstrip() if start < i else ""
                if line.endswith(":"):
                    heading = (max(start, i - 6), i)
                elif "\n" in token.word[1:]:
                    heading = (0, 0)
                start = i + 1


def _one(
    mention: Mention, tokens: list[Token], i: int, masked: str, lines: _Lines, head: str
) -> Around:
    here = tokens[i]
    before = _before(tokens, i)
    out = [
        (slot, token.word, token)
        for slot, token in before
        if slot == "L1" or token.word not in _EMPTY
    ]
    if before and before[0][0] == "L1":
        nearest = before[0][1].word
        out += [
            ("X", f"{token.word} {nearest}", token)
            for slot, token in before[1:5]
            if slot != "B" and token.word != "#"
        ]
    for step, token in enumerate(tokens[i + 1 : i + 7]):
        if token.ends:
            break
        if not step or token.word not in _EMPTY:
            out.append((_RIGHT[step], token.word, token))
    out += [("W", word, token) for slot, word, token in out if slot in _NEAR]
    gap = _SIGNS.search(masked, tokens[i - 1].end if i else 0, here.start)
    out.append(("G", gap[0][-2:] if gap else "", here))
    sign = masked[here.end : here.end + 1]
    out.append(("P", sign if sign in _BESIDE else "", here))
    first = tokens[lines.first[i]]
    out.append(("F", first.word if first is not here else "", first))
    low, high = lines.heading[i]
    out += [("H", token.word, token) for token in tokens[low:high]]
    if head:
        out += [("C", word[:_STEM], here) for word in head.split()[:3]]
    return Around(mention, GROUP[mention.type], out)


def _before(tokens: list[Token], i: int) -> list[tuple[str, Token]]:
    """The words before, the nearest first, and a few of the clause before this one."""
    out: list[tuple[str, Token]] = []
    step = beyond = 0
    crossed = False
    for j in range(i - 1, max(-1, i - 16), -1):
        token = tokens[j]
        if token.ends:
            if crossed and beyond:
                break
            crossed = True
        elif crossed:
            beyond += 1
            if beyond > 5:
                break
            out.append(("B", token))
        else:
            step += 1
            if step > 8:
                break
            out.append(("L1" if step == 1 else "L2" if step < 4 else "L4", token))
    return out
