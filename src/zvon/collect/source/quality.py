"""The job `collect.quality`: what every source was worth in the last whole week."""

from datetime import date, datetime, timedelta
from typing import Any

from zvon.jobs import Context
from zvon.store import source_quality


async def weigh(context: Context, _payload: dict[str, Any]) -> None:
    """Compute the week that ended with the last Sunday (UTC); run daily, it is complete soon."""
    now = context.clock()
    await source_quality.compute(context.pool, monday(now), now)


def monday(now: datetime) -> date:
    """The Monday on which the week of `now` began."""
    return (now - timedelta(days=now.weekday())).date()
