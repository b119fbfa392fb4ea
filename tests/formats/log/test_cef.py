"""CEF: seven parts, an extension with blanks and escapes, severities in numbers and words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.decoding import decoded, named, only, reporting, said
from zvon.formats.log.cef import FORMAT, extension, severity
from zvon.model.item import Bad, ItemKind

LINE = (
    "<134>Nov 22 08:00:00 fw1 CEF:0|Vaba|Wall\\|X|1.0|100|Blocked a connection|{severity}|"
    "src=203.0.113.9 dst=10.0.0.5 suser=ana dvchost=fw1 request=http://bad.example/x?a\\=b "
    "msg=two words and a \\= sign cs1Label=Rule cs1=deny all rt={rt} fileHash=" + "ab" * 32
)


def test_the_parts_and_the_extension_are_read() -> None:
    item = only(FORMAT, LINE.format(severity=7, rt="1795336200000").encode())
    assert (item.kind, item.title, item.text) == (
        ItemKind.ALERT,
        "Blocked a connection",
        "two words and a = sign",
    )
    assert said(item) == {
        ("ipv4", "203.0.113.9"),
        ("ipv4", "10.0.0.5"),
        ("url", "http://bad.example/x?a=b"),
        ("sha256", "ab" * 32),
    }
    assert named(item) == {("username", "ana")}
    assert reporting(item) == {("hostname", "fw1")}
    assert item.payload["cef"]["product"] == "Wall|X"
    assert item.payload["Rule"] == "deny all"
    assert item.at == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "rt", ["Nov 22 2026 08:30:00", "Nov 22 2026 08:30:00.000 UTC", "Nov 22 08:30:00"]
)
def test_dates_in_words_are_read(rt: str) -> None:
    assert only(FORMAT, LINE.format(severity=7, rt=rt).encode()).at == datetime(
        2026, 11, 22, 8, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3", ItemKind.LOG),
        ("4", ItemKind.ALERT),
        ("Low", ItemKind.LOG),
        ("Very-High", ItemKind.ALERT),
        ("", ItemKind.LOG),
    ],
)
def test_low_severities_are_lines_of_a_log(text: str, kind: ItemKind) -> None:
    assert only(FORMAT, LINE.format(severity=text, rt="").encode()).kind is kind


@given(st.text(max_size=5))
def test_a_severity_is_between_0_and_10(text: str) -> None:
    assert 0 <= severity(text) <= 10


@given(st.dictionaries(st.from_regex(r"[a-z][a-zA-Z0-9]{0,8}", fullmatch=True).filter(lambda key: not key.endswith("Label")),
                       st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00")).map(str.strip).filter(bool), max_size=5))  # fmt: skip
def test_what_is_escaped_comes_back(fields: dict[str, str]) -> None:
    written = " ".join(
        f"{key}={value}".replace("\\", "\\\\").replace("=", "\\=").replace("\\=", "=", 1) for key, value in fields.items()
    )  # fmt: skip
    assert extension(written) == fields


def test_other_lines_are_bad() -> None:
    found = decoded(FORMAT, b"CEF:0|too|short\nhello\n")
    assert all(isinstance(each, Bad) for each in found)
    assert len(found) == 2


def test_it_is_recognised() -> None:
    assert FORMAT.sniff(LINE.format(severity=7, rt="").encode() + b"\n", "") is not None
    assert FORMAT.sniff(b"about CEF: a format\n", "") is None
