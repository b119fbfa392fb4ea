"""Making a takedown package: gather what is known of a page, build the archive, keep it sealed."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from zvon.access.seal import NONCE_BYTES
from zvon.access.viewer import Viewer
from zvon.formats import xarf
from zvon.formats.xarf import Item
from zvon.jobs import Context
from zvon.model.brand import Brand
from zvon.model.evidence import EvidenceCode
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.url import canonical
from zvon.respond.takedown_package import Package, about_page, build
from zvon.store import brand as brands
from zvon.store import evidence_file, takedown
from zvon.store.party import Db
from zvon.store.takedown import Contact, Subject, Takedown
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting

MOST_FILES = 6
SOURCE_TYPE = "text/plain"  # a page never travels under its own type


class CannotReport(ValueError):
    """There is nothing that a provider could act on, or nobody who answers for the letters."""


async def make(context: Context, viewer: Viewer, incident: UUID, url: str) -> Takedown:
    """Make a package about one page of an incident; nothing is sent.

    Raises `NotFound`, `NotOfIncident`, `BadUrl` and `CannotReport`.
    """
    contact = context.settings.contact
    if contact is None:
        raise CannotReport("no address answers for letters of this node: set ZVON_CONTACT")
    url = canonical(url)
    now, key = context.clock(), context.node.key
    async with read(context.pool, viewer) as db:
        about = await takedown.subject(db, viewer, incident, url)
        items = await _items(db, about, key)
        registry = await brands.current(db)
    packed = package_of(context, about, registry.by_id.get(about.incident.brand or ""), now)
    if packed.content.category not in xarf.TYPES:
        raise CannotReport("the verdict gives a provider no reason to act")
    report_id = UUID(bytes=context.random(16), version=4)
    body = build(packed, xarf.Desk(context.node.name, contact), items, report_id=report_id)
    made = Takedown(
        uuid=uuid7(now, context.random(RANDOM_BYTES)),
        url=url,
        contacts=packed.contacts,
        sha256=sha256(body).digest(),
        made_by=viewer.login,
        made_at=now,
    )
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        await takedown.put(
            tx, viewer, about, made, body, key=key, nonce=context.random(NONCE_BYTES)
        )
    return made


def package_of(context: Context, about: Subject, brand: Brand | None, now: datetime) -> Package:
    """What is known, as a provider needs it."""
    incident = about.incident
    seen = [look for look in about.looks if look.facts is not None]
    facts = seen[0].facts if seen else None
    asks = sorted({row.value for row in about.facts if row.code is EvidenceCode.FORM})
    abuse = about.value(EvidenceCode.ABUSE)
    content = xarf.Content(
        category=incident.category or "",
        url=about.url,
        source=about.host,
        seen_at=seen[0].at if seen else incident.last_at,
        description=f"{incident.category}: {about.host}",
        brand=brand.name if brand else None,
        cloned=f"https://{next(iter(brand.official))}" if brand and brand.official else None,
        asks=tuple(asks),
        hops=tuple(hop.url for hop in facts.hops) if facts else (),
        sends_to=about.value(EvidenceCode.FORM_TARGET),
        cloaked=about.value(EvidenceCode.CLOAK) is not None,
        confidence=incident.probability,
    )
    return Package(
        number=incident.number,
        content=content,
        contacts=(Contact("registrar", abuse, "rdap"),) if abuse else (),
        reasons=about_page(incident.reasons),
        node=context.node.name,
        base=context.settings.console_url,
        made_at=now,
    )


async def _items(db: Db, about: Subject, key: bytes) -> list[Item]:
    """The pictures and sources of the newest looks, each once."""
    items: dict[str, Item] = {}
    for look in about.looks:
        for sha, suffix, kind in ((look.screenshot, "png", "image/png"),
                                  (look.html, "html.txt", SOURCE_TYPE)):  # fmt: skip
            if sha is None or sha in items or len(items) >= MOST_FILES:
                continue
            kept = await evidence_file.get(db, key, bytes.fromhex(sha))
            name = f"{look.at:%Y%m%dT%H%M%S}-{look.vantage}.{suffix}"
            items[sha] = Item(name, kind, f"{look.vantage}, {look.at:%F %T} UTC", kept.body)
    return list(items.values())
