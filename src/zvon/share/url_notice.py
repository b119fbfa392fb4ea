"""The job `share.url_notice`: a letter to the owner of a hacked page, or to its provider.

It names the page, what is wrong with it and since when, and how to reach us. The address passes
the gate, and nothing that an analyst wrote goes in, so that a person can send it as it is.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from zvon.jobs import Context
from zvon.locale import LANGS, translator
from zvon.model.disclosure import Door
from zvon.model.marking import Tlp
from zvon.model.suffix import registered
from zvon.model.url import defang
from zvon.privacy.engine import Part
from zvon.share.doors import door_policy
from zvon.share.ledger import NotReleased, Recipient
from zvon.share.outgoing import key_for_once, release_text
from zvon.share.passage import facts_of
from zvon.share.released import ReleasedText
from zvon.store import url_notice
from zvon.store.transaction import transaction
from zvon.store.url_notice import Draft
from zvon.store.url_row import NoRule, UrlRule, by_uuid

PAGE = "page"
BY = "system"


async def prepare(context: Context, payload: dict[str, Any]) -> None:
    """Write the letters about one rule in every language; idempotent.

    When the gate stops the address no letter is written; ledger and audit say so.
    """
    now = context.clock()
    policy = door_policy(Door.NOTICE, [Tlp.AMBER])  # for the one who can clean the page
    try:
        async with transaction(context.pool, now) as tx:
            try:
                rule = (await by_uuid(tx.db, [UUID(str(payload["rule"]))]))[0]
            except NoRule:
                return
            if await url_notice.is_written(tx.db, rule):
                return
            to = await url_notice.contact(tx.db, rule, now)
            known = await facts_of(tx.db, context.node, now)
            site = {rule.host, registered(rule.host) or rule.host}
            said = await release_text(
                tx, [Part(PAGE, rule.url, side="attacker", whole="URL")],
                Recipient(door=Door.NOTICE, name=to.rpartition("@")[2] if to else "owner",
                          subject=rule.number),
                now, facts=replace(known, attackers=known.attackers | site), policy=policy,
                keys=key_for_once(policy, context.random), by=BY, random=context.random,
            )  # fmt: skip
            drafts = [letter(rule, said, lang, to, context.node.name, context.settings.console_url)
                      for lang in LANGS]  # fmt: skip
            await url_notice.put(tx, rule, drafts, now, context.random)
    except NotReleased:
        return  # `transaction` has written down why


def letter(
    rule: UrlRule, said: ReleasedText, lang: str, to: str | None, sender: str, base: str
) -> Draft:
    """The letter about `rule` in `lang`, signed by `sender`, who is reached at `base`."""
    say = translator(lang)
    kind = say.text(f"NOTICE_{'COMPROMISED' if rule.category == 'compromised_site' else 'PAGE'}")
    seen: datetime = rule.proposed_at
    return Draft(
        lang=lang,
        recipient=to,
        subject=say.text("NOTICE_SUBJECT", host=rule.host, number=rule.number),
        body=say.text(
            "NOTICE_BODY", kind=kind, page=defang(said.texts[PAGE]), seen=say.moment(seen),
            number=rule.number, until=say.date(rule.expires_at), sender=sender, base=base,
        ),
    )  # fmt: skip
