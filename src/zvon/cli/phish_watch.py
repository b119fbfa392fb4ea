"""`zvon phish watch`: lookalikes in a list of names; with a node, names to keep an eye on."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.config import Settings

CHUNK = 1 << 18
BATCH = 5_000  # names handed to a node at once
SHOWN_BAD = 5

app = App(
    name="watch", help="Lookalikes in lists of names, and names that a node watches.",
    help_format="plaintext",
)  # fmt: skip


@app.default
def watch(
    *,
    names: Annotated[str, Parameter(help="File with names, or - for standard input.")] = "-",
    format: Annotated[str, Parameter(help="Form of the list: text, csv, zone, diff, or a feed's.")] = "text",
    top: Annotated[int, Parameter(help="How many to print, the likeliest bait first.")] = 50,
    lexical: Annotated[
        bool, Parameter(help="Let the model of addresses speak, too.", negative=())
    ] = False,
    store: Annotated[bool, Parameter(help="Have the node watch what was found.", negative=())] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Print the names that imitate a protected brand: score, brand, how, name.

    The score orders them; it is no probability, and nothing is blocked because of it. Needs no
    node, database or network, except for --store.
    """
    import msgspec

    from zvon.formats.phish_feed import FORMATS
    from zvon.ml.brand import shipped
    from zvon.ml.name_scan import scan

    if format not in FORMATS:
        print(f"no format {format!r}; there are {', '.join(sorted(FORMATS))}", file=sys.stderr)
        return 2
    from zvon.ml.url import load_shipped

    model = load_shipped() if lexical else None
    found = scan(shipped(), FORMATS[format](_chunks(names)),
                 lexical=None if model is None else model.score)  # fmt: skip
    new = _store(node, key, [one.name for one in found.found]) if store else None
    shown = found.found[: max(0, top)]
    if json:
        said: dict[str, Any] = {"names": found.names, "bad": found.bad, "found": shown,
                                "bad_lines": found.bad_lines}  # fmt: skip
        print(msgspec.json.encode(said | ({} if new is None else {"new": new})).decode())
        return 0
    for one in shown:
        print(f"{one.score:.3f}  {one.brand:<14} {one.technique:<7} {one.name}")
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    print(text("{names} names, {found} imitate a brand, {bad} lines are no names",
               names=found.names, found=len(found.found), bad=found.bad), file=sys.stderr)  # fmt: skip
    for line in found.bad_lines[:SHOWN_BAD]:
        print(f"{names}:{line.position}: {line.reason}", file=sys.stderr)
    if new is not None:
        print(text("{n} of them are watched from now on", n=new), file=sys.stderr)
    return 0


@app.command(name="list")
def list_watched(
    *,
    state: Annotated[list[str] | None, Parameter(help="watching, escalated, dismissed, expired.")] = None,
    brand: Annotated[str | None, Parameter(help="Only this brand.")] = None,
    newest: Annotated[bool, Parameter(help="The newest first, not the likeliest.", negative=())] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Show what a node watches."""
    query: dict[str, str | list[str]] = {"limit": "200", "newest": str(newest).lower()}
    query |= {"state": state} if state else {}
    query |= {"brand": brand} if brand else {}
    said = call(node, key, "GET", "/watch", **query)
    if json:
        _json(said)
        return
    for one in said["names"]:
        print(f"{one['score']:.3f}  {one['brand']:<14} {one['technique']:<7} {one['state']:<9} "
              f"{one['name']}  {one['id']}")  # fmt: skip


@app.command
def dismiss(
    id: str, /, *, reason: Annotated[str, Parameter(help="Why; kept in the audit.")],
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Watch a name (identifier) no longer, and never again."""
    _show(call(node, key, "POST", f"/watch/{id}/dismissal", {"reason": reason}), json=json)


@app.command
def escalate(
    id: str, /, *, reason: Annotated[str, Parameter(help="Why; kept in the audit.")],
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Make a report of a name (identifier) now."""
    _show(call(node, key, "POST", f"/watch/{id}/escalation", {"reason": reason}), json=json)


def _store(node: str, key: str | None, names: list[str]) -> int:
    new = 0
    for start in range(0, len(names), BATCH):
        said = call(node, key, "POST", "/watch/names", {"names": names[start : start + BATCH]})
        new += int(said["new"])
    return new


def _chunks(names: str) -> Iterator[bytes]:
    """The list in parts, unpacked when it is gzip, as zone files mostly are."""
    import gzip
    from io import BufferedReader

    with sys.stdin.buffer if names == "-" else Path(names).open("rb") as raw:
        file = BufferedReader(raw)  # type: ignore[type-var]
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        opened = gzip.GzipFile(fileobj=file) if packed else file
        try:
            yield from iter(lambda: opened.read(CHUNK), b"")
        except (gzip.BadGzipFile, EOFError) as problem:
            raise ValueError(f"{names}: broken gzip: {problem}") from None


def _show(one: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(one)
    else:
        print(f"{one['name']}  {one['state']}  {one['id']}")


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
