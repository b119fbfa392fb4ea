"""The queue: what waits, ranked, with the reason of the rank."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.model.lifecycle import IncidentState
from zvon.model.marking import Tlp
from zvon.model.rank import SHOWN
from zvon.model.verdict import AlertVerdict, VerdictWord
from zvon.store import incident_filter, incident_queue, incident_rank, saved_view
from zvon.store.incident_filter import Filter, Sort, SourceKind
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

PAGE = 50
ASIDE = frozenset({"after", "lang"})
"""What the address of the queue holds beside the filter."""
MOVES = ("triage", "open", "contained", "resolved", "closed", "rejected")


@get("/queue", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def queue(
    request: AnyRequest,
    context: In,
    who: Who,
    after: Annotated[str | None, Parameter(max_length=200)] = None,
) -> Response[str]:
    """The queue, as its address asks; asked for no more than the queue, the person's first view."""
    now = context.clock()
    asked = [(n, v) for n, v in parse_qsl(request.url.query or "") if n not in ASIDE]
    async with read(context.pool, who) as db:
        views = await saved_view.list_all(db, who)
        first = next((v for v in views if v.first), None)
        opened = not asked and after is None and first is not None
        text = first.query if opened and first is not None else urlencode(asked)
        wanted = incident_filter.read(text)
        page = await incident_queue.queue(db, who, after=after, limit=PAGE, wanted=wanted, now=now)
        lifts = await incident_rank.lifts(db, who, [row.id for row in page.rows], now)
    return render(
        request,
        "queue.html",
        {
            "page": page,
            "tab": wanted.tab.value,
            "wanted": wanted,
            "query": incident_filter.write(wanted),
            "chips": _chips(wanted),
            "views": views,
            "lifts": lifts,
            "terms": SHOWN,
            "states": list(IncidentState),
            "sorts": list(Sort),
            "kinds": list(SourceKind),
            "markings": [t.label.removeprefix("TLP:").lower() for t in Tlp],
            "verdicts": list(VerdictWord),
            "alert_verdicts": [v for v in AlertVerdict if v is not AlertVerdict.DUPLICATE],
            "moves": MOVES,
        },
    )


def _chips(wanted: Filter) -> list[tuple[str, str, str]]:
    """Each thing that is asked for, as its name, its value and the address without it."""
    plain = msgspec.to_builtins(wanted)
    return [
        (name, str(value), urlencode({n: v for n, v in plain.items() if n != name}))
        for name, value in sorted(plain.items())
        if name not in {"tab", "sort"}
    ]


HANDLERS = (queue,)
