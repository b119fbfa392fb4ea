"""The part of a page about takedowns: packages, their letters, and pages nobody was told about."""

from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.xarf import TYPES
from zvon.jobs import Context
from zvon.model.url import BadUrl, parse
from zvon.store import takedown_letter
from zvon.store.party import Db
from zvon.web.pages.message_words import LOOKS


async def facts_for(
    db: Db, context: Context, who: Viewer, incident: UUID, incident_id: int, category: str | None,
    *, under: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The values of `takedowns.html`; with `under` only pages at this name or below it."""
    packages, targets = [], []
    if who.may(Permission.INCIDENT_READ):
        packages = await takedown_letter.of_incident(db, who, incident)
        if who.may(Permission.TAKEDOWN_WRITE):
            targets = await takedown_letter.targets(db, who, incident_id, packages)
    if under is not None:
        packages = [each for each in packages if below(each.takedown.url, under)]
        targets = [url for url in targets if below(url, under)]
    stops = "" if context.settings.contact else "contact"
    if not stops and category not in TYPES:
        stops = "verdict"
    return {
        "td_packages": packages,
        "td_targets": targets,
        "td_incident": incident,
        "td_stops": stops,
        "td_looks": LOOKS,
        "td_sends": context.settings.smtp is not None,
    }


def below(url: str, name: str) -> bool:
    """Does a page stand at a name or below it?"""
    try:
        host = parse(url).host
    except BadUrl:
        return False
    return host == name or host.endswith("." + name)
