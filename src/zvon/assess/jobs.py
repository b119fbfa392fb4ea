"""The job `assess.report`: facts, verdict, campaign, incident and answer, in one transaction.

All that can be thought is thought before the transaction. Reports that wait at the same time
share one, so that a wave costs the campaigns' lock a few times and not once a report.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from zvon.assess import learn, model, ranking, watch, watch_rules
from zvon.assess.alerts import assess as assess_alerts
from zvon.assess.classify_job import classify
from zvon.assess.joining import Spoken, joining, tie
from zvon.assess.judge import Opinion
from zvon.assess.judge import judge as opinion_of
from zvon.assess.rank import lexical, rank
from zvon.assess.reading import doubtful
from zvon.assess.recluster import recluster
from zvon.assess.score_facts import Scorer
from zvon.assess.shipped import shipped
from zvon.assess.stage import AGAIN, Wanted, wanted
from zvon.assess.title import title
from zvon.jobs import Context, Handler, Together, enqueue
from zvon.ml.template import Signature, signature
from zvon.model.brand import Registry
from zvon.model.evidence import Evidence
from zvon.model.page import Capture
from zvon.model.verdict import Reason, VerdictWord
from zvon.store import (
    answer,
    brand,
    campaign,
    campaign_kit,
    capture,
    evidence,
    incident,
    verdict,
)
from zvon.store.confirmed import confirmed
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

PAGE_STAGE = 3  # from here on a page was looked at


class Known(Struct, frozen=True, kw_only=True):
    """What the store says of a report: evidence, brands, and how it was judged before."""

    report: answer.Waiting
    evidence: Sequence[Evidence]
    captures: Sequence[Capture]
    kits: Mapping[str, int]
    registry: Registry
    addresses: Scorer | None
    before: verdict.Latest | None
    confirmed: frozenset[str] = frozenset()


class Finding(Struct, frozen=True, kw_only=True):
    """All that was found about a report; `sketch` is that of its text when it is long enough."""

    report: answer.Waiting
    again: bool
    opinion: Opinion
    evidence: Sequence[Evidence]
    registry: Registry
    model: str | None
    wanted: Wanted
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
    if known.before != (finding.opinion.verdict, finding.opinion.names):
        await _keep(context, finding)
        return
    seen = again and any(row.stage >= PAGE_STAGE for row in known.evidence)
    if seen or finding.wanted != Wanted():
        async with transaction(context.pool, context.clock()) as tx:
            if seen:  # the marks of the page may tie campaigns though the verdict stays
                await tie(context, tx, _spoken([finding]))
            await _next(context, tx, [finding])


def judge(known: Known, *, again: bool = False) -> Finding:
    """The opinion on a report and its rank; the same input gives the same."""
    report = known.report
    assessor = shipped(registry=known.registry, addresses=known.addresses)
    opinion = opinion_of(assessor, report.message, report.received_at, known.evidence,
                         known.captures, known.kits, known.confirmed)  # fmt: skip
    judged = opinion.verdict
    name = None if assessor.addresses is None else assessor.addresses.name
    score, why = rank(judged, opinion.urgent, lexical(opinion.facts, name))
    return Finding(
        report=report,
        again=again,
        opinion=opinion,
        evidence=known.evidence,
        registry=known.registry,
        model=name,
        wanted=wanted(opinion.facts, judged),
        rank=score,
        rank_reasons=why,
        sketch=None if judged.word is VerdictWord.BENIGN else signature(report.message.text),
    )


async def _known(context: Context, wanted: Sequence[tuple[int, bool]]) -> list[Known | None]:
    async with read(context.pool, SYSTEM) as db:
        reports = await answer.all_waiting(db, wanted)
        rows = await evidence.of_records(db, list(reports))
        looks = await capture.of_records(db, list(reports))
        kits = await campaign_kit.same_kit(db, list(reports))
        registry = await brand.current(db)
        scorer = await model.current(db)
        before = await verdict.latest_of(db, list(reports))
        sure = await confirmed(db, {n: doubtful(each.message) for n, each in reports.items()})
    return [
        None
        if report is None
        else Known(report=report, evidence=rows[report.record_id], captures=looks[report.record_id],
              kits=kits.get(report.record_id, {}), registry=registry, addresses=scorer,
                   before=before.get(report.record_id),
                   confirmed=sure.get(report.record_id, frozenset()))
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
    looking = await joining(context, tx, _spoken(list(findings.values())))
    await campaign.lock(tx)
    open_ = await answer.unsettled(
        tx, {(each.report.record_id, each.again) for each in findings.values()}
    )
    mine = [each for record_id, each in findings.items() if record_id in open_]
    await verdict.put_all(
        tx,
        [(each.report.record_id, each.opinion.verdict, each.opinion.names) for each in mine],
        now,
    )
    seats = [each for each in looking if each.record_id in open_]
    judged = []
    for seat, joined in zip(seats, await campaign.join_all(tx, seats, now), strict=True):
        finding = findings[seat.record_id]
        opinion = finding.opinion
        code, params = title(opinion.verdict, opinion.names, finding.registry)
        judged.append(
            incident.Judged(
                record_id=seat.record_id,
                campaign_id=joined.campaign_id,
                verdict=opinion.verdict,
                title_code=code,
                title_params=params,
                names=opinion.names,
                rank=finding.rank,
                rank_reasons=finding.rank_reasons,
                merged=joined.merged,
            )
        )
    await incident.for_reports(tx, judged, now)
    answers = [
        answer.Given(report=e.report, kind=e.opinion.answer, addons=e.opinion.urgent) for e in mine
    ]
    await answer.give(tx, answers, now)
    await _count(tx, [each for each in mine if not each.again], now)
    await _next(context, tx, mine)


async def _count(tx: Tx, findings: Sequence[Finding], now: datetime) -> None:
    """Count the scores of new reports for the drift monitor, each address once.

    A shadow scores the same addresses; what it says is counted and nothing else.
    """
    by: dict[str, dict[str, float]] = {}
    for each in findings:
        for target in each.opinion.facts.links:
            if each.model is not None and target.score is not None:
                by.setdefault(each.model, {})[target.link.url] = target.score
    for name, scores in by.items():
        await model.count(tx, name, now.date(), scores)
    addresses = list({url: None for scores in by.values() for url in scores})
    beside = await model.current(tx.db, model.SHADOW) if addresses else None
    if beside is not None:
        said = dict(zip(addresses, map(float, beside.score(addresses)), strict=True))
        await model.count(tx, beside.name, now.date(), said)


async def _next(context: Context, tx: Tx, findings: Sequence[Finding]) -> None:
    """Ask for the looks that these reports need, and for those that come later.

    Reports of one wave lead to the same addresses: a look that waits serves all of them, and it is
    repeated for the first.
    """
    settings = context.settings
    for each in findings:
        record_id, ask = each.report.record_id, each.wanted
        if ask.names:
            await enqueue(tx, "collect.enrich", {"record_id": record_id, "attempt": 1},
                          dedupe=f"collect.enrich {record_id} {' '.join(ask.names)}")  # fmt: skip
        for name, urls, on in (
            ("collect.fetch", ask.fetch, settings.fetch),
            ("collect.render", ask.render, settings.render),
        ):
            if not on or not urls:
                continue
            about = sha256(" ".join(urls).encode()).hexdigest()[:32]
            for look, after in enumerate((None, *AGAIN)):
                payload = {"record_id": record_id, "urls": urls, "look": look}
                who = record_id if look == 0 else "all"
                await enqueue(tx, name, payload, dedupe=f"{name} {about} {look} {who}",
                              after=after)  # fmt: skip


def _spoken(findings: Sequence[Finding]) -> list[Spoken]:
    return [
        Spoken(report=each.report, facts=each.opinion.facts, verdict=each.opinion.verdict,
               evidence=each.evidence, sketch=each.sketch)
        for each in findings
    ]  # fmt: skip


_look = Together(_known)
_keep = Together(_written)

JOBS: dict[str, Handler] = {
    "assess.report": assess,
    "assess.alerts": assess_alerts,
    "assess.watch": watch.assess,
    "assess.watch_rules": watch_rules.derive,
    "assess.recluster": recluster,
    "assess.pick": learn.pick_questions,
    "assess.drift": learn.watch_drift,
    "assess.retrain": learn.retrain,
    "assess.rank": ranking.rank,
    "assess.classify": classify,
}
SCHEDULE: dict[str, timedelta] = {
    "assess.rank": ranking.EVERY,
    "assess.alerts": timedelta(seconds=5),
    "assess.recluster": timedelta(days=1),
    "assess.watch_rules": timedelta(days=1),
    "assess.pick": timedelta(days=1),
    "assess.drift": timedelta(days=1),
    "assess.retrain": timedelta(days=7),
    "assess.classify": timedelta(seconds=10),
}
