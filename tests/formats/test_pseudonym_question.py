"""What partners ask and answer reads back the same, and nothing hidden stays in it."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.note import PeerError
from zvon.formats.pseudonym_question import (
    MAX_AT_ONCE,
    Answered,
    Asked,
    read_answers,
    read_ids,
    read_questions,
    seen,
    write,
)

ONE = UUID(int=1)
TOKEN = "person-0123456789abcdef"


def test_questions_and_answers_read_back() -> None:
    asked = Asked(id=ONE, token=TOKEN, question="Whose machine\nis it?")
    assert read_questions(write([asked])) == [asked]
    said = Answered(id=ONE, state="answered", answer="a bank's")
    assert read_answers(write([said])) == [said]
    assert read_ids(write([ONE])) == [ONE]


def test_what_nobody_sees_is_taken_out() -> None:
    assert seen("ab\u202ecd\u200b\x00e\r\n ") == "abcde"


@pytest.mark.parametrize(
    "body",
    [b'[{"id":"x"}]', b'[{"id":"00000000-0000-0000-0000-000000000001","token":"A b","question":"who?"}]',
     b'[{"id":"00000000-0000-0000-0000-000000000001","token":"person-0123456789abcdef","question":"w"}]',
     b"[[" * 50_000, b'"\xed\xa0\x80"'],
)  # fmt: skip
def test_what_is_no_question_is_refused(body: bytes) -> None:
    with pytest.raises(PeerError):
        read_questions(body)


def test_too_many_at_once_are_refused() -> None:
    with pytest.raises(PeerError, match="more than"):
        read_ids(write([ONE] * (MAX_AT_ONCE + 1)))


@given(st.binary())
def test_no_bytes_raise_anything_but_our_own_error(body: bytes) -> None:
    for read in (read_questions, read_answers, read_ids):
        try:
            found: object = read(body)
        except PeerError as problem:
            found = problem
        assert found is not None
