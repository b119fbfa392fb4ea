"""A structure of any format that the gate knows: which format it is, and its way through."""

from typing import Any, Protocol

import msgspec

from zvon.privacy.engine import Outcome, Part
from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured.alert import AlertItem
from zvon.privacy.structured.misp import MispItem
from zvon.privacy.structured.rows import RowsItem
from zvon.privacy.structured.stix import StixItem
from zvon.privacy.structured.walk import BadStructure

MAX_BYTES = 50 * 1024 * 1024
FORMATS = ("misp", "stix", "eve", "json", "csv")


class Item(Protocol):
    """Something structured on its way through the gate: first its `parts`, then `build`."""

    @property
    def parts(self) -> list[Part]:
        """The texts for `engine.share_text`."""

    @property
    def dropped(self) -> list[str]:
        """Fields that do not leave, whatever stands in them."""

    @property
    def markings(self) -> list[str]:
        """Labels of TLP that the format carries beside its texts."""

    def build(self, outcome: Outcome, keys: Domain) -> Any:
        """What may leave, from what the gate made of the parts."""


def decode(raw: bytes, kind: str) -> Any:
    """The structure in a file: JSON, lines of JSON, or the text of a table.

    Raises `BadStructure`; its message holds nothing of the input.
    """
    if len(raw) > MAX_BYTES:
        raise BadStructure(f"it has more than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadStructure(f"it is not UTF-8 (byte {problem.start})") from None
    if kind == "csv":
        return text
    if not text.strip():
        raise BadStructure("it is empty")
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        data = _lines([line for line in text.splitlines() if line.strip()])
    if not isinstance(data, dict | list):
        raise BadStructure("it is one value and no structure")
    return data


def _lines(lines: list[str]) -> list[Any]:
    """Lines of JSON as a list."""
    if len(lines) < 2:
        raise BadStructure("it is no JSON, or it was cut off")
    out = []
    for number, line in enumerate(lines, 1):
        try:
            out.append(msgspec.json.decode(line))
        except (msgspec.DecodeError, RecursionError):
            raise BadStructure(f"line {number} is no JSON, or it was cut off") from None
    return out


def open_item(data: Any, kind: str) -> Item:
    """`data` on its way through the gate as `kind`, one of `FORMATS`. Raises `BadStructure`."""
    match kind:
        case "misp":
            return MispItem(data)
        case "stix":
            return StixItem(data)
        case "eve":
            return AlertItem(data, "eve")
        case "csv":
            if not isinstance(data, str):
                raise BadStructure("a table is text")
            return RowsItem(data)
        case "json":
            return (
                open_item(data, told)
                if (told := guess(data)) != "json"
                else AlertItem(data, "alert")
            )
        case _:
            raise BadStructure(f"no format {kind!r}; there are {', '.join(FORMATS)}")


def guess(data: Any) -> str:
    """Which format a JSON structure is; `json` when it is an alert or nobody's."""
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return "json"
    if isinstance(first.get("Event"), dict) or {"Attribute", "info"} <= first.keys():
        return "misp"
    if isinstance(first.get("response"), list | dict):
        return "misp"
    if first.get("type") == "bundle" or {"spec_version", "id"} <= first.keys():
        return "stix"
    held = first.get("objects")
    if isinstance(held, list) and held and isinstance(held[0], dict) and "id" in held[0]:
        return "stix"
    return "eve" if isinstance(first.get("event_type"), str) else "json"


def encode(built: Any) -> bytes:
    """What was built, as a file."""
    if isinstance(built, str):
        return built.encode("utf-8", "surrogatepass")
    return msgspec.json.format(msgspec.json.encode(built), indent=1)
