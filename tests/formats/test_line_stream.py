"""Lines out of a stream: numbered, bounded, whatever the cut."""

from hypothesis import given
from hypothesis import strategies as st

from tests.formats.decoding import in_chunks
from zvon.formats.line_stream import lines
from zvon.model.item import Bad


@given(
    st.lists(
        st.binary(max_size=20).filter(lambda line: b"\n" not in line and not line.endswith(b"\r")),
        max_size=20,
    ),
    st.integers(1, 30),
)
def test_lines_come_with_their_numbers_and_empty_ones_count(
    given_lines: list[bytes], size: int
) -> None:
    body = b"\n".join(given_lines)
    if body.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return
    expected = [(n, line) for n, line in enumerate(given_lines, start=1) if line]
    assert list(lines(in_chunks(body, size))) == expected


@given(st.binary(max_size=200), st.integers(1, 30))
def test_no_cut_changes_the_lines(body: bytes, size: int) -> None:
    assert list(lines(in_chunks(body, size), 50)) == list(lines([body], 50))


def test_a_long_line_is_bad_once_and_the_next_is_read() -> None:
    body = b"a\n" + b"x" * 5000 + b"\r\nb\r\n"
    first, bad, last = lines(in_chunks(body, 100), 1000)
    assert (first, last) == ((1, b"a"), (3, b"b"))
    assert isinstance(bad, Bad)
    assert bad.position == "line 2"


def test_a_long_line_at_the_end_is_said_too() -> None:
    (bad,) = lines([b"x" * 3000, b"y" * 3000], 1000)
    assert isinstance(bad, Bad)


def test_marks_of_unicode_are_read() -> None:
    assert list(lines(["\ufeffčaj\n".encode()])) == [(1, "čaj".encode())]
    assert list(lines(in_chunks("\ufeffčaj\nb".encode("utf-16-be"), 3))) == [
        (1, "čaj".encode()), (2, b"b"),
    ]  # fmt: skip
