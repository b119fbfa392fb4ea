"""Framing of syslog: however a stream is cut, the messages are the same."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.log.syslog_frame import BadFrame, Frames, as_line

messages = st.lists(
    st.binary(min_size=1, max_size=60).map(lambda b: b"<13>" + b.rstrip(b"\r\n\0")), max_size=8
)
cuts = st.lists(st.integers(0, 600), max_size=6)


def cut(stream: bytes, at: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(place for place in at if place < len(stream)), len(stream)]
    return [stream[a:b] for a, b in pairwise(places)]


@given(messages, cuts)
def test_counted_messages_come_out_whole_however_the_stream_is_cut(
    sent: list[bytes], at: list[int]
) -> None:
    stream = b"".join(b"%d %s" % (len(m), m) for m in sent)
    frames = Frames()
    found = [m for piece in cut(stream, at) for m in frames.feed(piece)]
    assert found + frames.end() == sent


@given(messages, cuts)
def test_lines_come_out_whole_however_the_stream_is_cut(sent: list[bytes], at: list[int]) -> None:
    plain = [as_line(m) for m in sent]
    frames = Frames()
    found = [m for piece in cut(b"\n".join(plain), at) for m in frames.feed(piece)]
    assert found + frames.end() == plain


@given(st.lists(st.binary(max_size=200)))
def test_no_bytes_raise_anything_but_our_own_error_or_wait_without_bound(
    pieces: list[bytes],
) -> None:
    frames = Frames(most=100)
    with suppress(BadFrame):
        for piece in pieces:
            assert all(len(message) <= 112 + len(piece) for message in frames.feed(piece))
    assert all(len(message) <= 112 + 200 for message in frames.end())


def test_both_framings_may_follow_each_other() -> None:
    assert Frames().feed(b"<13>a\n9 <13>bcd e<14>f\r\n") == [b"<13>a", b"<13>bcd e", b"<14>f"]


def test_a_counted_message_may_hold_line_ends() -> None:
    [message] = Frames().feed(b"10 <13>a\nb\nc\n")
    assert message == b"<13>a\nb\nc"
    assert as_line(message) == b"<13>a#012b#012c"


@pytest.mark.parametrize("stream", [b"x" * 500, b"9999999 <13>", b"<13>" + b"1" * 200])
def test_a_message_without_an_end_is_refused(stream: bytes) -> None:
    frames = Frames(most=100)
    with pytest.raises(BadFrame):
        for start in range(0, len(stream), 50):
            frames.feed(stream[start : start + 50])


def test_an_old_message_that_begins_with_a_digit_is_a_line() -> None:
    assert Frames().feed(b"2026-11-22 text\n") == [b"2026-11-22 text"]
