"""The job `assess.report`: facts, verdict, campaign, incident and answer, in one transaction."""

from collections.abc import Sequence
from typing import Any

from zvon.assess import cues, policy, reply
from zvon.assess.advise import advise
from zvon.assess.decide import decide
from zvon.assess.facts import Assessor, Facts
from zvon.assess.key import keys
from zvon.assess.rank import Lexical, lexical, rank
from zvon.assess.title import title
from zvon.jobs import Context, Handler
from zvon.ml import brand as brands
from zvon.ml import evidence as evidence_model
from zvon.ml.template import signature
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence
from zvon.model.ids import RANDOM_BYTES
from zvon.model.verdict import Verdict, VerdictWord
from zvon.store import answer, brand, campaign, evidence, incident, verdict
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read


async def assess(context: Context, payload: dict[str, Any]) -> None:
    """Judge one decoded report; nothing happens when it has its answer already.

    With `again` an answered report is judged anew, because a fact came late; when nothing
    changes, nothing is written.
    """
    record_id, again = int(payload["record_id"]), bool(payload.get("again", False))
    async with read(context.pool, SYSTEM) as db:
        report = await answer.waiting(db, record_id, again=again)
        known = await evidence.of_record(db, record_id)
        verified = await brand.verified(db)
        before = await verdict.latest(db, record_id)
    if report is None:
        return
    assessor = shipped(frozenset(verified))
    facts = assessor.facts(report.message, known, report.received_at)
    judged = decide(assessor, facts, report.message.channel.value)
    names = advise(facts, judged, assessor.policy)
    if before == (judged, names):
        return
    likeness = lexical(facts)
    async with transaction(context.pool, context.clock()) as tx:
        current = await answer.waiting(tx.db, record_id, again=again)
        if current is None:
            return
        await conclude(context, tx, current, facts, known, judged, names, likeness, assessor)


def shipped(verified: frozenset[str] = frozenset()) -> Assessor:
    """The assessor with the registry, weights, words and policy that ship with the program."""
    return Assessor(
        matcher=brands.shipped(),
        weights=evidence_model.shipped(),
        cues=cues.shipped(),
        policy=policy.shipped(),
        verified=verified,
    )


async def conclude(
    context: Context,
    tx: Tx,
    report: answer.Waiting,
    facts: Facts,
    known: Sequence[Evidence],
    judged: Verdict,
    names: Sequence[NameAdvice],
    likeness: Lexical | None,
    assessor: Assessor,
) -> None:
    """Write what was found: verdict, campaign and incident (unless official), and the answer."""
    now = context.clock()
    urgent = reply.addons(report.message, judged, assessor.cues)
    await verdict.put(tx, judged, names, now, record_id=report.record_id)
    if judged.word is not VerdictWord.BENIGN:
        sketch = signature(report.message.text)
        template = None if sketch is None else await campaign.family(tx, sketch)
        joined = await campaign.join(
            tx,
            report.record_id,
            keys(report.message, facts, known, template),
            now,
            random=context.random(RANDOM_BYTES),
            brand=judged.brand,
            at=report.received_at,
        )
        code, params = title(judged, names)
        score, why = rank(judged, urgent, likeness)
        await incident.for_campaign(
            tx,
            campaign_id=joined.campaign_id,
            report_record_id=report.record_id,
            verdict=judged,
            title_code=code,
            title_params=params,
            names=names,
            rank=score,
            rank_reasons=why,
            now=now,
            merged=joined.merged,
        )
    await answer.give(tx, report, reply.kind(judged, facts, assessor.policy), urgent, now)


JOBS: dict[str, Handler] = {"assess.report": assess}
