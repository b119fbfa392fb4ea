"""PDF documents: their text, where their links lead, and what is printed on their pages.

PDFium without its script engine and without forms; metadata is not read. A page that has no text
of its own is read as a picture.
"""

from collections.abc import Iterator
from ctypes import byref, c_int, c_ulong, create_string_buffer
from typing import Any

from msgspec import Struct

from zvon.collect.open.budget import MAX_PAGES, Budget, Unreadable
from zvon.collect.open.picture import Seen, codes_of, look
from zvon.model.report import PartOutcome

MAX_SIDE = 2_000
MAX_LINKS = 500
MAX_TEXT = 200_000
MAX_INNER = 20
SPEAKING = 20  # letters; a page with fewer is a picture

NO_PDF = "PDF documents cannot be read here: the extra `visual` is not installed"


class Document(Struct, frozen=True, kw_only=True):
    """`derived` is `ocr` when all of the text was read off pictures; `inner` are files in it."""

    text: str
    derived: str
    links: tuple[str, ...]
    codes: tuple[str, ...]
    inner: tuple[tuple[str, bytes], ...]
    note: str


def read(body: bytes, budget: Budget) -> Document:
    """Read at most `MAX_PAGES` pages. Raises `Unreadable`."""
    try:
        import pypdfium2  # noqa: PLC0415 -- optional
    except ImportError:
        raise Unreadable(PartOutcome.UNAVAILABLE, NO_PDF) from None
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as problem:
        locked = "assword" in str(problem)
        raise Unreadable(
            PartOutcome.LOCKED if locked else PartOutcome.BROKEN,
            "a PDF document with a password" if locked else "a damaged PDF document",
        ) from None
    texts: list[str] = []
    targets: list[str] = []
    codes: list[str] = []
    notes = ["a PDF document with scripts; they were not run"] if scripted(body) else []
    read_off = 0
    pages = len(document)
    if pages > MAX_PAGES:
        notes.append(f"read to page {MAX_PAGES} of {pages}")
    for number in range(min(pages, MAX_PAGES)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            notes.append(f"page {number + 1} is damaged")
            continue
        own = page.get_textpage().get_text_bounded()[:MAX_TEXT]
        targets += links(pypdfium2.raw, document, page)
        seen = printed(page, budget, letters=len(own.strip()) < SPEAKING)
        codes += seen.codes
        read_off += bool(seen.text)
        texts.append(own if len(own.strip()) >= SPEAKING or not seen.text else seen.text)
        if seen.note:
            notes.append(seen.note)
    text = "\n\n".join(filter(None, (each.strip() for each in texts)))
    return Document(
        text=text.replace("\x00", "")[:MAX_TEXT],
        derived="ocr" if read_off and read_off == sum(map(bool, texts)) else "",
        links=tuple(dict.fromkeys(targets))[:MAX_LINKS],
        codes=tuple(dict.fromkeys(codes)),
        inner=tuple(inner(document)),
        note="; ".join(dict.fromkeys(notes)),
    )


def scripted(body: bytes) -> bool:
    """True when there is a script in it."""
    return b"/JavaScript" in body or b"/JS " in body or b"/JS(" in body


def printed(page: Any, budget: Budget, *, letters: bool) -> Seen:
    """The codes on a page and, where it has no text of its own, its letters."""
    width, height = page.get_size()
    if not (0 < width < 1e6 and 0 < height < 1e6):
        return Seen((), "", "a page without a size")
    scale = min(2.5, MAX_SIDE / max(width, height))
    budget.image(max(1, int(width * scale)), max(1, int(height * scale)))
    image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    return look(image, budget) if letters else Seen(codes_of(image), "")


def links(raw: Any, document: Any, page: Any) -> Iterator[str]:
    """The targets of link annotations (PDF 32000-1, 12.6.4.7), as they stand."""
    place, link = c_int(0), raw.FPDF_LINK()
    for _ in range(MAX_LINKS):
        if not raw.FPDFLink_Enumerate(page, byref(place), byref(link)):
            return
        action = raw.FPDFLink_GetAction(link)
        if not action:
            continue
        size = raw.FPDFAction_GetURIPath(document, action, None, c_ulong(0))
        if not 1 < size <= 4_000:
            continue
        target = create_string_buffer(size)
        raw.FPDFAction_GetURIPath(document, action, target, c_ulong(size))
        yield target.value.decode("utf-8", "replace")


def inner(document: Any) -> Iterator[tuple[str, bytes]]:
    """The files that a document carries inside."""
    for number in range(min(document.count_attachments(), MAX_INNER)):
        held = document.get_attachment(number)
        yield held.get_name(), bytes(held.get_data())
