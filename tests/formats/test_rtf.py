"""Compressed RTF as the standard's examples show it, and the page inside."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.rtf import BadRtf, decompress, html, text

# MS-OXRTFCP 3.1.1.1 and 3.1.1.2.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af3 2068656c090020627705b06c647d0a800fa0"
    .replace(" ", "")
)  # fmt: skip
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")

PAGE = (
    rb"{\rtf1\ansi\ansicpg1250\fromhtml1 \fbidi \deff0{\fonttbl{\f0 Arial;}}{\colortbl;}"
    rb"{\*\generator Riched20;}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Va\'9a paket \u269? \{1\} "
    rb"{\*\htmltag84 <a href='https://moj.lipa.example/p'>}\htmlrtf {\field{\*\fldinst{HYPERLINK x}}"
    rb"{\fldrslt\cf1 \htmlrtf0 www.posta.si\htmlrtf }\htmlrtf0 \htmlrtf }\htmlrtf0 "
    rb"{\*\htmltag92 </a>}\par }}"
)


def plain(rtf: bytes) -> bytes:
    """RTF in its uncompressed wrapping."""
    return struct.pack("<III4x", len(rtf) + 12, len(rtf), 0x414C454D) + rtf


def test_the_examples_of_the_standard() -> None:
    assert decompress(HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompress(CROSSING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert decompress(plain(PAGE)) == PAGE


def test_the_page_comes_out_with_its_link_and_its_letters() -> None:
    found = html(PAGE)
    assert found is not None
    assert "<a href='https://moj.lipa.example/p'>www.posta.si</a>" in found
    assert found.startswith("<p>Vaš paket č {1} ")
    assert "HYPERLINK" not in found
    assert "Riched" not in found


def test_rtf_that_wraps_no_page_gives_none() -> None:
    assert html(b"{\\rtf1\\ansi hello}") is None


@pytest.mark.parametrize("body", [b"", b"x" * 15, b"\0" * 40])
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadRtf, match="byte"):
        decompress(body)


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1))
def test_any_bytes_give_text_or_our_error(body: bytes, size: int) -> None:
    with suppress(BadRtf):
        assert len(decompress(struct.pack("<III4x", len(body), size, 0x75465A4C) + body)) <= size
    assert len(html(b"{\\rtf1\\fromhtml1 " + body) or "") <= 200


def test_a_document_without_a_page_shows_its_text_and_not_its_properties() -> None:
    raw = (
        rb"{\rtf1\ansi\ansicpg1250{\info{\author Igor}}{\fonttbl{\f0 Arial;}}\'8eivjo\par b\tab c}"
    )
    assert text(raw) == "Živjo\nb\tc"
