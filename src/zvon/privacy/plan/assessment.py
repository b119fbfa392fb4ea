"""The draft of a data protection impact assessment (GDPR, Article 35(7)), for the officer to finish."""

from datetime import datetime

from zvon.formats.paper.block import Writer
from zvon.locale import Translator
from zvon.model.data_class import data_class
from zvon.model.data_policy import DataPolicy
from zvon.privacy.plan import sections
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.words import country, length

# Each with its source and effect, what is done about it, and what remains, in the catalogue.
RISKS = ("LEAK", "REIDENTIFY", "KEPT", "INSIDER", "BREACH", "WRONG", "CREEP", "DELAY")
CRITERIA = ("SCALE", "MATCHING", "VULNERABLE", "SENSITIVE", "NEW")
OPEN = ("ADVICE", "VIEWS", "RESIDUAL", "CONSULT")


def impact_assessment(
    policy: DataPolicy, speak: Translator, now: datetime, facts: Facts | None = None
) -> Document:
    """The draft for one country: description, necessity, risks, measures, what a person decides."""
    w = Writer()
    sections.opening(w, speak, policy, facts)
    sections.responsible(w, speak, policy)
    w.head(speak.text("PLAN_H_WHETHER"))
    w.say(speak.text("PLAN_WHETHER"))
    w.items([speak.text(f"PLAN_CRITERION_{code}") for code in CRITERIA])
    w.head(speak.text("PLAN_H_DESCRIPTION"))
    w.say(speak.text("PLAN_DESCRIPTION"))
    sections.what_and_why(w, speak, policy)
    sections.recipients(w, speak, facts)
    _necessity(w, speak, policy)
    sections.legal(w, speak, policy)
    sections.rights(w, speak, policy, facts)
    w.head(speak.text("PLAN_H_RISKS"))
    w.say(speak.text("PLAN_RISKS_INTRO"))
    w.table(
        speak.text("PLAN_T_RISKS"),
        [speak.text(code) for code in ("PLAN_RISK", "PLAN_RISK_DONE", "PLAN_RISK_LEFT")],
        [[speak.text(f"PLAN_RISK_{code}{part}") for part in ("", "_DONE", "_LEFT")]
         for code in RISKS],
    )  # fmt: skip
    sections.security(w, speak)
    w.head(speak.text("PLAN_H_DECISION"))
    w.say(speak.text("PLAN_DECISION"), warns=True)
    w.table(
        speak.text("PLAN_T_DECISION"), [speak.text("PLAN_QUESTION"), speak.text("PLAN_ANSWER")],
        [(speak.text(f"PLAN_OPEN_{code}"), "…") for code in OPEN],
    )  # fmt: skip
    title = speak.text("PLAN_TITLE_DPIA", country=country(speak, policy.country))
    return sections.finish(w, speak, policy, Kind.ASSESSMENT, title=title, made=speak.moment(now))


def _necessity(w: Writer, speak: Translator, policy: DataPolicy) -> None:
    """Why no less would do, with the retention of what came in raw as the policy has it."""
    w.head(speak.text("PLAN_H_NECESSITY"))
    w.say(speak.text("PLAN_NECESSITY"))
    raw = [rule for rule in policy.classes if data_class(rule.id).raw]
    w.items([
        speak.text("PLAN_RAW_KEPT", name=sections.name(speak, rule),
                   length=length(speak, rule.retention))
        for rule in raw
    ])  # fmt: skip
    w.say(speak.text("PLAN_MINIMAL"))
