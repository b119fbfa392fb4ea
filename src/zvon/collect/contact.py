"""The job `collect.contact`: whom registries name for a domain or an address, asked once and kept."""

from datetime import timedelta
from typing import Any

from zvon.collect import rdap
from zvon.jobs import Context
from zvon.model.mail_policy import shipped
from zvon.model.suffix import registered
from zvon.store import contact_lookup
from zvon.store.contact_lookup import BadSubject, Subject
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

TIMEOUT_S = 8.0


async def ask(context: Context, payload: dict[str, Any]) -> None:
    """Ask the operator's RDAP service about `value`, unless it was asked lately; idempotent.

    A service that does not answer is asked again with the next look-up; one that names nobody is
    remembered as such.
    """
    try:
        about = contact_lookup.subject(str(payload["value"]))
    except BadSubject:
        return
    base, now = context.settings.rdap_url, context.clock()
    keep = timedelta(days=shipped().lookup.keep_days)
    async with read(context.pool, SYSTEM) as db:
        if base is None or not await contact_lookup.stale(db, about, now, keep):
            return
    try:
        kept = await _asked(base, about)
    except rdap.Silent:
        return
    except rdap.NoAnswer:
        kept = {"subject": about.key, "network": about.address, "source": "rdap", "address": "", "name": ""}  # fmt: skip
    if kept is not None:
        async with transaction(context.pool, context.clock()) as tx:
            await contact_lookup.keep(tx, now=context.clock(), **kept)


async def _asked(base: str, about: Subject) -> dict[str, Any] | None:
    async with rdap.client(TIMEOUT_S) as http:
        if about.address is not None:
            network = await rdap.network(http, base, about.address)
            return {"subject": network.cidr, "network": network.cidr, "source": "rir",
                    "address": network.abuse or "", "name": network.name}  # fmt: skip
        domain = registered(about.name or "")
        if domain is None:
            return None
        known = await rdap.registration(http, base, domain)
        return {"subject": domain, "network": None, "source": "rdap",
                "address": known.abuse or "", "name": known.registrar or ""}  # fmt: skip
