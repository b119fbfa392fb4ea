"""Documents made for tests: pictures with letters and codes, PDF, Word and Outlook files."""

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

_FONT = Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf")


def saved(image: Image.Image, kind: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()


def qr(text: str, kind: str = "PNG", border: int = 40) -> bytes:
    """A picture of a QR code, as a telephone would see it on a screen."""
    return saved(qr_image(text, border), kind)


def qr_image(text: str, border: int = 40, code: str = "QRCode") -> Image.Image:
    form = getattr(zxingcpp.BarcodeFormat, code)
    drawn = Image.fromarray(zxingcpp.create_barcode(text, form).to_image(scale=6))
    page = Image.new("RGB", (drawn.width + 2 * border, drawn.height + 2 * border), "white")
    page.paste(drawn.convert("RGB"), (border, border))
    return page


def screenshot(lines: Sequence[str], *, dark: bool = False, width: int = 1080) -> bytes:
    """A telephone's screen with these lines."""
    letter = ImageFont.truetype(str(_FONT), 40) if _FONT.exists() else ImageFont.load_default(40)
    paper, ink = ("#101418", "#f0f0f0") if dark else ("white", "black")
    page = Image.new("RGB", (width, 140 + 60 * len(lines)), paper)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((60, 60 + 60 * number), line, font=letter, fill=ink)
    return saved(page)


def wrapped(text: str, width: int) -> list[str]:
    """Lines as a telephone breaks them: at blanks, and a long address anywhere."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + 1 + len(word) <= width:
            line = f"{line} {word}".strip()
            continue
        if line:
            lines.append(line)
        while len(word) > width:
            lines.append(word[:width])
            word = word[width:]
        line = word
    return [*lines, line]


def png(width: int, height: int) -> bytes:
    """A PNG that claims this size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of `files`."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def locked(name: str, content: bytes) -> bytes:
    """A ZIP archive whose file says that it needs a password."""
    body = bytearray(packed({name: content}))
    body[6] |= 1  # flags of the local head
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    return bytes(body)


def pdf(
    text: str, *, picture: Image.Image | None = None, link: str = "", script: str = ""
) -> bytes:
    """A PDF of one page: a line of text, a picture, a link over the page, a script."""
    drawn = f"BT /F1 14 Tf 60 780 Td ({text}) Tj ET\n"
    objects: dict[int, bytes] = {
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    resources = "/Font << /F1 5 0 R >>"
    if picture is not None:
        grey = picture.convert("L")
        pixels = zlib.compress(grey.tobytes())
        objects[6] = (
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray"
            b" /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n"
            % (*grey.size, len(pixels))
        ) + pixels + b"\nendstream"  # fmt: skip
        resources += " /XObject << /I1 6 0 R >>"
        drawn += "q 400 0 0 400 90 250 cm /I1 Do Q\n"
    annotation = ""
    if link:
        objects[7] = (
            b"<< /Type /Annot /Subtype /Link /Rect [50 700 400 800]"
            b" /A << /S /URI /URI (" + link.encode() + b") >> >>"
        )
        annotation = "/Annots [7 0 R]"
    opening = ""
    if script:
        objects[8] = b"<< /S /JavaScript /JS (" + script.encode() + b") >>"
        opening = "/OpenAction 8 0 R"
    objects[1] = f"<< /Type /Catalog /Pages 2 0 R {opening} >>".encode()
    objects[3] = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {resources} >>"
        f" /Contents 4 0 R {annotation} >>"
    ).encode()
    objects[4] = f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream".encode()
    out, places = bytearray(b"%PDF-1.4\n"), {}
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    start = len(out)
    last = max(objects)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1)
    for number in range(1, last + 1):
        used = number in places
        out += b"%010d %05d %s \n" % (places.get(number, 0), 0 if used else 65535,
                                      b"n" if used else b"f")  # fmt: skip
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, start)
    return bytes(out)


def word(text: str, link: str = "", picture: bytes = b"") -> bytes:
    """A Word document: one paragraph, one link, one picture."""
    document = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bomb">]>'
        '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t xml:space="preserve">'
        f"{text}</w:t></w:r></w:p></w:body></w:document>"
    )
    relations = (
        f'<Relationships><Relationship Id="r1" Target="{link}" TargetMode="External"/>'
        '<Relationship Id="r2" Target="styles.xml"/></Relationships>'
    )
    files = {"[Content_Types].xml": b"<Types/>", "word/document.xml": document.encode(),
             "word/_rels/document.xml.rels": relations.encode()}  # fmt: skip
    if picture:
        files["word/media/image1.png"] = picture
    return packed(files)
