"""Texts for `zvon text`: one file, standard input, or JSON lines of `{"id", "text"}`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

LONGEST = 64 << 20  # bytes of a line


class Text(Struct, frozen=True):
    """One text to read; `id` is what its line gave, `None` for a file."""

    id: Any
    text: str


class BadLine(Struct, frozen=True):
    """A line that holds no text: its number from 1, and why."""

    line: int
    error: str


def read(file: Path | None, jsonl: Path | None) -> Iterator[Text | BadLine]:
    """The texts that a command was given. Raises `ValueError` (both or a directory), `OSError`."""
    if jsonl is not None and file is not None:
        raise ValueError("give a FILE or --jsonl, not both")
    if jsonl is not None:
        yield from lines(jsonl)
        return
    yield Text(None, _whole(file))


def lines(path: Path) -> Iterator[Text | BadLine]:
    """Each line as a text; a line that is not one is said, and the rest goes on."""
    if str(path) == "-":
        yield from _parsed(iter(lambda: sys.stdin.buffer.readline(LONGEST + 1), b""))
        return
    with path.open("rb") as stream:
        yield from _parsed(iter(lambda: stream.readline(LONGEST + 1), b""))


def _parsed(found: Iterator[bytes]) -> Iterator[Text | BadLine]:
    number, inside = 0, False
    for line in found:
        more, inside = inside, not line.endswith(b"\n") and len(line) > LONGEST
        if more:  # the rest of a line that was too long
            continue
        number += 1
        if inside:
            yield BadLine(number, f"longer than {LONGEST} bytes")
        elif line.strip():
            yield _text(number, line)


def _text(number: int, line: bytes) -> Text | BadLine:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return BadLine(number, f"not JSON: {problem}"[:200])
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return BadLine(number, 'expected {"id", "text"}')
    return Text(row.get("id"), row["text"])


def _whole(file: Path | None) -> str:
    """A file verbatim; a mail, page or document through `convert`, its parts one after the other."""
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    if file.suffix.lower() in {".eml", ".html", ".pdf", ".docx", ".msg"}:
        from zvon.cli.text_convert import parts_of

        return "\n\n".join(part.text for part in parts_of(file).parts if part.text)
    return file.read_bytes().decode("utf-8", "replace")


def out(row: dict[str, Any]) -> None:
    """Print one JSON line; a lone surrogate is written as an escape."""
    line = json.dumps(row, ensure_ascii=False)
    try:
        sys.stdout.write(line + "\n")
    except UnicodeEncodeError:
        sys.stdout.write(json.dumps(row) + "\n")
