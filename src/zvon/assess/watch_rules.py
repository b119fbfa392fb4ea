"""The job `assess.watch_rules`: patterns of the names of confirmed campaigns, looked for a while."""

from datetime import datetime, timedelta
from typing import Any

from zvon.assess.watch import shipped
from zvon.jobs import Context
from zvon.ml.predict import patterns
from zvon.ml.watch_pattern import BadPattern, checked
from zvon.model.ids import RANDOM_BYTES
from zvon.store import watch_rule
from zvon.store.campaign_page import names_of
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch_rule import Confirmed, NewRule


async def derive(context: Context, _payload: dict[str, Any]) -> None:
    """Make rules of campaigns that a person confirmed, and let known ones last; idempotent."""
    now, rules = context.clock(), shipped()
    async with read(context.pool, SYSTEM) as db:
        campaigns = await watch_rule.confirmed(db, now - timedelta(days=rules.rule_days))
        found = [(each, await names_of(db, each.campaign_id)) for each in campaigns]
    async with transaction(context.pool, now) as tx:
        for campaign, names in found:
            for new in rules_of(campaign, names, now):
                await watch_rule.derive(tx, new, now, context.random(RANDOM_BYTES))


def rules_of(campaign: Confirmed, names: list[str], now: datetime) -> list[NewRule]:
    """The rules of one campaign: its patterns that say enough, those of most names first."""
    rules, made = shipped(), []
    for pattern in patterns(names):
        try:
            text = checked(pattern.text)
        except BadPattern:
            continue
        made.append(
            NewRule(
                brand=campaign.brand,
                pattern=text,
                tlds=pattern.suffixes,
                reason=f"{pattern.support} names of {campaign.number}",
                expires_at=now + timedelta(days=rules.rule_days),
                campaign_id=campaign.campaign_id,
            )
        )
    return made[: rules.rules_of_campaign]
