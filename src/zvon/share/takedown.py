"""Making a takedown package: gather what is known of a page, build the archive, keep it sealed."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from anyio.to_thread import run_sync
from msgspec import Struct
from msgspec.structs import replace

from zvon.access.seal import NONCE_BYTES
from zvon.access.viewer import Viewer
from zvon.collect.rebuild.file import item_of, painted, read_file
from zvon.formats import xarf
from zvon.jobs import Context
from zvon.model.brand import Brand
from zvon.model.disclosure import Door
from zvon.model.event import MAX_OBSERVABLES
from zvon.model.evidence import EvidenceCode
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.policy import Leave, Policy
from zvon.model.suffix import registered
from zvon.model.url import canonical
from zvon.privacy.carrier.item import READ, BadItem, Item, Passed, pass_item
from zvon.privacy.engine import Outcome, Part, Status
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain
from zvon.privacy.residue import Residue
from zvon.share.doors import door_policy
from zvon.share.ledger import NotReleased, Recipient
from zvon.share.outgoing import key_for_once, release_passed, release_text
from zvon.share.passage import facts_of
from zvon.share.takedown_package import PAGE, Package, Seen, about_page, build, parts
from zvon.store import brand as brands
from zvon.store import event as event_rows
from zvon.store import evidence_file, takedown
from zvon.store.party import Db
from zvon.store.takedown import Contact, Subject, Takedown
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting

MOST_FILES = 6
SOURCE_TYPE = "text/plain"  # a page never travels under its own type
MOST_SOURCE = 400_000  # characters; a larger source says no more
REPORTER_ROLE = 4


class Look(Struct, frozen=True, kw_only=True):
    """One file of evidence as it was seen; it never leaves as it is."""

    name: str
    media_type: str
    description: str
    body: bytes


class CannotReport(ValueError):
    """There is nothing that a provider could act on, or nobody who answers for the letters."""


async def make(context: Context, viewer: Viewer, incident: UUID, url: str) -> Takedown:
    """Make a package about one page of an incident; nothing is sent.

    Texts and files pass the gate; a file that does not is left out, and the ledger says why.
    Raises `NotFound`, `NotOfIncident`, `BadUrl`, `CannotReport`, and `NotReleased` when the gate
    stops the texts.
    """
    contact = context.settings.contact
    if contact is None:
        raise CannotReport("no address answers for letters of this node: set ZVON_CONTACT")
    url = canonical(url)
    now, key = context.clock(), context.node.key
    async with read(context.pool, viewer) as db:
        about = await takedown.subject(db, viewer, incident, url)
        looks = await _looks(db, about, key)
        facts = await _facts(db, about, context, now)
        registry = await brands.current(db)
    packed = package_of(context, about, registry.by_id.get(about.incident.brand or ""), now)
    if packed.content.category not in xarf.TYPES:
        raise CannotReport("the verdict gives a provider no reason to act")
    policy = door_policy(Door.TAKEDOWN, [Tlp(about.incident.tlp)], [Pap(about.incident.pap)])
    keys = key_for_once(policy, context.random)
    passed = [(look, await files_of(look, facts, policy, keys)) for look in looks]
    to = Recipient(
        door=Door.TAKEDOWN, name=recipient_of(packed), subject=about.incident.number,
        record_id=about.incident.record_id,
    )  # fmt: skip
    uuid = uuid7(now, context.random(RANDOM_BYTES))
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        said = await release_text(
            tx, parts(packed), to, now, facts=facts, policy=policy, keys=keys, by=viewer.login,
            random=context.random,
        )  # fmt: skip
        if about.host not in said.texts[PAGE]:
            raise CannotReport("the page stands on a host of our own constituency: write to it")
        seen = []
        for look, one in passed:
            try:
                body = await release_passed(
                    tx,
                    one,
                    to,
                    now,
                    policy=policy,
                    keys=keys,
                    by=viewer.login,
                    random=context.random,
                )
            except NotReleased as stopped:
                for write in stopped.left:
                    await write(tx)
            else:
                seen.append(Seen(name=look.name, media_type=look.media_type,
                                 description=look.description, body=body))  # fmt: skip
        archive = build(
            packed,
            xarf.Desk(context.node.name, contact),
            said,
            seen,
            report_id=UUID(bytes=context.random(16), version=4),
        )
        made = Takedown(
            uuid=uuid, url=url, contacts=packed.contacts, sha256=sha256(archive).digest(),
            made_by=viewer.login, made_at=now,
        )  # fmt: skip
        await takedown.put(
            tx, viewer, about, made, archive, key=key, nonce=context.random(NONCE_BYTES)
        )
    return made


def recipient_of(packed: Package) -> str:
    """Whom the package is for, as the ledger says it: the domain of the first address."""
    return packed.contacts[0].address.rpartition("@")[2] if packed.contacts else "provider"


async def files_of(look: Look, facts: Facts, policy: Policy, keys: Domain) -> Passed:
    """A picture or source through the gate: rebuilt, or without files when it may not leave."""
    if look.media_type == SOURCE_TYPE:
        source = look.body.decode("utf-8", "replace")
        if len(source) > MOST_SOURCE:
            return _nothing(policy)
        item = Item(kind="html", parts=(Part(READ, source, kind="text/html", optional=True),),
                    write=_source)  # fmt: skip
        return await run_sync(lambda: pass_item(item, facts=facts, policy=policy, keys=keys))
    try:
        found = await read_file(look.body, look.name, look.media_type)
        if found.seen is None:
            return _nothing(policy)
        item = item_of(found)
        item = replace(item, parts=tuple(replace(part, optional=True) for part in item.parts))
        passed = await run_sync(lambda: pass_item(item, facts=facts, policy=policy, keys=keys))
        passed = await painted(look.body, found.seen, passed)
    except BadItem:
        return _nothing(policy)
    # The words on a picture are not sent beside it.
    return replace(passed, files={n: b for n, b in passed.files.items() if n.endswith(".png")})


def _source(outcome: Outcome, keys: Domain) -> dict[str, bytes]:
    return {"source": (outcome.shared or outcome.preview)[READ].encode("utf-8", "replace")}


def _nothing(policy: Policy) -> Passed:
    """What cannot be read, or is too large to be read, does not leave."""
    outcome = Outcome(
        status=Status.ERROR, leave=Leave(True, "UNREADABLE"), parts=(), spans=(), shared={},
        preview={}, residue=Residue(0, ()), expected_leaks=0.0, lang=None, vault={},
    )  # fmt: skip
    return Passed(outcome=outcome, files={}, preview="")


async def _facts(db: Db, about: Subject, context: Context, now: datetime) -> Facts:
    """What this node knows, and what the reporters of this incident said of themselves."""
    seen = await event_rows.incident_observables(db, about.incident.id, MAX_OBSERVABLES)
    known = await facts_of(db, context.node, now)
    return replace(
        known,
        reporters=known.reporters | {value for _, value, role in seen if role == REPORTER_ROLE},
        attackers=known.attackers | {about.host, registered(about.host) or about.host},
    )


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


async def _looks(db: Db, about: Subject, key: bytes) -> list[Look]:
    """The pictures and sources of the newest looks, each once, as they were seen."""
    looks: dict[str, Look] = {}
    for look in about.looks:
        for sha, suffix, kind in ((look.screenshot, "png", "image/png"),
                                  (look.html, "html.txt", SOURCE_TYPE)):  # fmt: skip
            if sha is None or sha in looks or len(looks) >= MOST_FILES:
                continue
            kept = await evidence_file.get(db, key, bytes.fromhex(sha))
            looks[sha] = Look(
                name=f"{look.at:%Y%m%dT%H%M%S}-{look.vantage}.{suffix}", media_type=kind,
                description=f"{look.vantage}, {look.at:%F %T} UTC", body=kept.body,
            )  # fmt: skip
    return list(looks.values())
