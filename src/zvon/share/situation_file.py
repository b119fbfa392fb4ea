"""A situation report as a file of its letter, in the form that was planned.

The file says what the letter says. What the gate takes a word out of goes without the file.
"""

from datetime import datetime

import msgspec

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
from zvon.store.transaction import Tx

TEMPLATE = "situation"
PART = "report"
MEDIA = {
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}


async def files_of(tx: Tx, context: Context, it: Claim, now: datetime) -> list[File]:
    """The report of a letter, through the gate as a whole. Raises `NotReleased`.

    Empty where the gate changed it, and for a PDF where no browser prints: the letter has the text.
    """
    made = await situation_job.of_message(tx.db, it.uuid)
    if made is None:
        return []
    facts = msgspec.json.decode(made.facts, type=Facts)
    paper = situation.paper(facts, it.lang, None)
    policy = contact_policy(Tlp(it.clearance), [Tlp(max(it.tlp, made.tlp))], [Pap(it.pap)])
    said = await release_text(
        tx, [Part(PART, to_markdown(paper))],
        Recipient(door=Door.REPORT, name=it.address.rpartition("@")[2], subject=f"situation {made.uuid}"),
        now, facts=await facts_of(tx.db, context.node, now), policy=policy,
        keys=key_for_once(policy, context.random), by=it.by_login, random=context.random,
    )  # fmt: skip
    if PART not in said.whole:
        return []
    match made.form:
        case "md":
            body = said.texts[PART].encode()
        case "json":
            body = made.facts.encode()
        case "docx":
            body = to_docx(paper)
        case "pdf":
            try:
                body = await to_pdf(to_html(paper), facts.tlp, chromium=context.settings.chromium)
            except (NoBrowser, Gone, Said, TimeoutError):
                return []
        case _:
            body = to_html(paper).encode()
    name = f"situation-{made.since:%Y%m%d}-{made.until:%Y%m%d}.{made.form}"
    return [File(name, MEDIA[made.form], body)]
