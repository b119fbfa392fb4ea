"""Situation reports: the measures of a period as a paper, each audience with what is for it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.paper.block import Cell, Link, Paper, Writer
from zvon.locale import Translator, translator
from zvon.model.marking import Tlp
from zvon.model.survival import Durations
from zvon.store import metric, metric_count
from zvon.store.metric import Figure, Measure, Timed, Wanted
from zvon.store.metric_count import Counts, Facet, Part
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

FEW = 5
"""Below this many, outsiders read "fewer than 5": one more number must not name anybody."""
SLOWEST = 10


class Audience(StrEnum):
    """For whom a report is."""

    ANALYST = "analyst"  # everything, down to the slowest incidents
    MANAGEMENT = "management"  # measures and counts, no single incident
    AUTHORITY = "authority"  # the same with types of RSIT, marked for the authority
    PUBLIC = "public"  # counts alone, none below `FEW`


# What is above the marking of an audience is in none of its numbers' words.
CEILING = {
    Audience.ANALYST: Tlp.AMBER_STRICT, Audience.MANAGEMENT: Tlp.AMBER_STRICT,
    Audience.AUTHORITY: Tlp.AMBER, Audience.PUBLIC: Tlp.CLEAR,
}  # fmt: skip
FACETS = {
    Audience.ANALYST: (Facet.SOURCE_KIND, Facet.RSIT, Facet.CATEGORY, Facet.BRAND, Facet.COUNTRY),
    Audience.MANAGEMENT: (Facet.SOURCE_KIND, Facet.RSIT, Facet.BRAND),
    Audience.AUTHORITY: (Facet.RSIT, Facet.COUNTRY),
    Audience.PUBLIC: (Facet.RSIT, Facet.BRAND),
}


class Facts(Struct, frozen=True, kw_only=True):
    """What a report says, before any words; also its JSON form."""

    audience: Audience
    country: str
    since: datetime
    until: datetime
    made_at: datetime
    tlp: str
    counts: Counts | None
    few: dict[str, int | None]
    figures: tuple[Figure, ...]
    divided: dict[str, tuple[Part, ...]]
    left_out: dict[str, int]
    slowest: tuple[Timed, ...]


async def gather(
    db: Db, viewer: Viewer, audience: Audience, wanted: Wanted, country: str, now: datetime
) -> Facts:
    """The facts for an audience, over what the viewer may see. Raises `Denied`.

    For the public every count below `FEW` is `None`, and no duration, name or title is there.
    """
    viewer.require(Permission.METRIC_READ)
    if audience in {Audience.AUTHORITY, Audience.PUBLIC}:
        viewer.require(Permission.SITUATION_PUBLISH)
    counts = await metric_count.counts(db, viewer, wanted)
    public = audience is Audience.PUBLIC
    figures: Sequence[Figure] = ()
    slowest: Sequence[Timed] = ()
    if not public:
        figures = await metric.figures(db, viewer, wanted, now)
    if audience is Audience.ANALYST:
        slowest = await metric.behind(db, viewer, Measure.RESOLVE, wanted, now, limit=SLOWEST)
    divided: dict[str, tuple[Part, ...]] = {}
    left_out: dict[str, int] = {}
    for facet in FACETS[audience]:
        parts = await metric_count.divided(db, viewer, facet, wanted)
        shown = [p for p in parts if not public or min(p.incidents, p.reports) >= FEW]
        divided[facet.value], left_out[facet.value] = tuple(shown), len(parts) - len(shown)
    said = {"incidents": counts.incidents, "reports": counts.reports, "blocks": counts.blocks}
    return Facts(
        audience=audience, country=country, since=wanted.since, until=wanted.until, made_at=now,
        tlp=CEILING[audience].label, counts=None if public else counts,
        few={k: None if public and 0 < n < FEW else n for k, n in said.items()},
        figures=tuple(figures), divided=divided, left_out=left_out, slowest=tuple(slowest),
    )  # fmt: skip


def note(tx: Tx, viewer: Viewer, facts: Facts) -> None:
    """Leave in the audit who made a report for whom."""
    tx.audit(AuditEntry(
        actor=viewer.login, action="situation:make", object=f"situation:{facts.audience}",
        detail={"since": facts.since.isoformat(), "until": facts.until.isoformat(),
                "tlp": facts.tlp},
    ))  # fmt: skip


def paper(facts: Facts, lang: str, node: str | None) -> Paper:
    """The report in a language; numbers lead to their rows at `node` (an address without end slash).

    Without a node they lead nowhere: for readers who have no account there.
    """
    speak = translator(lang)
    w = Writer()
    w.say(speak.text("SITUATION_PERIOD").format(
        since=speak.date(facts.since), until=speak.date(facts.until), tlp=facts.tlp))  # fmt: skip
    _counted(w, speak, facts, node)
    if facts.figures:
        _timed(w, speak, facts, node)
    for name, parts in facts.divided.items():
        _divided(w, speak, facts, Facet(name), parts, node)
    if facts.slowest:
        w.head(speak.text("SITUATION_SLOWEST"))
        w.table(
            speak.text("SITUATION_SLOWEST"),
            [speak.text("Incident"), speak.text("SITUATION_TIME"), speak.text("SITUATION_STATE")],
            [[row.number if node is None else Link(row.number, f"{node}/incidents/{row.incident}"),
              speak.lasting(row.seconds),
              speak.text("SITUATION_OPEN") if row.open else speak.text("SITUATION_DONE")]
             for row in facts.slowest],
        )  # fmt: skip
    w.head(speak.text("SITUATION_METHOD"))
    w.say(speak.text("SITUATION_METHOD_PUBLIC" if facts.counts is None else "SITUATION_METHOD_ALL"))
    return Paper(
        lang=lang, title=speak.text(f"SITUATION_{facts.audience.upper()}"), blocks=tuple(w.blocks),
        foot=(facts.tlp, speak.text("SITUATION_MADE").format(at=speak.moment(facts.made_at))),
    )  # fmt: skip


def _counted(w: Writer, speak: Translator, facts: Facts, node: str | None) -> None:
    rows: list[list[Cell]] = [
        [speak.text(f"SITUATION_COUNT_{name.upper()}"), _few(speak, n, facts, node)]
        for name, n in facts.few.items()
    ]
    if facts.counts is not None:
        c = facts.counts
        rows += [
            [speak.text("SITUATION_COUNT_ALERTS"), speak.number(c.alerts)],
            [speak.text("SITUATION_COUNT_DECIDED"), speak.number(c.decided)],
            [speak.text("SITUATION_COUNT_MACHINE"),
             f"{speak.number(c.answered_by_machine)} / {speak.number(c.answered)}"],
            [speak.text("SITUATION_COUNT_UNDONE"), speak.number(c.undone)],
            [speak.text("SITUATION_COUNT_LIFTED"), speak.number(c.lifted_early)],
            [speak.text("SITUATION_COUNT_SHARES"), speak.number(c.shares)],
        ]  # fmt: skip
    w.head(speak.text("SITUATION_COUNTS"))
    w.table(speak.text("SITUATION_COUNTS"), [speak.text("SITUATION_WHAT"), speak.text("Number")],
            rows)  # fmt: skip


def _few(speak: Translator, n: int | None, facts: Facts, node: str | None) -> Cell:
    if n is None:
        return speak.text("SITUATION_FEW").format(n=FEW)
    return _led(speak.number(n), facts, node, "/metrics")


def _led(text: str, facts: Facts, node: str | None, path: str, **narrow: str) -> Cell:
    """A number that leads to its rows; outsiders have no account to see them with."""
    if facts.audience is Audience.PUBLIC or node is None:
        return text
    days = max(1, round((facts.until - facts.since).total_seconds() / 86400))
    return Link(text, f"{node}{path}?{urlencode({'days': days, **narrow})}")


def _timed(w: Writer, speak: Translator, facts: Facts, node: str | None) -> None:
    w.head(speak.text("SITUATION_TIMES"))
    w.table(
        speak.text("SITUATION_TIMES"),
        [speak.text("From, to"), speak.text("Median"), speak.text("95 % interval"),
         speak.text("Nine of ten"), speak.text("Number"), speak.text("Still open")],
        [[speak.text(f"MEASURE_{f.measure.upper()}"),
          *_durations(speak, f.durations),
          _led(speak.number(f.durations.n), facts, node, f"/metrics/{f.measure.value}"),
          speak.number(f.durations.open)] for f in facts.figures if f.durations.n],
    )  # fmt: skip


def _durations(speak: Translator, d: Durations) -> tuple[str, str, str]:
    def said(seconds: float | None) -> str:
        return "–" if seconds is None else speak.lasting(seconds)

    bounds = "–" if d.low is None else f"{said(d.low)} … {'∞' if d.high is None else said(d.high)}"
    return said(d.median), bounds, said(d.p90)


def _divided(
    w: Writer,
    speak: Translator,
    facts: Facts,
    facet: Facet,
    parts: Sequence[Part],
    node: str | None,
) -> None:
    heading = speak.text(f"FACET_{facet.upper()}")
    w.head(heading)
    w.table(
        heading,
        [heading, speak.text("SITUATION_COUNT_INCIDENTS"), speak.text("SITUATION_COUNT_REPORTS")],
        [[_value(speak, facet, p.value),
          _led(speak.number(p.incidents), facts, node, "/metrics", **{facet.value: p.value}),
          speak.number(p.reports)] for p in parts],
    )  # fmt: skip
    if facts.left_out[facet.value]:
        w.say(speak.plural("SITUATION_LEFT_OUT", "SITUATION_LEFT_OUT_MANY",
                           facts.left_out[facet.value]))  # fmt: skip


def _value(speak: Translator, facet: Facet, value: str) -> str:
    if not value:
        return speak.text("not said")
    if facet is Facet.RSIT:
        return speak.text("RSIT_" + value.upper().replace("/", "_").replace("-", "_"))
    if facet is Facet.SOURCE_KIND:
        return speak.text(f"KIND_{value.upper()}")
    return value
