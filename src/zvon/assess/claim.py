"""Whom a message claims to come from: the brands that it names itself."""

import re
from collections.abc import Sequence
from functools import lru_cache

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


@lru_cache(maxsize=1024)
def _pattern(called: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(called, key=len, reverse=True)))
    return re.compile(rf"(?<![\w@.-])(?:{names})(?![\w@]|[.-]\w)")


def claims(
    text: str, lang: str | None, part: str = "text", *, brands: Sequence[Brand] | None = None
) -> tuple[Claim, ...]:
    """The brands named in `text`, in the order of their places; `brands` are those that ship.

    Of brands with one name in two countries, the one of the message's language counts.
    """
    text = text[:MAX_CHARS]
    folded = in_place(text)
    found: dict[tuple[int, int], list[Brand]] = {}
    for brand in registry() if brands is None else brands:
        if not brand.called:
            continue
        for match in _pattern(brand.called).finditer(folded):
            written = text[match.start() : match.end()]
            if _is_name(written):
                found.setdefault(match.span(), []).append(brand)
                break
    country = (lang_country(lang) or "").upper()
    return tuple(
        Claim(min(named, key=lambda b: (b.country != country, b.id)), Span(*place, part))
        for place, named in sorted(found.items())
    )


def _is_name(written: str) -> bool:
    if " " in written or "." in written:
        return True
    return written.isupper() if len(written) <= SHORT else not written.islower()
