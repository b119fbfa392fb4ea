"""JSON of programs that nobody described: values by the names of their fields."""

import json

from tests.formats.decoding import items, named, only, reporting, said
from zvon.formats.log.json_lines import FORMAT
from zvon.model.item import ItemKind


def test_fields_that_are_called_like_values_are_read_at_any_level() -> None:
    value = {"TimeGenerated": "2026-11-22T08:30:00Z", "Client_IPAddress": "203.0.113.9:443", "Computer": "PC7",
             "Operation": "MailItemsAccessed", "UserId": "ana@vaba.example",
             "file": {"sha256": "ab" * 32, "path": "/a/b/c.exe"}, "request": [{"url": "https://bad.example/x"}],
             "note": "203.0.113.77"}  # fmt: skip
    item = only(FORMAT, json.dumps(value).encode())
    assert (item.kind, item.title) == (ItemKind.LOG, "MailItemsAccessed")
    assert said(item) == {
        ("ipv4", "203.0.113.9"),
        ("sha256", "ab" * 32),
        ("url", "https://bad.example/x"),
    }
    assert named(item) == {("email", "ana@vaba.example"), ("filepath", "/a/b/c.exe")}
    assert len(reporting(item)) == 1
    assert item.at is not None


def test_a_field_that_says_indicator_is_read_for_what_it_is() -> None:
    body = [
        {"Indicator": each}
        for each in (
            "AB" * 32,
            "bad.example",
            "https://bad.example/",
            "a@bad.example",
            "CVE-2026-12345",
            "plain words",
        )
    ]
    found = items(FORMAT, json.dumps(body).encode())
    assert [{kind for kind, _ in said(each)} for each in found] == [
        {"sha256"}, {"domain"}, {"url"}, {"email"}, {"cve"}, set(),
    ]  # fmt: skip
    assert [each.kind for each in found] == [ItemKind.INDICATOR] * 5 + [ItemKind.LOG]


def test_very_wide_and_deep_objects_are_kept_and_not_gone_through() -> None:
    wide = {f"k{n}": {"ip": "203.0.113.9"} for n in range(5000)}
    assert only(FORMAT, json.dumps(wide).encode()).payload == wide
    deep: dict[str, object] = {"ip": "203.0.113.9"}
    for _ in range(20):
        deep = {"a": deep}
    assert only(FORMAT, json.dumps(deep).encode()).values == ()


def test_anybody_who_knows_more_goes_first() -> None:
    guess = FORMAT.sniff(b'{"a": 1}', "")
    assert guess is not None
    assert guess.score == 20
    assert FORMAT.sniff(b"a,b\n", "x.json") is None
