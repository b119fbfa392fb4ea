"""One spelling for each name, and only our error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.model.name import BadName, canonical, defang, display

hostile = st.text(
    alphabet=st.sampled_from("aZ9-_.xnčр。\u200b\u202e\u200d\u00ad*% /@[\ud800é☃"), max_size=80
)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=100), hostile))
def test_the_canonical_form_is_stable_and_only_our_error_is_raised(text: str) -> None:
    with suppress(BadName):
        once = canonical(text)
        assert canonical(once) == once
        assert len(once) <= 253
        assert all(0 < len(label) <= 63 for label in once.split("."))


@settings(deadline=None)
@given(st.one_of(st.text(max_size=100), hostile))
def test_the_displayed_form_leads_back_to_the_same_name(text: str) -> None:
    with suppress(BadName):
        once = canonical(text)
        assert canonical(display(once)) == once


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EVIL-fixture.example.", "evil-fixture.example"),
        ("pošta-fixture.example", "xn--pota-fixture-wnc.example"),
        ("раypal.example", "xn--ypal-43d9g.example"),
        ("xn--pota-h6a.dostava-danes.example", "xn--pota-h6a.dostava-danes.example"),
        ("a。b.example", "a.b.example"),
        ("po\u200bsta.example", "posta.example"),
        ("_dmarc.a.example", "_dmarc.a.example"),
        ("localhost", "localhost"),
        ("1.0.0.127.in-addr.arpa", "1.0.0.127.in-addr.arpa"),
    ],
)
def test_spellings_of_one_name_become_one(text: str, name: str) -> None:
    assert canonical(text) == name


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "*.example", "a b.example", "a" * 64 + ".example", ".".join(["a" * 60] * 5),
     "posta\u202e.example", "xn--a.example", "xn--pota-h6a9.example", "198.51.100.7", "a.0x7f",
     "-a.example", "a" * 100_000, "\ud800.example", "xn--ASCII-.example"],
)  # fmt: skip
def test_what_no_resolver_could_load_is_refused(text: str) -> None:
    with pytest.raises(BadName):
        canonical(text)


def test_only_the_last_dot_is_bracketed() -> None:
    assert defang("posta-si.dostava-paketa.example") == "posta-si.dostava-paketa[.]example"
    assert defang("localhost") == "localhost"


def test_a_name_is_shown_in_the_letters_that_people_know() -> None:
    assert display("xn--pota-h6a.dostava-danes.example") == "pošta.dostava-danes.example"
    assert display("xn--a.example") == "xn--a.example"
