"""Telling the owners: what of an incident belongs to whom, gathered into their notices."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.mail_policy import MailPolicy, shipped
from zvon.model.observable import TYPE, ObservableType
from zvon.store import contact, contact_lookup, event, notice
from zvon.store.contact_lookup import BadSubject, Found
from zvon.store.message_row import Random
from zvon.store.transaction import AuditEntry, Tx

AGAIN = timedelta(days=30)
MOST = 500
_ATTACKER = 1
_TOLD = {ObservableType.URL: "url", ObservableType.DOMAIN: "domain", ObservableType.IPV4: "ipv4",
         ObservableType.IPV6: "ipv6"}  # fmt: skip
CLASSES = {"phishing": "phishing", "malware": "malware", "compromised_site": "compromised_site"}


class Told(Struct, frozen=True, kw_only=True):
    """How many owners were found, how many facts are new, and for what nobody is known."""

    owners: int
    facts: int
    unknown: list[str]


async def gather(
    tx: Tx, viewer: Viewer, incident: UUID, country: str, now: datetime, random: Random,
    *, of_class: str | None = None,
) -> Told:  # fmt: skip
    """Put what an incident holds into the notices of those whom it belongs to; `tx` as the viewer.

    Only constituents are told by themselves; what belongs to others needs a takedown or a letter.
    Raises `Denied`, `NoIncident`, `LookupError` for a class that there is not.
    """
    viewer.require(Permission.MESSAGE_SEND)
    policy: MailPolicy = shipped()
    row = await notice.about(tx.db, incident)
    chosen = policy.notice.of(of_class or CLASSES.get(row[2] or "", "attack_source")).id
    values: dict[UUID, list[tuple[str, str]]] = {}
    unknown: list[str] = []
    for code, value, role in await event.incident_observables(tx.db, row[0], MOST):
        kind = TYPE.get(code)
        if role != _ATTACKER or kind not in _TOLD:
            continue
        owner = await _owner(tx, value, country)
        if owner is None or owner.contact is None:
            unknown.append(value)
        else:
            values.setdefault(owner.contact, []).append((value, _TOLD[kind]))
    fresh = 0
    for uuid, theirs in values.items():
        to = await contact.known(tx.db, uuid)
        fresh += await notice.add(
            tx, to.id, chosen, theirs, incident_id=row[0], again=AGAIN, now=now, random=random
        )
    tx.audit(AuditEntry(actor=viewer.login, action="message:notify", object=f"incident:{row[1]}",
                        detail={"owners": len(values), "facts": fresh, "class": chosen}))  # fmt: skip
    return Told(owners=len(values), facts=fresh, unknown=unknown[:50])


async def _owner(tx: Tx, value: str, country: str) -> Found | None:
    try:
        about = contact_lookup.subject(value)
    except BadSubject:
        return None
    found = await contact_lookup.of(tx.db, about, country)
    return found[0] if found and found[0].why == "owner" else None
