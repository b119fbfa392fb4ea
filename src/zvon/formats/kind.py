"""What a file is by its bytes; what it says of itself decides only between kinds of text."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What reads it."""

    MAIL = "mail"
    TEXT = "text"
    HTML = "html"
    PICTURE = "picture"
    PDF = "pdf"
    OUTLOOK = "outlook"
    OFFICE = "office"
    ARCHIVE = "archive"
    PROGRAM = "program"
    OTHER = "other"


OPENED = frozenset({Kind.PICTURE, Kind.PDF, Kind.OUTLOOK, Kind.OFFICE, Kind.ARCHIVE})
"""Kinds that only the isolated opener reads."""

# What a file says in its first bytes: the kind, and its name for people.
_MAGIC = (
    (b"%PDF-", Kind.PDF, "a PDF document"),
    (b"\x89PNG", Kind.PICTURE, "a PNG picture"),
    (b"\xff\xd8\xff", Kind.PICTURE, "a JPEG picture"),
    (b"GIF8", Kind.PICTURE, "a GIF picture"),
    (b"II*\x00", Kind.PICTURE, "a TIFF picture"),
    (b"MM\x00*", Kind.PICTURE, "a TIFF picture"),
    (b"PK\x03\x04", Kind.ARCHIVE, "a ZIP archive or an Office document"),
    (b"PK\x05\x06", Kind.ARCHIVE, "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", Kind.OUTLOOK, "an old Office document or an Outlook message"),
    (b"\x1f\x8b", Kind.ARCHIVE, "a gzip archive"),
    (b"BZh", Kind.ARCHIVE, "a bzip2 archive"),
    (b"\xfd7zXZ", Kind.ARCHIVE, "an xz archive"),
    (b"\x28\xb5\x2f\xfd", Kind.ARCHIVE, "a zstd archive"),
    (b"7z\xbc\xaf", Kind.ARCHIVE, "a 7-Zip archive"),
    (b"Rar!", Kind.OTHER, "a RAR archive"),
    (b"MZ", Kind.PROGRAM, "a Windows program"),
    (b"\x7fELF", Kind.PROGRAM, "a program"),
)
# Files that only an Office document has; each is named twice in its archive.
_OFFICE = (
    (b"word/document.xml", "a Word document"),
    (b"xl/workbook.xml", "an Excel workbook"),
    (b"ppt/presentation.xml", "a PowerPoint presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
)
_FIELD_LINE = re.compile(rb"(?:From |[A-Za-z][A-Za-z0-9-]{1,60}:)")
_MAIL_FIELDS = frozenset({b"from", b"to", b"subject", b"date", b"received", b"return-path",
                          b"message-id", b"mime-version", b"delivered-to", b"content-type",
                          b"dkim-signature", b"x-mailer", b"reply-to", b"arc-seal"})  # fmt: skip
_HTML = re.compile(rb"(?i)^\s*(?:<!doctype\s+html|<html|<head|<body)")
_HEIC = (b"heic", b"heix", b"mif1", b"msf1", b"avif")

SAMPLE = 65_536


def kind_of(body: bytes, media_type: str = "", name: str = "") -> Kind:
    """What reads `body`; `media_type` and `name` are what the sender says of it."""
    found = magic(body)
    if found is not None:
        return found[0]
    said = media_type.partition(";")[0].strip().lower()
    ending = name.lower().rpartition(".")[2]
    if said.startswith(("message/", "multipart/")) or ending == "eml" or is_mail(body):
        return Kind.MAIL
    if said == "text/html" or ending in {"html", "htm", "xhtml", "shtml"} or _HTML.match(body):
        return Kind.HTML
    return Kind.TEXT


def magic(body: bytes) -> tuple[Kind, str] | None:
    """The kind and the name for people of a file that is no text, by its first bytes."""
    for beginning, kind, what in _MAGIC:
        if body.startswith(beginning) and (beginning != b"MZ" or b"\x00" in body[:SAMPLE]):
            if kind is Kind.ARCHIVE and beginning == b"PK\x03\x04":
                for mark, named in _OFFICE:
                    if mark in body:
                        return Kind.OFFICE, named
            return kind, what
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return Kind.PICTURE, "a WebP picture"
    if body[:2] == b"BM" and body[6:10] == b"\x00\x00\x00\x00":
        return Kind.PICTURE, "a BMP picture"
    if body[4:8] == b"ftyp" and body[8:12] in _HEIC:
        return Kind.PICTURE, "a HEIC picture"
    if body[257:262] == b"ustar":
        return Kind.ARCHIVE, "a tar archive"
    return None


def is_mail(body: bytes) -> bool:
    """True when the first lines are fields of a mail, with at least two that every mail has."""
    seen: set[bytes] = set()
    for line in body[:SAMPLE].lstrip().splitlines()[:60]:
        if not line.strip():
            break
        if line[:1] in b" \t":
            continue
        field = _FIELD_LINE.match(line)
        if field is None:
            break
        seen.add(field[0].rstrip(b": ").lower())
    return len(seen & _MAIL_FIELDS) >= 3 or (
        len(seen & _MAIL_FIELDS) >= 2 and bool(seen & {b"received", b"mime-version", b"message-id"})
    )


def is_html(body: bytes) -> bool:
    """True when the first bytes are those of a page."""
    return _HTML.match(body) is not None
