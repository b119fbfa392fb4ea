"""URL rules for tests."""

import os
from datetime import datetime, timedelta
from uuid import UUID

from tests.blocks import People
from zvon.access.viewer import Viewer
from zvon.store import url_rule
from zvon.store.transaction import Pool, transaction
from zvon.store.url_row import UrlRule

PAGE = "https://hacked-bakery.example/wp-content/posta/"


def proposal(now: datetime, *urls: str, incident: UUID | None = None) -> url_rule.Proposal:
    return url_rule.Proposal(
        urls=urls, feed="si", reason="phishing for the Post", legal_ground="terms of the feed",
        expires_at=now + timedelta(days=2), incident_uuid=incident,
    )  # fmt: skip


async def propose(
    pool: Pool, who: Viewer, now: datetime, *urls: str, incident: UUID | None = None
) -> list[UrlRule]:
    async with transaction(pool, now) as tx:
        return await url_rule.propose(
            tx, who, proposal(now, *urls, incident=incident), now, os.urandom
        )


async def publish(
    pool: Pool, people: People, now: datetime, *urls: str, incident: UUID | None = None
) -> list[UrlRule]:
    rows = await propose(pool, people["ana"], now, *urls, incident=incident)
    async with transaction(pool, now) as tx:
        return await url_rule.approve(tx, people["bor"], [r.uuid for r in rows], "seen it", now)
