"""The part of an incident about pages: which are listed for proxies and browsers, and until when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import url_retest, url_row, url_rule
from zvon.store.party import Db
from zvon.store.url_row import UrlRule

LIVE = frozenset({"proposed", "published"})
# What the system says when it ends a rule itself.
ENDS = {
    url_rule.EXPIRED: "its time was over",
    url_rule.HOST_GONE: "the host was gone twice in a row",
    url_rule.PAGE_GONE: "the page was gone twice in a row",
}


class Listed(Struct, frozen=True, kw_only=True):
    """A rule as the page shows it: when the page was looked at last, and whether it was there."""

    rule: UrlRule
    looked_at: datetime | None
    there: bool | None


async def facts_for(db: Db, who: Viewer, incident: UUID, incident_id: int) -> dict[str, Any]:
    """The values of `incident_pages.html`; nothing of it for those who may not read blocks."""
    rules: list[Listed] = []
    offers: list[str] = []
    if who.may(Permission.BLOCK_READ):
        for row in await url_row.of_incident(db, who, incident_id):
            look = await url_retest.last_look(db, row) if row.state == "published" else None
            rules.append(Listed(rule=row, looked_at=look[0] if look else None,
                                there=look[1] if look else None))  # fmt: skip
        if who.may(Permission.BLOCK_PROPOSE):
            listed = {each.rule.url for each in rules if each.rule.state in LIVE}
            found = await url_row.offers(db, who, incident)
            offers = [each.url for each in found if each.url not in listed]
    return {"pr_rules": rules, "pr_offers": offers, "pr_ends": ENDS}
