"""The page where a person decides about the spans of one release, before and after side by side."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.privacy.decision import rule_code
from zvon.privacy.fold import fold
from zvon.share import release
from zvon.share.release import Share
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render
from zvon.web.pages.share_diff import diff

MOST_SPANS = 300
_FIRST = {"ask": 0, "keep": 2}


class SpanRow(Struct, frozen=True, kw_only=True):
    """One value with the number of its first span, how often it stands there, and why it is decided so."""

    n: int
    times: int
    text: str
    type: str
    role: str
    state: str
    replacement: str | None
    by: str
    believed: float
    inner: list[dict[str, Any]]
    reasons: list[tuple[str, dict[str, str], float]]


@get(
    "/privacy/releases/{id:uuid}", opt={"permission": Permission.SHARE_READ},
    include_in_schema=False,
)  # fmt: skip
async def release_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One release: what would leave, what stays, and every reason."""
    async with read(context.pool, who) as db:
        found = await release.get(db, who, id)
    rows = span_rows(found)
    values = {
        "s": found,
        "spans": rows[:MOST_SPANS],
        "more": max(0, len(rows) - MOST_SPANS),
        "counts": counted(found),
        "diff": diff,
        "open": found.state in {"held", "waiting"},
    }
    return render(request, "release.html", values)


def span_rows(share: Share) -> list[SpanRow]:
    """Values of a release, each once: first what is asked, then what goes, then what stays."""
    spans: dict[tuple[str, str, str], list[int]] = {}
    for n, span in enumerate(share.spans):
        spans.setdefault((span["type"], fold(span["text"]), span["state"]), []).append(n)
    rows = [_row(share.spans[numbers[0]], numbers) for numbers in spans.values()]
    return sorted(rows, key=lambda row: (_FIRST.get(row.state, 1), row.n))


def _row(span: Mapping[str, Any], numbers: Sequence[int]) -> SpanRow:
    strongest = sorted(span["evidence"], key=lambda term: -abs(term["weight"]))
    return SpanRow(
        n=numbers[0], times=len(numbers), text=span["text"], type=span["type"], role=span["role"],
        state=span["state"], replacement=span["replacement"], by=span["decided_by"],
        believed=span["p_attacker"], inner=span["inner"],
        reasons=[(*rule_code(term["rule"]), term["weight"]) for term in strongest],
    )  # fmt: skip


def counted(share: Share) -> dict[str, int]:
    """How many spans go, stay and are open."""
    states = [span["state"] for span in share.spans]
    return {
        "ask": states.count("ask"),
        "keep": states.count("keep"),
        "gone": len(states) - states.count("ask") - states.count("keep"),
    }


HANDLERS = (release_page,)
