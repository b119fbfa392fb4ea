"""Line ends inside words and values are taken out, all others stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.document.repair import repaired

LONG = "The page was at http://evil.example/a/very/long/path/that/does/not/fit"


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        ("infra-\nstructure", "infrastructure"),
        ("pre\ufffe\nvara", "prevara"),
        (f"{LONG}/on/\nthis/line.php and more", f"{LONG}/on/this/line.php and more"),
        ("d41d8cd98f00b204\ne9800998ecf8427e x", "d41d8cd98f00b204e9800998ecf8427e x"),
        ("see evil[.]\nexample now", "see evil[.]example now"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_what_was_torn_is_whole_again(torn: str, whole: str) -> None:
    assert repaired(torn) == whole


@pytest.mark.parametrize(
    "text",
    [
        "http://one.example/a\nhttp://two.example/b",
        "one.example\ntwo.example",
        "d41d8cd98f00b204e9800998ecf8427e\nd41d8cd98f00b204e9800998ecf8427e",
        "A sentence ends.\nAnother begins",
        "192.0.2.1\n192.0.2.2",
        "well-\nKnown",
    ],
)
def test_two_things_stay_two(text: str) -> None:
    assert repaired(text) == text


@given(st.text(max_size=300))
def test_no_text_loses_its_letters(text: str) -> None:
    kept = [c for c in repaired(text) if c.isalnum()]
    assert kept == [c for c in text if c.isalnum()]
