"""The gate for texts: read, judge, decide, rewrite, and prove that nothing of the victim is left.

Pure: policy, facts and the pseudonym key are passed in. One `ask` holds the whole item, and a
text leaves only when the residue scan over the final text finds nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from zvon.model.marking import Tlp
from zvon.model.policy import HackedSite, Leave, Policy, may_leave
from zvon.model.role import Role, SpanDecision, SpanState
from zvon.privacy import identifiers, names, whole
from zvon.privacy.decide import REDACTED, UNKEPT, decide, removed
from zvon.privacy.facts import Facts
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import host_range, owner, url_host
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.pseudonym import TOKEN, Domain, token
from zvon.privacy.residue import Original, Residue, scan
from zvon.privacy.role import Score, entity_key, score
from zvon.privacy.scrub import Edit, Victims, marks, plain_edits, url_edits
from zvon.privacy.sweep import sweep, sweep_labels
from zvon.privacy.tables import hosts


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


class BadOverride(ValueError):
    """An override names a span that is not there, or keeps what may never be kept."""


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
    scores = score(readings, facts)
    states = _states(readings, scores, policy)
    _hide_relatives(readings, states, scores)
    spans, vault, victims = _spans(readings, scores, states, policy, keys, overrides or {})
    return _finish(parts, readings, spans, vault, victims, leave)


def _read(part: Part, facts: Facts, keys: Domain) -> Reading:
    reading = Reading(part.id, part.text, facts.lang, optional=part.optional or not part.leaves,
                      page=part.kind == "text/html")  # fmt: skip
    whole.take(reading, part.whole, part.side)
    identifiers.detect(reading, keys)
    pattern = facts.brand_pattern
    names.detect(reading, [m.span() for m in pattern.finditer(reading.folded)] if pattern else [])
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
            key = entity_key(mention)
            old = fixed.get(key, (mention.type, ""))
            fixed[key] = (mention.type, "remove" if "remove" in {old[1], mention.fixed} else mention.fixed or old[1])  # fmt: skip
    return {key: decide(kind, scores[key], hard, policy) for key, (kind, hard) in fixed.items()}


def _hide_relatives(
    readings: list[Reading], states: dict[str, SpanState], scores: dict[str, Score]
) -> None:
    """Take the label of a victim's domain out of the running text too."""
    labels: set[str] = set()
    kept: set[str] = set()
    for reading in readings:
        for mention in reading.mentions:
            if mention.type in {"EMAIL", "HOST", "DOMAIN"} and mention.owner:
                label = fold(mention.owner).partition(".")[0]
                gone = states[entity_key(mention)].removes
                (labels if gone else kept).add(label)
    for mention in sweep_labels(readings, labels - kept):
        key = entity_key(mention)
        states[key] = removed(mention.type)
        scores.setdefault(key, Score(-6.0, False, Role.VICTIM, ()))


def _canonical(mention: Mention) -> str:
    if mention.type in {"EMAIL", "HOST", "DOMAIN"}:
        return f"{mention.value}|{mention.owner}" if mention.owner else mention.value
    if mention.type == "URL":
        host, kind = url_host(mention.raw)
        return f"{host}|{owner(host)}" if kind == "name" else host
    return mention.value


def _replacement(mention: Mention, keys: Domain) -> str:
    if mention.type in REDACTED:
        return REDACTED[mention.type][1]
    return token(keys, mention.type, _canonical(mention), country=mention.country)


def _spans(
    readings: list[Reading],
    scores: dict[str, Score],
    states: dict[str, SpanState],
    policy: Policy,
    keys: Domain,
    overrides: Mapping[int, str],
) -> tuple[list[SpanDecision], dict[str, str], Victims]:
    ordered = [(r, m) for r in readings for m in sorted(r.mentions, key=lambda m: m.start)]
    if overrides and not set(overrides) <= set(range(len(ordered))):
        raise BadOverride("there is no span with that number")
    chosen = [states[entity_key(m)] for _, m in ordered]
    for i, (reading, mention) in enumerate(ordered):
        if reading.optional and chosen[i] is SpanState.ASK:
            chosen[i] = removed(mention.type)
    by = ["rule"] * len(ordered)
    for number, word in overrides.items():
        chosen[number] = _override(ordered[number][1], word)
        by[number] = "analyst"
    replacement = [_replacement(m, keys) for _, m in ordered]
    vault = {
        token_: m.raw
        for (_, m), state, token_ in zip(ordered, chosen, replacement, strict=True)
        if state is SpanState.PSEUDONYMISE and m.type not in UNKEPT
    }
    victims = _victims(ordered, chosen, replacement, keys)
    entities: dict[str, str] = {}
    spans: list[SpanDecision] = []
    for i, (reading, mention) in enumerate(ordered):
        key = entity_key(mention)
        found = scores[key]
        start, end = reading.view.source(mention.start, mention.end)
        state = chosen[i]
        edits = _edits(mention, found, policy, victims, keys) if state is SpanState.KEEP else []  # fmt: skip
        spans.append(
            SpanDecision(
                part=mention.part, start=start, end=end, text=reading.source[start:end],
                type=mention.type, role=found.role, state=state,
                replacement=replacement[i] if state.removes else None,
                entity=entities.setdefault(key, f"e{len(entities) + 1}"),
                p_attacker=round(found.p_attacker, 4), decided_by=by[i],
                evidence=found.evidence,
                inner=tuple(_inner(reading, mention, edit) for edit in edits),
            )
        )  # fmt: skip
    return spans, vault, victims


def _override(mention: Mention, word: str) -> SpanState:
    if word == "hide":
        return removed(mention.type)
    if word != "keep":
        raise BadOverride(f"expected keep or hide, got {word!r}")
    if mention.fixed == "remove":
        raise BadOverride(f"a value of type {mention.type} is never kept")
    return SpanState.KEEP


def _victims(
    ordered: list[tuple[Reading, Mention]],
    chosen: list[SpanState],
    tokens: list[str],
    keys: Domain,
) -> Victims:
    """Every text of a victim that may not stand inside a value that stays."""
    out: dict[str, str] = {}
    for (_, mention), state, token_ in zip(ordered, chosen, tokens, strict=True):
        if not state.removes or mention.type == "URL":
            continue
        forms = {mention.value, mention.raw}
        if mention.type == "EMAIL":
            forms |= {mention.value.partition("@")[0]} - hosts().functions
        if mention.type == "NAME":
            parts = fold(mention.raw).replace(".", " ").split()
            forms |= {part for part in parts if len(part) >= 4}
        for form in forms:
            plain = fold(form)
            if len(plain) >= 4:
                out.setdefault(plain, token_)
    for _, mention in ordered:
        for _, _, kind, value in mention.inside:
            if len(value) >= 4:
                out.setdefault(fold(value), token(keys, kind, value))
    known = Victims(out)
    for (_, mention), state in zip(ordered, chosen, strict=True):
        if mention.type == "URL" and state is SpanState.KEEP:
            out.update(dict.fromkeys(marks(mention.raw, known), ""))
    return known


def _edits(
    mention: Mention, found: Score, policy: Policy, victims: Victims, keys: Domain
) -> list[Edit]:
    if mention.type == "URL":
        edits = list(url_edits(mention.raw, policy, victims))
        if found.hacked and policy.hacked_site is HackedSite.KEEP_PATH:
            start, end = host_range(mention.raw)
            edits.insert(0, Edit(start, end, token(keys, "HOST", _canonical(mention)), "HOST", mention.value))  # fmt: skip
        return edits
    if mention.type in {"FILE", "PATH"}:
        edits = [Edit(a, b, token(keys, k, v), k, v) for a, b, k, v in mention.inside]
        return edits or list(plain_edits(mention.raw, victims))
    return []


def _inner(reading: Reading, mention: Mention, edit: Edit) -> SpanDecision:
    start, end = reading.view.source(mention.start + edit.start, mention.start + edit.end)
    redacts = not edit.replacement
    return SpanDecision(
        part=mention.part, start=start, end=end, text=reading.source[start:end],
        type=edit.kind, role=Role.VICTIM,
        state=SpanState.REDACT if redacts else SpanState.PSEUDONYMISE,
        replacement=edit.replacement, entity="", p_attacker=0.0,
    )  # fmt: skip


def _finish(
    parts: Sequence[Part], readings: list[Reading], spans: list[SpanDecision],
    vault: dict[str, str], victims: Victims, leave: Leave,
) -> Outcome:  # fmt: skip
    preview = {p.id: rewrite(p, spans) for p in parts if p.leaves}
    asks = any(span.state is SpanState.ASK for span in spans)
    residue = Residue(0, ())
    originals = _originals(spans, victims)
    if not leave.allowed:
        status = Status.REFUSED
    elif asks:
        status = Status.HELD
    else:
        residue = scan("\n\x00\n".join(preview.values()), originals)
        status = Status.RESIDUE if residue.hits else Status.RELEASED
    inside = {p.id for p in parts if not p.leaves}
    kept = (s for s in spans if s.state is SpanState.KEEP and s.part not in inside)
    leaks = sum(1 - span.p_attacker for span in kept)
    return Outcome(
        status=status, leave=leave, parts=tuple(parts), spans=tuple(spans),
        shared=preview if status is Status.RELEASED else {}, preview=preview,
        residue=residue, expected_leaks=round(leaks, 3),
        lang=next((r.lang for r in readings if r.lang), None),
        vault=vault if status is Status.RELEASED else {},
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


def _originals(spans: Sequence[SpanDecision], victims: Victims) -> tuple[Original, ...]:
    """Everything that may not be found in what leaves."""
    found = [Original(s.text, s.type, whole_word=len(s.text) < 6) for s in spans if s.state.removes]
    found += [Original(v, "part of a name", whole_word=True) for v in victims.tokens]
    return tuple(dict.fromkeys(found))
