"""The data management plan: all that the policy says, beside what the node holds."""

from datetime import datetime

from zvon.formats.paper.block import Writer
from zvon.locale import Translator
from zvon.model.data_policy import DataPolicy
from zvon.privacy.plan import sections
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.words import country


def management_plan(
    policy: DataPolicy, speak: Translator, now: datetime, facts: Facts | None = None
) -> Document:
    """The plan of one country in the language of `speak`; without `facts` what the policy says."""
    w = Writer()
    sections.opening(w, speak, policy, facts)
    sections.responsible(w, speak, policy)
    sections.what_and_why(w, speak, policy)
    sections.origins(w, speak, facts)
    sections.legal(w, speak, policy)
    sections.retention(w, speak, policy, facts)
    sections.access(w, speak, policy)
    sections.recipients(w, speak, facts)
    sections.security(w, speak)
    sections.rights(w, speak, policy, facts)
    w.head(speak.text("PLAN_H_UPKEEP"))
    w.say(speak.text("PLAN_UPKEEP"))
    title = speak.text("PLAN_TITLE_DMP", country=country(speak, policy.country))
    return sections.finish(w, speak, policy, Kind.PLAN, title=title, made=speak.moment(now))
