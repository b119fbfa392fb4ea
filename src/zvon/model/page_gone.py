"""Is a page gone? What looks at it say together; one look alone never says it.

A page that hides from us, a server that is slow and a look that our own guard refused say nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from zvon.model.mail_policy import Takedown
from zvon.model.page import Capture, Outcome


def seen(look: Capture, rule: Takedown) -> bool | None:
    """Was the page there? `None` when the look does not say."""
    if look.outcome is Outcome.UNREACHABLE:
        return False if look.reason in rule.gone_reasons else None
    if look.outcome is not Outcome.SEEN or look.facts is None:
        return None
    return not (look.facts.status in rule.gone_status or look.facts.parked)


def gone_since(looks: Sequence[Capture], rule: Takedown) -> datetime | None:
    """Since when it is gone, by the looks in any order; `None` while that is not certain.

    Looks of one moment from several places count as one, and as gone only when none of them saw it.
    """
    said = [(look.at, answer) for look in looks if (answer := seen(look, rule)) is not None]
    last_there = max((at for at, answer in said if answer), default=None)
    empty = sorted({at for at, answer in said if not answer
                    and (last_there is None or at > last_there)})  # fmt: skip
    apart = timedelta(minutes=rule.again_minutes) * (rule.gone_looks - 1)
    # The next look is asked for when the time is over and may come a little early by our clock.
    if len(empty) < rule.gone_looks or empty[-1] - empty[0] < apart * 0.9:
        return None
    return empty[0]


def next_look(looks: Sequence[Capture], asked: datetime | None, rule: Takedown) -> datetime | None:
    """When to look again; `None` means now. `looks` are those since the letter, in any order."""
    newest = max(looks, key=lambda each: each.at, default=None)
    last = max(filter(None, (asked, newest.at if newest else None)), default=None)
    if last is None:
        return None
    absent = newest is not None and seen(newest, rule) is False
    certain = gone_since(looks, rule) is not None
    soon = absent and not certain
    return last + timedelta(minutes=rule.again_minutes if soon else rule.look_every_minutes)
