"""Whom a message claims to come from: the brands that it names itself."""

import re
from functools import cache

from msgspec import Struct

from zvon.assess.cues import MAX_CHARS
from zvon.ml.brand import lang_country
from zvon.ml.fold import in_place
from zvon.model.brand import Brand, registry
from zvon.model.verdict import Span

SHORT = 4  # a name of up to this length counts only in capitals: HP, ZABA, but not "fina"


class Claim(Struct, frozen=True):
    """A brand that a text names, and where."""

    brand: Brand
    span: Span


@cache
def _patterns() -> tuple[tuple[Brand, re.Pattern[str]], ...]:
    return tuple(
        (brand, re.compile(r"(?<![\w@.-])(?:" + "|".join(
            re.escape(words) for words in sorted(brand.called, key=len, reverse=True)
        ) + r")(?![\w@]|[.-]\w)"))
        for brand in registry() if brand.called
    )  # fmt: skip


def claims(text: str, lang: str | None, part: str = "text") -> tuple[Claim, ...]:
    """The brands named in `text`, in the order of their places.

    Of brands with one name in two countries, the one of the message's language counts.
    """
    text = text[:MAX_CHARS]
    folded = in_place(text)
    found: dict[tuple[int, int], list[Brand]] = {}
    for brand, pattern in _patterns():
        for match in pattern.finditer(folded):
            written = text[match.start() : match.end()]
            if _is_name(written):
                found.setdefault(match.span(), []).append(brand)
                break
    country = (lang_country(lang) or "").upper()
    return tuple(
        Claim(min(brands, key=lambda b: (b.country != country, b.id)), Span(*place, part))
        for place, brands in sorted(found.items())
    )


def _is_name(written: str) -> bool:
    if " " in written or "." in written:
        return True
    return written.isupper() if len(written) <= SHORT else not written.islower()
