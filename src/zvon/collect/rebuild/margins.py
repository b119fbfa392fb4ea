"""What a document says beside its text: names of authors, comments, tracked changes, hidden sheets,
alternative texts, properties, annotations and forms.

None of it leaves. It is read so that a name which stands there is known as the victim's.
"""

import re
import zipfile
from collections.abc import Iterator
from ctypes import POINTER, c_ulong, c_ushort, cast, create_string_buffer
from html import unescape
from io import BytesIO
from typing import Any

from zvon.collect.open.archive import members
from zvon.collect.open.budget import Budget, Unreadable
from zvon.collect.rebuild.answer import Margins

MAX_SAID = 5_000
MAX_ALL = 500_000
MAX_XML = 20 * 1024 * 1024
MAX_PAGES = 500
MAX_ANNOTATIONS = 200

_TEXT = re.compile(r">([^<>]{2,4000})<")
_STRUCK = re.compile(r"<w:(?:delText|delInstrText)\b[^<>]*>([^<>]{2,4000})<")
_MAIN = ("word/document.xml", "xl/sharedStrings.xml", "content.xml")
_ATTRIBUTE = re.compile(
    r"\b(?:author|initials|descr|title|name|displayName|userId|lastEdited|Target|company|manager"
    r"|creator|lastModifiedBy|alt|tooltip|display|val)=\"([^\"<>]{3,1000})\""
)
_XMP = re.compile(rb"<x:xmpmeta.{0,200000}?</x:xmpmeta>", re.DOTALL)
_XMP_VALUE = re.compile(r"\b[\w-]+:[\w-]+=['\"]([^'\"<>]{3,1000})['\"]")
_ORDINARY = re.compile(
    r"[\W\d_]*|[a-z][a-zA-Z0-9]{0,20}|[0-9A-F]{6,8}|http://schemas\..*|auto|true|false"
)
_RTF_INFO = re.compile(
    rb"\{\\(?:author|operator|company|manager|title|subject|doccomm|keywords|annotation|atnauthor) ([^{}]{1,2000})\}"
)


def read(body: bytes) -> Margins:
    """The margins of a PDF, office or RTF document. Raises nothing."""
    try:
        if body.startswith(b"%PDF-"):
            found = _pdf(body)
        elif body.startswith(b"{\\rtf"):
            found = _rtf(body)
        elif zipfile.is_zipfile(BytesIO(body)):
            found = _office(body)
        else:
            return Margins()
        return Margins(said=tuple(_bounded(found)))
    except Unreadable as problem:
        return Margins(reason=problem.reason)
    except Exception as problem:  # noqa: BLE001 -- readers of damaged files raise anything
        return Margins(reason=f"a damaged file ({type(problem).__name__})")


def _bounded(found: Iterator[str]) -> Iterator[str]:
    room = MAX_ALL
    seen: set[str] = set()
    for each in found:
        text = " ".join(each.split())
        if len(text) < 2 or text in seen or _ORDINARY.fullmatch(text):
            continue
        seen.add(text)
        room -= len(text)
        if room < 0 or len(seen) > MAX_SAID:
            return
        yield text


def _office(body: bytes) -> Iterator[str]:
    """Texts and speaking attributes of every XML file (ISO/IEC 29500, OpenDocument)."""
    for name, held in members(body, Budget()):
        if isinstance(held, bytes) and name.endswith((".xml", ".rels", ".vml")):
            xml = held[:MAX_XML].decode("utf-8", "replace")
            # What stands in the text itself is read as text; of that only what was struck out.
            texts = _STRUCK if name.endswith(_MAIN) else _TEXT
            for found in texts.finditer(xml):
                yield unescape(found[1])
            for found in _ATTRIBUTE.finditer(xml):
                yield unescape(found[1])


def _rtf(body: bytes) -> Iterator[str]:
    for found in _RTF_INFO.finditer(body):
        yield re.sub(rb"\\'([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), found[1]).decode("cp1250", "replace")  # fmt: skip


def _pdf(body: bytes) -> Iterator[str]:
    """The information dictionary, XMP, and annotations with their authors (ISO 32000-1, 14.3, 12.5)."""
    import pypdfium2  # noqa: PLC0415 -- optional

    for block in _XMP.findall(body):
        xml = block.decode("utf-8", "replace")
        for pattern in (_TEXT, _XMP_VALUE):
            for found in pattern.finditer(xml):
                yield unescape(found[1])
    document = pypdfium2.PdfDocument(body)
    yield from document.get_metadata_dict(skip_empty=True).values()
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        yield from _annotations(pypdfium2.raw, page)
        page.close()


def _annotations(raw: Any, page: Any) -> Iterator[str]:
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        for key in (b"Contents", b"T", b"V", b"TU", b"Subj"):
            size = raw.FPDFAnnot_GetStringValue(annotation, key, None, c_ulong(0))
            if 2 < size <= 20_000:
                text = create_string_buffer(size)
                wide = cast(text, POINTER(c_ushort))
                raw.FPDFAnnot_GetStringValue(annotation, key, wide, c_ulong(size))
                yield text.raw.decode("utf-16-le", "replace").rstrip("\0")
        raw.FPDFPage_CloseAnnot(annotation)
