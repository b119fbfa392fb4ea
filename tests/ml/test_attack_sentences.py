"""Sentences of a report with their places, and what of them the model reads."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.attack.sentences import LONGEST, masked, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_lines_and_full_stops_part_sentences() -> None:
    text = "Title\r\nIt runs cmd.exe. Then it stops! \n  • It sleeps, e.g. For an hour.\n\n"
    assert cut(text) == [
        "Title", "It runs cmd.exe.", "Then it stops!", "• It sleeps, e.g. For an hour."]  # fmt: skip


def test_an_endless_line_is_cut() -> None:
    assert [len(piece) for piece in cut("a" * (2 * LONGEST + 5))] == [LONGEST, LONGEST, 5]


@given(st.text(max_size=300))
def test_sentences_hold_every_letter_in_order(text: str) -> None:
    places = list(sentences(text))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(places))
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


def test_what_names_one_incident_is_made_equal() -> None:
    one = masked("It calls hxxp://a[.]example/x from 192.0.2.7:443, see CVE-2024-12345 (T1059.003)")
    two = masked("It calls https://b.example/y from 198.51.100.9, see cve-2021-4444 (T1566)")
    assert one == two
    assert "urlx" in one
    assert "cvex" in one
    assert masked("sample " + "a1" * 32) == masked("sample " + "c2" * 32)
    assert masked("deletes 5 files") == masked("deletes 1234 files")


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert "  " not in masked(text)
