"""What a second look at a block says to the person who decides: keep it, end it, or look yourself."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

FRESH = timedelta(hours=24)
QUIET = timedelta(days=7)


class Advice(StrEnum):
    """What to do with a block that ends soon; a person does it."""

    RENEW = "renew"
    LIFT = "lift"
    LOOK = "look"


class RetestFacts(Struct, frozen=True, kw_only=True):
    """What is known of a blocked name; `None` means not known.

    `resolves_at` and `absent_at` are when DNS last gave an address, or said that there is no such
    name, asked where our blocks are not applied. `reported_at` is the incident's last report, `hits`
    counts questions that resolvers blocked in the last seven days.
    """

    resolves_at: datetime | None = None
    absent_at: datetime | None = None
    reported_at: datetime | None = None
    hits: int | None = None
    compromised: bool = False


def advise(facts: RetestFacts, now: datetime) -> Advice:
    """The advice, from the first rule that applies.

    A name that still resolves is kept when it was reported or asked for lately. A name that is gone
    and that nobody asks for is let go. Of a site that was broken into DNS says nothing, so
    somebody has to look at it.
    """
    gone = facts.absent_at is not None and now - facts.absent_at <= FRESH
    there = facts.resolves_at is not None and now - facts.resolves_at <= FRESH
    if gone and there:
        gone = facts.absent_at >= facts.resolves_at  # type: ignore[operator]
        there = not gone
    reported = facts.reported_at is not None and now - facts.reported_at <= QUIET
    wanted = bool(facts.hits)
    if gone and not reported and not wanted:
        return Advice.LIFT
    if there and not facts.compromised and (reported or wanted):
        return Advice.RENEW
    return Advice.LOOK
