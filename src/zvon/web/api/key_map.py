"""The single keys of the console, as the signed-in person presses them."""

from typing import Annotated

from litestar import Router, get, put
from msgspec import Meta, Struct

from zvon.access import key_map
from zvon.store.transaction import transaction
from zvon.web.api.inject import In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.problem import SIGNED, problems

Key = Annotated[str, Meta(min_length=1, max_length=4)]


class KeyMap(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys that were moved: the shipped one, and the one pressed instead."""

    keys: Annotated[dict[Key, Key], Meta(max_length=60)]


@get("/session/keys", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def get_keys(who: Who) -> KeyMap:
    """The keys that the caller moved."""
    return KeyMap(who.key_map)


@put("/session/keys", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 422))
async def put_keys(context: In, who: Who, data: KeyMap) -> KeyMap:
    """Move keys; what is not named is as it ships. No two things may lie on one key."""
    async with transaction(context.pool, context.clock()) as tx:
        return KeyMap(await key_map.move(tx, who, data.keys))


router = Router("/", route_handlers=[get_keys, put_keys], tags=["session"])
