"""Accounts: after the word for one, by their shape, and made of a person's name."""

import re
from collections.abc import Iterator
from functools import lru_cache

from zvon.privacy.cues import Word, all_stops
from zvon.privacy.fold import fold
from zvon.privacy.lemma import last_name
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import names

_AFTER = re.compile(r"(?:\s+(je|is|was)(?=\s))?[\s:=(»\"'„“`]*([^\W_][\w.$-]{1,38}[\w$])")
_LISTED = re.compile(
    r"(?:, ?| in | i | and | ter | te )([a-z][a-z0-9._-]{2,30}[a-z0-9])(?=[,;.\s)]|$)"
)
_SERVICE = re.compile(
    r"(?<![\w.@/\\-])(?:(?:svc|sa|adm|admin|usr|srvc)[_-][\w.-]*\w(?![@\w])|(?:svc|usr|adm)\d+(?!\w))"
)
_INITIAL = re.compile(r"(?<![\w@.\\/-])[a-z]\.([a-z][a-z-]{3,}[a-z])\d{0,3}(?![\w@]|\.\w)")
_JOINED = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+(?![\w@.(=-])")
_SIGNAL = re.compile(r"\b[Ss]ignal\w{0,3}:? ([a-z_][a-z0-9_]{2,31}\.\d{2,})(?![\w.]\w)")
_SERVICE_HEADS = frozenset({"svc", "sa", "adm", "usr", "admin", "srvc"})
_PORT = re.compile(r"\d+$")
_SHAPED = re.compile(r"\d|[._$-]")
_LETTER = re.compile("[A-Za-z]")


def accounts(reading: Reading) -> Iterator[tuple[int, int]]:
    """Ranges of the text that name an account."""
    text = reading.text
    for found in _INITIAL.finditer(text) if "." in text else ():
        if last_name(found[1]):
            yield found.span()
    for found in _SIGNAL.finditer(text) if "ignal" in text else ():
        yield found.span(1)
    for word in reading.words:
        if text[word.end : word.end + 1] == "_" or word.folded.partition("-")[0] in _SERVICE_HEADS:
            yield from _composed(text, word)
        elif word.text.islower() and _derived(word.text) and _free_standing(text, word):
            yield word.start, word.end
    yield from _named(reading)


def _composed(text: str, word: Word) -> Iterator[tuple[int, int]]:
    """`svc_backup` by its head, `gost_kaplan` by the name in it."""
    service = _SERVICE.match(text, word.start)
    if service:
        yield service.span()
        return
    joined = _JOINED.match(text, word.start)
    if joined and (word.start == 0 or text[word.start - 1] not in "@./_-"):
        known = names()
        if any(len(p) > 3 and (p in known.first or p in known.last) for p in joined[0].split("_")):
            yield joined.span()


@lru_cache(maxsize=16384)
def _derived(word: str) -> bool:
    """True for `mknezevic`, `jzajc7`: an initial and a last name that is no ordinary word."""
    bare = word.rstrip("0123456789")
    known = names()
    return (
        len(bare) >= 5
        and bare.isascii()
        and bare[1:] in known.last
        and (len(bare) > 5 or bare[1:] not in known.common)
        and bare not in known.first
        and last_name(bare) is None
    )


def _free_standing(text: str, word: Word) -> bool:
    """True when the word is no part of an address, a path or a name of a host."""
    before, after = text[word.start - 1 : word.start], text[word.end : word.end + 2]
    return before not in {"@", ".", "/", "-"} and after[:1] != "@" and not (
        after[:1] in {".", "-", "/"} and after[1:].isalnum()
    )  # fmt: skip


def _named(reading: Reading) -> Iterator[tuple[int, int]]:
    for cue in reading.cues:
        if not cue.section.startswith("user."):
            continue
        token = _AFTER.match(reading.text, cue.end)
        if token is None:
            continue
        word = token[2].rstrip(".")
        low = fold(word)
        if low in all_stops() or _PORT.fullmatch(word) or len(word) < 3:
            continue
        shaped = _SHAPED.search(word) is not None
        plain = (
            not token[1]
            and cue.section == "user.strong"
            and word.isascii()
            and word.islower()
            and not shaped
        )
        if (plain and not _is_word(low)) or (shaped and _LETTER.search(word)):
            end = token.start(2) + len(word)
            yield token.start(2), end
            while more := _LISTED.match(reading.text, end):
                if not (_SHAPED.search(more[1]) or _derived(more[1])):
                    break
                yield more.span(1)
                end = more.end(1)


def _is_word(low: str) -> bool:
    """True for words that follow `account` in a sentence and are no account."""
    return low in all_stops() or low.endswith(("ing", "ed", "en", "na", "no", "ni", "an", "ana", "ih", "jo", "ti", "ble"))  # fmt: skip
