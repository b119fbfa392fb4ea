"""Payment card numbers (ISO/IEC 7812) are masked before anything is stored in clear."""

import re
from collections.abc import Iterable

MASK = "•"
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ \t\n.\-–]{0,2}[0-9]){12,60}(?![0-9])")
_GROUP = re.compile(r"[0-9]+")


def mask(text: str, spare: Iterable[tuple[int, int]] = ()) -> str:
    """Replace all digits but the last four of each card number; the length stays.

    `spare` are half-open ranges that are something else for certain (an address, an IBAN).
    """
    spared = sorted(spare)
    out = list(text)
    for run in _RUN.finditer(text):
        for start, end in _cards(text, run.start(), run.end()):
            if any(a < end and start < b for a, b in spared):
                continue
            digits = [i for i in range(start, end) if text[i].isdigit()]
            for i in digits[:-4]:
                out[i] = MASK
    return "".join(out)


def has_card(text: str) -> bool:
    """True when the text holds a card number in clear."""
    return mask(text) != text


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for i, char in enumerate(reversed(digits)):
        n = int(char) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def _cards(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of whole digit groups with 13 to 19 digits that are card numbers."""
    groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, start, end)]
    found: list[tuple[int, int]] = []
    for i, (left, _) in enumerate(groups):
        if text[left] not in "23456":
            continue
        digits = ""
        for a, b in groups[i : i + 19]:
            digits += text[a:b]
            if len(digits) > 19:
                break
            if len(digits) >= 13 and luhn(digits):
                found.append((left, b))
    return found
