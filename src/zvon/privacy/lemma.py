"""Case endings of Slovenian and Croatian names: which nominatives can a word stand for?

Works on folded words (lower case, no diacritics). `korosca` gives `korosec`, `petra` gives
`petar`, `spelo` gives `spela`, `majin` gives `maja`, `tomazeva` gives `tomaz`.
"""

from functools import lru_cache

from zvon.privacy.tables import names

_CASE = ("", "a", "u", "om", "em", "o", "i", "e", "ov", "ev", "in", "ju", "jem", "ja", "ma", "ama", "ih", "ega", "emu", "im", "oj", "h")  # fmt: skip
_OWNED = ("", "a", "o", "e", "i", "ega", "emu", "em", "im", "ih", "imi", "oj", "og", "om", "oga", "omu", "u", "ima")  # fmt: skip
_VOWELS = frozenset("aeiou")


@lru_cache(maxsize=16384)
def lemmas(word: str) -> tuple[str, ...]:
    """Candidates for the nominative of `word`, itself first."""
    out: dict[str, None] = {word: None}
    if "dj" in word:  # `Djuro` as people without a đ write it
        out[word.replace("dj", "d")] = None
    for ending in _CASE:
        if ending and (not word.endswith(ending) or len(word) - len(ending) < 2):
            continue
        stem = word[: len(word) - len(ending)]
        _restore(out, stem)
    for ending in _OWNED:
        if not word.endswith(ending):
            continue
        body = word[: len(word) - len(ending)]
        for owned in ("ov", "ev", "in", "ic"):
            if body.endswith(owned) and len(body) - len(owned) >= 2:
                _restore(out, body[: -len(owned)])
                if body.endswith("rjev"):  # `Kregarjeva`: the j stands before endings only
                    out.setdefault(body[:-3])
    return tuple(out)


def _restore(out: dict[str, None], stem: str) -> None:
    for ending in ("", "a", "o", "e"):
        out.setdefault(stem + ending)
    if len(stem) >= 3 and stem[-1] not in _VOWELS and stem[-2] not in _VOWELS:
        for vowel in ("e", "a"):
            out.setdefault(stem[:-1] + vowel + stem[-1])


@lru_cache(maxsize=16384)
def first_name(word: str) -> str | None:
    """The first name that `word` is a form of, or `None`."""
    return next((lemma for lemma in lemmas(word) if lemma in names().first), None)


@lru_cache(maxsize=16384)
def last_name(word: str) -> str | None:
    """The last name that `word` is a form of, or `None`; hyphenated pairs by either half."""
    found = next((lemma for lemma in lemmas(word) if lemma in names().last), None)
    if found is None and "-" in word:
        halves = [last_name(half) or half for half in word.split("-")]
        if any(last_name(half) for half in word.split("-")):
            return "-".join(halves)
    return found


@lru_cache(maxsize=16384)
def looks_like_last(word: str) -> bool:
    """True for the endings that South Slavic last names have and other words rarely."""
    return any(
        len(lemma) >= 5 and lemma.endswith(("vic", "sic", "nic", "kic", "tic", "ric", "lic", "cic", "zic", "jic", "gic", "hic", "mic", "pic", "bic", "dic", "sek", "cek", "nik", "scak", "ncic", "vec", "ovsek", "ski"))
        for lemma in lemmas(word)[:3]
    )  # fmt: skip


def is_common(word: str) -> bool:
    """True when the name is an ordinary word too, so that it needs a second sign."""
    return any(lemma in names().common for lemma in lemmas(word)[:8])
