"""From judged reports to what looks for a campaign: keys, texts and kits stored and named."""

from collections.abc import Sequence

from msgspec import Struct

from zvon.assess.facts import Facts
from zvon.assess.key import keys
from zvon.assess.key_page import good_looks, resource_sets
from zvon.jobs import Context
from zvon.ml.template import Signature
from zvon.model.evidence import Evidence
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.verdict import Verdict, VerdictWord
from zvon.store import campaign, incident_intake
from zvon.store.answer import Waiting
from zvon.store.transaction import Tx


class Spoken(Struct, frozen=True, kw_only=True):
    """A judged report; `sketch` is that of its text when it is long enough."""

    report: Waiting
    facts: Facts
    verdict: Verdict
    evidence: Sequence[Evidence]
    sketch: Signature | None


async def joining(context: Context, tx: Tx, spoken: Sequence[Spoken]) -> list[campaign.Joining]:
    """The reports that belong to campaigns, with their keys. Before `campaign.lock`.

    What the page of a good report shows is noted as common, so that it never ties anything.
    """
    bad = [each for each in spoken if each.verdict.word is not VerdictWord.BENIGN]
    texts = [(each.report.record_id, each.sketch) for each in bad if each.sketch is not None]
    named = await campaign.families(tx, [sketch for _, sketch in texts])
    template = dict(zip((record_id for record_id, _ in texts), named, strict=True))
    kits = await _kits(tx, spoken)
    now = context.clock()
    found = [
        campaign.Joining(
            record_id=each.report.record_id,
            keys=keys(each.report.message, each.facts, each.evidence,
                      template.get(each.report.record_id), kits),
            at=each.report.received_at,
            uuid=uuid7(now, context.random(RANDOM_BYTES)),
            brand=each.verdict.brand,
        )
        for each in bad
    ]  # fmt: skip
    await campaign.note_keys(tx, found)
    good = [each for each in spoken if each.verdict.word is VerdictWord.BENIGN]
    await campaign.note_common(
        tx,
        {
            each.report.record_id: [
                mark
                for target in each.facts.links
                for mark in good_looks(target.link.url, each.evidence, kits)
            ]
            for each in good
        },
        now,
    )
    return found


async def tie(context: Context, tx: Tx, spoken: Sequence[Spoken]) -> None:
    """Keys that came late, as a page's do, tie campaigns though the verdict stays; idempotent."""
    now = context.clock()
    looking = await joining(context, tx, spoken)
    for joined in await campaign.join_all(tx, looking, now):
        for old in joined.merged:
            await incident_intake.fold_campaign(tx, old, joined.campaign_id, now)


async def _kits(tx: Tx, spoken: Sequence[Spoken]) -> dict[str, str]:
    """The family of each set of resources, as the set stands in the evidence."""
    sets = list(dict.fromkeys(one for each in spoken for one in resource_sets(each.evidence)))
    families = await campaign.kits(tx, [frozenset(each.split()) for each in sets])
    return {each: name for each, name in zip(sets, families, strict=True) if name is not None}
