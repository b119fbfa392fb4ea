"""Word documents (ISO/IEC 29500): their text, where their links lead, and their pictures."""

import re
import zipfile
from html import unescape
from io import BytesIO

from msgspec import Struct

from zvon.collect.open.archive import members
from zvon.collect.open.budget import Budget, Unreadable
from zvon.model.report import PartOutcome

MAX_XML = 20 * 1024 * 1024
MAX_LINKS = 500

_TEXT = re.compile(r"<w:(?P<what>t|p|tab|br)\b[^<>]*?(?P<empty>/)?>(?P<text>[^<]*)")
_RELATION = re.compile(r"<Relationship\b[^<>]{0,9000}>")
_TARGET = re.compile(r"\bTarget=\"([^\"]{1,8000})\"")
_FIELD = re.compile(r"HYPERLINK\s+(?:&quot;|\")([^\"<>&]{4,2000}(?:&amp;[^\"<>&]{0,2000})*)")


class Document(Struct, frozen=True, kw_only=True):
    """The text, the targets of links, and the pictures with their names."""

    text: str
    links: tuple[str, ...]
    pictures: tuple[tuple[str, bytes], ...]


def read(body: bytes, budget: Budget) -> Document:
    """Read a document. Raises `Unreadable`. Its XML is searched and never parsed: no entity in it
    is expanded, and nothing outside it is fetched.
    """
    text, links = "", []
    pictures: list[tuple[str, bytes]] = []
    if not zipfile.is_zipfile(BytesIO(body)):
        raise Unreadable(PartOutcome.BROKEN, "a damaged Word document")
    for name, content in members(body, budget):
        if isinstance(content, Unreadable):
            if content.outcome is not PartOutcome.READ and name.startswith("word/document"):
                raise content
            continue
        if name == "word/document.xml":
            xml = content[:MAX_XML].decode("utf-8", "replace")
            text = _text(xml)
            links += [unescape(target) for target in _FIELD.findall(xml)]
        elif name.startswith("word/_rels/") and name.endswith(".rels"):
            links += _external(content[:MAX_XML].decode("utf-8", "replace"))
        elif name.startswith("word/media/"):
            pictures.append((name.rpartition("/")[2], content))
    return Document(text=text, links=tuple(dict.fromkeys(links))[:MAX_LINKS],
                    pictures=tuple(pictures))  # fmt: skip


def _text(xml: str) -> str:
    out: list[str] = []
    for found in _TEXT.finditer(xml):
        match found["what"]:
            case "t":
                out.append(unescape(found["text"]))
            case "tab":
                out.append(" ")
            case _:
                out.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(out)).strip()


def _external(xml: str) -> list[str]:
    found: list[str] = []
    for relation in _RELATION.findall(xml):
        target = _TARGET.search(relation)
        if target and 'TargetMode="External"' in relation:
            found.append(unescape(target[1]))
    return found
