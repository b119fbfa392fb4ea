"""Office documents (ISO/IEC 29500, OpenDocument): their text, where their links lead, their pictures.

Their XML is searched and never parsed: no entity in it is expanded, and nothing outside it is
fetched. Macros are named and not read.
"""

import re
import zipfile
from html import unescape
from io import BytesIO

from msgspec import Struct

from zvon.collect.open.archive import members
from zvon.collect.open.budget import Budget, Unreadable
from zvon.collect.open.sheet import sheets
from zvon.model.report import PartOutcome

MAX_XML = 20 * 1024 * 1024
MAX_LINKS = 500
MAX_TEXT = 5_000_000

_WORD = re.compile(r"<(?P<close>/?)w:(?P<what>t|p|tab|br|tc|tr)\b[^<>]*?>(?P<text>[^<]*)")
_SLIDE = re.compile(r"<a:(?P<what>t|br)\b[^<>]*?(?P<empty>/)?>(?P<text>[^<]*)|</a:(?P<end>p)>")
_OPEN = re.compile(r"<(?P<close>/?)(?:text|table):(?P<what>p|h|tab|line-break|s|table-cell|table-row)\b[^<>]*>|<[^<>]*>|(?P<text>[^<]+)")  # fmt: skip
_RELATION = re.compile(r"<Relationship\b[^<>]{0,9000}>")
_TARGET = re.compile(r"\bTarget=\"([^\"]{1,8000})\"")
_FIELD = re.compile(r"HYPERLINK\s+(?:&quot;|\")([^\"<>&]{4,2000}(?:&amp;[^\"<>&]{0,2000})*)")
_HREF = re.compile(r"\bxlink:href=\"((?:https?|ftp|mailto|file):[^\"]{1,8000})\"")
_ASIDE = {"word/comments": "comments", "word/footnotes": "notes", "word/endnotes": "notes",
          "word/header": "notes", "word/footer": "notes"}  # fmt: skip
_NUMBER = re.compile(r"(\d+)\.xml$")
_MACROS = ("vbaProject.bin", "Basic/", "macrosheets/")


class Section(Struct, frozen=True, kw_only=True):
    """A text beside the main one: `sheet`, `slide`, `comments` or `notes`, and its name."""

    kind: str
    name: str
    text: str


class Document(Struct, frozen=True, kw_only=True):
    """The main text, what stands beside it, the targets of links, and the pictures by name.

    `text` of a workbook is empty; its sheets are sections of cells between tabs. `notes` are
    sentences about what was not read.
    """

    text: str
    links: tuple[str, ...]
    pictures: tuple[tuple[str, bytes], ...]
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all_text(self) -> str:
        """The main text and all that stands beside it."""
        return "\n\n".join(filter(None, (self.text, *(s.text for s in self.sections))))


def read(body: bytes, budget: Budget) -> Document:
    """Read a document. Raises `Unreadable`."""
    if not zipfile.is_zipfile(BytesIO(body)):
        raise Unreadable(PartOutcome.BROKEN, "a damaged Office document")
    xml: dict[str, str] = {}
    pictures: list[tuple[str, bytes]] = []
    links: list[str] = []
    notes: list[str] = []
    for name, content in members(body, budget):
        if any(mark in name for mark in _MACROS):
            notes.append(f"it holds macros ({name}); they were not run")
        if isinstance(content, Unreadable):
            if name.startswith(("word/document", "xl/workbook", "content.xml")):
                raise content
            notes.append(f"{name}: {content.reason}")
        elif name.endswith(".rels"):
            links += _external(content[:MAX_XML].decode("utf-8", "replace"))
        elif name.endswith(".xml"):
            xml[name] = content[:MAX_XML].decode("utf-8", "replace")
        elif "/media/" in name or name.startswith("Pictures/"):
            pictures.append((name.rpartition("/")[2], content))
    text, sections = _texts(xml)
    for content_xml in (xml.get("word/document.xml", ""), xml.get("content.xml", "")):
        links += [unescape(target) for target in _FIELD.findall(content_xml)]
        links += [unescape(target) for target in _HREF.findall(content_xml)]
    return Document(
        text=text[:MAX_TEXT],
        links=tuple(dict.fromkeys(links))[:MAX_LINKS],
        pictures=tuple(pictures),
        sections=tuple(sections),
        notes=tuple(dict.fromkeys(notes))[:10],
    )


def _texts(xml: dict[str, str]) -> tuple[str, list[Section]]:
    if "word/document.xml" in xml:
        beside = [
            Section(kind=kind, name=name, text=text)
            for name in sorted(xml)
            for start, kind in _ASIDE.items()
            if name.startswith(start) and (text := _word(xml[name]))
        ]
        return _word(xml["word/document.xml"]), beside
    if "xl/workbook.xml" in xml:
        return "", [
            Section(kind="sheet", name=name, text=text) for name, text in sheets(xml) if text
        ]
    slides = sorted((int(found[1]), name) for name in xml if name.startswith("ppt/slides/slide")
                    and (found := _NUMBER.search(name)))  # fmt: skip
    if slides:
        sections = []
        for number, name in slides:
            spoken = xml.get(f"ppt/notesSlides/notesSlide{number}.xml", "")
            text = "\n\n".join(filter(None, (_slide(xml[name]), _slide(spoken))))
            sections.append(Section(kind="slide", name=str(number), text=text))
        return "", [section for section in sections if section.text]
    return _opendocument(xml.get("content.xml", "")), []


def _word(xml: str) -> str:
    """Paragraphs on lines of their own; a row of a table is one line, tabs between its cells."""
    out: list[str] = []
    cells = 0  # how many are open: tables stand in cells of tables
    for found in _WORD.finditer(xml):
        match (found["what"], found["close"]):
            case ("t", ""):
                out.append(unescape(found["text"]))
            case ("tab", ""):
                out.append(" ")
            case ("tc", ""):
                cells += 1
            case ("tc", "/"):
                cells = max(0, cells - 1)
                out.append("\t" if cells == 0 else " ")
            case ("tr", "") if cells == 0 and out and out[-1] != "\n":
                out.append("\n")
            case ("tr", "/"):
                out.append("\n" if cells == 0 else " ")
            case ("p" | "br", ""):
                out.append(" " if cells else "\n")
            case _:
                pass
    lines = re.sub(r"[ ]*\t[ ]*", "\t", re.sub(r"\t+[ ]*(?=\n|$)", "", "".join(out)))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"\n[ ]+", "\n", lines)).strip()


def _slide(xml: str) -> str:
    out = [
        "\n" if found["end"] or found["what"] == "br" else unescape(found["text"])
        for found in _SLIDE.finditer(xml)
    ]
    return re.sub(r"\n{3,}", "\n\n", "".join(out)).strip()


def _opendocument(xml: str) -> str:
    """Text of OpenDocument 1.3: paragraphs end lines, cells of a table are told apart by tabs."""
    out: list[str] = []
    inside = False
    for found in _OPEN.finditer(xml):
        if found["text"] is not None:
            if inside:
                out.append(unescape(found["text"]))
            continue
        match (found["what"], found["close"] or ""):
            case ("p" | "h", ""):
                inside = not found[0].endswith("/>")
            case ("p" | "h", _):
                inside = False
                out.append("\n")
            case ("table-cell", "/"):
                if out and out[-1] == "\n":
                    out.pop()
                out.append("\t")
            case ("table-row", "/") | ("line-break", _):
                out.append("\n")
            case ("tab" | "s", _):
                out.append(" ")
            case _:
                pass
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"\t+(?=\n|$)", "", "".join(out))).strip()


def _external(xml: str) -> list[str]:
    found: list[str] = []
    for relation in _RELATION.findall(xml):
        target = _TARGET.search(relation)
        if target and 'TargetMode="External"' in relation:
            found.append(unescape(target[1]))
    return found
