"""X-ARF reports of others, versions 3 and 4, and our own read back."""

import json
from datetime import UTC, datetime
from uuid import UUID

from tests.formats.decoding import decoded, named, only, reporting, said
from zvon.formats import xarf as own
from zvon.formats.intel.xarf import FORMAT
from zvon.model.item import Bad, ItemKind
from zvon.model.marking import Tlp

REPORT_ID = UUID("5f0c1d2e-0000-4000-8000-000000000001")


def test_a_report_that_we_write_is_read_again() -> None:
    content = own.Content(
        category="phishing", url="https://dostava.example/p", source="192.0.2.4", description="Lažna stran",
        seen_at=datetime(2026, 11, 20, 8, tzinfo=UTC), cloned="https://prava.example/", sends_to="https://zbira.example/x",
    )  # fmt: skip
    desk = own.Desk(org="CSIRT Vaba", contact="abuse@vaba.example")
    proof = own.Item(name="a", media_type="text/plain", description="x", body=b"evidence")
    item = only(FORMAT, own.encode(content, desk, [proof], REPORT_ID))
    assert (item.kind, item.id, item.tags[:2]) == (
        ItemKind.ALERT,
        REPORT_ID,
        ("content", "phishing"),
    )
    assert said(item) == {
        ("ipv4", "192.0.2.4"),
        ("url", "https://dostava.example/p"),
        ("url", "https://zbira.example/x"),
    }
    assert ("url", "https://prava.example/") in named(item)
    assert reporting(item) == {("email", "abuse@vaba.example")}
    assert item.at == content.seen_at


def test_version_3_is_read_and_what_may_not_be_disclosed_is_red() -> None:
    report = {"Version": "3", "Disclosure": False, "ReporterInfo": {"ReporterContactEmail": "a@b.example"},
              "Report": {"ReportClass": "Activity", "ReportType": "LoginAttack", "Date": "2026-11-20T08:00:00Z",
                         "SourceIp": "192.0.2.4", "DestinationIp": "198.51.100.2"}}  # fmt: skip
    item = only(FORMAT, json.dumps(report).encode())
    assert (said(item), named(item)) == ({("ipv4", "192.0.2.4")}, {("ipv4", "198.51.100.2")})
    assert (item.tlp, item.title) == (Tlp.RED, "Activity / LoginAttack")
    guess = FORMAT.sniff(json.dumps(report).encode(), "")
    assert guess is not None


def test_anything_else_is_bad() -> None:
    (bad,) = decoded(FORMAT, b'{"Report": {"a": 1}}')
    assert isinstance(bad, Bad)
    assert FORMAT.sniff(b'{"Report": {"a": 1}}', "") is None
