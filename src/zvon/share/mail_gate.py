"""A letter through the gate: what it is filled with is read, judged and rewritten, never its wording.

Only what stands in the letter's own fields comes from incidents and people; the template and who we
are do not. What belongs to the recipient (their own network or name) stays for them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from zvon.jobs import Context
from zvon.model.disclosure import Door
from zvon.model.event import MAX_OBSERVABLES
from zvon.model.marking import Pap, Tlp
from zvon.model.suffix import registered
from zvon.privacy.engine import Outcome, Part
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain
from zvon.share.doors import contact_policy
from zvon.share.ledger import Recipient, reason_of
from zvon.share.outgoing import key_for_once, release_text, with_places
from zvon.share.passage import facts_of
from zvon.share.released import ReleasedText
from zvon.store import event as event_rows
from zvon.store import message_template
from zvon.store.message_send import Claim
from zvon.store.message_template import Template
from zvon.store.party import Db
from zvon.store.transaction import Tx

_ATTACKER, _REPORTER = 1, 4


class Written(Struct, frozen=True, kw_only=True):
    """A letter as it leaves, and which wording it has."""

    subject: str
    text: str
    wording: str


class Preview(Struct, frozen=True, kw_only=True):
    """What would leave: the letter, what the gate takes out, and why it would stop it.

    `spans` name the place, the type, the state and what is put there; they hold originals.
    """

    subject: str
    text: str
    before: str
    state: str
    reason: str
    spans: list[dict[str, Any]]


def parts_of(fields: Mapping[str, Any]) -> list[Part]:
    """Every string that comes from an incident or a person."""
    return [
        Part(name, value)
        for name, value in sorted(fields.items())
        if isinstance(value, str) and value
    ]


async def let_out(tx: Tx, context: Context, it: Claim, now: datetime) -> Written:
    """Let a letter out. Raises `NotReleased` when the gate stops it, `BadTemplate`."""
    policy = contact_policy(Tlp(it.clearance), [Tlp(it.tlp)], [Pap(it.pap)])
    to = Recipient(
        door=Door.MAIL, name=it.address.rpartition("@")[2], subject=it.incident_number or "message",
        record_id=it.record_id,
    )  # fmt: skip
    said = await release_text(
        tx, parts_of(it.fields), to, now, facts=await known_facts(tx.db, context, it, now),
        policy=policy, keys=key_for_once(policy, context.random), by=it.by_login,
        random=context.random, places=it.verdicts,
    )  # fmt: skip
    wording = await message_template.current(tx.db, it.template, it.lang)
    return fill(wording, said, it, context)


def fill(wording: Template, said: ReleasedText, it: Claim, context: Context) -> Written:
    """The letter from what the gate released."""
    return _filled(wording, said.texts, it, context)


async def preview(
    context: Context, db: Db, it: Claim, now: datetime, wording: Template | None = None
) -> Preview:
    """What would leave now; nothing does, and nothing is written down.

    Without a `wording` it is the one in force.
    """
    policy = contact_policy(Tlp(it.clearance), [Tlp(it.tlp)], [Pap(it.pap)])
    facts = await known_facts(db, context, it, now)
    parts = parts_of(it.fields)
    keys: Domain = key_for_once(policy, context.random)
    outcome = with_places(parts, it.verdicts, facts=facts, policy=policy, keys=keys)
    if wording is None:
        wording = await message_template.current(db, it.template, it.lang)
    made = _filled(wording, outcome.preview, it, context)
    raw = {part.id: part.text for part in parts}
    return Preview(
        subject=made.subject, text=made.text, before=_filled(wording, raw, it, context).text,
        state=outcome.status.value, reason="" if outcome.shared else reason_of(outcome),
        spans=_spans(outcome),
    )  # fmt: skip


async def known_facts(db: Db, context: Context, it: Claim, now: datetime) -> Facts:
    """What this node knows, what the incident's reporters said of themselves, and its names."""
    known = await facts_of(db, context.node, now)
    if it.incident_id is None:
        return known
    seen = await event_rows.incident_observables(db, it.incident_id, MAX_OBSERVABLES)
    theirs = {value for _, value, role in seen if role == _ATTACKER}
    return structs.replace(
        known,
        lang=it.lang,
        reporters=known.reporters | {value for _, value, role in seen if role == _REPORTER},
        attackers=known.attackers | theirs | {registered(v) or v for v in theirs if "/" not in v},
    )


def _filled(wording: Template, texts: Mapping[str, str], it: Claim, context: Context) -> Written:
    numbers = {name: value for name, value in it.fields.items() if isinstance(value, int)}
    empty = {name: "" for name, value in it.fields.items() if isinstance(value, str)}
    settings = context.settings
    subject, body = wording.fill({
        **empty, **numbers, **texts, "number": it.incident_number or "",
        "sender": context.node.name, "recipient": it.contact_name,
        "contact": settings.contact or settings.message_address or settings.mailbox_address or "",
    })  # fmt: skip
    chosen = texts.get("subject") or subject
    return Written(subject=" ".join(chosen.split()), text=_tidy(body), wording=wording.name)


def _tidy(body: str) -> str:
    """Places that were filled with nothing leave no hole."""
    lines: list[str] = []
    for line in body.strip().splitlines():
        if line.strip() or (lines and lines[-1].strip()):
            lines.append(line.rstrip())
    return "\n".join(lines)


def _spans(outcome: Outcome) -> list[dict[str, Any]]:
    rows: Sequence[dict[str, Any]] = msgspec.to_builtins(outcome.spans)
    return [
        {
            "place": f"{row['part']}:{row['start']}:{row['end']}", "type": row["type"],
            "text": row["text"], "state": row["state"], "replacement": row.get("replacement") or "",
        }
        for row in rows
    ]  # fmt: skip
