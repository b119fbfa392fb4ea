"""Documents with names in their margins; all names are invented."""

from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.collect.open.papers import packed, pdf, screenshot

WORD = "word/document.xml"


def photo(lines: list[str], kind: str = "JPEG") -> bytes:
    """A picture with these lines, and a name and a place in its EXIF, its comment and its XMP."""
    image = Image.open(BytesIO(screenshot(lines)))
    exif = Image.Exif()
    exif[0x013B] = "Maja Hribar"  # Artist
    exif[0x8769] = {0x9286: b"ASCII\0\0\0Igor Kos"}  # UserComment
    exif[0x8825] = {1: "N", 2: (46.0, 3.0, 0.0), 3: "E", 4: (14.0, 30.0, 0.0)}
    out = BytesIO()
    if kind == "PNG":
        said = PngInfo()
        said.add_text("Comment", "Maja Hribar")
        said.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>Igor Kos</x:xmpmeta>", zip=True)
        image.save(out, "PNG", pnginfo=said, exif=exif)
    else:
        image.save(out, "JPEG", exif=exif, comment=b"Maja Hribar", quality=95)
    return out.getvalue()


def document(text: str) -> bytes:
    """A Word document with an author, a comment, a struck-out name and an alternative text."""
    body = (
        '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t xml:space="preserve">'
        f'{text}</w:t></w:r><w:del w:author="Maja Hribar"><w:r><w:delText>Janez Krajnc</w:delText>'
        '</w:r></w:del><wp:docPr id="1" name="x" descr="Slika: Petra Zajc"/></w:p></w:body></w:document>'
    )
    core = "<cp:coreProperties><dc:creator>Igor Kos</dc:creator></cp:coreProperties>"
    return packed({
        "[Content_Types].xml": b"<Types/>", WORD: body.encode(), "docProps/core.xml": core.encode(),
    })  # fmt: skip


def annotated(text: str) -> bytes:
    """A PDF with an annotation by somebody, and XMP."""
    body = pdf(text, link="https://evil-fixture.top/a")
    body = body.replace(
        b"/Subtype /Link", b"/Subtype /Text /T (Maja Hribar) /Contents (Janez Krajnc)"
    )
    return body + b"\n<x:xmpmeta><dc:creator>Igor Kos</dc:creator></x:xmpmeta>\n"
