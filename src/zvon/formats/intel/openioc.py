"""OpenIOC 1.0 and 1.1: one definition in a file, its terms each with an XML search path."""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from zvon.formats.clock import read_time
from zvon.formats.found import SAID, Found
from zvon.formats.json_field import uuid
from zvon.formats.line_stream import PIECE
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

MAX_FILE = 16 * 1024 * 1024
_ROOTS = (b"<ioc", b"<OpenIOC")
_SCHEMA = (b"schemas.mandiant.com", b"openioc.org", b"IndicatorItem")

# The last parts of the search path say what the content is.
_TERMS: dict[str, ObservableType] = {
    "md5sum": _T.MD5, "sha1sum": _T.SHA1, "sha256sum": _T.SHA256, "filename": _T.FILENAME,
    "fullpath": _T.FILEPATH, "filepath": _T.FILEPATH, "path": _T.FILEPATH, "dns": _T.DOMAIN,
    "host": _T.DOMAIN, "hostname": _T.DOMAIN, "recordname": _T.DOMAIN, "url": _T.URL,
    "uri": _T.URL, "useragent": _T.USERAGENT, "keypath": _T.REGKEY, "email": _T.EMAIL,
    "from": _T.EMAIL, "to": _T.EMAIL, "servicename": _T.SERVICE, "mutexname": _T.MUTEX,
    "ssdeep": _T.SSDEEP, "imphash": _T.IMPHASH, "username": _T.USERNAME,
}  # fmt: skip
_ADDRESSES = frozenset({"remoteip", "localip", "ipv4address", "ipv6address", "ip", "ipaddress"})
_EXACT = frozenset({"is", ""})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """The definition as an event, then each term of it."""
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_FILE:
            yield Bad("byte 0", f"The file is larger than {MAX_FILE} bytes.", body[:PIECE])
            return
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as problem:
        yield Bad("byte 0", f"No XML that can be read: {problem}.", body[:PIECE])
        return
    if _name(root) not in {"ioc", "OpenIOC"}:
        yield Bad("byte 0", "The root of the file is no OPENIOC definition.", body[:PIECE])
        return
    yield from _definition(root, options)


def sniff(sample: bytes, name: str) -> Guess | None:
    """The root element with the namespace or the terms of the format."""
    if any(root in sample for root in _ROOTS) and any(mark in sample for mark in _SCHEMA):
        return Guess(96, "HEADER", {"header": "<ioc>"})
    return None


def _definition(root: Element, options: Options) -> Iterator[Item]:
    own = uuid(root.get("id"))
    said = {_name(each): (each.text or "").strip() for each in root.iter()
            if _name(each) in {"short_description", "description", "authored_by", "authored_date"}
            }  # fmt: skip
    at, clock = read_time(root.get("last-modified") or said.get("authored_date"), options)
    yield Item(
        kind=ItemKind.EVENT, position="ioc", payload={**_attributes(root), **said}, id=own, at=at,
        title=said.get("short_description", ""), text=said.get("description", ""), tags=clock,
    )  # fmt: skip
    operator = {each: parent for parent in root.iter() for each in parent
                if _name(parent) == "Indicator"}  # fmt: skip
    for n, each in enumerate(each for each in root.iter() if _name(each) == "IndicatorItem"):
        found = Found(options.region, at)
        payload: dict[str, Any] = _attributes(each)
        for part in each:
            payload[_name(part)] = {**_attributes(part), "text": (part.text or "").strip()}
        parent = operator.get(each)
        if parent is not None:
            payload["operator"] = parent.get("operator", "OR")
        _term(payload, found)
        yield Item(
            kind=ItemKind.INDICATOR if found else ItemKind.OBJECT, position=f"IndicatorItem[{n}]",
            payload=payload, values=found.values(), at=at, id=uuid(each.get("id")), container=own,
            title=payload.get("Context", {}).get("search", ""),
        )  # fmt: skip


def _term(payload: dict[str, Any], found: Found) -> None:
    """A term is a value when the thing is said to be exactly that, and not denied."""
    content = payload.get("Content", {}).get("text", "")
    path = payload.get("Context", {}).get("search", "").rpartition("/")[2].lower()
    exact = payload.get("condition", "") in _EXACT or path in {"dns", "url", "keypath"}
    if not exact or payload.get("negate") == "true":
        return
    if path in _ADDRESSES:
        found.address(content, SAID)
    elif path in _TERMS:
        found.add(_TERMS[path], content, SAID)


def _attributes(element: Element) -> dict[str, Any]:
    return {key.rpartition("}")[2]: value for key, value in element.attrib.items()}


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


FORMAT = Format(name="openioc", sniff=sniff, decode=decode, media_type="application/xml")
