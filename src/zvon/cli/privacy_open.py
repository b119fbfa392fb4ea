"""Which kind of item a file is, and how it is opened for the gate."""

from pathlib import PurePath

from msgspec import Struct

from zvon.cli.privacy_gate import Decided
from zvon.privacy.carrier.item import Item

MAX_BYTES = 50 * 1024 * 1024
_ENDINGS = {".eml": "eml", ".txt": "txt", ".json": "json", ".jsonl": "json", ".ndjson": "json",
            ".csv": "csv", ".html": "html", ".htm": "html"}  # fmt: skip
STRUCTURED = frozenset({"misp", "stix", "eve", "json", "csv"})


class Opened(Struct, frozen=True):
    """An item ready for the gate."""

    item: Item

    def finish(self, decided: Decided) -> Decided:
        """The decision with what had to be built by another process."""
        return decided


def kind_of_file(name: str, raw: bytes, kind: str) -> str:
    """The kind of an item. Text and mail are told by the ending alone: a first line that looks
    like a header makes no mail.
    """
    from zvon.formats.kind import OPENED, magic

    if kind != "auto":
        return kind
    found = magic(raw)
    if found is not None and found[0] in OPENED:
        return "file"
    return _ENDINGS.get(PurePath(name).suffix.lower(), "txt")


def open_path(name: str, raw: bytes, kind: str) -> Opened:
    """Open a file by its kind. Raises `BadItem`, `BadMail`, `BadStructure`."""
    from zvon.privacy.carrier.item import mail_item, structured_item, text_item

    chosen = kind_of_file(name, raw, kind)
    if chosen in STRUCTURED:
        return Opened(structured_item(raw, chosen))
    if chosen == "eml":
        return Opened(mail_item(raw))
    return Opened(text_item(raw))
