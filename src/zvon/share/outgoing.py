"""Texts and files to any recipient: through the gate, into the ledger, and only then released.

Where nobody reviews what leaves, nothing is asked: an open question stops the item as a leak does.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import anyio.to_thread

from zvon.model.policy import Policy
from zvon.model.role import SpanState
from zvon.privacy.carrier.item import Item, Passed, pass_item
from zvon.privacy.engine import Outcome, Part, Status, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import KEY_BYTES, Domain
from zvon.share.ledger import NotReleased, Recipient, canonical, leaving, note, reason_of
from zvon.share.released import PASS, ReleasedFiles, ReleasedText
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
ONCE = "once"
"""The epoch of a key that is used for one item and kept nowhere."""


def key_for_once(policy: Policy, random: Random) -> Domain:
    """A key for one item to a recipient without a group: nobody can follow or reverse its tokens."""
    return Domain(policy.group, ONCE, random(KEY_BYTES))


async def release_text(
    tx: Tx, parts: Sequence[Part], to: Recipient, now: datetime, *, facts: Facts, policy: Policy,
    keys: Domain, by: str, random: Random = os.urandom, places: Mapping[str, str] | None = None,
) -> ReleasedText:  # fmt: skip
    """Let texts out. Raises `NotReleased` when the gate stops any of them.

    `places` are words of a person (`keep`, `hide`) by the place of a span, `part:start:end`.
    """
    outcome = await anyio.to_thread.run_sync(
        lambda: with_places(parts, places or {}, facts=facts, policy=policy, keys=keys)
    )
    _stop(outcome, to, policy, keys, by, now, random)
    await note(
        tx, leaving(to, policy, keys.epoch, outcome, by, content=canonical(outcome.shared)), now,
        random,
    )  # fmt: skip
    return ReleasedText(
        PASS, door=to.door, recipient=to.name, policy=policy, texts=outcome.shared,
        whole=unchanged(outcome),
    )  # fmt: skip


def with_places(
    parts: Sequence[Part], places: Mapping[str, str], *, facts: Facts, policy: Policy, keys: Domain
) -> Outcome:
    """The gate's outcome for texts, with what a person said of places in them.

    A word for a place that is no span any more is not used. Raises `BadOverride`.
    """
    outcome = share_text(parts, facts=facts, policy=policy, keys=keys)
    said = {
        n: places[place]
        for n, span in enumerate(outcome.spans)
        if (place := f"{span.part}:{span.start}:{span.end}") in places
    }
    if not said:
        return outcome
    return share_text(parts, facts=facts, policy=policy, keys=keys, overrides=said)


async def release_item(
    tx: Tx, item: Item, to: Recipient, now: datetime, *, facts: Facts, policy: Policy,
    keys: Domain, by: str, random: Random = os.urandom,
) -> ReleasedFiles:  # fmt: skip
    """Let an item out as the files that the gate rebuilds from it. Raises `NotReleased`.

    This is what a door of a standard calls: a MISP or STIX object in, its bytes out.
    """
    passed = await anyio.to_thread.run_sync(
        lambda: pass_item(item, facts=facts, policy=policy, keys=keys)
    )
    return await release_passed(tx, passed, to, now, policy=policy, keys=keys, by=by, random=random)


async def release_passed(
    tx: Tx, passed: Passed, to: Recipient, now: datetime, *, policy: Policy, keys: Domain, by: str,
    random: Random = os.urandom,
) -> ReleasedFiles:  # fmt: skip
    """Let out what went through the gate already (a picture is painted after it).

    Raises `NotReleased`.
    """
    _stop(passed.outcome, to, policy, keys, by, now, random)
    content = canonical({name: body.hex() for name, body in passed.files.items()})
    row = leaving(to, policy, keys.epoch, passed.outcome, by, content=content)
    await note(tx, row, now, random)
    return ReleasedFiles(PASS, door=to.door, recipient=to.name, policy=policy, files=passed.files)


def _stop(
    outcome: Outcome, to: Recipient, policy: Policy, keys: Domain, by: str, now: datetime,
    random: Random,
) -> None:  # fmt: skip
    reason = "" if outcome.status is Status.RELEASED else reason_of(outcome)
    if not reason and outcome.expected_leaks > policy.max_risk:
        reason = "ABOVE_RISK"
    if not reason:
        return
    audit = AuditEntry(
        actor=by, action=f"disclose:{to.door.value}", object=to.subject, outcome="refused",
        rule=reason, detail={"policy": policy.sha256},
    )  # fmt: skip
    row = leaving(to, policy, keys.epoch, outcome, by, reason=reason)
    raise NotReleased(reason, audit, row, now, random)


def unchanged(outcome: Outcome) -> frozenset[str]:
    """The parts of an outcome that left as they came."""
    touched = {
        span.part for span in outcome.spans if span.state is not SpanState.KEEP or span.inner
    }
    return frozenset(name for name in outcome.shared if name not in touched)
