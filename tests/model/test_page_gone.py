"""A page is gone when looks in a row say so; silence, doubt and one look say nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.mail_policy import shipped
from zvon.model.page import Capture, Hop, Outcome, PageFacts, Vantage
from zvon.model.page_gone import gone_since, next_look, seen

RULE = shipped().takedown
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://posta.primer.example/i"
AGAIN, EVERY = timedelta(minutes=RULE.again_minutes), timedelta(minutes=RULE.look_every_minutes)


def look(hours: float, outcome: Outcome = Outcome.SEEN, *, status: int = 200, reason: str = "",
         parked: bool = False, vantage: Vantage = Vantage.PLAIN) -> Capture:  # fmt: skip
    facts = PageFacts(hops=(Hop(URL, status),), status=status, parked=parked)
    return Capture(url=URL, stage=3, vantage=vantage, outcome=outcome, reason=reason,
                   facts=facts if outcome is Outcome.SEEN else None,
                   at=NOON + timedelta(hours=hours))  # fmt: skip


@pytest.mark.parametrize(
    ("one", "there"),
    [
        (look(0), True),
        (look(0, status=403), True),
        (look(0, status=404), False),
        (look(0, status=410), False),
        (look(0, parked=True), False),
        (look(0, Outcome.UNREACHABLE, reason="no_address"), False),
        (look(0, Outcome.UNREACHABLE, reason="time"), None),
        (look(0, Outcome.UNREACHABLE, reason="tls"), None),
        (look(0, Outcome.REFUSED), None),
        (look(0, Outcome.LIMITED), None),
        (look(0, Outcome.UNAVAILABLE), None),
    ],
)
def test_what_one_look_says(one: Capture, there: bool | None) -> None:
    assert seen(one, RULE) is there


@pytest.mark.parametrize(
    ("looks", "since"),
    [
        ([], None),
        ([look(1, status=404)], None),
        ([look(1, status=404), look(1.1, status=404)], None),
        ([look(1, status=404), look(2, status=404)], 1),
        ([look(1, status=404), look(2), look(3, status=404)], None),
        ([look(0), look(1, status=404), look(2, status=404)], 1),
        ([look(1, status=404), look(2, status=404), look(9)], None),
        ([look(1, status=404), look(2, Outcome.REFUSED), look(3, status=404)], 1),
        ([look(1, status=404), look(2, status=404), look(2, vantage=Vantage.PHONE)], None),
    ],
)
def test_looks_in_a_row_say_that_it_is_gone(looks: list[Capture], since: float | None) -> None:
    wanted = None if since is None else NOON + timedelta(hours=since)
    assert gone_since(looks, RULE) == wanted
    assert gone_since(looks[::-1], RULE) == wanted


any_look = st.builds(
    look, st.floats(0, 500), st.sampled_from(Outcome), status=st.sampled_from([200, 404, 410]),
    reason=st.sampled_from(["", "no_address", "time"]),
)  # fmt: skip


@given(st.lists(any_look, max_size=12))
def test_a_page_that_was_seen_last_is_never_gone(looks: list[Capture]) -> None:
    last = look(501)
    assert gone_since([*looks, last], RULE) is None
    since = gone_since(looks, RULE)
    assert since is None or sum(seen(each, RULE) is False for each in looks) >= RULE.gone_looks


def test_the_next_look_comes_sooner_while_it_is_not_certain() -> None:
    assert next_look([], None, RULE) is None
    assert next_look([], NOON, RULE) == NOON + EVERY
    assert next_look([look(0)], NOON, RULE) == NOON + EVERY
    assert next_look([look(0, status=404)], NOON, RULE) == NOON + AGAIN
    certain = [look(0, status=404), look(2, status=404)]
    assert next_look(certain, NOON, RULE) == certain[1].at + EVERY
