"""The page of one incident: what arrived, why we think so, what to decide."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import translator
from zvon.model.verdict import Reason, shown
from zvon.share import release
from zvon.share.release import Share
from zvon.store import incident_detail, peer, report
from zvon.store.party import Db
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.reports import brand_name
from zvon.web.pages import alerts, classes, incident_work, messages, obligations, runs, takedowns
from zvon.web.pages.page import defanged, language, quoted, render

MAX_SHOWN = 4000
WAITING = frozenset({"proposed", "validated", "held"})
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


class Part(Struct, frozen=True):
    """One part of a release: pieces with the state of their span; pieces and whether they are new."""

    name: str
    before: list[tuple[str, str]]
    after: list[tuple[str, bool]]


@get("/incidents/{id:uuid}", opt={"permission": Permission.INCIDENT_READ}, include_in_schema=False)
async def incident(
    request: AnyRequest, context: In, who: Who, id: UUID,
    attack: Annotated[str | None, Parameter(max_length=100)] = None,
    response: Annotated[str | None, Parameter(max_length=100)] = None,
) -> Response[str]:  # fmt: skip
    """One incident; `attack` and `response` are places in the lanes of its timeline."""
    async with read(context.pool, who) as db:
        found = await incident_detail.get(db, who, id)
        work = await incident_work.facts_for(
            db, who, id, now=context.clock(), speak=translator(language(request, who)),
            attack=attack, response=response,
        )  # fmt: skip
        parts = {
            **await classes.facts_for(db, who, found.id),
            **await alerts.facts_for(db, who, id, found.id),
            **await obligations.facts_for(db, who, id, context.clock()),
            **await messages.facts_for(db, who, id),
            **await runs.facts_for(db, who, id),
            **await takedowns.facts_for(db, context, who, id, found.id, found.category),
        }
        newest = None
        if found.reports and who.may(Permission.REPORT_READ):
            newest = await report.get(db, who, found.reports[-1].uuid)
        shares = await _shares(db, who, id)
        groups = await peer.groups(db) if who.may(Permission.PEER_READ) else []
    message = newest.message if newest else None
    # Spans count the characters of the message that they were found in: its own verdict's reasons.
    own = newest.verdict.reasons if newest and newest.verdict else ()
    reasons = shown(tuple(own) or found.reasons)
    blockable = [n.name for n in found.names if n.scope != "none"]
    waiting = [b for b in found.blocks if b.state in WAITING]
    values = {
        "i": found,
        "report": newest,
        "message": message,
        "reasons": reasons,
        "pieces": list(marked(message.text, reasons)) if message else [],
        "brand": brand_name(found.brand),
        "blockable": blockable,
        "blockable_names": _listed(blockable),
        "waiting": [str(b.uuid) for b in waiting],
        "waiting_names": _listed([b.name for b in waiting]),
        "may_approve": who.may(Permission.BLOCK_APPROVE)
        and all(b.proposer != who.login for b in waiting),
        "own_proposal": any(b.proposer == who.login for b in waiting),
        "shares": shares,
        "groups": groups,
        "diff": diff,
        "hide_open": hide_open,
        "alike": [*parts["similar"], *work["related"]],
        **work,
        **parts,
    }
    return render(request, "incident.html", values)


async def _shares(db: Db, who: Viewer, id: UUID) -> list[Share]:
    if not who.may(Permission.SHARE_READ):
        return []
    return await release.list_all(db, who, incident_uuid=id)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(defanged(n) for n in names[:20]) + (" …" if len(names) > 20 else "")


def marked(text: str, reasons: Sequence[Reason]) -> Iterator[tuple[Any, list[int]]]:
    """Pieces of a hostile text with the numbers of the reasons that point at them; links defanged."""
    shown = text[:MAX_SHOWN]
    spans = [
        (r.span.start, min(r.span.end, len(shown)), number)
        for number, r in enumerate(reasons, start=1)
        if r.span is not None and r.span.part == "text" and r.span.start < len(shown)
    ]
    cuts = sorted({0, len(shown), *(s[0] for s in spans), *(s[1] for s in spans)})
    for start, end in pairwise(cuts):
        piece = _LINK.sub(lambda m: "hxxp" + m[0][4:], shown[start:end])
        yield quoted(piece), [n for a, b, n in spans if a <= start and b == end]


def diff(share: Share) -> list[Part]:
    """Before and after of each text of a release, piece by piece."""
    parts = []
    after = (share.after or {}).get("parts") or share.preview
    texts: dict[str, str] = share.before.get("parts") or {}
    for name, text in sorted(texts.items(), key=lambda item: not item[0].startswith("message.")):
        spans = sorted((s for s in share.spans if s["part"] == name), key=lambda s: s["start"])
        before: list[tuple[str, str]] = []
        place = 0
        for span in spans:
            before += [(text[place : span["start"]], ""), (span["text"], span["state"])]
            place = span["end"]
        before.append((text[place:], ""))
        new = [s["replacement"] for s in spans if s.get("replacement")]
        parts.append(Part(name, before, _new_pieces(str(after.get(name, "")), new)))
    return parts


def _new_pieces(text: str, replacements: Sequence[str]) -> list[tuple[str, bool]]:
    if not replacements:
        return [(text, False)]
    pattern = "|".join(re.escape(r) for r in sorted(set(replacements), key=len, reverse=True))
    pieces = re.split(f"({pattern})", text)
    return [(p, n % 2 == 1) for n, p in enumerate(pieces) if p]


def hide_open(share: Share) -> dict[str, str]:
    """The decision "hide" for every open place of a release."""
    return {str(n): "hide" for n, s in enumerate(share.spans) if s["state"] == "ask"}


HANDLERS = (incident,)
