"""What a bulk file holds: addresses a line, a column of a table, mails of an mbox, files of a folder."""

import csv
import hashlib
import mailbox
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from msgspec import Struct

from zvon.model.report import MAX_REPORT_BYTES

PLAIN = "text/plain; charset=utf-8"
MAIL = "message/rfc822"
MAX_CELL = 100_000
# Headers under which tables keep their addresses, in the order of preference.
COLUMNS = ("url", "urls", "phish_url", "link", "address", "indicator", "value", "domain", "host",
           "hostname", "naslov", "povezava", "adresa", "poveznica")  # fmt: skip
_DELIMITERS = ",;\t|"


class Row(Struct, frozen=True, kw_only=True):
    """One thing to report and where it stands; `problem` says why it can't be sent."""

    place: str
    body: bytes = b""
    media_type: str = PLAIN
    problem: str = ""


class BadBulk(ValueError):
    """The file can't be read as a whole; says why."""


def rows(path: Path, column: str | None) -> Iterator[Row]:
    """The rows of `path`, in order. Raises `BadBulk`."""
    if path.is_dir():
        yield from _folder(path)
        return
    with path.open("rb") as opened:
        head = opened.read(5)
    if head == b"From ":
        yield from _mbox(path)
        return
    yield from lines(path.read_bytes(), column, table=path.suffix.lower() in {".csv", ".tsv"})


def lines(body: bytes, column: str | None, *, table: bool = False) -> Iterator[Row]:
    """Rows of a text: one address or message a line, or the cells of one column.

    A text is a table when that is said, when `column` names one, or when its first line is a
    header with a column that we know. Raises `BadBulk`.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadBulk(f"byte {problem.start}: the text is not UTF-8") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    header = [cell.strip().strip('"').lower() for cell in first.split(delimiter)]
    known = next((name for name in COLUMNS if name in header), None)
    if column is not None or table or (known is not None and "://" not in first):
        yield from _table(text, delimiter, column or known)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield _cell(f"line {number}", line.strip())


def batch_of(path: Path) -> str:
    """Names the content of `path`, so that the same file sent again makes no second reports."""
    digest = hashlib.sha256()
    for file in _files(path) if path.is_dir() else [path]:
        digest.update(file.name.encode("utf-8", "surrogateescape") if path.is_dir() else b"")
        with file.open("rb") as opened:
            while piece := opened.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()[:24]


def _table(text: str, delimiter: str, column: str | None) -> Iterator[Row]:
    reader = csv.reader(StringIO(text), delimiter=delimiter)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        wanted = column.strip().lower() if column else ""
        if wanted not in header:
            names = ", ".join(header[:12]) or "none"
            raise BadBulk(f"no column {wanted or 'with addresses'}; the file has {names}")
        place = header.index(wanted)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"line {reader.line_num}"
            if place >= len(cells) or not cells[place].strip():
                yield Row(place=where, problem=f"nothing in column {wanted}")
            else:
                yield _cell(where, cells[place].strip())
    except csv.Error as problem:
        raise BadBulk(f"line {reader.line_num}: {problem}") from None


def _cell(place: str, text: str) -> Row:
    if len(text) > MAX_CELL:
        return Row(place=place, problem=f"longer than {MAX_CELL} characters")
    if "\0" in text:
        return Row(place=place, problem="it holds a NUL character")
    return Row(place=place, body=text.encode())


def _mbox(path: Path) -> Iterator[Row]:
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.keys(), start=1):
            yield _sized(f"mail {number}", box.get_bytes(key), MAIL)
    finally:
        box.close()


def _folder(path: Path) -> Iterator[Row]:
    for file in _files(path):
        if file.stat().st_size > MAX_REPORT_BYTES:
            yield Row(place=file.name, problem=_TOO_LARGE)
            continue
        kind = MAIL if file.suffix.lower() == ".eml" else "application/octet-stream"
        if file.suffix.lower() in {".html", ".htm"}:
            kind = "text/html"
        yield _sized(file.name, file.read_bytes(), kind)


def _files(path: Path) -> list[Path]:
    """The files of a folder by name, without hidden ones and links."""
    return sorted(
        each for each in path.iterdir()
        if each.is_file() and not each.is_symlink() and not each.name.startswith(".")
    )  # fmt: skip


def _sized(place: str, body: bytes, media_type: str) -> Row:
    if not body.strip():
        return Row(place=place, problem="it is empty")
    if len(body) > MAX_REPORT_BYTES:
        return Row(place=place, problem=_TOO_LARGE)
    return Row(place=place, body=body, media_type=media_type)


_TOO_LARGE = f"larger than {MAX_REPORT_BYTES // 2**20} MB"
