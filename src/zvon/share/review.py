"""A person decides about single spans of a release: keep or hide, here and wherever else it waits."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.privacy.engine import Outcome
from zvon.privacy.fold import fold
from zvon.share.passage import (
    by_place,
    named,
    passage,
    place_of,
    policy_of,
    stored_residue,
    stored_spans,
)
from zvon.share.release import STATE, NotOpen
from zvon.share.shown import Share, as_share
from zvon.store import share as rows
from zvon.store import span_label
from zvon.store.share import ShareRow
from zvon.store.span_label import SpanLabel
from zvon.store.transaction import AuditEntry, Change, Op, Tx

OPEN = frozenset({"held", "waiting"})
MOST_AT_ONCE = 200
"""Other waiting releases that one decision may reach; the rest is reached by the next one."""

Random = Callable[[int], bytes]


async def decide(
    tx: Tx, viewer: Viewer, share_uuid: UUID, overrides: Mapping[int, str], now: datetime,
    node: Node, *, everywhere: bool = False, random: Random = os.urandom,
) -> Share:  # fmt: skip
    """Decide spans of a release that has not left; nothing leaves by this.

    `overrides` maps numbers of spans to `keep` or `hide`. A decision holds for every mention of
    its value in the item, and with `everywhere` in all other items that wait for a decision.
    Features of the spans, never their text, are kept for the gate to learn from. Raises `Denied`,
    `NoShare`, `NotOpen`, `BadOverride`.
    """
    viewer.require(Permission.SHARE_PREPARE)
    row = await rows.lock(tx, share_uuid)
    if row.state not in OPEN:
        raise NotOpen(row.state)
    by_place(row.decisions, overrides)
    words = {_entity(row.decisions[n]): word for n, word in overrides.items()}
    await _apply(tx, row, words, viewer, now, node, random)
    reached = 0
    if everywhere:
        for uuid in await rows.undecided(tx, row.id, MOST_AT_ONCE):
            other = await rows.lock(tx, uuid)
            if other.state in OPEN and any(_entity(span) in words for span in other.decisions):
                await _apply(tx, other, words, viewer, now, node, random)
                reached += 1
    tx.audit(
        AuditEntry(
            actor=viewer.login, action="share:review", object=str(share_uuid),
            detail={
                "spans": {place_of(row.decisions[n]): word for n, word in overrides.items()},
                "reached": reached,
            },
        )
    )  # fmt: skip
    return as_share(await rows.get(tx.db, share_uuid))


async def look_again(
    tx: Tx, after: int, limit: int, now: datetime, node: Node, *, random: Random = os.urandom
) -> int | None:
    """Gate releases that have not left anew, by number; the last number, `None` when all are done.

    What people decided stays; what the register or the gate learned since then counts.
    """
    found = await rows.open_after(tx, after, limit)
    for uuid in found:
        row = await rows.lock(tx, uuid)
        if row.state in OPEN:
            await _gate(tx, row, row.overrides, now, node, random)
        after = row.id
    return after if len(found) == limit else None


def _entity(span: Mapping[str, Any]) -> tuple[str, str]:
    """What is the same value in another item; case and diacritics aside."""
    return span["type"], fold(span["text"])


async def _apply(
    tx: Tx, row: ShareRow, words: Mapping[tuple[str, str], str], viewer: Viewer, now: datetime,
    node: Node, random: Random,
) -> None:  # fmt: skip
    meant = {
        place_of(span): words[_entity(span)] for span in row.decisions if _entity(span) in words
    }
    outcome = await _gate(tx, row, {**row.overrides, **meant}, now, node, random)
    await span_label.put(
        tx, row.id, [_label(s, meant[place_of(s)], outcome.lang) for s in row.decisions
                     if place_of(s) in meant], viewer.person_id, now,
    )  # fmt: skip


async def _gate(
    tx: Tx, row: ShareRow, places: dict[str, str], now: datetime, node: Node, random: Random
) -> Outcome:
    policy = await policy_of(tx.db, row.group_uuid, row.before)
    gated = await passage(
        tx, row.before, policy, row.group_uuid, row.policy["epoch"], node, now, random, places
    )
    await rows.put_review(
        tx, row.id, state=STATE.get(gated.outcome.status, "refused"), overrides=places,
        after=named(gated, row.uuid), decisions=stored_spans(gated),
        residue=stored_residue(gated), risk=gated.outcome.expected_leaks,
        approver_needed=gated.outcome.expected_leaks > policy.max_risk,
    )  # fmt: skip
    tx.note(Change(kind="share", subject=row.uuid, op=Op.EDIT, record_id=row.incident_record_id))
    return gated.outcome


def _label(span: Mapping[str, Any], word: str, lang: str | None) -> SpanLabel:
    features: dict[str, float] = {}
    for term in span["evidence"]:
        # A word of the text may be somebody's name: that a word spoke is kept, not which.
        rule = "word" if term["rule"].startswith("word.") else term["rule"]
        features[rule] = features.get(rule, 0.0) + term["weight"]
    return SpanLabel(
        type=span["type"], lang=lang, features=features, believed=span["p_attacker"], word=word
    )
