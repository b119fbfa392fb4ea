"""`zvon constituency`: what is ours, so that the gate knows whose a value is."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

app = App(
    name="constituency",
    help="What is ours: names, networks and people that the gate protects.",
    help_format="plaintext",
)

KindName = Literal[
    "domain", "prefix", "asn", "bic", "phone", "organisation", "person", "mail", "host", "internal"
]
LookKind = Literal["name", "address", "mail", "phone", "asn", "bic"]


@app.command(name="list")
def list_all(
    *, kind: Annotated[KindName | None, Parameter(help="Only this kind.")] = None,
    text: Annotated[str, Parameter(help="Only values that hold this text.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Show the register; it names victims, so keep what is printed to yourself."""
    query = {
        "limit": "1000",
        **({"kind": kind} if kind else {}),
        **({"text": text} if text else {}),
    }
    after: str | None = "0"
    rows: list[dict[str, Any]] = []
    while after is not None:
        said = call(node, key, "GET", "/constituency", after=after, **query)
        rows += said["entries"]
        after = said["next"]
    if json:
        _json({"entries": rows})
        return
    for row in rows:
        notes = [row["country"] or "", row["sector"], "shared with others" if row["weak"] else "",
                 f"from {row['source']}" if row["source"] else ""]  # fmt: skip
        print(f"{row['kind']:<13} {row['value']:<40} {', '.join(filter(None, notes))}".rstrip())
    print(f"{len(rows)} entries")


@app.command
def add(
    values: Annotated[list[str], Parameter(help="Values; their kind is seen, or say it.")], /, *,
    kind: KindName | None = None,
    country: Annotated[str | None, Parameter(help="Two letters.")] = None,
    sector: str = "",
    weak: Annotated[bool, Parameter(help="Others share it: hosting, CDN, carrier NAT.")] = False,
    source: Annotated[str, Parameter(help="Where it is known from.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say that values are ours."""
    from zvon.privacy.register_file import guess

    entries = [{"kind": kind or guess(value), "value": value, "country": country,
                "sector": sector, "weak": weak} for value in values]  # fmt: skip
    _changed(call(node, key, "POST", "/constituency", {"entries": entries, "source": source}), json)


@app.command
def remove(
    values: list[str], /, *, kind: KindName | None = None, node: NodeFlag = NODE,
    key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say that values are not ours any more."""
    from zvon.privacy.register_file import guess

    entries = [{"kind": kind or guess(value), "value": value} for value in values]
    _changed(call(node, key, "POST", "/constituency/removals", {"entries": entries}), json)


@app.command(name="import")
def import_file(
    file: Annotated[Path, Parameter(help="CSV, a value a line, or a RIR's delegation list.")], /, *,
    country: Annotated[
        str | None, Parameter(help="Of a delegation list: take this country's networks.")
    ] = None,
    holder: Annotated[
        str | None, Parameter(help="Of a delegation list: take those of this opaque id.")
    ] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Add the entries of FILE, all or none; a bad line is named."""
    query = {"source": file.name, **({"country": country} if country else {}),
             **({"holder": holder} if holder else {})}  # fmt: skip
    said = call(node, key, "POST", "/constituency/file", file.read_bytes(), **query)
    _changed(said, json)


@app.command
def look(
    value: str, /, *, kind: LookKind = "name", node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say whether VALUE is ours; exit code 1 when it is not."""
    said = call(node, key, "GET", "/constituency/look", value=value, kind=kind)
    if json:
        _json(said)
    elif said["kind"] is None:
        print("not ours")
    else:
        shared = ", shared with others" if said["weak"] else ""
        print(f"ours, by {said['kind']}{shared}")
    return 0 if said["kind"] else 1


def _changed(said: dict[str, Any], json: bool) -> None:
    if json:
        _json(said)
    else:
        print(f"{said['changed']} entries changed")


def _json(value: object) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
