"""Accounts, passwords and machines that only the words around them give away."""

import re
from collections.abc import Iterator
from functools import lru_cache

from zvon.privacy.cues import all_stops
from zvon.privacy.fold import fold
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import hosts
from zvon.privacy.tagged import Lines

_USER_TOKEN = re.compile(r"[\s:=(»\"'„“`]*([^\W_][\w.$-]{1,38}[\w$])")
_SERVICE_HEADS = frozenset({"svc", "sa", "adm", "admin", "usr", "backup", "srvc", "service"})
_SERVICE = re.compile(r"(?<![\w.@/\\-])(?:svc|sa|adm|admin|usr|srvc)[_-][\w.-]*\w(?![@\w])|(?<![\w.@/\\-])(?:svc|usr|adm)\d+(?!\w)")  # fmt: skip
_MACHINE = re.compile(r"[A-Za-z]{1,15}\d{0,4}(?:[-_][A-Za-z0-9]+)*(?![\w@\\:/-]|\.\w)")
_SECRET_AFTER = re.compile(
    r"(?:\s+(?:je|je bilo|je bila|bilo|bila|was|is|sta|za \w+))?[\s:=»\"'„“`]*((?=\S*[\d!#$%&*?@^_+])[^\s»\"'“”`]{4,64})"
)
_PORT = re.compile(r"\d+$")
_SHAPED = re.compile(r"\d|[._$-]")


def secrets(reading: Reading) -> Iterator[tuple[int, int]]:
    """Passwords after the word for one."""
    for cue in reading.cues:
        if cue.section == "secret":
            found = _SECRET_AFTER.match(reading.text, cue.end)
            if found:
                yield found.start(1), found.end(1) - (found[1][-1] in ".,;:)")


def accounts(reading: Reading) -> Iterator[tuple[int, int]]:
    """User names after the word for one, and service accounts by their shape."""
    for word in reading.words:
        head = word.folded[:3]
        if head in {"svc", "sa", "adm", "usr", "srv"} or word.folded.startswith(("sa-", "sa_")):
            found = _SERVICE.match(reading.text, word.start)
            if found:
                yield found.span()
    for cue in reading.cues:
        if not cue.section.startswith("user."):
            continue
        token = _USER_TOKEN.match(reading.text, cue.end)
        if token is None:
            continue
        text = token[1].rstrip(".")
        low = fold(text)
        if low in all_stops() or _PORT.fullmatch(text) or len(text) < 3:
            continue
        shaped = _SHAPED.search(text) is not None
        plain = cue.section == "user.strong" and text.isascii() and text.islower() and not shaped
        if (plain and not _is_word(low)) or (shaped and re.search("[A-Za-z]", text)):
            yield token.start(1), token.start(1) + len(text)


def _is_word(low: str) -> bool:
    """True for words that follow `account` in a sentence and are no account."""
    return low in all_stops() or low.endswith(("ing", "ed", "en", "na", "no", "ni", "an", "ana", "ih", "jo", "ti"))  # fmt: skip


def machine(word: str) -> bool:
    """False for the names of standards and products that are written like machines: `SHA-256`."""
    head = re.split(r"[-_\d]", fold(word), maxsplit=1)[0]
    return head not in hosts().not_hosts and word.isascii() and len(word) >= 3


@lru_cache(maxsize=16384)
def _machine(word: str) -> int:
    """2 when a word is the name of a machine, 1 when it is one after a cue, 0 when it is none."""
    parts = re.split(r"[-_]", word)
    if not machine(word) or len(word) < 4:
        return 0
    numbered = word[-1].isdigit()
    stem = any(fold(part).rstrip("0123456789") in hosts().stems for part in parts)
    screaming = word.upper() == word and len(parts) > 1
    if stem and (numbered or screaming):
        return 2 if len(parts) > 1 else 1
    return int(numbered and len(parts) > 1)


def machines(reading: Reading, page: Lines) -> Iterator[tuple[int, int]]:
    """Names of machines without a domain: `srv-erp02`, `LAPTOP-9QK2VVA`."""
    cues = [c.end for c in reading.cues if c.section == "host"]
    done = 0
    for i, text in enumerate(page.tokens.texts):
        start = page.tokens.starts[i]
        following = page.tokens.gaps[i + 1]
        if start < done or text[0] == "<" or (text.isalpha() and following != "_"):
            continue
        if start and reading.text[start - 1] in ".@/\\:-_":
            continue
        found = _MACHINE.match(reading.text, start)
        if found is None or not (kind := _machine(found[0])):
            continue
        if kind == 2 or any(start - 24 <= end <= start for end in cues):
            yield found.span()
            done = found.end()
