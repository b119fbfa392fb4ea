"""Names of machines without a domain: `srv-erp02`, `LAPTOP-9QK2VVA`, `ENG-02`."""

import re
from collections.abc import Iterator
from functools import lru_cache

from zvon.privacy.fold import fold
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import hosts
from zvon.privacy.tagged import Lines

_NAME = re.compile(r"[A-Za-z]{1,15}\d{0,4}(?:[-_][A-Za-z0-9]+)*(?![\w@\\:/-]|\.\w)")
_DATED = re.compile(
    r"-(?:19|20)\d\d(?:-|$)|^(?:SI|HR|BA|RS|A|H|I)-\d{4,5}$"
)  # a document, a post code
_PADDED = re.compile(r"[a-zA-Z]0\d$")
THEIRS = ("helo=", "ehlo=", "ehlo ", "workstation=", "workstation: ")  # what a client claims
_REACH = 24


def machine(word: str) -> bool:
    """False for names of standards, products and documents that are written like machines."""
    head = re.split(r"[-_\d]", fold(word), maxsplit=1)[0]
    return (
        head not in hosts().not_hosts
        and word.isascii()
        and len(word) >= 3
        and _DATED.search(word) is None
    )


@lru_cache(maxsize=16384)
def _sure(word: str) -> int:
    """2 when a word is the name of a machine, 1 when it is one after a cue, 0 when it is none."""
    if len(word) < 4 or not machine(word):
        return 0
    parts = re.split(r"[-_]", word)
    numbered = word[-1].isdigit()
    stem = any(fold(part).rstrip("0123456789") in hosts().stems for part in parts)
    screaming = word.upper() == word and len(parts) > 1
    if stem and (numbered or screaming):
        return 2 if len(parts) > 1 or _PADDED.search(word) else 1
    if screaming and re.fullmatch(r"\d{2,4}", parts[-1]) and parts[0].isalpha() and parts[0][1:]:
        return 2
    if len(parts) > 1 and word.islower() and not _SERVERS.isdisjoint(parts) and (
        all(len(part) > 1 and part not in _ENDINGS for part in parts)
    ):  # fmt: skip
        return 2
    return int(numbered and len(parts) > 1)


# Parts that only names of machines have: `of-fw-lj`. An ending behind one makes it a word: `dc-ja`.
_SERVERS = frozenset({"srv", "svr", "dc", "fw", "gw", "wks", "nas", "esx", "esxi", "fs", "sw", "exch", "hv", "bck"})  # fmt: skip
_ENDINGS = frozenset({"ja", "ju", "om", "em", "jem", "ov", "jev", "ih", "jih", "ima", "ji", "je"})


def machines(reading: Reading, page: Lines) -> Iterator[tuple[int, int]]:
    """Ranges of the text that name a machine."""
    text = reading.text
    cues = [c.end for c in reading.cues if c.section == "host"]
    done = 0
    for i, word in enumerate(page.tokens.texts):
        start = page.tokens.starts[i]
        if start < done or word[0] == "<" or (word.isalpha() and page.tokens.gaps[i + 1] != "_"):
            continue
        if start and text[start - 1] in ".@/\\:-_":
            continue
        found = _NAME.match(text, start)
        if found is None or text[found.end() : found.end() + 1] == "=":  # `DB_HOST=` is a setting
            continue
        sure = _sure(found[0])
        if not sure or claimed(reading, start):
            continue
        if sure == 2 or any(start - _REACH <= end <= start for end in cues):
            yield found.span()
            done = found.end()


def claimed(reading: Reading, start: int) -> bool:
    """True where a log shows what a client says of itself: the attacker's machine, no victim's."""
    return reading.folded[max(0, start - 13) : start].endswith(THEIRS)
