"""A situation report as a file of its letter, in the form that was planned, through the gate."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from zvon.collect.render.paper import to_pdf
from zvon.collect.render.pipe import Gone, Said
from zvon.collect.render.process import NoBrowser
from zvon.formats.mail import File
from zvon.formats.paper.docx import to_docx
from zvon.formats.paper.html import to_html
from zvon.formats.paper.markdown import to_markdown
from zvon.jobs import Context
from zvon.model.disclosure import Door
from zvon.model.marking import Pap, Tlp
from zvon.privacy.engine import Part
from zvon.respond import situation
from zvon.respond.situation import Facts
from zvon.share.doors import contact_policy
from zvon.share.ledger import Recipient
from zvon.share.outgoing import key_for_once, release_text
from zvon.share.passage import facts_of
from zvon.store import situation_job
from zvon.store.message_send import Claim
from zvon.store.metric_count import Facet
from zvon.store.situation_job import Made
from zvon.store.transaction import Tx

TEMPLATE = "situation"
FROM_DATA = (Facet.BRAND.value, Facet.COUNTRY.value)
"""What a report divides by that is no word of ours."""
MEDIA = {
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}


async def files_of(tx: Tx, context: Context, it: Claim, now: datetime) -> list[File]:
    """The report of a letter, from the facts that the gate let through. Raises `NotReleased`.

    Where no browser prints, a PDF goes as HTML.
    """
    made = await situation_job.of_message(tx.db, it.uuid)
    if made is None:
        return []
    facts = await _released(tx, context, it, msgspec.json.decode(made.facts, type=Facts), made, now)
    paper = situation.paper(facts, it.lang, None)
    form = made.form
    match form:
        case "md":
            body = to_markdown(paper).encode()
        case "json":
            body = msgspec.json.encode(facts)
        case "docx":
            body = to_docx(paper)
        case "pdf":
            try:
                body = await to_pdf(to_html(paper), facts.tlp, chromium=context.settings.chromium)
            except (NoBrowser, Gone, Said, TimeoutError):
                form, body = "html", to_html(paper).encode()
        case _:
            body = to_html(paper).encode()
    name = f"situation-{made.since:%Y%m%d}-{made.until:%Y%m%d}.{form}"
    return [File(name, MEDIA[form], body)]


async def _released(
    tx: Tx, context: Context, it: Claim, facts: Facts, made: Made, now: datetime
) -> Facts:
    """Numbers and words of the catalogue are ours; what was read from incidents passes the gate."""
    read = {
        f"{facet}.{n}": part.value
        for facet in FROM_DATA
        for n, part in enumerate(facts.divided.get(facet, ()))
        if part.value
    }
    policy = contact_policy(Tlp(it.clearance), [Tlp(max(it.tlp, made.tlp))], [Pap(it.pap)])
    said = await release_text(
        tx, [Part("audience", facts.audience.value), *(Part(k, v) for k, v in read.items())],
        Recipient(door=Door.REPORT, name=it.address.rpartition("@")[2],
                  subject=f"situation {made.uuid}"),
        now, facts=await facts_of(tx.db, context.node, now), policy=policy,
        keys=key_for_once(policy, context.random), by=it.by_login, random=context.random,
    )  # fmt: skip
    return replace(
        facts,
        slowest=(),
        divided={
            facet: tuple(
                replace(part, value=said.texts.get(f"{facet}.{n}", part.value))
                for n, part in enumerate(parts)
            )
            for facet, parts in facts.divided.items()
        },
    )
