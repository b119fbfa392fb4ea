"""The record of processing activities (GDPR, Article 30(1)): one activity for each purpose."""

from collections.abc import Callable
from datetime import datetime

from zvon.formats.paper.block import Writer
from zvon.locale import Translator
from zvon.model.data_policy import DataPolicy, Rule
from zvon.privacy.plan import sections
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.words import bases, countries, country, length, named


def record_of_processing(
    policy: DataPolicy, speak: Translator, now: datetime, facts: Facts | None = None
) -> Document:
    """The record of one country, with what Article 30(1)(a) to (g) asks for."""
    w = Writer()
    sections.opening(w, speak, policy, facts)
    sections.responsible(w, speak, policy)
    w.head(speak.text("PLAN_H_ACTIVITIES"))
    w.say(speak.text("PLAN_ACTIVITIES_INTRO"))
    for purpose, rules in activities(policy):
        w.head(_first_upper(named(speak, "PLAN_PURPOSE", purpose)), 3)
        w.table(
            speak.text("PLAN_T_ACTIVITY"),
            [speak.text(code) for code in ("PLAN_POINT", "PLAN_CONTENT")],
            _rows(speak, purpose, rules),
        )
    sections.recipients(w, speak, facts)
    w.head(speak.text("PLAN_H_THIRD"))
    w.say(speak.text("PLAN_THIRD"))
    sections.security(w, speak)
    title = speak.text("PLAN_TITLE_PROCESSING", country=country(speak, policy.country))
    return sections.finish(w, speak, policy, Kind.PROCESSING, title=title, made=speak.moment(now))


def activities(policy: DataPolicy) -> list[tuple[str, list[Rule]]]:
    """Purposes in the order of the policy, each with the classes that serve it."""
    found: dict[str, list[Rule]] = {}
    for rule in policy.classes:
        for purpose in rule.purpose:
            found.setdefault(purpose, []).append(rule)
    return list(found.items())


def _rows(speak: Translator, purpose: str, rules: list[Rule]) -> list[tuple[str, str]]:
    """Points (b) to (f); (a) and (g) are the same for all activities and have their own section."""
    people = list(dict.fromkeys(each for rule in rules for each in rule.subjects))
    said = [named(speak, "PLAN_SUBJECT", each) for each in people]
    return [
        (speak.text("PLAN_ART30_B"), named(speak, "PLAN_WHY", purpose)),
        (speak.text("PLAN_BASIS"), _each(speak, rules, lambda rule: bases(speak, rule))),
        (speak.text("PLAN_ART30_C_PEOPLE"), ", ".join(said) or speak.text("PLAN_SUBJECTS_NONE")),
        (speak.text("PLAN_ART30_C_DATA"),
         "; ".join(sections.name(speak, rule) for rule in rules)),
        (speak.text("PLAN_ART30_D"),
         _each(speak, rules, lambda rule: named(speak, "PLAN_TRANSFER", rule.transfer))),
        (speak.text("PLAN_RESIDENCY"),
         _each(speak, rules, lambda rule: countries(speak, rule.residency))),
        (speak.text("PLAN_ART30_F"),
         _each(speak, rules, lambda rule: length(speak, rule.retention))),
    ]  # fmt: skip


def _each(speak: Translator, rules: list[Rule], said: Callable[[Rule], str]) -> str:
    """What is said of the classes; those of which the same is said stand together."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        found.setdefault(said(rule), []).append(named(speak, "PLAN_CLASS", rule.id))
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{text} ({', '.join(classes)})" for text, classes in found.items())


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
