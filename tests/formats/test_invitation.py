"""The line of text that makes two nodes peers."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import invitation
from zvon.formats.invitation import Invitation
from zvon.formats.note import PeerError

ONE = Invitation(
    node=UUID(int=1), name="Si čvor", country="SI", url="https://[::1]:8443", tls_pin="ab" * 32,
    signing_key="cd" * 32, group=UUID(int=2), token="ef" * 32,
    expires=datetime(2026, 11, 29, tzinfo=UTC),
)  # fmt: skip


def test_it_reads_back_the_same_also_when_copied_with_spaces() -> None:
    text = invitation.write(ONE)
    assert invitation.read(text) == ONE
    assert invitation.read(f"  {text}\n") == ONE
    assert len(text) < 900
    assert text.isascii()


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    for attempt in (text, invitation.PREFIX + text):
        with suppress(PeerError):
            invitation.read(attempt)


@given(st.integers(min_value=len(invitation.PREFIX), max_value=400))
def test_a_cut_invitation_is_refused(length: int) -> None:
    with pytest.raises(PeerError):
        invitation.read(invitation.write(ONE)[:length])


def test_only_https_is_accepted() -> None:
    for url in ("http://a:1", "https://user@a:1", "https://a:1/path", "file:///etc"):
        changed = invitation.write(msgspec.structs.replace(ONE, url=url))
        with pytest.raises(PeerError):
            invitation.read(changed)
