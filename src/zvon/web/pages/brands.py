"""Brands: what is theirs, who attacks them, and what their desk says."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.store import brand, desk
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


@get("/brands", opt={"permission": Permission.BRAND_READ}, include_in_schema=False)
async def brands(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The brands that the viewer may see; a desk with one brand is led to it."""
    async with read(context.pool, who) as db:
        found = await brand.visible(db, who)
        verified = await brand.verified(db)
    values = {"brands": sorted(found, key=lambda b: (b.country, b.name)), "verified": verified}
    return render(request, "brands.html", values)


@get("/brands/{id:str}", opt={"permission": Permission.BRAND_READ}, include_in_schema=False)
async def one(
    request: AnyRequest, context: In, who: Who, id: Annotated[str, Parameter(max_length=80)]
) -> Response[str]:
    """One brand: its own names, its campaigns and the names that attack it."""
    async with read(context.pool, who) as db:
        found = await brand.get(db, who, id)
        values = {
            "b": found,
            "verified": (await brand.verified(db)).get(id),
            "campaigns": await desk.campaigns(db, who, id),
            "names": await desk.names(db, who, id),
            "words": await brand.words(db, who, id),
            "history": await brand.history(db, who, id),
        }
    return render(request, "brand.html", values)


HANDLERS = (brands, one)
