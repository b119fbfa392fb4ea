"""What kind of word is this? One class for each word, looked up once and remembered.

The classes say what a word means for its neighbours: a title, a word for a street, a listed first
name in any case, a cue that a person, an account or a machine follows.
"""

from enum import IntEnum
from functools import cache, lru_cache

from zvon.privacy.fold import fold
from zvon.privacy.lemma import first_name, is_common, last_name, looks_like_last
from zvon.privacy.tables import DATA, names, read


class Lex(IntEnum):
    """The class of a word; the numbers are features of the tagger and never change meaning."""

    NONE = 0
    FIRST = 1
    LAST = 2
    BOTH = 3
    COMMON_FIRST = 4
    COMMON_LAST = 5
    COMMON_BOTH = 6
    LIKE_LAST = 7
    TITLE = 8
    LEGAL = 9
    STREET = 10
    INSTITUTION = 11
    TOWN = 12
    STOP = 13
    CALENDAR = 14
    PERSON = 15
    ACCOUNT = 16
    SECRET = 17
    HOST = 18
    ADDRESS = 19
    KNOWN = 20
    FIRM = 21


FIRSTS = frozenset({Lex.FIRST, Lex.BOTH, Lex.COMMON_FIRST, Lex.COMMON_BOTH})
LASTS = frozenset({Lex.LAST, Lex.BOTH, Lex.COMMON_LAST, Lex.COMMON_BOTH})
_ORDER = ("title", "legal", "known", "calendar", "street", "institution", "secret", "host", "account", "address", "firm", "person", "town", "stop")  # fmt: skip


@cache
def classes() -> dict[str, Lex]:
    """Folded words of `data/words.toml` and their class."""
    table = read(DATA / "words.toml")
    out: dict[str, Lex] = {}
    for name in _ORDER:
        for word in fold(table[name]).split():
            out.setdefault(word, Lex[name.upper()])
    return out


_SHORTEST = 5
_LONGEST = 40  # no stem is longer, and a word of a million letters costs no more


@cache
def _stems() -> dict[str, Lex]:
    return {word[:-1]: kind for word, kind in classes().items() if word.endswith("*")}


def _listed(word: str) -> Lex | None:
    found = classes().get(word)
    if found is None:
        stems = _stems()
        for length in range(min(len(word), _LONGEST), _SHORTEST - 1, -1):
            if found := stems.get(word[:length]):
                return found
    return found


@cache
def _heads() -> frozenset[str]:
    """How a word begins that may be a form of a listed name; saves the work for all others."""
    every = names().first | names().last
    short = {name[:2] + letter for name in every if len(name) <= 4 for letter in "aeiouj"}
    return frozenset({name[:3] for name in every} | short)


# A word of these classes is no name, whatever the lists say.
_STRONGER = frozenset({Lex.STOP, Lex.TITLE, Lex.LEGAL, Lex.KNOWN, Lex.STREET, Lex.INSTITUTION,
                       Lex.FIRM, Lex.ACCOUNT, Lex.SECRET, Lex.HOST})  # fmt: skip


@lru_cache(maxsize=65536)
def lex(word: str) -> Lex:
    """The class of a folded word; a name that is a common word too is `COMMON_…`."""
    word = word.removesuffix("'s").removesuffix("’s")
    first, last = None, None
    if word[:3] in _heads() or "-" in word or "dj" in word:
        first, last = first_name(word), last_name(word)
    listed = _listed(word)
    if listed is not None and not first and not last:
        return listed
    if listed in _STRONGER:
        return listed
    if not first and not last:
        return Lex.LIKE_LAST if looks_like_last(word) else Lex.NONE
    common = listed is not None or is_common(word)
    if first and last:
        return Lex.COMMON_BOTH if common else Lex.BOTH
    if first:
        return Lex.COMMON_FIRST if common else Lex.FIRST
    return Lex.COMMON_LAST if common else Lex.LAST


def unlisted(word: str) -> Lex:
    """The class of a folded word as if it stood in no list of names."""
    listed = _listed(word)
    if listed is not None:
        return listed
    return Lex.LIKE_LAST if looks_like_last(word) else Lex.NONE
