"""The job `respond.url_notice`: a letter to the owner of a hacked page, or to its provider.

It names the page, what is wrong with it and since when, and how to reach us. Nothing of a victim
and nothing that an analyst wrote goes in, so that a person can send it as it is.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.jobs import Context
from zvon.locale import LANGS, translator
from zvon.model.url import defang
from zvon.store import url_notice
from zvon.store.transaction import transaction
from zvon.store.url_notice import Draft
from zvon.store.url_row import NoRule, UrlRule, by_uuid


async def prepare(context: Context, payload: dict[str, Any]) -> None:
    """Write the letters about one rule in every language; idempotent."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        try:
            rule = (await by_uuid(tx.db, [UUID(str(payload["rule"]))]))[0]
        except NoRule:
            return
        to = await url_notice.contact(tx.db, rule, now)
        drafts = [letter(rule, lang, to, context.node.name, context.settings.console_url)
                  for lang in LANGS]  # fmt: skip
        await url_notice.put(tx, rule, drafts, now, context.random)


def letter(rule: UrlRule, lang: str, to: str | None, sender: str, base: str) -> Draft:
    """The letter about `rule` in `lang`, signed by `sender`, who is reached at `base`."""
    say = translator(lang)
    kind = say.text(f"NOTICE_{'COMPROMISED' if rule.category == 'compromised_site' else 'PAGE'}")
    seen: datetime = rule.proposed_at
    return Draft(
        lang=lang,
        recipient=to,
        subject=say.text("NOTICE_SUBJECT", host=rule.host, number=rule.number),
        body=say.text(
            "NOTICE_BODY", kind=kind, page=defang(rule.url), seen=say.moment(seen),
            number=rule.number, until=say.date(rule.expires_at), sender=sender, base=base,
        ),
    )  # fmt: skip
