"""Documents with secrets in their text and beside it: Word, workbook, PDF, archive."""

import io
import zipfile
from html import escape

from zvon.privacy.leaktest.content import Content, File

_ZIP_DATE = (2026, 11, 20, 9, 15, 0)
_LINE = 90
"""Signs in a line of a page."""


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive whose bytes depend on nothing but its members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), body)
    return out.getvalue()


def word(held: Content) -> File:
    """A document with an author, a comment, a deleted name and an alternative text."""
    name, user = held.secrets["NAME"], held.secrets["USER"]
    runs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in (held.subject, *held.text.splitlines())
    )
    hidden = escape(name.text)
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f'<w:document {space}><w:body>{runs}<w:p><w:del w:author="{escape(user.text)}"><w:r>'
        f"<w:delText>{hidden}</w:delText></w:r></w:del></w:p></w:body></w:document>"
    )
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{hidden}</dc:creator></cp:coreProperties>'
    )
    comment = (
        f'<w:comments {space}><w:comment w:author="{hidden}"><w:p><w:r><w:t>{hidden}</w:t></w:r></w:p>'
        "</w:comment></w:comments>"
    )
    archive = zipped({
        "[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode(),
        "docProps/core.xml": core.encode(), "word/comments.xml": comment.encode(),
    })  # fmt: skip
    return File(name="report.docx", kind="docx", body=archive, indicators=held.indicators,
                secrets=(name, user))  # fmt: skip


def archive(held: Content) -> File:
    """An archive whose folder has the person's name."""
    name = held.secrets["NAME"]
    members = {f"{name.text.replace(' ', '_')}/izjava.txt": held.text.encode(), "log.txt": b"ok\n"}
    return File(name="files.zip", kind="archive", body=zipped(members), indicators=(),
                secrets=(name,))  # fmt: skip


def workbook(held: Content) -> File:
    """A workbook with the text in cells, the person on a hidden sheet and in its properties."""
    name, mail = held.secrets["NAME"], held.secrets["EMAIL"]
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

    def sheet(lines: list[str]) -> bytes:
        rows = "".join(
            f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{escape(line)}</t></is></c></row>'
            for n, line in enumerate(lines, 1)
        )
        return f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>".encode()

    book = (
        f"<workbook {space}><sheets>"
        '<sheet name="Log" sheetId="1"/><sheet name="Contacts" sheetId="2" state="veryHidden"/>'
        "</sheets></workbook>"
    )
    core = (
        '<cp:coreProperties xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:creator>{escape(name.text)}</dc:creator></cp:coreProperties>"
    )
    body = zipped({
        "[Content_Types].xml": b"<Types/>", "xl/workbook.xml": book.encode(),
        "xl/worksheets/sheet1.xml": sheet([held.subject, *held.text.splitlines()]),
        "xl/worksheets/sheet2.xml": sheet([f"{name.text} {mail.text}"]),
        "docProps/core.xml": core.encode(),
    })  # fmt: skip
    return File(name="log.xlsx", kind="docx", body=body, indicators=held.indicators,
                secrets=(name, mail))  # fmt: skip


def paper(held: Content) -> File:
    """A PDF (ISO 32000-1) with the text, and the person in its properties, its XMP and a note."""
    name, mail = held.secrets["NAME"], held.secrets["EMAIL"]
    lines = [
        part
        for line in (held.subject, *held.text.splitlines())
        for part in _folded(line)
        if part.strip()
    ]
    signs = sorted({sign for line in lines for sign in line})
    drawn = "BT /F1 9 Tf 12 TL 40 800 Td " + " ".join(
        f"<{''.join(f'{ord(sign):04x}' for sign in line)}> Tj T*" for line in lines
    ) + " ET"  # fmt: skip
    table = "\n".join(f"<{ord(sign):04x}> <{ord(sign):04x}>" for sign in signs)
    unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(signs)} beginbfchar\n{table}\nendbfchar\nendcmap end end"
    )
    xmp = f"<x:xmpmeta><dc:creator>{escape(name.text)}</dc:creator></x:xmpmeta>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 9 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> /Annots [8 0 R] >>"
        ),
        _stream(drawn),
        (
            b"<< /Type /Font /Subtype /Type0 /BaseFont /Arial /Encoding /Identity-H"
            b" /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>"
        ),
        (
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /DW 500 /CIDSystemInfo"
            b" << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        ),
        _stream(unicode),
        f"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /T {_said(name.text)}"
        f" /Contents {_said(mail.text)} >>".encode(),
        _stream(xmp, "/Type /Metadata /Subtype /XML"),
        f"<< /Author {_said(name.text)} /Subject {_said(mail.text)} >>".encode(),
    ]
    return File(name="report.pdf", kind="pdf", body=_file(objects), indicators=held.indicators,
                secrets=(name, mail))  # fmt: skip


def _folded(line: str) -> list[str]:
    """A line as it stands on a page: broken at blanks."""
    out: list[str] = []
    for word in line.split(" "):
        if out and len(out[-1]) + len(word) < _LINE:
            out[-1] += f" {word}"
        else:
            out.append(word)
    return out


def _said(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _stream(text: str, about: str = "") -> bytes:
    body = text.encode()
    return f"<< {about} /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    """The objects with the table of their places; the last one tells of the document."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (size, len(objects))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
