"""Codes as sentences: a reason, a link of a campaign, and the citizen's answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from zvon.locale import Translator

COUNT = "n"
WORDS = "words"


def sentence(translator: Translator, code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code of the catalogue `reasons`; with a parameter `n` in its plural.

    `words` in the parameters says others in each language, where no catalogue can know them:
    `{"step": {"sl": ..., "en": ...}}` stands for `step`.
    """
    filled = dict(params or {})
    for name, said in dict(filled.pop(WORDS, None) or {}).items():
        filled[name] = said.get(translator.lang) or said.get("en") or filled.get(name, name)
    count = filled.pop(COUNT, None)
    if isinstance(count, int):
        return translator.plural(code, code, count, **filled)
    return translator.text(code, **filled)


def answer(
    translator: Translator,
    kind: str,
    *,
    number: str,
    addons: Sequence[str] = (),
    brand: str | None = None,
    category: str | None = None,
) -> tuple[str, ...]:
    """The citizen's answer, sentence by sentence; it never repeats the link.

    `kind` is `dangerous`, `official`, `no_sign` or `looking`. `brand` is the name for people.
    """
    codes: list[tuple[str, dict[str, str]]] = []
    match kind:
        case "dangerous":
            codes.append(("ANSWER_DANGEROUS", {}))
            if category == "fake_shop":
                codes.append(("ANSWER_SHOP", {}))
            else:
                if brand:
                    codes.append(("ANSWER_NOT_BRAND", {"brand": brand}))
                codes.append(("ANSWER_DO_NOT_OPEN", {}))
            if "card" not in addons:
                codes.append(("ANSWER_IF_ENTERED", {}))
        case "official":
            codes.append(("ANSWER_OFFICIAL", {"brand": brand or ""}))
        case "no_sign":
            codes += [("ANSWER_NO_SIGN", {}), ("ANSWER_CHECK", {})]
        case _:
            codes.append(("ANSWER_LOOKING", {}))
    codes += [(f"ADDON_{addon.upper()}", {}) for addon in addons]
    codes += [("ANSWER_NUMBER", {"number": number}), ("ANSWER_MACHINE", {})]
    return tuple(translator.text(code, **params) for code, params in codes)
