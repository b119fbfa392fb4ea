"""The job `assess.report`: facts, verdict, campaign, incident and answer, in one transaction.

All that can be thought is thought before the transaction. Reports that wait at the same time
share one, so that a wave costs the campaigns' lock a few times and not once a report.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from zvon.assess import cues, policy, reply
from zvon.assess.advise import advise
from zvon.assess.decide import decide
from zvon.assess.facts import Assessor, Facts
from zvon.assess.key import keys
from zvon.assess.rank import lexical, rank
from zvon.assess.title import title
from zvon.jobs import Context, Handler, Together
from zvon.ml import brand as brands
from zvon.ml import evidence as evidence_model
from zvon.ml.template import Signature, signature
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.verdict import Reason, Verdict, VerdictWord
from zvon.store import answer, brand, campaign, evidence, incident, verdict
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read


class Known(Struct, frozen=True, kw_only=True):
    """What the store says of a report: evidence, verified brands, and how it was judged before."""

    report: answer.Waiting
    evidence: Sequence[Evidence]
    verified: frozenset[str]
    before: verdict.Latest | None


class Finding(Struct, frozen=True, kw_only=True):
    """All that was found about a report; `sketch` is that of its text when it is long enough."""

    report: answer.Waiting
    again: bool
    facts: Facts
    evidence: Sequence[Evidence]
    verdict: Verdict
    names: Sequence[NameAdvice]
    answer: str
    urgent: tuple[str, ...]
    rank: float
    rank_reasons: Sequence[Reason]
    sketch: Signature | None


async def assess(context: Context, payload: dict[str, Any]) -> None:
    """Judge one decoded report; nothing happens when it has its answer already.

    With `again` an answered report is judged anew, because a fact came late; when nothing
    changes, nothing is written.
    """
    record_id, again = int(payload["record_id"]), bool(payload.get("again", False))
    known = await _look(context, (record_id, again))
    if known is None:
        return
    finding = judge(known, again=again)
    if known.before != (finding.verdict, finding.names):
        await _keep(context, finding)


def judge(known: Known, *, again: bool = False) -> Finding:
    """Facts, verdict, advice, answer and rank of a report; the same input gives the same."""
    assessor = shipped(known.verified)
    report = known.report
    facts = assessor.facts(report.message, known.evidence, report.received_at)
    judged = decide(assessor, facts, report.message.channel.value)
    urgent = reply.addons(report.message, judged, assessor.cues)
    score, why = rank(judged, urgent, lexical(facts))
    return Finding(
        report=report,
        again=again,
        facts=facts,
        evidence=known.evidence,
        verdict=judged,
        names=advise(facts, judged, assessor.policy),
        answer=reply.kind(judged, facts, assessor.policy),
        urgent=urgent,
        rank=score,
        rank_reasons=why,
        sketch=None if judged.word is VerdictWord.BENIGN else signature(report.message.text),
    )


async def _known(context: Context, wanted: Sequence[tuple[int, bool]]) -> list[Known | None]:
    async with read(context.pool, SYSTEM) as db:
        reports = await answer.all_waiting(db, wanted)
        rows = await evidence.of_records(db, list(reports))
        verified = frozenset(await brand.verified(db))
        before = await verdict.latest_of(db, list(reports))
    return [
        None
        if report is None
        else Known(report=report, evidence=rows[report.record_id], verified=verified,
                   before=before.get(report.record_id))
        for report in (reports.get(record_id) for record_id, _ in wanted)
    ]  # fmt: skip


async def _written(context: Context, batch: Sequence[Finding]) -> list[None]:
    async with transaction(context.pool, context.clock()) as tx:
        await conclude(context, tx, {each.report.record_id: each for each in batch})
    return [None] * len(batch)


async def conclude(context: Context, tx: Tx, findings: dict[int, Finding]) -> None:
    """Write what was found: verdicts, campaigns and incidents (unless official), and answers.

    What another job has settled meanwhile is left out. The lock of the campaigns is taken late,
    after all that can be written without it.
    """
    now = context.clock()
    joining = await _keys(context, tx, list(findings.values()))
    await campaign.lock(tx)
    open_ = await answer.unsettled(
        tx, {(each.report.record_id, each.again) for each in findings.values()}
    )
    mine = [each for record_id, each in findings.items() if record_id in open_]
    await verdict.put_all(
        tx, [(each.report.record_id, each.verdict, each.names) for each in mine], now
    )
    seats = [each for each in joining if each.record_id in open_]
    judged = []
    for seat, joined in zip(seats, await campaign.join_all(tx, seats, now), strict=True):
        finding = findings[seat.record_id]
        code, params = title(finding.verdict, finding.names)
        judged.append(
            incident.Judged(
                record_id=seat.record_id,
                campaign_id=joined.campaign_id,
                verdict=finding.verdict,
                title_code=code,
                title_params=params,
                names=finding.names,
                rank=finding.rank,
                rank_reasons=finding.rank_reasons,
                merged=joined.merged,
            )
        )
    await incident.for_reports(tx, judged, now)
    answers = [answer.Given(report=e.report, kind=e.answer, addons=e.urgent) for e in mine]
    await answer.give(tx, answers, now)


async def _keys(context: Context, tx: Tx, findings: Sequence[Finding]) -> list[campaign.Joining]:
    """The keys of the reports that belong to campaigns, with their values and texts stored."""
    speaking = [each for each in findings if each.verdict.word is not VerdictWord.BENIGN]
    texts = [(each.report.record_id, each.sketch) for each in speaking if each.sketch is not None]
    named = await campaign.families(tx, [sketch for _, sketch in texts])
    template = dict(zip((record_id for record_id, _ in texts), named, strict=True))
    now = context.clock()
    joining = [
        campaign.Joining(
            record_id=each.report.record_id,
            keys=keys(each.report.message, each.facts, each.evidence,
                      template.get(each.report.record_id)),
            at=each.report.received_at,
            uuid=uuid7(now, context.random(RANDOM_BYTES)),
            brand=each.verdict.brand,
        )
        for each in speaking
    ]  # fmt: skip
    await campaign.note_keys(tx, joining)
    return joining


def shipped(verified: frozenset[str] = frozenset()) -> Assessor:
    """The assessor with the registry, weights, words and policy that ship with the program."""
    return Assessor(
        matcher=brands.shipped(),
        weights=evidence_model.shipped(),
        cues=cues.shipped(),
        policy=policy.shipped(),
        verified=verified,
    )


_look = Together(_known)
_keep = Together(_written)

JOBS: dict[str, Handler] = {"assess.report": assess}
