"""Files that are one document: recognised by their bytes, handed on whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.document import whole
from zvon.formats.kind import Kind
from zvon.model.item import Bad, Item, ItemKind, Options

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC), name="a.bin")

MAIL = b"From: a@b.example\nTo: c@d.example\nSubject: x\nMessage-ID: <1@b.example>\n\nDober dan\n"
PROSE = b"Spostovani, v petek smo zaznali val laznih sporocil.\nProsimo, ne odpirajte jih.\n"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (MAIL, "mail"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "html"),
        (b"%PDF-1.4\n%\xe2\xe3", "pdf"),
        (b"PK\x03\x04....[Content_Types].xml...word/document.xml", "office"),
        (b"PK\x03\x04....[Content_Types].xml...xl/workbook.xml", "office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "outlook"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (PROSE, "prose"),
    ],
)
def test_each_kind_is_recognised_whatever_it_is_called(body: bytes, name: str) -> None:
    found = choose(body, "wrong.csv")
    assert found is not None
    assert found[0].name == name
    [item] = found[0].decode([body[:3], body[3:]], OPTIONS)
    assert isinstance(item, Item)
    assert item.kind is ItemKind.DOCUMENT
    assert item.payload["body"] == body


def test_a_document_that_is_too_large_is_refused_without_being_kept() -> None:
    def endless() -> object:
        while True:
            yield b"x" * (1 << 20)

    found = whole.document(endless(), Kind.TEXT, "a.txt")  # type: ignore[arg-type]
    assert isinstance(found, Bad)
    assert "50 MB" in found.reason


def test_nothing_is_no_document() -> None:
    assert isinstance(whole.document([b" \n"], Kind.TEXT, "a.txt"), Bad)


@given(st.binary(max_size=400), st.text(max_size=10))
def test_any_bytes_are_looked_at_without_an_exception(sample: bytes, name: str) -> None:
    for each in whole.FORMATS:
        each.sniff(sample, name)
        for found in each.decode([sample], OPTIONS):
            assert isinstance(found, Item | Bad)
