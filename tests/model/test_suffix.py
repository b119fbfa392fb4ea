"""Where names are handed out."""

import pytest

from zvon.model import suffix


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("posta-si.dostava-paketa.example", "dostava-paketa.example"),
        ("example", None),
        ("si", None),
        ("co.uk", None),
        ("com.hr", None),
        ("a.b.com.hr", "b.com.hr"),
        ("pages.dev", None),
        ("x.y.pages.dev", "y.pages.dev"),
        ("zvon-fixture-a.weebly.com", "zvon-fixture-a.weebly.com"),
        ("weebly.com", None),
        ("zvon-fixture.s3.eu-central-1.amazonaws.com", "zvon-fixture.s3.eu-central-1.amazonaws.com"),
        ("sledenje.posta.si", "posta.si"),
        ("localhost", None),
    ],
)  # fmt: skip
def test_the_registered_name_is_one_label_below_the_suffix(name: str, expected: str | None) -> None:
    assert suffix.registered(name) == expected
    assert suffix.is_suffix(name) == (expected is None)


@pytest.mark.parametrize(
    ("name", "private"),
    [("x.pages.dev", True), ("x.weebly.com", True), ("x.github.io", True),
     ("posta.si", False), ("a.example", False), ("a.co.uk", False)],
)  # fmt: skip
def test_a_platform_is_told_from_a_registry(name: str, private: bool) -> None:
    assert suffix.is_private(name) is private


@pytest.mark.parametrize(
    ("name", "known"),
    [("a.si", True), ("a.example", True), ("a.onion", True), ("racun.pdf", False),
     ("intranet", False), ("host.local", False), ("xn--p1ai", True)],
)  # fmt: skip
def test_a_top_level_label_that_does_not_exist_is_known_to_be_none(name: str, known: bool) -> None:
    assert suffix.known(name) is known
