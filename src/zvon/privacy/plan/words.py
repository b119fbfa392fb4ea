"""The words of a policy as a reader of the country says them."""

import re

from babel import Locale

from zvon.locale import Translator
from zvon.model.data_policy import ANYWHERE, DataPolicy, Rule
from zvon.model.duration import Duration, duration

_ARTICLE = re.compile(r"(\d+[a-z]?)(?:\.(\d+))?(?:\.([a-z]))?")
_RECITAL = re.compile(r"recital-(\d+)")


def named(speak: Translator, prefix: str, code: str) -> str:
    """The catalogue's word for a code of a policy; an operator's own code stands as written."""
    found = key(prefix, code)
    return speak.text(found) if found in speak else code


def key(prefix: str, code: str) -> str:
    """Where the catalogue has the word for a code."""
    return f"{prefix}_{code}".upper().replace("-", "_").replace(".", "_")


def all_named(speak: Translator, prefix: str, codes: tuple[str, ...]) -> str:
    """The words for several codes, with commas."""
    return ", ".join(named(speak, prefix, each) for each in codes)


def country(speak: Translator, code: str) -> str:
    """The name of a country in the reader's language."""
    return str(Locale(speak.lang).territories.get(code, code))


def countries(speak: Translator, codes: tuple[str, ...]) -> str:
    """Names of countries; `*` is any."""
    if ANYWHERE in codes:
        return speak.text("PLAN_ANYWHERE")
    return ", ".join(country(speak, each) for each in codes)


def length(speak: Translator, text: str | Duration) -> str:
    """A duration in words: `30 days`, `1 year 6 months`."""
    lasts = duration(text) if isinstance(text, str) else text
    parts = (("PLAN_YEARS", lasts.years), ("PLAN_MONTHS", lasts.months), ("PLAN_DAYS", lasts.days))
    return " ".join(speak.plural(code, code, n) for code, n in parts if n)


def bases(speak: Translator, rule: Rule) -> str:
    """The legal bases of a class, short: the acts stand in full in their own list."""
    return " · ".join(basis(speak, each) for each in rule.basis)


def basis(speak: Translator, text: str) -> str:
    """One legal basis: `gdpr:6.1.e` is the act's short name and the article."""
    act, _, place = text.partition(":")
    short = named(speak, "PLAN_ACT", act)
    if found := _ARTICLE.fullmatch(place):
        number, paragraph, point = found.groups()
        code = "PLAN_ARTICLE" + ("_PARAGRAPH" if paragraph else "") + ("_POINT" if point else "")
        said = speak.text(code, article=number, **_given(paragraph=paragraph, point=point))
        return f"{short}, {said}"
    if found := _RECITAL.fullmatch(place):
        return f"{short}, {speak.text('PLAN_RECITAL', number=found[1])}"
    return f"{short}, {named(speak, 'PLAN_BASIS', place)}"


def readers(speak: Translator, rule: Rule) -> str:
    """Which roles of which countries read a class: roles of one country stand together."""
    found: dict[str, list[str]] = {}
    for each in rule.readers:
        of, _, role = each.partition(".")
        found.setdefault(of, []).append(named(speak, "PLAN_ROLE", role))
    return "; ".join(
        f"{countries(speak, (of.upper(),))}: {', '.join(roles)}" for of, roles in found.items()
    )


def acts(policy: DataPolicy) -> tuple[str, ...]:
    """The acts in full, as the policy names them."""
    return tuple(policy.laws.values())


def _given(**parts: str | None) -> dict[str, str]:
    return {name: part for name, part in parts.items() if part}
