"""From mentions to spans: what becomes of each value, what replaces it, what goes inside it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from zvon.model.policy import HackedSite, Policy, UrlQuery
from zvon.model.role import Role, SpanDecision, SpanState
from zvon.privacy.decide import REDACTED, UNKEPT, removed
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import host_range, owner, url_host
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.name_form import firm_key, name_key
from zvon.privacy.pseudonym import Domain, token
from zvon.privacy.residue import Original
from zvon.privacy.role import Score
from zvon.privacy.scrub import Edit, Victims, marks, plain_edits, url_edits
from zvon.privacy.tables import hosts

PART = "part of a name"
_WHOLE_WORD = 6  # a shorter value is looked for as a word, or it would be found in other words
_LOOSE = 3  # so short that it may stand in an indicator by chance
# What an attacker made up; a victim's name inside it is part of the indicator.
_MADE_UP = frozenset({"EMAIL", "HOST", "DOMAIN", "URL"})


class BadOverride(ValueError):
    """An override names a span that is not there, or keeps what may never be kept."""


class Spans(Struct, frozen=True):
    """The spans of an item in order, the originals behind the pseudonyms, and the victims' texts."""

    spans: tuple[SpanDecision, ...]
    vault: dict[str, str]
    victims: Victims


def _canonical(mention: Mention) -> str:
    if mention.type == "NAME":
        return name_key(mention.value)
    if mention.type == "ORG":
        return firm_key(mention.value)
    if mention.type in {"EMAIL", "HOST", "DOMAIN"}:
        return f"{mention.value}|{mention.owner}" if mention.owner else mention.value
    if mention.type == "URL":
        host, kind = url_host(mention.raw)
        return f"{host}|{owner(host)}" if kind == "name" else host
    return mention.value


def _replacement(mention: Mention, keys: Domain, made: dict[tuple[str, str], str]) -> str:
    if mention.type in REDACTED:
        return REDACTED[mention.type][1]
    canonical = _canonical(mention)
    known = made.get((mention.type, canonical))
    if known is None:
        known = token(keys, mention.type, canonical, country=mention.country)
        made[mention.type, canonical] = known
    return known


def make_spans(
    readings: list[Reading],
    scores: dict[str, Score],
    states: dict[str, SpanState],
    policy: Policy,
    keys: Domain,
    overrides: Mapping[int, str],
) -> Spans:
    """Decide on every mention; `overrides` are an analyst's, by number. Raises `BadOverride`."""
    ordered = [(r, m) for r in readings for m in sorted(r.mentions, key=lambda m: m.start)]
    if overrides and not set(overrides) <= set(range(len(ordered))):
        raise BadOverride("there is no span with that number")
    chosen = [states[m.entity] for _, m in ordered]
    for i, (reading, mention) in enumerate(ordered):
        if reading.optional and chosen[i] is SpanState.ASK:
            chosen[i] = removed(mention.type)
    by = ["rule"] * len(ordered)
    for number, word in overrides.items():
        chosen[number] = _override(ordered[number][1], word)
        by[number] = "analyst"
    made: dict[tuple[str, str], str] = {}
    replacement = [
        _replacement(m, keys, made) if state.removes else ""
        for (_, m), state in zip(ordered, chosen, strict=True)
    ]
    vault = {
        token_: m.raw
        for (_, m), state, token_ in zip(ordered, chosen, replacement, strict=True)
        if state is SpanState.PSEUDONYMISE and m.type not in UNKEPT
    }
    victims = _victims(ordered, chosen, replacement, keys)
    entities: dict[str, str] = {}
    spans: list[SpanDecision] = []
    for i, (reading, mention) in enumerate(ordered):
        key = mention.entity
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
    return Spans(tuple(spans), vault, victims)


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
        known = [Edit(a, b, token(keys, k, v), k, v) for a, b, k, v in mention.inside]
        more = plain_edits(mention.raw, victims)
        known += [e for e in more if all(e.end <= k.start or k.end <= e.start for k in known)]
        return sorted(known, key=lambda edit: edit.start)
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


def originals_of(
    spans: Sequence[SpanDecision], victims: Victims, policy: Policy
) -> tuple[Original, ...]:
    """Everything that may not be found in what leaves.

    An attacker's address that imitates a person carries a part of the name. To a group that gets
    values of queries it stays, and that part alone is no proof of a leak; to a wider one it is.
    """
    found = [
        Original(s.text, s.type, whole_word=len(s.text) < _WHOLE_WORD)
        for s in spans
        if s.state.removes
    ]
    found += [Original(v, PART, whole_word=True) for v in victims.tokens]
    kept = [fold(s.text) for s in spans if s.state is SpanState.KEEP and s.type in _MADE_UP]
    if kept and policy.url_query is not UrlQuery.DROP_VALUES:
        text = " ".join(kept)
        found = [o for o in found if not (_is_loose(o) and fold(o.text) in text)]
    return tuple(dict.fromkeys(found))


def _is_loose(original: Original) -> bool:
    return original.kind == PART or len(original.text) <= _LOOSE
