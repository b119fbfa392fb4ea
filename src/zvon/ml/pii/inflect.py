"""Slovenian and Croatian case forms of a name from its nominative, for training texts.

Cases are `n g d a l i`; `p` is the possessive adjective in the nominative masculine. The rules
are those of the school grammars; a rare name comes out wrong, as it does when people write.
"""

from typing import Literal

Case = Literal["n", "g", "d", "a", "l", "i", "p"]
CASES: tuple[Case, ...] = ("n", "g", "d", "a", "l", "i")
Gender = Literal["m", "f"]

_MEN_IN_A = frozenset(["Luka", "Matija", "Nikola", "Saša", "Ilija", "Andrija", "Miha", "Jaka", "Aljoša", "Žiga", "Grga", "Jura", "Mika", "Toma", "Nebojša", "Vanja", "Siniša", "Jovica", "Ivica", "Perica", "Đurica", "Tomica", "Zvonimira", "Joža", "Jaša", "Gaša", "Mića", "Duća", "Mustafa", "Musa", "Isa", "Borna", "Kosta", "Sava", "Pera", "Steva", "Vasa", "Aca", "Mitja", "Tilen", "Mija", "Zlatica", "Krsta", "Ljuba", "Nikica", "Dinka", "Jurica", "Slavica"])  # fmt: skip
_SOFT = ("č", "š", "ž", "c", "j", "ć", "đ", "dž", "lj", "nj")
_STAY = frozenset(["Karmen", "Ines", "Iris", "Dolores", "Nives", "Mirjam", "Rut", "Estera", "Doris", "Ruth", "Lili", "Mimi", "Dragi", "Klementin", "Noemi", "Fani"])  # fmt: skip


def gender(first: str) -> Gender:
    """The gender of a first name: by its ending, with the well-known exceptions."""
    if first in _STAY:
        return "f"
    return "f" if first.endswith("a") and first not in _MEN_IN_A else "m"


def first_form(name: str, case: Case, lang: str) -> str:
    """A case form of a first name."""
    if case == "n" or lang == "en":
        return name
    if gender(name) == "f":
        return name if name in _STAY else _feminine(name, case, lang)
    return _masculine(name, case, lang)


def last_form(name: str, case: Case, lang: str, of: Gender) -> str:
    """A case form of a last name; a woman's changes only when it ends in -a."""
    if case == "n" or lang == "en":
        return name
    if "-" in name:
        return "-".join(last_form(half, case, lang, of) for half in name.split("-"))
    if name.endswith(("ski", "ški", "čki", "cki")):
        ending = {"g": "ega", "d": "emu", "a": "ega", "l": "em", "i": "im", "p": "ega"}
        if lang == "hr":
            ending = {"g": "og", "d": "om", "a": "og", "l": "om", "i": "im", "p": "og"}
        if of == "f":
            return name
        return name[:-1] + ending[case]
    if name.endswith("a"):
        return _feminine(name, case, lang)
    return name if of == "f" else _masculine(name, case, lang)


def _feminine(name: str, case: Case, lang: str) -> str:
    stem = name[:-1] if name.endswith(("a", "e", "o")) else name
    if lang == "hr":
        return stem + {"g": "e", "d": "i", "a": "u", "l": "i", "i": "om", "p": "in", "n": "a"}[case]
    return stem + {"g": "e", "d": "i", "a": "o", "l": "i", "i": "o", "p": "in", "n": "a"}[case]


def _masculine(name: str, case: Case, lang: str) -> str:
    if name.endswith("a"):
        return _feminine(name, case, lang)
    stem = _stem(name, lang)
    soft = stem.endswith(_SOFT)
    if case == "p":
        return stem + ("ev" if soft else "ov")
    if case == "i":
        return stem + ("em" if soft else "om")
    return stem + {"g": "a", "d": "u", "a": "a", "l": "u", "n": ""}[case]


def _stem(name: str, lang: str) -> str:
    low = name.lower()
    if low.endswith("o"):
        return name[:-2] + "l" if low == "pavao" else name[:-1]
    if low.endswith("e"):
        return name[:-1] + ("et" if lang == "sl" else "")
    if low.endswith(("i", "u", "y")):
        return name + "j"
    if low in {"petar", "aleksandar", "peter", "aleksander"}:
        return name[:-2] + "r"
    if low.endswith(("ec", "ek", "el")) and len(low) > 4 and low[-3] not in "aeiou":
        return name[:-2] + name[-1]
    if lang == "hr" and low.endswith(("ac", "ak")) and len(low) > 5 and low[-3] not in "aeiou" and low != "novak":  # fmt: skip
        return name[:-2] + name[-1]
    if lang == "sl" and low.endswith("r") and len(low) > 3 and low[-2] in "aeiou":
        return name + "j"
    return name
