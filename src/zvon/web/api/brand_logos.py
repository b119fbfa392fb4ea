"""A brand's logo, so that pages which show it are found. Only its hash is kept, never the picture."""

import asyncio
from typing import Annotated

from litestar import Router, post
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.store import brand_change
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting
from zvon.web.api.brands import ChangedOut, Id, shown_change
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, BadInput, TooLarge, problems

MOST_BYTES = 512 * 1024


@post(
    "/brands/{id:str}/logos", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_logo(
    context: In,
    who: Who,
    request: AnyRequest,
    id: Id,
    reason: Annotated[str, Parameter(min_length=3, max_length=500)] = "a logo",
) -> ChangedOut:
    """Send a picture of the logo (PNG, JPEG, WebP) as the body; 512 kB at most."""
    from zvon.collect.render.picture import NoPictures, logo_hash  # noqa: PLC0415 -- optional

    body = await request.body()
    if len(body) > MOST_BYTES:
        raise TooLarge(f"a logo has at most {MOST_BYTES} bytes")
    try:
        value = await asyncio.to_thread(logo_hash, body)
    except NoPictures:
        raise BadInput("this node cannot read pictures: the extra `visual` is missing") from None
    if value is None:
        raise BadInput("there is nothing on the picture")
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return shown_change(await brand_change.add_logo(tx, who, id, value, reason, now))


router = Router("/", route_handlers=[add_logo], tags=["brands"])
