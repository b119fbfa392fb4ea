"""LEEF 1.0 and 2.0: delimiters of every spelling and times by the format that stands beside."""

from datetime import UTC, datetime

import pytest

from tests.formats.decoding import decoded, named, only, said
from zvon.formats.log.leef import FORMAT
from zvon.model.item import Bad, ItemKind

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [("LEEF:1.0|Vaba|Wall|1|BLOCK|", "\t"), ("LEEF:2.0|Vaba|Wall|1|BLOCK|^|", "^"), ("LEEF:2.0|Vaba|Wall|1|BLOCK|x7C|", "|"),
     ("LEEF:2.0|Vaba|Wall|1|BLOCK|0x09|", "\t"), ("LEEF:2.0|Vaba|Wall|1|BLOCK||", "\t")],
)  # fmt: skip
def test_every_delimiter_is_followed(head: str, delimiter: str) -> None:
    fields = (
        "src=203.0.113.9",
        "dst=10.0.0.5",
        "sev=7",
        "usrName=ana",
        "url=https://bad.example/x",
        "cat=Malware",
    )
    item = only(FORMAT, (head + delimiter.join(fields)).encode())
    assert (item.kind, item.title, item.tags) == (ItemKind.ALERT, "BLOCK", ("Malware",))
    assert said(item) == {
        ("ipv4", "203.0.113.9"),
        ("ipv4", "10.0.0.5"),
        ("url", "https://bad.example/x"),
    }
    assert named(item) == {("username", "ana")}


@pytest.mark.parametrize(
    "fields",
    ["devTime=1795336200000", "devTime=Nov 22 2026 08:30:00",
     "devTime=2026/11/22 09:30:00 +0100\tdevTimeFormat=yyyy/MM/dd HH:mm:ss Z",
     "devTime=22.11.2026 ob 08:30:00\tdevTimeFormat=dd.MM.yyyy 'ob' HH:mm:ss"],
)  # fmt: skip
def test_times_are_read_by_their_format(fields: str) -> None:
    assert only(FORMAT, f"LEEF:1.0|Vaba|Wall|1|X|{fields}".encode()).at == AT


@pytest.mark.parametrize("form", ["%", "yyyy%", "((((", "'", "yyyyyyyy", "\\", "dd dd"])
def test_odd_formats_raise_nothing(form: str) -> None:
    assert only(FORMAT, f"LEEF:1.0|V|W|1|X|devTime=x\tdevTimeFormat={form}".encode()).at is None


def test_low_severity_is_a_line_and_strangers_are_bad() -> None:
    assert only(FORMAT, b"LEEF:1.0|V|W|1|X|sev=2").kind is ItemKind.LOG
    (bad,) = decoded(FORMAT, b"LEEF:1.0|V")
    assert isinstance(bad, Bad)


def test_it_is_recognised() -> None:
    assert FORMAT.sniff(b"<13>Nov 22 08:00:00 h LEEF:1.0|V|W|1|X|a=b\n", "") is not None
    assert FORMAT.sniff(b"LEEF is a format\n", "") is None
