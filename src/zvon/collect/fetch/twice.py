"""A second look as a telephone, where a computer was shown nothing: kits of text messages do that."""

from datetime import datetime

from zvon.collect.fetch.client import Client
from zvon.collect.fetch.page import Seen, look_at
from zvon.ml.look import PRECIOUS
from zvon.model.page import Capture, Outcome, PageFacts, Vantage
from zvon.model.suffix import registered
from zvon.model.url import BadUrl, parse

LITTLE = 200
_ANSWERED = frozenset({Outcome.SEEN, Outcome.LIMITED})


async def look_twice(
    plain: Client, phone: Client, url: str, now: datetime, *, keep_token: bool, probe: bool
) -> tuple[Seen, ...]:
    """The look of a computer, and that of a telephone where it shows what the first one does not."""
    first = await look_at(plain, url, now, keep_token=keep_token, probe=probe)
    if not bare(first.capture):
        return (first,)
    second = await look_at(phone, url, now, keep_token=keep_token, probe=probe)
    return (first, second) if asks(second.capture) else (first,)


def bare(capture: Capture) -> bool:
    """True where somebody answered and showed nothing that a fake page would want."""
    facts = capture.facts
    if capture.outcome not in _ANSWERED or facts is None or not facts.hops or asks(capture):
        return False
    if facts.parked or "listing" in facts.hints:
        return False
    return facts.status >= 400 or len(facts.text) < LITTLE or _elsewhere(facts)


def asks(capture: Capture) -> bool:
    """True where the page asks for something that somebody can be robbed of."""
    facts = capture.facts
    if capture.outcome not in _ANSWERED or facts is None:
        return False
    return any(kind in PRECIOUS for form in facts.forms for kind in form.asks)


def telling(captures: list[Capture]) -> Capture:
    """The look that shows most: a telephone's counts only where it was shown more."""
    return next((each for each in captures if each.vantage is Vantage.PHONE), captures[0])


def _elsewhere(facts: PageFacts) -> bool:
    """True where the chain left the domain that was asked for."""
    return _domain(facts.hops[0].url) != _domain(facts.hops[-1].url)


def _domain(url: str) -> str:
    try:
        host = parse(url).host
    except BadUrl:
        return ""
    return registered(host) or host
