"""Warning lists: what matches which value, and that nothing else does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.reference.warning_list import (
    BadList,
    ListIn,
    WarningLists,
    compile_lists,
    decode,
)
from zvon.model.observable import Observable, ObservableType

T = ObservableType
NAMES = ["domain", "hostname", "url", "domain|ip"]
ADDRESSES = ["ip-src", "ip-dst"]


def a_list(kind: str, attributes: list[str], *entries: str, slug: str = "a") -> tuple[ListIn, str]:
    body = {"name": f"List {slug}", "type": kind, "list": list(entries), "version": 7,
            "matching_attributes": attributes, "description": "what it holds"}  # fmt: skip
    return decode(json.dumps(body).encode(), slug)


def compiled(*lists: tuple[ListIn, str], off: tuple[str, ...] = ()) -> WarningLists:
    made = compile_lists(lists)
    return WarningLists(made.keys, made.numbers, made.meta, off)


def slugs(lists: WarningLists, kind: ObservableType, value: str) -> list[str]:
    return [each.slug for each in lists.hits(Observable(kind, value))]


def test_a_plain_list_matches_the_value_alone_and_a_host_list_what_is_below() -> None:
    lists = compiled(
        a_list("string", NAMES, "posta.example", slug="plain"),
        a_list("hostname", NAMES, ".banka.example", "*.cdn.example", slug="hosts"),
    )
    assert slugs(lists, T.DOMAIN, "posta.example") == ["plain"]
    assert slugs(lists, T.DOMAIN, "www.posta.example") == []
    assert slugs(lists, T.DOMAIN, "banka.example") == ["hosts"]
    assert slugs(lists, T.DOMAIN, "www.banka.example") == ["hosts"]
    assert slugs(lists, T.DOMAIN, "x.cdn.example") == ["hosts"]
    assert slugs(lists, T.DOMAIN, "evilbanka.example") == []
    assert slugs(lists, T.URL, "https://www.banka.example/prijava") == ["hosts"]


def test_an_address_is_found_in_every_prefix_that_holds_it() -> None:
    lists = compiled(
        a_list("cidr", ADDRESSES, "192.0.2.0/24", "2001:db8::/32", slug="wide"),
        a_list("cidr", ADDRESSES, "192.0.2.7", slug="one"),
    )
    assert slugs(lists, T.IPV4, "192.0.2.7") == ["wide", "one"]
    assert slugs(lists, T.IPV4, "192.0.2.8") == ["wide"]
    assert slugs(lists, T.IPV4, "192.0.3.7") == []
    assert slugs(lists, T.IPV6, "2001:db8:1::5") == ["wide"]
    assert slugs(lists, T.CIDR, "192.0.2.0/25") == ["wide"]
    assert slugs(lists, T.CIDR, "192.0.0.0/16") == []


def test_a_list_speaks_only_of_the_types_that_it_is_about() -> None:
    lists = compiled(a_list("string", ["md5"], "posta.example", slug="hashes"))
    assert slugs(lists, T.DOMAIN, "posta.example") == []


def test_substrings_and_patterns_are_found_and_a_pattern_without_linear_time_is_left_out() -> None:
    lists = compiled(
        a_list("substring", ["email-src"], "burner.example", slug="burner"),
        a_list("regex", ["email-src"], r"/^(abuse|noc)\@.*$/i", r"/(a)\1/", slug="desk"),
    )
    assert slugs(lists, T.EMAIL, "x@burner.example") == ["burner"]
    assert slugs(lists, T.EMAIL, "abuse@isp.example") == ["desk"]
    assert slugs(lists, T.EMAIL, "ana@isp.example") == []
    assert lists.meta.lists[1].skipped == 1


def test_a_list_that_is_switched_off_is_silent() -> None:
    one = a_list("string", NAMES, "posta.example", slug="plain")
    assert slugs(compiled(one, off=("plain",)), T.DOMAIN, "posta.example") == []


def test_entries_that_cannot_be_read_are_counted() -> None:
    lists = compiled(a_list("cidr", ADDRESSES, "192.0.2.0/24", "not a network", "", slug="a"))
    assert (lists.meta.lists[0].entries, lists.meta.lists[0].skipped) == (1, 2)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"name":"x","type":"other","list":[]}', b"\xff"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(BadList):
        decode(data, "a")


@given(st.sets(st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True), max_size=20),
       st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True))  # fmt: skip
def test_a_name_is_found_exactly_when_it_is_listed(listed: set[str], asked: str) -> None:
    lists = compiled(a_list("string", NAMES, *listed))
    assert bool(slugs(lists, T.DOMAIN, asked)) == (asked in listed)
