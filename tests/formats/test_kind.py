"""What a file is, its bytes say; names and types only tell kinds of text apart."""

import pytest

from tests.collect.open.papers import packed, pdf, png, qr, word
from zvon.formats.kind import Kind, kind_of, magic

MAIL = b"From: a@brod.example\nTo: b@lipa.example\nSubject: x\n\nHej"


@pytest.mark.parametrize(
    ("body", "media_type", "name", "kind"),
    [
        (png(9, 9), "text/plain", "a.txt", Kind.PICTURE),
        (qr("x", "WEBP"), "", "", Kind.PICTURE),
        (qr("x", "BMP"), "", "", Kind.PICTURE),
        (qr("x", "TIFF"), "", "", Kind.PICTURE),
        (b"\0\0\0\x18ftypheic" + bytes(20), "", "", Kind.PICTURE),
        (pdf("x"), "message/rfc822", "a.eml", Kind.PDF),
        (word("x"), "", "a.zip", Kind.OFFICE),
        (packed({"a": b"b"}), "", "", Kind.ARCHIVE),
        (bytes(257) + b"ustar" + bytes(250), "", "", Kind.ARCHIVE),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "", "", Kind.OUTLOOK),
        (b"MZ\0\0", "text/plain", "", Kind.PROGRAM),
        (b"MZ is how my name begins", "", "", Kind.TEXT),
        (b"Rar!\x1a", "", "", Kind.OTHER),
        (MAIL, "", "", Kind.MAIL),
        (b"Hej", "message/rfc822", "", Kind.MAIL),
        (b"Hej", "multipart/mixed", "", Kind.MAIL),
        (b"Hej", "", "Lure.EML", Kind.MAIL),
        (b" <!DOCTYPE html><p>", "", "", Kind.HTML),
        (b"<p>Hej", "text/html; charset=utf-8", "", Kind.HTML),
        (b"<p>Hej", "", "a.HTM", Kind.HTML),
        (b"Subject: only this\n\nHej", "", "", Kind.TEXT),
        (b"", "", "", Kind.TEXT),
    ],
)
def test_bytes_say_what_a_file_is(body: bytes, media_type: str, name: str, kind: Kind) -> None:
    assert kind_of(body, media_type, name) is kind


def test_what_it_is_has_a_name_for_people() -> None:
    assert magic(b"%PDF-1.7") == (Kind.PDF, "a PDF document")
    assert magic(b"Hej") is None
