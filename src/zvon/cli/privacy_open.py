"""Which kind of item a file is, and its way through the gate of one group."""

import asyncio
from pathlib import PurePath

from msgspec.structs import replace

from zvon.cli.privacy_gate import Decided, Gate
from zvon.privacy.carrier.item import Item

MAX_BYTES = 50 * 1024 * 1024
STRUCTURED = frozenset({"misp", "stix", "eve", "json", "csv"})
_ENDINGS = {".json": "json", ".jsonl": "json", ".ndjson": "json",
            ".csv": "csv", ".html": "html", ".htm": "html", ".rtf": "docx"}  # fmt: skip
# What a file of a kind must be by its first bytes, when the kind was said.
_MEANT = {"pdf": ("pdf",), "docx": ("office", "text"), "image": ("picture",),
          "archive": ("archive",), "html": ("html", "text")}  # fmt: skip


def kind_of_file(name: str, raw: bytes, kind: str) -> str:
    """The kind of an item. Text and mail are told by the ending alone: a first line that looks
    like a header makes no mail.
    """
    from zvon.formats.kind import OPENED, magic

    ending = PurePath(name).suffix.lower()
    if kind != "auto":
        return kind
    if ending in {".txt", ".eml"}:
        return ending[1:]
    found = magic(raw)
    if found is not None and found[0] in OPENED:
        return "file"
    return _ENDINGS.get(ending, "txt")


def decide_file(gate: Gate, name: str, raw: bytes, kind: str) -> tuple[Item, Decided]:
    """Open a file by its kind and decide on it.

    Raises `BadItem`, `BadMail`, `BadStructure`; their messages hold nothing of the file.
    """
    from zvon.privacy.carrier.item import structured_item, text_item

    chosen, stem = kind_of_file(name, raw, kind), PurePath(name).stem
    if chosen == "txt":
        item = text_item(raw)
    elif chosen in STRUCTURED:
        item = structured_item(raw, chosen)
    else:
        return asyncio.run(_opened(gate, name, raw, chosen, stem))
    return item, gate.decide(item, raw, stem)


async def _opened(
    gate: Gate, name: str, raw: bytes, chosen: str, stem: str
) -> tuple[Item, Decided]:
    """What only the isolated reader opens: documents, pictures, archives, and those in mails."""
    from zvon.collect.rebuild.file import item_of, painted, read_beside, read_file
    from zvon.formats.kind import Kind, kind_of
    from zvon.privacy.carrier.item import BadItem, mail_item
    from zvon.privacy.mail import read_mail

    if chosen == "eml":
        opened = read_mail(raw)
        item = mail_item(opened, *await read_beside(opened))
        return item, gate.decide(item, raw, stem)
    if (found := kind_of(raw, name=name)).value not in _MEANT.get(chosen, (found.value,)):
        raise BadItem(f"the file is no {chosen}: its first bytes are those of a {found.value}")
    read = await read_file(raw, name, "text/html" if chosen == "html" else "")
    item = item_of(read)
    decided = gate.decide(item, raw, stem)
    if read.kind is Kind.PICTURE and read.seen is not None:
        passed = await painted(raw, read.seen, decided.passed)
        row = decided.row | {"status": passed.outcome.status.value}
        if not passed.files:
            row["shared_text"] = None
        decided = replace(decided, row=row, passed=passed)
    return item, decided
