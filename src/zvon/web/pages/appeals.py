"""Appeals that wait for us, and the orders of authorities: the two clocks beside a block's own."""

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.store import appeal, order
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import quoted, render


@get("/appeals", opt={"permission": Permission.APPEAL_READ}, include_in_schema=False)
async def appeals(
    request: AnyRequest, context: In, who: Who, decided: bool = False
) -> Response[str]:
    """Open appeals, the most urgent first; or the latest decided ones."""
    async with read(context.pool, who) as db:
        found = await appeal.open_list(db, who, decided=decided)
    values = {"appeals": found, "decided": decided, "quoted": quoted}
    return render(request, "appeals.html", values)


@get("/orders", opt={"permission": Permission.ORDER_READ}, include_in_schema=False)
async def orders(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Orders, newest first, and a form to write one down."""
    async with read(context.pool, who) as db:
        found = await order.list_all(db, who)
    return render(request, "orders.html", {"orders": found})


HANDLERS = (appeals, orders)
