"""Why a name is blocked, or is not."""

from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.store import explain
from zvon.store.explain import Explanation
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Label = Annotated[str | None, Parameter(max_length=63)]


@get(
    "/explain", opt={"permission": Permission.BLOCK_READ}, responses=problems(*SIGNED, 404, 422)
)  # fmt: skip
async def explain_name(
    context: In,
    who: Who,
    name: Annotated[str, Parameter(min_length=1, max_length=300)],
    feed: Label = None,
    subscriber: Label = None,
) -> Explanation:
    """What each feed does with a name or an address, and which decision made it so.

    With `subscriber` its own exceptions and its feeds, in the order in which its resolver looks.
    """
    async with read(context.pool, who) as db:
        return await explain.explain(db, who, name, feed=feed, subscriber=subscriber)


router = Router("/", route_handlers=[explain_name], tags=["blocks"])
