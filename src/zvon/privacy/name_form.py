"""First and last name together give the nominative: one alone can be the form of several names.

`Petra Horvata` is a form of Petar Horvat, `Petra Horvat` is a woman: a last name that is inflected
says that the first name is, too, and how. Works on folded words.
"""

import re

from zvon.privacy.lemma import last_name
from zvon.privacy.tables import names

# Endings of the cases of a man's name, the longest first.
_CASES = ("jem", "om", "em", "ja", "ju", "a", "u")
_ALIKE = {"ja": "a", "ju": "u", "jem": "om", "em": "om"}
_WORD_ENDING = re.compile(r"(?<=\w{3})(?:ega|emu|oga|omu|im|ih|om|em|oj|og|[aeiou])$")
_MOVING = re.compile(r"(?<=[^aeiou])(?:a(?=[rc]$)|e(?=[rlck]$))")


def nominative(first: str, last: str) -> tuple[str, str]:
    """The nominatives of a first and a last name that stand in the same case."""
    last = last.removesuffix("'s").removesuffix("\u2019s")
    ending = _ending(last)
    if last in names().last or not ending:
        return _beside_base(first), last_name(last) or last
    root = last_name(last) or last.removesuffix(ending)
    return _beside_inflected(first, ending), root


def name_key(value: str) -> str:
    """What the forms of one name have in common, of nominatives, in either order of the words:
    the vowel that comes and goes (`Petar`, `Petra`) and a final o (`Marko`, `Marka`) are left out.

    Mark and Marko of one family become one; that is rare, and says too little rather than too much.
    """
    words = (word.removesuffix("o") if len(word) > 3 else word for word in value.split(" "))
    return " ".join(sorted(map(_still, words)))


def firm_key(value: str) -> str:
    """What the cases of an organisation's name have in common: its words without their endings."""
    return " ".join(_still(_WORD_ENDING.sub("", word)) for word in value.split(" "))


def _still(word: str) -> str:
    return _MOVING.sub("", word) if len(word) > 3 else word


def _ending(last: str) -> str:
    return next((e for e in _CASES if last.endswith(e) and len(last) - len(e) >= 3), "")


def _beside_base(first: str) -> str:
    """The last name is not inflected: a man in the nominative, or a woman in any case."""
    known = names().first
    for ending in ("om", "o", "e", "i", "u"):
        if first.endswith(ending) and (ending != "o" or first not in known):
            woman = first.removesuffix(ending) + "a"
            if woman in known:
                return woman
    return first


def _beside_inflected(first: str, ending: str) -> str:
    """The last name is a man's in another case: his first name is in the same."""
    known = names().first
    case = _ALIKE.get(ending, ending)
    own = _ending(first) or first[-1:]
    if _ALIKE.get(own, own) == case:
        stem = first.removesuffix(own)
        moved = tuple(stem[:-1] + vowel + stem[-1:] for vowel in "ae")
        for man in (stem, stem + "o", stem + "e", *moved, stem + "a"):
            if man in known:
                return man
        return stem
    for own in ("om", "e", "i", "o", "u"):  # Luka, Nikola: inflected as a woman's name
        if first.endswith(own) and first.removesuffix(own) + "a" in known:
            return first.removesuffix(own) + "a"
    return first
