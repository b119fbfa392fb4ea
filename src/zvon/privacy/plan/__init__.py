"""Documents that are made from the data policy: the plan, the record of processing, the DPIA draft."""

from datetime import datetime

from zvon.formats.paper import html, markdown
from zvon.locale import translator
from zvon.model.data_policy import DataPolicy
from zvon.privacy.plan.assessment import impact_assessment
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.management import management_plan
from zvon.privacy.plan.processing import record_of_processing
from zvon.privacy.plan.seal import sealed

BUILDERS = {
    Kind.PLAN: management_plan,
    Kind.PROCESSING: record_of_processing,
    Kind.ASSESSMENT: impact_assessment,
}


def to_html(document: Document) -> str:
    """The document as one HTML file with its foot."""
    return sealed(document, html.to_html(document.paper()), "<!-- ", " -->\n")


def to_markdown(document: Document) -> str:
    """The document as Markdown with its foot."""
    return sealed(document, markdown.to_markdown(document.paper()), "<!-- ", " -->\n")


WRITERS = {"html": to_html, "md": to_markdown}


def document(
    policy: DataPolicy, kind: Kind, lang: str, now: datetime, facts: Facts | None = None
) -> Document:
    """The document of a country's policy; with `facts` also what a node holds and has done."""
    return BUILDERS[kind](policy, translator(lang), now, facts)


__all__ = ["WRITERS", "Document", "Kind", "document", "to_html", "to_markdown"]
