"""Strata: each address has exactly one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.stratum import STRATA, stratum


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://bit.ly/3abcde", "shortener"),
        ("https://zvon-fixture.pages.dev/login", "platform"),
        ("https://posta.example", "home"),
        ("https://posta.example/", "home"),
        ("POSTA.example", "home"),
        ("https://posta.example:8443/", "home"),
        ("https://posta.example/sl/prijava.html", "account"),
        ("https://posta.example/?search=x", "account"),
        ("https://posta.example/blogin/", "deep"),
        ("https://user@posta.example/novice/2026", "deep"),
    ],
)
def test_stratum(address: str, kind: str) -> None:
    assert stratum(address) == kind


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    assert stratum(text) in STRATA
