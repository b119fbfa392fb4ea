"""What a mail says for machines: X-ARF reports among its files, bounded and cleaned, never an error."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import mail_said
from zvon.formats.mail import File
from zvon.formats.mail_said import MAX_REPORT, MAX_TEXT, MOST_REPORTS, MOST_VALUES, Said
from zvon.model.report import AuthResult

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DKIM = AuthResult(method="dkim", result="pass", domain="gostitelj.example")


def report(**more: Any) -> bytes:
    return json.dumps({
        "xarf_version": "4.0.0", "category": "content", "type": "phishing",
        "timestamp": "2026-11-22T09:00:00Z", "source_identifier": "203.0.113.9", **more,
    }).encode()  # fmt: skip


def read(*bodies: bytes) -> Said:
    files = [File(f"{n}.json", "application/json", body) for n, body in enumerate(bodies)]
    return mail_said.read(files, [DKIM], NOW, "SI")


def test_a_report_is_read_and_what_the_relay_found_is_kept() -> None:
    said = read(report(url="https://paket.lipa.example/p", description="Lažna stran"))
    (one,) = said.reports
    assert (one.title, one.text) == ("content / phishing", "Lažna stran")
    assert one.at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert ("url", "https://paket.lipa.example/p") in one.values
    assert said.kept()["authentication"] == [
        {"method": "dkim", "result": "pass", "domain": "gostitelj.example"}
    ]


def test_what_is_no_report_is_left_out() -> None:
    assert read(b"", b"{}", b"[1]", b"\x00\xff", b'{"Report": 1}').reports == ()
    assert Said().kept() == {}


def test_reports_values_and_texts_are_bounded() -> None:
    many = read(*[report()] * (MOST_REPORTS + 5))
    assert len(many.reports) == MOST_REPORTS
    urls = [f"https://a.example/{n}" for n in range(MOST_VALUES + 20)]
    (one,) = read(report(redirect_chain=urls, description="x" * 9000)).reports
    assert (len(one.values), len(one.text)) == (MOST_VALUES, MAX_TEXT)
    assert read(report(description="x" * MAX_REPORT)).reports == ()


def test_what_cannot_be_stored_is_not_kept_and_cards_are_masked() -> None:
    kept = read(report(description="a\x00b \ud800 4111 1111 1111 1111")).kept()
    text = kept["reports"][0]["text"]
    assert "\x00" not in text
    assert "4111 1111 1111 1111" not in text
    assert text.encode()


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_bytes_of_strangers_never_raise(bodies: list[bytes]) -> None:
    said = read(*bodies)
    assert json.dumps(said.kept())
    assert said.authentication == (DKIM,)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12))  # fmt: skip
def test_reports_with_fields_of_any_kind_never_raise(value: Any) -> None:
    body = json.dumps({"xarf_version": "4", "category": value, "type": value, "url": value,
                       "timestamp": value, "evidence": value, "reporter": value}).encode()  # fmt: skip
    assert len(read(body).reports) <= 1
