"""`zvon privacy share`: one item, or a batch of texts, decided and written on this machine alone."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from zvon.cli.privacy_gate import Decided, Gate, Lang

RELEASED, BAD_INPUT, HELD, REFUSED, RESIDUE = 0, 2, 3, 4, 5
EXIT = {"released": RELEASED, "held": HELD, "refused": REFUSED, "residue": RESIDUE}
Type = Literal[
    "auto", "txt", "eml", "misp", "stix", "eve", "json", "csv", "html", "pdf", "docx", "image",
    "archive",
]  # fmt: skip
STALE = ("shared.txt", "shared.eml", "shared.json", "shared.csv", "shared.png")


class Line(Struct, frozen=True):
    """One line of a batch; other keys are ignored."""

    id: str
    text: str
    lang: str | None = None


def share(
    input: Path | None = None,
    /,
    *,
    group: str,
    out: Path | None = None,
    jsonl: Path | None = None,
    out_jsonl: Path | None = None,
    policy: Path | None = None,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    keys: Path | None = None,
    epoch: str | None = None,
    type: Type = "auto",
    lang: Lang = "auto",
) -> int:
    """Decide what of INPUT may go to a group; write the decision, a preview and, when clean, the text.

    INPUT is a text, a mail, MISP, STIX, EVE, alerts, a table, a document, a picture or an archive.
    Exit 0 released, 3 held (something to decide), 4 refused by policy, 5 residue found, 2 bad
    input. With --jsonl every line `{"id","text","lang"?}` is decided and written to --out-jsonl.
    """
    try:
        if jsonl is not None:
            if out_jsonl is None or input is not None:
                return _bad("--jsonl needs --out-jsonl and no INPUT")
            return _batch(Gate(group, policy, registry or (), keys, epoch, lang), jsonl, out_jsonl)
        if input is None or out is None:
            return _bad("give INPUT and --out, or --jsonl and --out-jsonl")
        return _one(Gate(group, policy, registry or (), keys, epoch, lang), input, out, type)
    except Exception as problem:  # noqa: BLE001 -- whatever breaks, nothing leaves and nothing is shown
        return _bad(_safe(problem))


def _bad(message: str) -> int:
    print(f"zvon: {message}", file=sys.stderr)
    return BAD_INPUT


def _safe(problem: Exception) -> str:
    """A message without a piece of the input in it: our own, or that of the system."""
    kind = problem.__class__
    if kind.__module__.startswith("zvon.") or kind is ValueError:
        return str(problem)
    if isinstance(problem, OSError):
        where = f"{problem.filename}: " if problem.filename else ""
        return f"{where}{problem.strerror or kind.__name__}; nothing was written"
    if isinstance(problem, UnicodeDecodeError):
        return f"the input is not UTF-8 (byte {problem.start})"
    return f"the gate failed ({kind.__name__}); nothing left it"


def _one(gate: Gate, path: Path, out: Path, kind: Type) -> int:
    from zvon.cli.privacy_open import MAX_BYTES, decide_file

    size = path.stat().st_size
    if size > MAX_BYTES:
        return _bad(f"{path} has {size} bytes; at most {MAX_BYTES} are read")
    raw = path.read_bytes()
    item, decided = decide_file(gate, path.name, raw, kind)
    _write(out, decided)
    row = decided.row
    asks = sum(span["state"] == "ask" for span in row["spans"])
    print(f"{row['status']}: {len(row['spans'])} spans, {asks} to decide, {row['reason']}")
    for each in item.withheld[:20]:
        print(f"  stays here: {each}")
    return EXIT[row["status"]]


def _write(out: Path, decided: Decided) -> None:
    """All files or none: each is written beside its place, what leaves comes last."""
    out.mkdir(parents=True, exist_ok=True)
    for stale in STALE:
        (out / stale).unlink(missing_ok=True)
    row = decided.row
    held = {
        "decision.json": msgspec.json.format(msgspec.json.encode(row), indent=1),
        "preview.txt": decided.passed.preview.encode("utf-8", "surrogatepass"),
    }
    ready: list[tuple[Path, Path]] = []
    try:
        for name, content in held.items():
            ready.append((_private(out / f".{name}.part", content), out / name))
        for name, content in decided.passed.files.items():
            part = out / f".{name}.part"
            ready.append((part, out / name))
            part.write_bytes(content)
    except OSError:
        for part, _ in ready:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        raise
    for part, place in ready:
        part.replace(place)


def _private(path: Path, content: bytes) -> Path:
    """Write a file that holds originals: for this user alone, whatever was there before."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path


def _batch(gate: Gate, path: Path, out: Path) -> int:
    """Lines are decided one by one; a malformed one is answered and the others still come out."""
    from zvon.privacy.carrier.item import text_item

    malformed = 0
    temporary = out.with_name(out.name + ".part")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with path.open("rb") as lines, os.fdopen(handle, "wb") as file:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                item = msgspec.json.decode(line, type=Line)
                raw = item.text.encode("utf-8", "surrogatepass")
                row = gate.decide(text_item(raw), raw, item.id, item.lang).row
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
                malformed += 1
                reason = f"line {number}: {problem.__class__.__name__}"
                print(f"zvon: {path}: {reason}", file=sys.stderr)
                row = {"schema": "zvon.privacy.decision/1", "id": f"line-{number}", "status": "error",
                       "error": reason, "shared_text": None, "spans": []}  # fmt: skip
            file.write(msgspec.json.encode(row) + b"\n")
    temporary.replace(out)
    return BAD_INPUT if malformed else RELEASED
