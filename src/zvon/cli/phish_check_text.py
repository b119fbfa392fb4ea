"""How `zvon phish check` says its verdict: for a person, and for a machine."""

from typing import Any

import msgspec

from zvon.assess.judge import Opinion
from zvon.locale import Translator, translator
from zvon.locale.sentence import sentence
from zvon.model import link as links
from zvon.model.advice import Action, NameAdvice
from zvon.model.brand import shipped as brands
from zvon.model.report import Message
from zvon.model.rsit import rsit
from zvon.model.scope import Scope
from zvon.model.verdict import Category, Reason, Span, Verdict, VerdictWord, shown

MOST_QUOTED = 80


def as_text(message: Message, opinion: Opinion, lang: str, *, online: bool) -> str:
    """The verdict as a person reads it: one sentence, the reasons, what to do."""
    say = translator(lang)
    verdict = opinion.verdict
    lines = [headline(say, verdict), ""]
    if verdict.probability is not None and verdict.prior is not None:
        lines.append(
            say.text("CHECK_PROBABILITY", percent=say.number(100 * verdict.probability, 1),
                     prior=say.number(100 * verdict.prior, 0))
        )  # fmt: skip
    if message.lang is not None:
        lines.append(
            say.text("CHECK_LANGUAGE", lang=say.text(f"CHECK_LANG_{message.lang.upper()}"))
        )
    for heading, rows in (
        ("CHECK_WHY", [_reason(say, each, message) for each in shown(verdict.reasons)]),
        ("CHECK_NAMES", [_name(say, each) for each in opinion.names]),
        ("CHECK_CHANGE", [say.text(code) for code in would_change(opinion, online=online)]),
    ):
        if rows:
            lines += ["", say.text(heading), *(f"  {row}" for row in rows)]
    lines += ["", say.text("CHECK_MODELS", models=", ".join(verdict.models))]
    return "\n".join(lines)


def as_json(message: Message, opinion: Opinion, lang: str, *, online: bool) -> str:
    """The verdict as one JSON object, its keys always in the same order."""
    say = translator(lang)
    verdict = opinion.verdict
    brand = brands().by_id.get(verdict.brand or "")
    said: dict[str, Any] = {
        "verdict": verdict.word,
        "category": verdict.category,
        "rsit": list(rsit(verdict.category)),
        "probability": verdict.probability,
        "prior": verdict.prior,
        "unshifted": verdict.unshifted,
        "brand": verdict.brand,
        "brand_name": brand.name if brand else None,
        "lang": message.lang,
        "sentence": headline(say, verdict),
        "urls": [each.url for each in links.links(message)],
        "reasons": [_machine(say, each, message) for each in verdict.reasons],
        "names": [msgspec.to_builtins(each) for each in opinion.names],
        "answer": opinion.answer,
        "addons": list(opinion.urgent),
        "missing": list(opinion.facts.missing),
        "would_change": [say.text(code) for code in would_change(opinion, online=online)],
        "models": list(verdict.models),
    }
    return msgspec.json.encode(said).decode()


def headline(say: Translator, verdict: Verdict) -> str:
    """The verdict in one sentence."""
    known = brands().by_id.get(verdict.brand or "")
    brand = known.name if known else ""
    match verdict.word, verdict.category:
        case VerdictWord.BENIGN, _:
            return say.text("CHECK_OFFICIAL", brand=brand)
        case VerdictWord.UNDETERMINED, _:
            return say.text("CHECK_UNDETERMINED")
        case VerdictWord.SUSPICIOUS, Category.FAKE_SHOP:
            return say.text("CHECK_MAYBE_SHOP")
        case VerdictWord.SUSPICIOUS, _:
            return say.text("CHECK_SUSPICIOUS")
        case _, Category.FAKE_SHOP:
            return say.text("CHECK_SHOP")
        case _, Category.SCAM:
            return say.text("CHECK_SCAM")
        case _, Category.MALWARE:
            return say.text("CHECK_MALWARE")
        case _, Category.COMPROMISED_SITE:
            return say.text("CHECK_COMPROMISED")
    return say.text("CHECK_BRAND", brand=brand) if brand else say.text("CHECK_FRAUD")


def quoted(message: Message, span: Span | None) -> str | None:
    """The words of the message that a reason points at."""
    if span is None:
        return None
    parts = {"text": message.text, "subject": message.subject,
             "sender_name": message.sender_name or ""}  # fmt: skip
    return parts.get(span.part, "")[span.start : span.end] or None


def would_change(opinion: Opinion, *, online: bool) -> tuple[str, ...]:
    """Codes of what is not known, and would move the verdict."""
    verdict, facts = opinion.verdict, opinion.facts
    found = [] if online else [f"CHECK_MISSING_{stage.upper()}" for stage in facts.missing]
    unsure = any(link.official is not None for link in facts.links)
    if unsure and verdict.word is not VerdictWord.BENIGN:
        found.append("CHECK_UNVERIFIED")
    if verdict.word is VerdictWord.SUSPICIOUS:
        found.append("CHECK_SECOND_FACT")
    return tuple(found)


def _reason(say: Translator, reason: Reason, message: Message) -> str:
    words = quoted(message, reason.span)
    sign = "+" if reason.weight > 0 else "-"
    text = f"{sign} {sentence(say, reason.code, reason.params)}"
    if words is None:
        return text
    short = " ".join(words.split())
    return f"{text} »{short[:MOST_QUOTED]}{'…' if len(short) > MOST_QUOTED else ''}«"


def _machine(say: Translator, reason: Reason, message: Message) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(reason),
        "text": sentence(say, reason.code, reason.params),
        "words": quoted(message, reason.span),
    }


def _name(say: Translator, advice: NameAdvice) -> str:
    if advice.scope is Scope.NONE:
        why = say.text(f"SCOPE_{advice.reason.upper()}")
        return say.text("CHECK_KEEP", name=advice.name, why=why)
    if advice.action is Action.WARN:
        return say.text("CHECK_WARN", name=advice.name)
    if advice.action is Action.NONE:
        return say.text("CHECK_NOTE", name=advice.name)
    return say.text("CHECK_BLOCK_BELOW" if advice.scope.covers_below else "CHECK_BLOCK",
                    name=advice.name)  # fmt: skip
