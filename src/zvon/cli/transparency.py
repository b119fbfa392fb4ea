"""`zvon transparency`: read the public record of blocks of any node, and prove that nobody changed it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from msgspec import Struct

if TYPE_CHECKING:
    import httpx

    from zvon.formats.transparency import Checkpoint, Flaw

app = App(name="transparency", help="The public record of blocks.")

TIMEOUT_S = 20.0
PAGE = 1_000
API = "/api/v1/transparency"


class Saved(Struct, frozen=True, kw_only=True):
    """What `save` writes and `verify` reads: one signed checkpoint, the key, and all rows."""

    public_key: str
    note: str
    rows: list[tuple[str, str]]


class Untrue(ValueError):
    """What a node gave out does not fit together; the message says what."""


@app.command
def save(
    file: Path,
    *,
    node: Annotated[str, Parameter(help="Address of the node's console.")],
) -> int:
    """Fetch checkpoint and rows of a node into FILE, for `verify` now or in a year."""
    import msgspec

    from zvon.formats.note import PeerError

    try:
        saved = asyncio.run(_fetched(node))
        found = _flaws(saved)
    except (Untrue, PeerError) as problem:
        print(f"transparency: {problem}", file=sys.stderr)
        return 1
    file.write_bytes(msgspec.json.encode(saved))
    print(f"transparency: {len(saved.rows)} rows saved")
    return _tell(found, len(saved.rows), as_json=False)


@app.command
def verify(
    file: Annotated[Path | None, Parameter(help="What `save` wrote; no network needed.")] = None,
    *,
    node: Annotated[str | None, Parameter(help="Address of a node's console.")] = None,
    from_: Annotated[
        Path | None, Parameter(name="--from", help="An earlier FILE that must be continued.")
    ] = None,
    key: Annotated[str | None, Parameter(help="Public key of the node (hexadecimal).")] = None,
    json_: Annotated[bool, Parameter(name="--json", help="Print one JSON object.")] = False,
) -> int:
    """Check signature, every row, and that an earlier record was continued; exit 1 naming flaws.

    Without `--key` and `--from` the key is the one that the record itself came with.
    """
    from zvon.formats.note import PeerError

    if (file is None) == (node is None):
        raise ValueError("give either FILE or --node")
    try:
        now = _read(file) if file is not None else asyncio.run(_fetched(str(node)))
        before = None if from_ is None else _read(from_)
        trusted = key or (before.public_key if before is not None else now.public_key)
        found = _flaws(now, trusted)
        if before is not None:
            found += _continued(before, now, trusted)
        if node is not None and any(flaw.seq == 0 for flaw in found):
            found += asyncio.run(_named(node, now))
    except (Untrue, PeerError) as problem:
        print(f"transparency: {problem}", file=sys.stderr)
        return 1
    return _tell(found, len(now.rows), as_json=json_)


def _tell(found: "list[Flaw]", rows: int, *, as_json: bool) -> int:
    if as_json:
        flaws = [{"seq": flaw.seq, "text": flaw.text} for flaw in found]
        print(json.dumps({"rows": rows, "flaws": flaws}))
    else:
        for flaw in found:
            print(f"transparency:{flaw.seq}: {flaw.text}")
        if not found:
            print(f"transparency: {rows} rows, signed and unchanged")
    return 1 if found else 0


def _read(file: Path) -> Saved:
    import msgspec

    try:
        return msgspec.json.decode(file.read_bytes(), type=Saved)
    except msgspec.MsgspecError as problem:
        raise Untrue(f"{file}: {problem}") from None


def _rows(saved: Saved) -> list[tuple[bytes, bytes]]:
    try:
        return [(entry.encode(), bytes.fromhex(leaf)) for entry, leaf in saved.rows]
    except ValueError:
        raise Untrue("a row has a leaf that is no hash") from None


def _checkpoint(saved: Saved, trusted: str) -> "Checkpoint":
    from zvon.formats.transparency import read_checkpoint

    try:
        return read_checkpoint(saved.note, bytes.fromhex(trusted))
    except ValueError as problem:
        raise Untrue(str(problem)) from None


def _flaws(saved: Saved, trusted: str | None = None) -> "list[Flaw]":
    from zvon.formats.transparency import flaws

    return flaws(_rows(saved), _checkpoint(saved, trusted or saved.public_key))


def _continued(before: Saved, now: Saved, trusted: str) -> "list[Flaw]":
    """What of an earlier record is no longer as it was; rows are compared one by one."""
    from zvon.formats.merkle import root
    from zvon.formats.transparency import Flaw

    old, rows = _checkpoint(before, trusted), _rows(now)
    if _checkpoint(now, trusted).node != old.node:
        return [Flaw(0, "the two records are of different nodes")]
    if len(rows) < old.size:
        return [Flaw(len(rows) + 1, f"the record ends at row {len(rows)}, it had {old.size}")]
    if root(leaf for _, leaf in rows[: old.size]) == old.root:
        return []
    changed = [
        Flaw(seq, f"row {seq} is not the one that was signed before")
        for seq, (then, later) in enumerate(zip(before.rows, now.rows, strict=False), start=1)
        if then != later
    ]
    return changed or [Flaw(0, f"the first {old.size} rows are not those that were signed before")]


async def _fetched(node: str) -> Saved:
    """Checkpoint and rows; the rows are asked for first to as many as were signed."""
    async with _client(node) as client:
        told = await _get(client, "/checkpoint")
        size = int(told["size"])
        rows: list[tuple[str, str]] = []
        while len(rows) < size:
            page = await _get(
                client, "/entries", after=len(rows), limit=min(PAGE, size - len(rows))
            )
            if not page["entries"]:
                break
            rows += [(row["entry"], row["leaf"]) for row in page["entries"]]
    return Saved(public_key=told["public_key"], note=told["note"], rows=rows)


async def _named(node: str, saved: Saved) -> "list[Flaw]":
    """Find the row that does not belong, by comparing the node's own proofs with its rows.

    A proof of one leaf holds the root of every other part of the tree. The first part whose root
    is not that of its rows holds a changed row; then within that part, until it is one row.
    """
    from zvon.formats.merkle import root
    from zvon.formats.merkle_range import inclusion_ranges
    from zvon.formats.transparency import Flaw

    leaves = [leaf for _, leaf in _rows(saved)]
    low, high = 0, len(leaves)
    async with _client(node) as client:
        while high - low > 1:
            told = await _get(client, "/proof", seq=low + 1, size=len(leaves))
            parts = inclusion_ranges(low, len(leaves))
            for (start, end), theirs in zip(parts, told["path"], strict=True):
                if low <= start < end <= high and root(leaves[start:end]).hex() != theirs:
                    low, high = start, end
                    break
            else:
                high = low + 1
    return [Flaw(low + 1, f"row {low + 1} is not the one that was signed")] if leaves else []


def _client(node: str) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(base_url=node.rstrip("/") + API, timeout=TIMEOUT_S)


async def _get(client: "httpx.AsyncClient", path: str, **params: int) -> dict[str, Any]:
    import httpx

    try:
        answer = await client.get(path, params=params)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise Untrue(f"{client.base_url}: {problem}") from None
    return told
