"""All pages of a PDF document (ISO 32000-1): a text for each, with its links and its files.

PDFium without its script engine and without forms. The letters of pages that have none of their
own are read off their picture, as far as the budget goes.
"""

import time

from msgspec import Struct

from zvon.collect.open import pdf
from zvon.collect.open.budget import Budget, Unreadable
from zvon.formats.document.repair import repaired
from zvon.formats.plain import plain
from zvon.model.report import PartOutcome

MAX_PAGES = 2_000
MAX_PAGE_TEXT = 200_000
ENOUGH_S = 25.0  # of time; what was read until then counts


class Page(Struct, frozen=True, kw_only=True):
    """One page. `derived` is `ocr` when its letters were read off its picture."""

    text: str
    links: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    derived: str = ""


class Paper(Struct, frozen=True, kw_only=True):
    """The pages in order, the files inside, and sentences about what was not read."""

    pages: tuple[Page, ...]
    inner: tuple[tuple[str, bytes], ...]
    notes: tuple[str, ...]


def read(body: bytes, budget: Budget) -> Paper:
    """Read a document. Raises `Unreadable`."""
    try:
        import pypdfium2  # noqa: PLC0415 -- optional
    except ImportError:
        raise Unreadable(PartOutcome.UNAVAILABLE, pdf.NO_PDF) from None
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as problem:
        locked = "assword" in str(problem)
        raise Unreadable(
            PartOutcome.LOCKED if locked else PartOutcome.BROKEN,
            "a PDF document with a password" if locked else "a damaged PDF document",
        ) from None
    notes = ["It holds scripts; they were not run."] if pdf.scripted(body) else []
    pages: list[Page] = []
    count = len(document)
    until = time.monotonic() + ENOUGH_S
    for number in range(min(count, MAX_PAGES)):
        if time.monotonic() > until:
            notes.append(f"Reading it took too long: {number} of {count} pages were read.")
            break
        try:
            page = document[number]
            own = page.get_textpage().get_text_bounded()[:MAX_PAGE_TEXT]
            links = tuple(dict.fromkeys(pdf.links(pypdfium2.raw, document, page)))
        except pypdfium2.PdfiumError:
            notes.append(f"Page {number + 1} is damaged.")
            pages.append(Page(text=""))
            continue
        text, derived = own, ""
        codes: tuple[str, ...] = ()
        if len(own.strip()) < pdf.SPEAKING:
            text, derived, codes = _printed(page, budget, own, notes)
        visible, _ = plain(repaired(text))
        pages.append(Page(text=visible.strip("\n"), links=links, codes=codes, derived=derived))
        page.close()
    if count > MAX_PAGES:
        notes.append(f"It has {count} pages; {MAX_PAGES} were read.")
    return Paper(pages=tuple(pages), inner=tuple(pdf.inner(document)),
                 notes=tuple(dict.fromkeys(notes)))  # fmt: skip


def _printed(
    page: object, budget: Budget, own: str, notes: list[str]
) -> tuple[str, str, tuple[str, ...]]:
    """What is printed on a page that has hardly any text, unless the budget is used up."""
    try:
        seen = pdf.printed(page, budget, letters=True)
    except Unreadable as problem:
        notes.append(problem.reason)
        return own, "", ()
    if seen.note:
        notes.append(seen.note)
    return (seen.text, "ocr", seen.codes) if seen.text else (own, "", seen.codes)
