import json
import re
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from tests.formats.blocklist import consumers
from tests.formats.blocklist.made import (
    ABOUT,
    AT,
    HOSTILE_URLS,
    NO_ENTRY,
    entries,
    lists,
)
from zvon.formats.blocklist import FORMATS, BadEntry, Entry, Kind, takes
from zvon.formats.blocklist.squid import expression
from zvon.formats.blocklist.stream import PIECE
from zvon.formats.blocklist.table import cell
from zvon.model.scope import Scope
from zvon.model.url import canonical


def written(name: str, given: list[Entry]) -> str:
    chosen = FORMATS[name]
    return b"".join(chosen.encode((e for e in given if takes(chosen, e)), ABOUT)).decode()


def named(value: str, scope: Scope = Scope.HOST, action: str = "nxdomain") -> Entry:
    return Entry(kind=Kind.NAME, value=value, scope=scope, action=action)


def test_every_format_has_a_reader() -> None:
    assert set(consumers.READERS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(given=lists)
def test_a_reader_sees_what_was_listed_and_nothing_else(name: str, given: list[Entry]) -> None:
    taken = [entry for entry in given if takes(FORMATS[name], entry)]
    seen = consumers.READERS[name](written(name, given))
    assert seen == {pair for entry in taken for pair in consumers.wanted(name, entry)} or (
        _merged(name, taken, seen)
    )


def _merged(name: str, taken: list[Entry], seen: consumers.Seen) -> bool:
    """Two kinds may hold one value (a name, and the same as a name server): compare values."""
    values = [entry.value for entry in taken]
    return len(set(values)) < len(values) and {v for v, _ in seen} == {
        v for entry in taken for v, _ in consumers.wanted(name, entry)
    }


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("address", HOSTILE_URLS)
def test_a_hostile_address_changes_nothing_beside_itself(name: str, address: str) -> None:
    hostile = Entry(kind=Kind.URL, value=address)
    before, after = named("before.example", Scope.HOST_SUB), named("last.example", Scope.HOST_SUB)
    seen = consumers.READERS[name](written(name, [before, hostile, after]))
    rest = {pair for e in (before, after) if takes(FORMATS[name], e)
            for pair in consumers.wanted(name, e)}  # fmt: skip
    mine = consumers.wanted(name, hostile) if takes(FORMATS[name], hostile) else set()
    assert seen == rest | mine


@pytest.mark.parametrize("address", HOSTILE_URLS)
def test_hostile_addresses_are_such_that_the_product_keeps_as_they_are(address: str) -> None:
    assert canonical(address) == address


@pytest.mark.parametrize(("kind", "value"), NO_ENTRY)
def test_what_could_end_a_line_or_begin_an_option_is_no_entry(kind: Kind, value: str) -> None:
    with pytest.raises(BadEntry):
        Entry(kind=kind, value=value)


@pytest.mark.parametrize("field", ["category", "reason", "reference"])
@pytest.mark.parametrize("text", ["a\nb", 'a"', "a;b", "a b", "#a", "<a>"])
def test_words_beside_the_value_are_single_words(field: str, text: str) -> None:
    with pytest.raises(BadEntry):
        replace(named("a.example"), **{field: text})


@given(entries)
def test_no_line_of_a_text_format_is_longer_than_its_entry_needs(entry: Entry) -> None:
    for name in ("txt", "squid-urls", "edl-urls", "edl-domains"):
        body = [line for line in written(name, [entry]).split("\n") if line[:1] not in {"", "#"}]
        assert len(body) == (takes(FORMATS[name], entry)) * (
            2 if name == "edl-domains" and entry.below else 1
        )


def test_the_file_of_knot_resolver_holds_no_host_of_ours() -> None:
    given = [named("a.example", Scope.HOST_SUB, "landing"), named("b.example", action="nodata")]
    said = written("kresd", given)
    assert "landing" not in said
    assert set(re.findall(r" CNAME (\S+)", said)) == {".", "*."}
    assert "$ORIGIN si.zvon." in said
    assert "a.example CNAME landing.example." in written("rpz", given)


def test_a_host_alone_never_covers_what_lies_below_it() -> None:
    given = [named("a.example")]
    assert "local=" not in written("dnsmasq", given)
    assert "transparent" in written("unbound", given)
    assert "||" not in written("adblock", given)
    assert ".a.example" not in written("squid-domains", given)
    assert "*" not in written("edl-domains", given)
    assert "match-subdomain" not in written("routeros", given)
    assert "below:add" not in written("dnsdist", given)
    assert "*" not in written("windows", given)


@pytest.mark.parametrize(("asked", "refused"), [
    ("https://a.example/x", True), ("https://a.example/x?y=1", True),
    ("https://a.example/x/y", False), ("https://a.example/xy", False),
    ("a.example:443", False), ("https://a.example/", False),
    ("http://b.example/?u=https://a.example/x", False),
])  # fmt: skip
def test_squid_refuses_the_page_and_never_its_host(asked: str, refused: bool) -> None:
    rule = expression(Entry(kind=Kind.URL, value="https://a.example/x"))
    assert bool(re.search(rule, asked)) is refused


def test_an_address_that_would_be_a_wildcard_is_not_in_the_list_of_a_firewall() -> None:
    wild = Entry(kind=Kind.URL, value="https://a.example/*")
    assert not takes(FORMATS["edl-urls"], wild)
    assert takes(FORMATS["squid-urls"], wild)


def test_the_test_name_is_no_intelligence() -> None:
    test = Entry(kind=Kind.NAME, value="test.si.zvon.example", category="test")
    assert takes(FORMATS["rpz"], test)
    assert not takes(FORMATS["stix"], test)
    assert not takes(FORMATS["misp"], test)


@pytest.mark.parametrize("name", ["txt", "csv", "json"])
def test_a_difference_says_what_came_and_what_went(name: str) -> None:
    difference = FORMATS[name].difference
    assert difference is not None
    said = b"".join(difference([named("new.example")], ["old.example"], ABOUT)).decode()
    if name == "json":
        body = json.loads(said)
        assert body["removed"] == ["old.example"]
        assert [e["value"] for e in body["added"]] == ["new.example"]
        assert body["change"] == 12
    elif name == "txt":
        assert said.split("\n")[1:] == ["-old.example", "+new.example", ""]
    else:
        assert said.split("\r\n")[1].startswith("remove,,old.example,")
        assert said.split("\r\n")[2].startswith("add,name,new.example,host,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text).lstrip('"')[0] == "'"


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_entries_give_the_same_bytes_in_pieces_of_bounded_size(name: str) -> None:
    def many() -> Iterator[Entry]:
        return (named(f"n{i}.example", Scope.HOST_SUB) for i in range(5000))

    chosen = FORMATS[name]
    if Kind.NAME not in chosen.kinds:
        return
    first = list(chosen.encode(many(), ABOUT))
    assert first == list(chosen.encode(many(), ABOUT))
    assert max(map(len, first)) < 4 * PIECE


def test_stix_objects_keep_their_identifier_and_say_until_when() -> None:
    entry = Entry(kind=Kind.NAME, value="a.example", added_at=AT, expires_at=AT.replace(day=23),
                  category="phishing", reference="B-26-000001")  # fmt: skip
    one = json.loads(written("stix", [entry]))["objects"][1]
    assert one["valid_until"] == "2026-11-23T09:00:00.000Z"
    assert one["id"] == json.loads(written("stix", [entry]))["objects"][1]["id"]
    assert one["labels"] == ["phishing"]


@pytest.mark.parametrize("name", ["csv", "json", "xml", "stix"])
def test_times_are_in_utc_wherever_the_clock_stands(name: str) -> None:
    at = AT.astimezone(timezone(timedelta(hours=2)))
    entry = replace(named("a.example"), added_at=at, expires_at=at + timedelta(days=1))
    said = written(name, [entry])
    assert "2026-11-22T09:00:00" in said
    assert "T11:00:00" not in said
