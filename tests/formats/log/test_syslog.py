"""Syslog in both standards: times with a guessed year, structured data, and events inside."""

from datetime import UTC, datetime

import pytest

from tests.formats.decoding import decoded, named, only, reporting, said
from zvon.formats.log.syslog import FORMAT
from zvon.model.item import Bad, ItemKind, Options

LJUBLJANA = Options(received_at=datetime(2026, 1, 2, 0, 30, tzinfo=UTC), zone="Europe/Ljubljana")


def test_an_old_line_has_no_year_and_gets_the_last_that_fits() -> None:
    line = b"<34>Dec 31 23:50:00 streznik sshd[7]: Failed password for invalid user ana from 203.0.113.7 port 5 ssh2"
    item = only(FORMAT, line, LJUBLJANA)
    assert item.at == datetime(2025, 12, 31, 22, 50, tzinfo=UTC)
    assert said(item) == {("ipv4", "203.0.113.7")}
    assert named(item) == {("username", "ana")}
    assert reporting(item) == {("hostname", "streznik")}
    assert (item.payload["facility"], item.payload["severity"], item.payload["pid"]) == (
        4,
        "critical",
        "7",
    )
    assert item.title == "sshd"


def test_a_line_of_the_29th_of_february_is_of_a_year_that_has_one() -> None:
    item = only(FORMAT, b"Feb 29 10:00:00 h cron[1]: x")
    assert item.at == datetime(2024, 2, 29, 10, tzinfo=UTC)


def test_a_new_line_has_structured_data() -> None:
    line = '<165>1 2026-11-22T08:00:00.5Z h.example app 9 ID47 [a@1 k="v \\"q\\" \\] x" src="203.0.113.9"][b@2] \ufeffBesedilo'
    item = only(FORMAT, line.encode())
    assert item.payload["data"] == {"a@1": {"k": 'v "q" ] x', "src": "203.0.113.9"}, "b@2": {}}
    assert (item.text, item.title, item.payload["msgid"]) == ("Besedilo", "app", "ID47")
    assert said(item) == {("ipv4", "203.0.113.9")}
    assert item.at == datetime(2026, 11, 22, 8, 0, 0, 500_000, tzinfo=UTC)


def test_nothing_is_written_as_a_dash() -> None:
    item = only(FORMAT, b"<13>1 - - - - - - hello")
    assert (item.text, item.at, item.payload) == (
        "hello", None, {"facility": 1, "severity": "notice", "message": "hello"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "at", "host"),
    [
        (b"2026-11-22T09:00:00.123456+01:00 web1 app: x", datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC), "web1"),
        (b"<13>Nov 22 2026 08:00:00 UTC: web1 x", datetime(2026, 11, 22, 8, tzinfo=UTC), "web1"),
        (b"<189>web1 42: *Nov 22 08:00:00.5: %SYS-5-CONFIG_I: x", datetime(2026, 11, 22, 8, 0, 0, 500_000, tzinfo=UTC), "web1"),
        (b"Nov  2 08:00:00 web1 app[1]: x", datetime(2026, 11, 2, 8, tzinfo=UTC), "web1"),
    ],
)  # fmt: skip
def test_other_spellings_of_the_head_are_read(line: bytes, at: datetime, host: str) -> None:
    item = only(FORMAT, line)
    assert (item.at, item.payload["host"]) == (at, host)


@pytest.mark.parametrize(
    ("inside", "kind", "title"),
    [
        ("CEF:0|Vaba|Wall|1|100|Blocked|8|src=203.0.113.9", ItemKind.ALERT, "Blocked"),
        ("LEEF:1.0|Vaba|Wall|1|BLOCK|src=203.0.113.9\tsev=7", ItemKind.ALERT, "BLOCK"),
        ('suricata[1]: {"event_type":"alert","flow_id":1,"src_ip":"203.0.113.9","alert":{"signature":"S"}}', ItemKind.ALERT, "S"),
        ('app: @cee: {"client_ip":"203.0.113.9","message":"hi"}', ItemKind.LOG, "hi"),
    ],
)  # fmt: skip
def test_an_event_inside_is_read_as_its_own_format_would_be(
    inside: str, kind: ItemKind, title: str
) -> None:
    item = only(FORMAT, f"<134>Nov 22 08:00:00 fw1 {inside}".encode())
    assert (item.kind, item.title) == (kind, title)
    assert ("ipv4", "203.0.113.9") in said(item)
    assert ("hostname", "fw1") in reporting(item)
    assert item.payload["syslog"]["host"] == "fw1"
    assert item.at == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_lines_that_go_on_are_kept_and_strangers_are_bad() -> None:
    found = decoded(FORMAT, b"Nov 22 08:00:00 h app: x\n\tat line 5\nhello world\n")
    assert [isinstance(each, Bad) for each in found] == [False, False, True]
    assert found[2].position == "line 3"


def test_versions_and_clocks_in_a_message_are_no_addresses() -> None:
    item = only(FORMAT, b"Nov 22 08:00:00 h app: v1.2.3.4 1.2.3.4.5 12:30:05 took 10:20:30 https://a.example/x. 2001:db8::5 "
                + b"ab" * 16)  # fmt: skip
    assert said(item) == {
        ("url", "https://a.example/x"),
        ("ipv6", "2001:db8::5"),
        ("md5", "ab" * 16),
    }


def test_old_encodings_and_zero_bytes_are_read() -> None:
    item = only(FORMAT, "Nov 22 08:00:00 h app: Žiga\x00".encode("cp1250"))
    assert item.text == "Žiga\ufffd"


def test_it_is_recognised_by_the_share_of_its_lines() -> None:
    good = b"Nov 22 08:00:00 h app: x\n" * 9 + b"odd\n"
    guess = FORMAT.sniff(good, "")
    assert guess is not None
    assert guess.params == {"matched": 9, "of": 10}
    assert FORMAT.sniff(b"2026-11-22T08:00:00Z,192.0.2.1,two words\n" * 5, "") is None
    assert FORMAT.sniff(b"2026-11-22 08:00:00 192.0.2.1 bad.example\n" * 5, "") is None
    assert FORMAT.sniff(b"Dear Ana,\nNov 22 is the day.\n", "") is None
