"""Pictures with secrets in them: in texts of the file, in EXIF and XMP, and in a code to scan."""

import struct
import zlib
from io import BytesIO

from zvon.privacy.leaktest.content import Content, File

NEEDS = ("PIL", "zxingcpp")
"""What photographs and codes are made with; without it they are left out."""
_ARTIST, _PLACE, _COMMENT = 0x013B, 0x8825, 0x9286  # EXIF 2.32, table 4 and following
_POINTS = 8


def picture(held: Content) -> File:
    """An empty picture with a name and a place in its texts."""
    name, place = held.secrets["NAME"], held.secrets["COORDINATES"]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    side = 64
    rows = zlib.compress((b"\0" + b"\xff" * side) * side)
    said = f"Author\0{name.text}".encode("latin-1", "replace")
    where = f"Comment\0{place.text}".encode("latin-1", "replace")
    body = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", said) + chunk(b"tEXt", where) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )  # fmt: skip
    return File(name="photo.png", kind="image", body=body, indicators=(), secrets=(name, place),
                has_text=False)  # fmt: skip


def photo(held: Content) -> File:
    """A photograph whose EXIF and XMP name the person and the place."""
    from PIL import Image  # noqa: PLC0415 -- optional

    name, place = held.secrets["NAME"], held.secrets["COORDINATES"]
    exif = Image.Exif()
    exif[_ARTIST] = name.text
    exif[0x8769] = {_COMMENT: b"ASCII\0\0\0" + place.text.encode()}
    xmp = f"<x:xmpmeta><dc:creator>{name.text}</dc:creator></x:xmpmeta>".encode()
    out = BytesIO()
    Image.new("RGB", (96, 96), (240, 240, 240)).save(
        out, "JPEG", exif=exif, xmp=xmp, comment=name.text.encode()
    )
    return File(name="photo.jpg", kind="image", body=out.getvalue(), indicators=(),
                secrets=(name, place), has_text=False)  # fmt: skip


def code(held: Content) -> File:
    """A code that leads to the attacker's page and says whose it is."""
    import zxingcpp  # noqa: PLC0415 -- optional
    from PIL import Image  # noqa: PLC0415 -- optional

    mail = held.secrets["EMAIL"]
    host = f"{''.join(held.dice.choice('bcdfghjklm') for _ in range(8))}-koda.test"
    made = zxingcpp.create_barcode(f"https://{host}/p?e={mail.text}", zxingcpp.BarcodeFormat.QRCode)
    points = Image.fromarray(made.to_image(scale=_POINTS, add_quiet_zones=True))
    out = BytesIO()
    points.convert("RGB").save(out, "PNG")
    return File(name="code.png", kind="image", body=out.getvalue(), indicators=(host,),
                secrets=(mail,), has_text=False)  # fmt: skip


def read_codes(body: bytes) -> list[str]:
    """What the codes of a picture say; nothing where no reader is installed."""
    import zxingcpp  # noqa: PLC0415 -- optional
    from PIL import Image  # noqa: PLC0415 -- optional

    with Image.open(BytesIO(body)) as image:
        return [found.text for found in zxingcpp.read_barcodes(image.convert("L"))]
