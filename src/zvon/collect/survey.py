"""What the network says of a message right now: registration, DNS and its pages, without a store.

For a person at a command line. The worker's jobs keep what they find; this keeps nothing.
"""

from datetime import datetime

from msgspec import Struct

from zvon.collect import enrich, page_evidence
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard, guard_of
from zvon.collect.fetch.twice import look_twice
from zvon.config import Settings
from zvon.model.brand import shipped
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import links
from zvon.model.page import Capture, Vantage
from zvon.model.report import Message

MOST_PAGES = 3


class Survey(Struct, frozen=True):
    """Evidence of stages 2 and 3, and the looks that it comes from."""

    evidence: tuple[Evidence, ...]
    captures: tuple[Capture, ...]


async def survey(
    settings: Settings, message: Message, now: datetime, *, guard: Guard | None = None
) -> Survey:
    """Ask about the names of `message`, look at its pages, ask about where those lead.

    Bounded by the limits of the fetcher and of enrichment; what does not answer is missing.
    `guard` is for tests.
    """
    captures: list[Capture] = []
    rows: list[Evidence] = []
    if settings.fetch:
        way = guard or guard_of(settings)
        async with (
            Client(way, country=settings.country, vantage=Vantage.PLAIN) as plain,
            Client(way, country=settings.country, vantage=Vantage.PHONE) as phone,
        ):
            for each in links(message)[:MOST_PAGES]:
                seen = await look_twice(plain, phone, each.url, now, keep_token=False, probe=False)
                captures += [look.capture for look in seen]
                looks = [(look.capture, look.certificate) for look in seen]
                rows += page_evidence.of_looks(looks, shipped(), now)
    finals = [row.value for row in rows if row.code is EvidenceCode.FINAL]
    names = enrich.subjects(message, finals)
    found = await enrich.fetch(settings, names, (), lambda: now)
    return Survey((*found.rows, *rows), tuple(captures))
