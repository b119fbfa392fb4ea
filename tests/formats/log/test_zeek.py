"""Zeek logs: tables by their own header, JSON in both spellings, notices as alerts."""

import json

import pytest

from tests.formats.decoding import decoded, items, named, only, said
from zvon.formats.log.zeek import FORMAT
from zvon.model.item import Bad, ItemKind

HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#fields\t{fields}\n#types\t{types}\n"


def table(path: str, columns: dict[str, str], *rows: list[str]) -> bytes:
    head = HEADER.format(path=path, fields="\t".join(columns), types="\t".join(columns.values()))
    return (head + "".join("\t".join(row) + "\n" for row in rows) + "#close\t2026\n").encode()


CONN = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.resp_h": "addr",
    "service": "string",
}


def test_a_connection_is_a_line_with_both_ends() -> None:
    item = only(FORMAT, table("conn", CONN, ["1795336200.5", "C1", "10.0.0.5", "2001:db8::9", "-"]))
    assert (item.kind, item.title, item.position) == (ItemKind.LOG, "conn", "line 8")
    assert said(item) == {("ipv4", "10.0.0.5"), ("ipv6", "2001:db8::9")}
    assert "service" not in item.payload
    assert item.payload["_path"] == "conn"
    assert item.at is not None


def test_lists_in_a_column_are_values_each() -> None:
    dns = {"ts": "time", "uid": "string", "query": "string", "answers": "vector[string]"}
    first, second = items(FORMAT, table("dns", dns, ["1795336200", "C1", "Bad.Example", "192.0.2.1,edge.example"],
                                        ["1795336200", "C1", "b.example", "(empty)"]))  # fmt: skip
    assert said(first) == {("domain", "bad.example")}
    assert named(first) == {("ipv4", "192.0.2.1"), ("domain", "edge.example")}
    assert second.payload["answers"] == []


def test_notices_are_alerts() -> None:
    notice = {"ts": "time", "note": "enum", "msg": "string", "src": "addr"}
    item = only(
        FORMAT,
        table("notice", notice, ["1795336200", "SSH::Password_Guessing", "guessing", "192.0.2.4"]),
    )
    assert (item.kind, item.title, item.text) == (
        ItemKind.ALERT,
        "SSH::Password_Guessing",
        "guessing",
    )


def test_a_hit_of_intelligence_says_what_was_seen() -> None:
    intel = {
        "ts": "time",
        "uid": "string",
        "seen.indicator": "string",
        "seen.indicator_type": "enum",
    }
    item = only(FORMAT, table("intel", intel, ["1795336200", "C1", "bad.example", "Intel::DOMAIN"]))
    assert (item.kind, ("domain", "bad.example") in said(item)) == (ItemKind.ALERT, True)


def test_an_address_of_http_is_put_together() -> None:
    http = {
        "ts": "time",
        "uid": "string",
        "host": "string",
        "uri": "string",
        "user_agent": "string",
    }
    item = only(FORMAT, table("http", http, ["1795336200", "C1", "bad.example", "/a?b", "curl/8"]))
    assert ("url", "http://bad.example/a?b") in said(item)
    assert ("useragent", "curl/8") in named(item)


@pytest.mark.parametrize(("orig", "resp"), [("id.orig_h", "id.resp_h"), ("id_orig_h", "id_resp_h")])
def test_json_in_both_spellings_gives_the_same(orig: str, resp: str) -> None:
    record = {
        "_path": "conn",
        "ts": 1795336200.5,
        "uid": "C1",
        orig: "10.0.0.5",
        resp: "203.0.113.9",
    }
    item = only(FORMAT, json.dumps(record).encode())
    assert said(item) == {("ipv4", "10.0.0.5"), ("ipv4", "203.0.113.9")}
    nested = {"ts": 1795336200.5, "id": {"orig_h": "10.0.0.5", "resp_h": "203.0.113.9"}}
    assert said(only(FORMAT, json.dumps(nested).encode())) == said(item)


def test_a_row_that_does_not_fit_is_bad_and_a_second_header_changes_the_columns() -> None:
    body = table("conn", CONN, ["1795336200", "C1"]) + table(
        "dns", {"ts": "time", "query": "string"}, ["1795336200", "a.example"]
    )
    bad, good = decoded(FORMAT, body)
    assert isinstance(bad, Bad)
    assert bad.reason == "The line has 2 columns, its header 5."
    assert not isinstance(good, Bad)
    assert said(good) == {("domain", "a.example")}


def test_rows_before_any_header_are_bad() -> None:
    (bad,) = decoded(FORMAT, b"1795336200\tC1\n")
    assert isinstance(bad, Bad)


def test_another_separator_is_followed() -> None:
    body = b"#separator \\x2c\n#fields,ts,query\n1795336200,a.example\n"
    assert said(only(FORMAT, body)) == {("domain", "a.example")}


def test_it_is_recognised() -> None:
    guess = FORMAT.sniff(table("conn", CONN), "conn.log")
    assert guess is not None
    assert guess.score == 98
    assert FORMAT.sniff(b'{"ts": 1, "uid": "C", "id.orig_h": "10.0.0.1"}\n', "") is not None
    assert FORMAT.sniff(b'{"ts": 1, "message": "x"}\n', "") is None
