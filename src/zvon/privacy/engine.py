"""The gate for texts: read, judge, decide, rewrite, and prove that nothing of the victim is left.

Pure: policy, facts and the pseudonym key are passed in. One `ask` holds the whole item, and a
text leaves only when the residue scan over the final text finds nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from zvon.model.marking import Tlp
from zvon.model.policy import Leave, Policy, may_leave
from zvon.model.role import Role, SpanDecision, SpanState
from zvon.privacy import identifiers, names, whole
from zvon.privacy.decide import decide, removed
from zvon.privacy.facts import Facts
from zvon.privacy.fold import fold
from zvon.privacy.mentions import Reading
from zvon.privacy.pseudonym import TOKEN, Domain
from zvon.privacy.residue import Original, Residue, scan
from zvon.privacy.role import Score, entity_key, score
from zvon.privacy.spans import BadOverride, Spans, make_spans, originals_of
from zvon.privacy.sweep import sweep, sweep_labels, sweep_rest

__all__ = ["BadOverride", "Outcome", "Part", "Status", "rewrite", "share_text"]

_RELATIVE = Score(-6.0, False, Role.VICTIM, ())


class Part(Struct, frozen=True):
    """One text of the item. `side` is `attacker` or `reporter` where the whole part is theirs.

    In an `optional` part nothing is asked: what is unsure goes, because the item can do without.
    `whole` is the type of the one value that the whole part is, where a format says so; then
    `side` may also be `victim`. A part that does not leave is only read, so that what it says of
    the victim is known.
    """

    id: str
    text: str
    kind: str = "text/plain"
    side: str = ""
    optional: bool = False
    whole: str = ""
    leaves: bool = True


class Status(StrEnum):
    """What became of the item."""

    RELEASED = "released"
    HELD = "held"
    REFUSED = "refused"
    RESIDUE = "residue"
    ERROR = "error"


class Outcome(Struct, frozen=True, kw_only=True):
    """The decision on one item. `shared` is empty unless `status` is released.

    `vault` maps each pseudonym to its original, for the originator alone. `originals` are what
    the residue scan looked for, for a scan over the bytes of a file that is made of the texts.
    """

    status: Status
    leave: Leave
    parts: tuple[Part, ...]
    spans: tuple[SpanDecision, ...]
    shared: dict[str, str]
    preview: dict[str, str]
    residue: Residue
    expected_leaks: float
    lang: str | None
    vault: dict[str, str]
    originals: tuple[Original, ...] = ()


def share_text(
    parts: Sequence[Part],
    *,
    facts: Facts,
    policy: Policy,
    keys: Domain,
    tlp: Tlp | None = None,
    overrides: Mapping[int, str] | None = None,
) -> Outcome:
    """Decide what of `parts` may go to the group of `policy`.

    `overrides` maps the number of a span (over all parts, in order) to `keep` or `hide`. Raises
    `BadOverride` for a number that is not there and for keeping what a hard rule removes.
    """
    leave = may_leave(policy, policy.tlp if tlp is None else tlp, keys.group)
    readings = [_read(part, facts, keys) for part in parts]
    sweep(readings)
    for reading in readings:
        for mention in reading.mentions:
            mention.entity = entity_key(mention)
    scores = score(readings, facts)
    states = _states(readings, scores, policy)
    _hide_relatives(readings, states, scores)
    made = make_spans(readings, scores, states, policy, keys, overrides or {})
    return _finish(parts, readings, made, policy, leave)


def _read(part: Part, facts: Facts, keys: Domain) -> Reading:
    reading = Reading(part.id, part.text, facts.lang, optional=part.optional or not part.leaves,
                      page=part.kind == "text/html")  # fmt: skip
    if not whole.take(reading, part.whole, part.side):
        identifiers.detect(reading, keys)
        names.detect(reading, facts.brands_in(reading.folded), facts.register)
    for mention in reading.mentions:
        if part.side not in {"", "victim"} and mention.type not in {"NAME", "ORG", "ADDR", "USER"}:
            mention.side = part.side
    return reading


def _states(
    readings: list[Reading], scores: dict[str, Score], policy: Policy
) -> dict[str, SpanState]:
    """One state per entity; a hard rule on any mention of it holds for all."""
    fixed: dict[str, tuple[str, str]] = {}
    for reading in readings:
        for mention in reading.mentions:
            key = mention.entity
            old = fixed.get(key, (mention.type, ""))
            fixed[key] = (mention.type, "remove" if "remove" in {old[1], mention.fixed} else mention.fixed or old[1])  # fmt: skip
    return {key: decide(kind, scores[key], hard, policy) for key, (kind, hard) in fixed.items()}


def _hide_relatives(
    readings: list[Reading], states: dict[str, SpanState], scores: dict[str, Score]
) -> None:
    """Take the label of a victim's domain, and parts of a victim's name, out of the text too."""
    labels: set[str] = set()
    kept: set[str] = set()
    for reading in readings:
        for mention in reading.mentions:
            if mention.type in {"EMAIL", "HOST", "DOMAIN"} and mention.owner:
                label = fold(mention.owner).partition(".")[0]
                gone = states[mention.entity].removes
                (labels if gone else kept).add(label)
    hidden = [m for r in readings for m in r.mentions if states[m.entity].removes]
    for mention in (*sweep_labels(readings, labels - kept), *sweep_rest(readings, hidden)):
        key = mention.entity = entity_key(mention)
        states[key] = removed(mention.type)
        scores.setdefault(key, _RELATIVE)


def _finish(
    parts: Sequence[Part], readings: list[Reading], made: Spans, policy: Policy, leave: Leave
) -> Outcome:  # fmt: skip
    spans = made.spans
    placed: dict[str, list[SpanDecision]] = {}
    for span in spans:
        placed.setdefault(span.part, []).append(span)
    preview = {p.id: rewrite(p, placed.get(p.id, ())) for p in parts if p.leaves}
    asks = any(span.state is SpanState.ASK for span in spans)
    residue = Residue(0, ())
    originals = originals_of(spans, made.victims, policy)
    if not leave.allowed:
        status = Status.REFUSED
    elif asks:
        status = Status.HELD
    else:
        residue = scan("\n\x00\n".join(preview.values()), originals)
        status = Status.RESIDUE if residue.hits else Status.RELEASED
    inside = {p.id for p in parts if not p.leaves}
    kept = (
        s
        for s in spans
        if s.state is SpanState.KEEP and s.part not in inside and not TOKEN.fullmatch(s.text)
    )
    leaks = sum(1 - span.p_attacker for span in kept)
    return Outcome(
        status=status, leave=leave, parts=tuple(parts), spans=spans,
        shared=preview if status is Status.RELEASED else {}, preview=preview,
        residue=residue, expected_leaks=round(leaks, 3),
        lang=next((r.lang for r in readings if r.lang), None),
        vault=made.vault if status is Status.RELEASED else {},
        originals=originals,
    )  # fmt: skip


def rewrite(part: Part, spans: Sequence[SpanDecision]) -> str:
    """The text of `part` with every decision carried out; an `ask` shows its type only."""
    out: list[str] = []
    at = 0
    for span in spans:
        if span.part != part.id:
            continue
        out.append(part.text[at : span.start])
        if span.state is SpanState.KEEP:
            cursor = span.start
            for inner in span.inner:
                out += [part.text[cursor : inner.start], inner.replacement or ""]
                cursor = inner.end
            out.append(part.text[cursor : span.end])
        elif span.state is SpanState.ASK:
            out.append(f"[ask:{span.type}]")
        else:
            out.append(span.replacement or "")
        at = span.end
    out.append(part.text[at:])
    return "".join(out)
