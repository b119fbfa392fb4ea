"""The lives of messages and notices."""

import pytest

from zvon.model import mail_policy
from zvon.model.mail_policy import BadMailPolicy
from zvon.model.marking import Tlp
from zvon.model.message import MESSAGE_MOVES, NOTICE_MOVES, OPEN, MessageState, NoticeState, Trust


def test_every_state_has_its_moves() -> None:
    assert set(MESSAGE_MOVES) == set(MessageState)
    assert set(NOTICE_MOVES) == set(NoticeState)


def test_what_was_sent_never_waits_again() -> None:
    after = MESSAGE_MOVES[MessageState.SENT] | MESSAGE_MOVES[MessageState.DELIVERED]
    assert after.isdisjoint({MessageState.QUEUED, MessageState.SENDING, MessageState.DRAFT})
    assert MessageState.SENT not in OPEN


def test_only_two_kinds_of_trust_change_anything() -> None:
    assert {each for each in Trust if each.verified} == {Trust.SIGNED, Trust.AUTHENTICATED}


def test_the_policy_that_ships_can_be_read() -> None:
    found = mail_policy.shipped()
    assert found.sending.rest(1).total_seconds() == 60
    assert found.sending.rest(99).total_seconds() == 3600
    assert (found.cleared("typed"), found.cleared("nobody")) == (Tlp.GREEN, Tlp.CLEAR)
    assert found.notice.of("compromised_site").urgent


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadMailPolicy):
        mail_policy.read("[sending]\nrests = []")
