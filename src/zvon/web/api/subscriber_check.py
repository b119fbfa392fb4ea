"""What `zvon dns check` has to know of a subscriber, and the serial that it lets move."""

from uuid import UUID

from litestar import Router, get, post
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.store import dns_check
from zvon.store.dns_check import Moved, Open, ZoneState
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class Seen(Struct, frozen=True, kw_only=True):
    """The zones of a subscriber with the serials that it showed, and its open alerts."""

    zones: list[ZoneState]
    alerts: list[Open]


@get(
    "/subscribers/{id:uuid}/check", opt={"permission": Permission.SUBSCRIBER_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_check(context: In, who: Who, id: UUID) -> Seen:
    """What the primary has seen of a subscriber."""
    async with read(context.pool, who) as db:
        return Seen(zones=await dns_check.zones(db, id), alerts=await dns_check.alerts(db, id))


@post(
    "/subscribers/{id:uuid}/check", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def move_serial(context: In, who: Who, id: UUID) -> Moved:
    """Publish a serial without a change of rules: who measures when it is shown knows the speed."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return await dns_check.move(tx, who, id, now)


router = Router("/", route_handlers=[get_check, move_serial], tags=["subscribers"])
