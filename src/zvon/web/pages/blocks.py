"""The block board: every block, and the proof at every resolver; and one block whole."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.lifecycle import LIVE_BLOCK, BlockState
from zvon.store import block_row, dns_alert, feed_view, hit, subscriber
from zvon.store.block_row import BlockRow, BoardRow, Proof
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages import takedowns
from zvon.web.pages.page import render

PAGE = 100
COLUMNS = 6
"""With more resolvers than this the board counts grades instead of naming each."""
HITS_SHOWN = timedelta(days=7)

Show = Literal["all", "live", "waiting", "held", "ended"]
SHOWN: dict[Show, frozenset[BlockState] | None] = {
    "all": None,
    "live": LIVE_BLOCK,
    "waiting": frozenset({BlockState.PROPOSED, BlockState.VALIDATED, BlockState.APPROVED}),
    "held": frozenset({BlockState.HELD, BlockState.DISPUTED, BlockState.FAILED}),
    "ended": frozenset({BlockState.LIFTED, BlockState.REJECTED, BlockState.WITHDRAWN}),
}


@get("/blocks", opt={"permission": Permission.BLOCK_READ}, include_in_schema=False)
async def blocks(
    request: AnyRequest,
    context: In,
    who: Who,
    show: Show = "all",
    after: Annotated[str | None, Parameter(max_length=100)] = None,
) -> Response[str]:
    """The board."""
    states = SHOWN[show]
    async with read(context.pool, who) as db:
        page = await block_row.board(
            db, who, states=sorted(states) if states else None, after=after, limit=PAGE
        )
        resolvers, alerts = [], []
        if who.may(Permission.SUBSCRIBER_READ):
            resolvers, alerts = await subscriber.list_all(db), await dns_alert.page(db, who)
    live = [r for r in page.rows if r.block.state in LIVE_BLOCK]
    last = max(
        (r for r in live if r.block.enforced_at and slowest(r) is not None),
        key=lambda r: r.block.published_at or r.block.proposed_at,
        default=None,
    )
    probed = [s for s in resolvers if s.probe_address is not None]
    values = {
        "page": page,
        "show": show,
        "shows": list(SHOWN),
        "subscribers": probed if len(probed) <= COLUMNS else [],
        "summary": len(probed) > COLUMNS,
        "active": len(live),
        "proved": sum(r.block.state == "enforced" for r in live),
        "last": last,
        "stages": block_row.stages(last.block) if last else (),
        "slowest": slowest(last) if last else None,
        "proof_of": proof_of,
        "grades": grades,
        "alerts": alerts,
    }
    return render(request, "blocks.html", values)


@get("/blocks/{id:uuid}", opt={"permission": Permission.BLOCK_READ}, include_in_schema=False)
async def block_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One block: how fast it was enforced and where, what it refused, and every step of its life."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await block_row.get(db, who, id)
        feeds = await feed_view.feeds_of(db, [found.block])
        names = {feed.id: feed.name for feed in await feed_view.list_all(db)}
        minutes = (
            await hit.of_block(db, who, id, now - HITS_SHOWN)
            if who.may(Permission.HIT_READ)
            else None
        )
        alerts = await dns_alert.page(db, who) if who.may(Permission.SUBSCRIBER_READ) else []
        letters = await _takedowns(db, context, who, found.block)
    values = {
        **letters,
        "b": found.block,
        "alerts": [each for each in alerts if each.block == id],
        "proof": found.proof,
        "steps": found.steps,
        "stages": found.stages,
        "feeds": sorted(names[each] for each in feeds[found.block.id]),
        "hits": per_resolver(minutes) if minutes is not None else None,
        "live": found.block.state in LIVE_BLOCK,
    }
    return render(request, "block.html", values)


async def _takedowns(db: Db, context: Context, who: Viewer, block: BlockRow) -> dict[str, Any]:
    """Letters about pages under the name of a block."""
    if block.incident_uuid is None or block.incident_id is None:
        return {"td_packages": [], "td_targets": []}
    return await takedowns.facts_for(
        db, context, who, block.incident_uuid, block.incident_id, block.category, under=block.name
    )


def slowest(row: BoardRow) -> float | None:
    """Seconds until the last mandatory resolver was proved; `None` when one is not."""
    seconds = [p.seconds for p in row.proof if p.mandatory]
    known = [s for s in seconds if s is not None]
    return max(known) if known and len(known) == len(seconds) else None


def proof_of(row: BoardRow, name: str) -> Proof | None:
    """What is known of one subscriber."""
    return next((p for p in row.proof if p.subscriber == name), None)


def grades(row: BoardRow) -> list[tuple[str, int]]:
    """How many resolvers have each grade, the best first; the empty grade is no proof yet."""
    found = [p.grade.value if p.grade else "" for p in row.proof]
    return [(grade, found.count(grade)) for grade in ("A", "B", "C", "D", "") if grade in found]


def per_resolver(minutes: Sequence[hit.Minute]) -> list[tuple[str, int, hit.Minute]]:
    """Hits by resolver, with the newest minute of each, most hits first."""
    counted: dict[str, tuple[int, hit.Minute]] = {}
    for minute in minutes:
        count, newest = counted.get(minute.subscriber, (0, minute))
        counted[minute.subscriber] = (
            count + minute.hits,
            max(newest, minute, key=lambda each: each.minute),
        )
    return sorted(
        ((name, count, newest) for name, (count, newest) in counted.items()),
        key=lambda line: (-line[1], line[0]),
    )


HANDLERS = (blocks, block_page)
