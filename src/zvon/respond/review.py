"""The second person: asked for, demanded by a rule, or drawn by chance; a third where two differ."""

import tomllib
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.incident_life import after_alert_verdict
from zvon.model.lifecycle import IncidentState, after_verdict
from zvon.model.verdict import AlertVerdict, VerdictWord
from zvon.store import incident_decision as decision
from zvon.store import incident_verdict, review
from zvon.store.block_eyes import check_text
from zvon.store.incident_decision import Current
from zvon.store.review import NoReview, OwnOpinion, Review, ReviewKind, ReviewOver, Scale
from zvon.store.transaction import Tx, transaction

__all__ = [
    "NoReview", "NothingToReview", "OwnOpinion", "ReviewOver", "ask", "held", "sample", "say",
    "take_back",
]  # fmt: skip

MAX_QUESTION = 500
WORDS = {Scale.VERDICT: VerdictWord, Scale.ALERT_VERDICT: AlertVerdict}


class NothingToReview(ValueError):
    """Nobody decided yet, so that a second person has nothing to look at."""


async def ask(tx: Tx, viewer: Viewer, incident: UUID, question: str, now: datetime) -> UUID:
    """Ask for a second opinion on what was decided; until it is given nothing is closed.

    Raises `Denied`, `NotFound`, `NothingToReview`, `BadText`.
    """
    viewer.require(Permission.REVIEW_WRITE)
    current = await decision.lock(tx, incident)
    text = check_text("question", question) if question else ""
    standing = await review.standing(tx, current.id)
    if standing is None:
        raise NothingToReview(f"nobody has decided {current.number} yet; say first what it is")
    scale, word, person_id, reason, at = standing
    uuid = await review.open_review(
        tx, viewer, current.id, ReviewKind.SECOND_OPINION, scale, now, question=text[:MAX_QUESTION]
    )
    asked = await review.lock(tx, viewer, uuid)
    await review.put_opinion(tx, asked.id, person_id, word, reason, at)
    await review.tell(tx, viewer, asked, "ask", "REVIEW_ASKED", {"question": text}, now)
    return uuid


async def held(
    tx: Tx, viewer: Viewer, current: Current, scale: Scale, word: str, to: IncidentState,
    reason: str, now: datetime,
) -> bool:  # fmt: skip
    """True when a rule keeps this decision until a second person says the same.

    The first person's word is kept as the first opinion. The same person again: `OwnOpinion`;
    another person is the second: what both say happens at once, what they differ on waits for a
    third.
    """
    known = await review.required(tx, current.id, scale)
    if known is not None:
        await say(tx, viewer, known, word, reason, now)
        return True
    rule = await review.wanted(tx, current.id, to.value)
    if rule is None:
        return False
    uuid = await review.open_review(
        tx, viewer, current.id, ReviewKind.REQUIRED, scale, now, to_state=to.value, rule_id=rule[0]
    )
    made = await review.lock(tx, viewer, uuid)
    await review.put_opinion(tx, made.id, viewer.person_id, word, reason, now)
    await review.tell(
        tx, viewer, made, "require", "REVIEW_REQUIRED",
        {"word": word, "rule": rule[1], "reason": reason}, now,
    )  # fmt: skip
    return True


async def say(tx: Tx, viewer: Viewer, uuid: UUID, word: str, reason: str, now: datetime) -> Review:
    """Give the second opinion, or settle as the third person (`incident:settle`).

    When it is decided, what was decided happens. Raises `Denied`, `NoReview`, `OwnOpinion`,
    `ReviewOver`, `ValueError` for another scale's word.
    """
    viewer.require(Permission.REVIEW_WRITE)
    found = await review.lock(tx, viewer, uuid)
    if found.state not in {"open", "disputed"}:
        raise ReviewOver(f"this review is {found.state}")
    settles = found.state == "disputed"
    if settles:
        viewer.require(Permission.INCIDENT_SETTLE)
    said = WORDS[Scale(found.scale)](word).value
    text = check_text("reason", reason) if reason else ""
    first = await review.first_word(tx, found.id)
    await review.put_opinion(tx, found.id, viewer.person_id, said, text, now)
    state = "settled" if settles else "agreed" if said == first else "disputed"
    await review.set_state(tx, found.id, state, now)
    # What a blind opinion said is for the story only once both are known.
    await review.tell(
        tx, viewer, found, state, f"REVIEW_{state.upper()}", {"word": said, "reason": text}, now
    )
    if state != "disputed":
        await _apply(tx, viewer, found, said, first, text, now)
    return await review.get(tx.db, viewer, uuid)


async def take_back(tx: Tx, viewer: Viewer, current: Current, now: datetime) -> bool:
    """Take back one's own word that waits for a second person; false when there is none."""
    known = await review.own_waiting(tx, current.id, viewer.person_id)
    if known is None:
        return False
    found = await review.lock(tx, viewer, known)
    await review.set_state(tx, found.id, "withdrawn", now)
    await review.tell(tx, viewer, found, "withdraw", "REVIEW_WITHDRAWN", {}, now)
    return True


async def _apply(
    tx: Tx, viewer: Viewer, found: Review, word: str, first: str, reason: str, now: datetime
) -> None:
    """Let happen what the people decided, unless it stands already."""
    if found.kind != ReviewKind.REQUIRED and word == first:
        return
    current = await decision.lock(tx, found.incident)
    if found.scale == Scale.VERDICT:
        said = VerdictWord(word)
        state = after_verdict(current.state, said)
        if found.kind == ReviewKind.REQUIRED or said != current.verdict:
            await decision.put_verdict(tx, viewer, current, said, state, reason, now)
    else:
        was = AlertVerdict(word)
        asked = found.to_state if word == first else None
        state = IncidentState(asked) if asked else after_alert_verdict(current.state, was)
        await incident_verdict.put(tx, viewer, current, was, state, reason=reason, now=now)
    if found.kind == ReviewKind.REQUIRED:
        await review.set_state(tx, found.id, "applied", now)


@cache
def _share() -> int:
    """How many of 10,000 decisions a second person judges blind (`review.toml`)."""
    text = resources.files("zvon.respond").joinpath("review.toml").read_text("utf-8")
    return round(float(tomllib.loads(text)["sample_share"]) * 10_000)


async def sample(context: Context, _payload: dict[str, Any]) -> None:
    """Draw a share of the latest decisions for a blind second judgement."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        for each in await review.undrawn(tx):
            if int.from_bytes(context.random(4), "big") % 10_000 < _share():
                await review.draw(tx, each, now, context.random)
