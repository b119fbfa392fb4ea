"""`zvon search`: find values and records on a node, take a result along, look up many values."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call, stream
from zvon.config import Settings

app = App(
    name="search",
    help="Find values and records; look up many values at once.",
    help_format="plaintext",
)

PAGE = 200
MAX_FILE = 32 * 1024 * 1024


@app.default
def find(
    query: Annotated[str, Parameter(help='What to find: `evil.example`, `*part*`, `192.0.2.0/24`, `type:url source:"a list" -tag:x seen:7d`.')] = "",
    /, *,
    records: Annotated[bool, Parameter(help="List records in place of values.", negative=())] = False,
    limit: Annotated[int, Parameter(help="At most so many.")] = 50,
    facets: Annotated[bool, Parameter(help="Say what the result is made of, too.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Find QUERY, newest first. Exit code 1 when nothing is found."""
    if limit < 1:
        raise ValueError("limit: at least 1")
    of = "records" if records else "values"
    found: list[dict[str, Any]] = []
    after: str | None = None
    first: dict[str, Any] = {}
    while True:
        said = call(
            node, key, "GET", "/search", q=query, of=of, limit=str(min(PAGE, limit - len(found))),
            **({"after": after} if after else {}), **({"facets": "true"} if facets and not first else {}),
        )  # fmt: skip
        first = first or said
        found += said[of]
        after = said["next"]
        if after is None or len(found) >= limit:
            break
    shown = {**first, of: found, "next": after}
    if json:
        _json(shown)
    else:
        _print(shown, of)
    return 0 if found else 1


@app.command
def export(
    query: Annotated[str, Parameter(help="What to take along; empty: everything.")],
    /, *,
    format: Annotated[Literal["csv", "json", "stix", "misp"], Parameter(help="json: one object a line.")] = "csv",
    out: Annotated[Path | None, Parameter(help="The file to write; else standard output.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Write all values that QUERY finds; what TLP:RED or PAP:RED keeps back is left out."""
    pieces = stream(node, key, "GET", f"/search/export/{format}", q=query)
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with out.open("wb") as file:
        file.writelines(pieces)


@app.command
def lookup(
    file: Annotated[str, Parameter(help="Text or table with values of any types, defanged or not; `-` is standard input.")],
    /, *,
    column: Annotated[str, Parameter(help="Of a table: the name of the column, or its number from 1.")] = "",
    csv: Annotated[bool, Parameter(help="Print comma-separated values.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say of each value in FILE whether the node knows it. Exit code 1 when it knows none."""
    import msgspec

    raw = sys.stdin.buffer.read(MAX_FILE + 1) if file == "-" else Path(file).read_bytes()
    if len(raw) > MAX_FILE:
        raise ValueError(f"{file}: larger than {MAX_FILE // (1 << 20)} MB; look it up in parts")
    body = {"text": raw.decode("utf-8", errors="replace"), "column": column,
            "format": "csv" if csv else "json"}  # fmt: skip
    known = 0
    text = _text()
    for line in _lines(stream(node, key, "POST", "/lookup", body)):
        if csv:
            known += b",true," in line
        else:
            row = msgspec.json.decode(line, type=dict[str, Any])
            known += row["known"]
        if csv or json:
            print(line.decode())
        else:
            print(_answer(row, text))
    return 0 if known else 1


@app.command
def views(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List the searches that you keep, and those that others share."""
    said = call(node, key, "GET", "/search/views")
    if json:
        _json(said)
        return
    for one in said["views"]:
        print(f"{one['name']}  ({one['by']}{', *' if one['shared'] else ''})  {one['query']}")


def _lines(pieces: Any) -> Any:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from (line.rstrip(b"\r") for line in whole)
    if held:
        yield held


def _print(said: dict[str, Any], of: str) -> None:
    text = _text()
    rows = said[of]
    if not rows:
        print(text("nothing found"))
    if of == "values":
        for row in rows:
            print(
                f"{row['value']}  {row['type']}  {_count(row['records'], row['more'])}"
                f"  {_day(row['first_at'])}–{_day(row['last_at'])}  {row['tlp']}"
                f"  {', '.join(row['sources'])}"
            )
    else:
        for row in rows:
            named = ", ".join(value["value"] for value in row["values"])
            print(
                f"{_day(row['at'])}  {row['kind']}  {row['source'] or '-'}  {row['tlp']}"
                f"  {row['title'] or '-'}  [{_count(row['count'], row['more'])}] {named}"
            )
    if rows and said["reading"] != "whole":
        print(text("read as a part of a value") if said["reading"] == "part"
              else text("read as words of a record"))  # fmt: skip
    if said["next"] is not None:
        print(text("there is more; ask for more with --limit"))
    waiting = said["behind"]
    if waiting and (waiting["values"] or waiting["changes"]):
        print(
            text("{values} values and {changes} records came in and cannot be found yet", **waiting)
        )
    for name, counts in (said["facets"] or {}).items():
        if isinstance(counts, list) and counts:
            print(f"{name}: " + ", ".join(f"{c['text']} ({c['values']})" for c in counts))


def _answer(row: dict[str, Any], text: Any) -> str:
    if not row["known"]:
        parts = [text("unknown")]
    else:
        parts = [
            text("known: {records} records", records=_count(row["records"], row["more"])),
            f"{_day(row['first_at'])}–{_day(row['last_at'])}",
            ", ".join(row["sources"]),
        ]
    if row["verdict"]:
        parts.append(f"{row['verdict']} ({', '.join(row['incidents'])})")
    if row["networks"]:
        parts.append(text("inside {networks}", networks=", ".join(row["networks"])))
    if row["warning_lists"]:
        parts.append(text("on warning lists: {lists}", lists=", ".join(row["warning_lists"])))
    return f"{row['value'] or row['given']}  {row['type'] or '-'}  " + " · ".join(
        filter(None, parts)
    )


def _count(n: int, more: bool) -> str:
    return f"{n}+" if more else str(n)


def _day(at: str) -> str:
    return at[:10]


def _text() -> Any:
    from zvon.cli.sentence import sentences

    return sentences(Settings().lang)


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
