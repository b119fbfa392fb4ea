"""The block board: every block, and the proof at every resolver."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.model.lifecycle import LIVE_BLOCK
from zvon.store import block_row, subscriber
from zvon.store.block_row import BoardRow, Proof
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

PAGE = 100


@get("/blocks", opt={"permission": Permission.BLOCK_READ}, include_in_schema=False)
async def blocks(
    request: AnyRequest,
    context: In,
    who: Who,
    after: Annotated[str | None, Parameter(max_length=100)] = None,
) -> Response[str]:
    """The board."""
    async with read(context.pool, who) as db:
        page = await block_row.board(db, who, after=after, limit=PAGE)
        resolvers = await subscriber.list_all(db) if who.may(Permission.SUBSCRIBER_READ) else []
    live = [r for r in page.rows if r.block.state in LIVE_BLOCK]
    last = max(
        (r for r in live if r.block.enforced_at and slowest(r) is not None),
        key=lambda r: r.block.published_at or r.block.proposed_at,
        default=None,
    )
    values = {
        "page": page,
        "subscribers": resolvers,
        "active": len(live),
        "proved": sum(r.block.state == "enforced" for r in live),
        "last": last,
        "slowest": slowest(last) if last else None,
        "proof_of": proof_of,
    }
    return render(request, "blocks.html", values)


def slowest(row: BoardRow) -> float | None:
    """Seconds until the last mandatory resolver was proved; `None` when one is not."""
    seconds = [p.seconds for p in row.proof if p.mandatory]
    known = [s for s in seconds if s is not None]
    return max(known) if known and len(known) == len(seconds) else None


def proof_of(row: BoardRow, name: str) -> Proof | None:
    """What is known of one subscriber."""
    return next((p for p in row.proof if p.subscriber == name), None)


HANDLERS = (blocks,)
