"""What `zvon dns check` has to know of a subscriber, and resolvers behind a secondary."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.dns.kit import fanned_out
from zvon.dns.kit.fanout import read_clients
from zvon.store import dns_check
from zvon.store import subscriber as subscribers
from zvon.store.dns_check import Moved, Open, ZoneState
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.api.subscribers import FileOut, Kit
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


class Behind(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines `name,address,feeds[,secret]`: who takes which feeds from a secondary."""

    clients: Annotated[str, Meta(max_length=2_000_000)]


@post(
    "/subscribers/{id:uuid}/fanout", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def fan_out(context: In, who: Who, id: UUID, data: Behind) -> Kit:
    """The files of a Knot or NSD secondary with a key and zones for each client; nothing is kept."""
    async with read(context.pool, who) as db:
        found = await subscribers.get(db, id)
    clients = read_clients(data.clients.splitlines(), found.feeds, context.random)
    files = fanned_out(found, context.settings.primary_address, clients)
    return Kit([FileOut(file.path, file.text, file.note) for file in files])


router = Router("/", route_handlers=[get_check, move_serial, fan_out], tags=["subscribers"])
