import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.guard import Finding
from zvon.model.page_guard import check, front
from zvon.model.url import parse


def rules(address: str, *host: str) -> set[str]:
    findings = [Finding(rule, "host", rule) for rule in host]
    return {finding.rule for finding in check(parse(address), findings)}


@pytest.mark.parametrize("address", [
    "https://a.example", "https://a.example/", "http://a.example:8080/", "https://a.example/.",
    "https://a.example/x/..", "https://a.example/#login",
])  # fmt: skip
def test_a_whole_host_is_never_a_page(address: str) -> None:
    assert "whole_host" in rules(address)


@pytest.mark.parametrize(("address", "lists", "refused"), [
    ("https://a.example/wp/x", (), set()),
    ("https://a.example/?id=7", (), set()),
    ("https://sites.google.com/view/posta", ("platform",), set()),
    ("https://sites.google.com/?x=1", ("platform",), {"front_page"}),
    ("https://bit.ly/3xYz", ("platform",), set()),
    ("https://nlb.si/", ("official", "brand"), {"front_page", "whole_host"}),
    ("https://nlb.si/?a=b", ("official",), {"front_page"}),
    ("https://nlb.si/index.php", ("brand",), {"front_page"}),
    ("https://nlb.si/prijava", ("brand",), {"front_page"}),
    ("https://gov.si/", ("constituency",), {"front_page", "whole_host"}),
    ("https://school.gov.si/wp-content/x.html", ("constituency",), set()),
    ("https://ocsp.digicert.com/a/b/c", ("infrastructure",), {"infrastructure"}),
    ("https://a.example/a/b", ("some-new-list",), {"some-new-list"}),
    ("https://portal.zvon.example/a/b", ("own",), {"own"}),
    ("ftp://a.example/x/y", (), {"not_web"}),
    ("http://192.168.1.1/x", (), {"not_public"}),
    ("http://8.8.4.4/x", (), set()),
    ("http://[fe80::1]/x", (), {"not_public"}),
])  # fmt: skip
def test_what_may_be_listed(address: str, lists: tuple[str, ...], refused: set[str]) -> None:
    assert rules(address, *lists) == refused


@given(st.text(max_size=8), st.sampled_from(["brand", "official", "constituency", "subscriber"]))
def test_no_query_makes_a_front_page_listable(query: str, owner: str) -> None:
    address = parse("https://nlb.si/?q=" + query)
    assert front(address)
    assert "front_page" in {f.rule for f in check(address, [Finding(owner, "nlb.si", owner)])}
