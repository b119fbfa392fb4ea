"""OpenIOC definitions: terms that are exact are values, and XML that attacks is refused."""

from uuid import UUID

import pytest

from tests.formats.decoding import OPTIONS, decoded, items, said
from zvon.formats.intel.openioc import FORMAT
from zvon.model.item import Bad, ItemKind

HEAD = '<?xml version="1.0"?>\n<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="5f0c1d2e-0000-4000-8000-000000000001" last-modified="2026-11-20T08:00:00">'
TERM = (
    '<IndicatorItem id="5f0c1d2e-0000-4000-8000-00000000000{n}" condition="{how}"{more}>'
    '<Context document="x" search="{path}" type="mir"/><Content type="string">{value}</Content></IndicatorItem>'
)


def definition(*terms: str) -> bytes:
    inside = f'<definition><Indicator operator="OR">{"".join(terms)}</Indicator></definition>'
    return f"{HEAD}<short_description>Vaba</short_description>{inside}</ioc>".encode()


def term(n: int, path: str, value: str, how: str = "is", more: str = "") -> str:
    return TERM.format(n=n, path=path, value=value, how=how, more=more)


def test_the_definition_is_an_event_and_each_term_an_item() -> None:
    whole, *terms = items(FORMAT, definition(
        term(1, "FileItem/Md5sum", "AB" * 16), term(2, "Network/DNS", "bad.example", "contains"),
        term(3, "PortItem/remoteIP", "192.0.2.4"), term(4, "FileItem/FileName", "a", "contains"),
        term(5, "Network/URI", "https://a.example/", more=' negate="true"'),
    ))  # fmt: skip
    assert (whole.kind, whole.title) == (ItemKind.EVENT, "Vaba")
    assert whole.id == UUID("5f0c1d2e-0000-4000-8000-000000000001")
    assert [said(each) for each in terms] == [
        {("md5", "ab" * 16)}, {("domain", "bad.example")}, {("ipv4", "192.0.2.4")}, set(), set(),
    ]  # fmt: skip
    assert terms[0].container == whole.id
    assert terms[0].payload["operator"] == "OR"
    assert terms[3].payload["Content"]["text"] == "a"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<ioc", b"<html/>", b"\x00\xff<ioc/>",
        b'<?xml version="1.0"?><!DOCTYPE ioc [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><ioc>&c;</ioc>',
        b'<?xml version="1.0"?><!DOCTYPE ioc SYSTEM "file:///etc/passwd"><ioc/>',
        b'<?xml version="1.0" encoding="nonsense"?><ioc/>',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_bad_piece(body: bytes) -> None:
    (bad,) = decoded(FORMAT, body)
    assert isinstance(bad, Bad)


def test_deep_xml_ends() -> None:
    body = b"<ioc>" + b"<Indicator>" * 50_000 + b"</Indicator>" * 50_000 + b"</ioc>"
    assert list(FORMAT.decode([body], OPTIONS))


def test_it_is_recognised() -> None:
    guess = FORMAT.sniff(definition(), "")
    assert guess is not None
    assert FORMAT.sniff(b"<xml><ioc></ioc></xml>", "") is None
