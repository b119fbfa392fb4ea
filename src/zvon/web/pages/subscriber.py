"""One subscriber: what it takes and holds, what it was sent, its exceptions and configuration."""

from datetime import timedelta
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.dns.kit import kit
from zvon.model.zone import zone_name
from zvon.store import allow, dns_alert, subscriber, usage, zone
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

USAGE_SHOWN = timedelta(days=14)


class Holding(Struct, frozen=True, kw_only=True):
    """A zone of the subscriber: our serial, and the one that it showed last."""

    zone: str
    serial: int
    shown: int | None

    @property
    def behind(self) -> bool:
        """True when it showed an older serial than ours, or none at all."""
        return self.shown != self.serial


@get(
    "/admin/kits/{id:uuid}", opt={"permission": Permission.SUBSCRIBER_READ}, include_in_schema=False
)
async def subscriber_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """The subscriber and its configuration, without its secret."""
    async with read(context.pool, who) as db:
        found = await subscriber.get(db, id)
        held = {h.zone_id: h for h in await zone.holdings(db) if h.subscriber_id == found.id}
        zones = [
            each
            for each in await zone.zones(db)
            if each.feed in found.feeds or each.name == zone_name("allow", found.name)
        ]
        values = {
            "s": found,
            "alerts": await dns_alert.open_list(db, found.id),
            "exceptions": await allow.names(db, found.name),
            "usage": await usage.of(db, found.id, (context.clock() - USAGE_SHOWN).date()),
            "holdings": [
                Holding(zone=each.name, serial=each.serial, shown=_shown(held.get(each.id)))
                for each in zones
            ]
            if found.known_by != "export"
            else [],
            "files": kit(found, context.settings.dns, None, url=context.settings.console_url),
        }
    return render(request, "subscriber.html", values)


def _shown(held: zone.Held | None) -> int | None:
    if held is None:
        return None
    return held.asked if held.asked is not None else held.marker


HANDLERS = (subscriber_page,)
