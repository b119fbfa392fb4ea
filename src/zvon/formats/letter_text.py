"""Letters from templates: text with places to fill, and numbers with the word in the right form.

`{number}` is filled as it is; `{count:naslov|naslova|naslova|naslovov}` chooses the form that the
language uses for the number (Slovenian has four, Croatian three, English two) and writes the number
before it. Nothing else has a meaning, so a template can neither compute nor read anything.
"""

import re
from collections.abc import Collection, Mapping

from zvon.locale import LANGS, translator

FORMS = {"sl": 4, "hr": 3, "en": 2}
MAX_TEMPLATE = 20_000
_PLACE = re.compile(r"\{([a-z_]{1,40})(?::([^{}]{1,400}))?\}")


class BadTemplate(ValueError):
    """The template cannot be filled; says where and what is wrong."""


def check(text: str, lang: str, known: Collection[str]) -> None:
    """Raise `BadTemplate` for a place that nothing fills, or with too few forms of a word."""
    if lang not in LANGS:
        raise BadTemplate(f"lang: one of {', '.join(LANGS)}")
    if not text.strip() or len(text) > MAX_TEMPLATE:
        raise BadTemplate(f"a template has 1 to {MAX_TEMPLATE} characters")
    for name, forms in _PLACE.findall(text):
        if name not in known:
            raise BadTemplate(f"{{{name}}}: nothing is called so; known are {', '.join(sorted(known))}")  # fmt: skip
        if forms and forms.count("|") + 1 != FORMS[lang]:
            raise BadTemplate(f"{{{name}}}: {lang} has {FORMS[lang]} forms of a word")
    rest = _PLACE.sub("", text)
    if "{" in rest or "}" in rest:
        raise BadTemplate("a brace without its other, or a place that is misspelt")
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadTemplate("a character that cannot be stored")


def fill(text: str, lang: str, fields: Mapping[str, str | int]) -> str:
    """The letter. What is filled in is never read as a template. Raises `BadTemplate`."""
    speak = translator(lang)

    def one(found: re.Match[str]) -> str:
        name, forms = found[1], found[2]
        if name not in fields:
            raise BadTemplate(f"{{{name}}}: nothing to fill it with")
        value = fields[name]
        if not forms:
            return speak.number(value) if isinstance(value, int) else value
        if not isinstance(value, int):
            raise BadTemplate(f"{{{name}}}: a word needs a number")
        words = forms.split("|")
        if len(words) != FORMS[lang]:
            raise BadTemplate(f"{{{name}}}: {lang} has {FORMS[lang]} forms of a word")
        return f"{speak.number(value)} {words[speak.form(value)]}"

    return _PLACE.sub(one, text)
