"""One's own API keys: what each may do, when it was last used, and making one useless."""

from datetime import datetime
from typing import Annotated

from litestar import Router, delete, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access import key as access
from zvon.store import session
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.problem import SIGNED, problems


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key; `permissions` is `null` for all that its owner may."""

    id: str
    name: str
    permissions: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


class Keys(Struct, frozen=True):
    """One's own keys, newest first."""

    keys: list[KeyRow]


@get("/keys", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def list_keys(context: In, who: Who) -> Keys:
    """One's own keys; their secrets were shown once and are not kept."""
    async with read(context.pool, who) as db:
        found = await session.keys_of(db, who.person_id)
    return Keys([
        KeyRow(id=k.id, name=k.name, permissions=k.permissions, created_at=k.created_at,
               expires_at=k.expires_at, revoked_at=k.revoked_at, used_at=k.used_at)
        for k in found
    ])  # fmt: skip


@delete(
    "/keys/{id:str}", opt={"permission": SIGNED_IN}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def revoke(context: In, who: Who, id: Annotated[str, Parameter(max_length=64)]) -> None:
    """Make a key useless at once: an own one, or of somebody whom the caller manages."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await access.revoke(tx, who, id, now)


router = Router("/", route_handlers=[list_keys, revoke], tags=["people"])
