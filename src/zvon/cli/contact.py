"""`zvon contact`: whom the node writes to, through a node's API."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

app = App(name="contact", help="Whom the node writes to.", help_format="plaintext")

TLP = {"clear": 0, "green": 1, "amber": 2, "amber+strict": 3}


@app.command(name="list")
def list_contacts(
    text: Annotated[str, Parameter(help="Stands in the name, the address or a domain.")] = "",
    /,
    *,
    kind: Annotated[str | None, Parameter(help="As in constituent, registry, cert.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """List contacts by name."""
    query = {"text": text, **({"kind": kind} if kind else {})}
    found = call(node, key, "GET", "/contacts", **query)
    if json:
        _json(found)
        return
    for one in found["contacts"]:
        _line(one)
    if not found["contacts"]:
        print("no contacts")
    if found["next"]:
        print("there are more; say a part of the name")


@app.command
def add(
    name: Annotated[str, Parameter(help="Who they are.")],
    address: Annotated[str, Parameter(help="Their mail address.")],
    /,
    *,
    kind: Annotated[
        Literal[
            "constituent", "provider", "registrar", "registry", "cert", "bank", "duty", "other"
        ],
        Parameter(help="What they are."),
    ] = "constituent",
    lang: Annotated[Literal["sl", "hr", "en"], Parameter(help="Language of letters.")] = "en",
    country: Annotated[str | None, Parameter(help="As in SI.")] = None,
    sector: Annotated[str, Parameter(help="As in energy.")] = "",
    tlp: Annotated[
        Literal["clear", "green", "amber", "amber+strict"],
        Parameter(help="The strictest marking that they may read."),
    ] = "green",
    network: Annotated[list[str] | None, Parameter(help="A network of theirs.")] = None,
    domain: Annotated[list[str] | None, Parameter(help="A domain of theirs.")] = None,
    pgp: Annotated[Path | None, Parameter(help="File with their public key.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Add one contact."""
    body: dict[str, Any] = {
        "name": name, "address": address, "kind": kind, "lang": lang, "country": country,
        "sector": sector, "tlp": TLP[tlp], "networks": network or [], "domains": domain or [],
    }  # fmt: skip
    if pgp is not None:
        body["pgp"] = pgp.read_text(encoding="utf-8")
    _line(call(node, key, "POST", "/contacts", body))


@app.command(name="import")
def take(
    file: Annotated[Path, Parameter(help="CSV with a header: name, address, networks, …")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Add the contacts of a table, all or none."""
    done = call(node, key, "POST", "/contacts/file", file.read_bytes())
    print(f"{done['added']} contacts added")


@app.command
def lookup(
    value: Annotated[str, Parameter(help="A name, an address, a page or a mail address.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Whom to write to about something, the best first; each with who says so and since when."""
    found = call(node, key, "GET", "/contacts/lookup", value=value)
    if json:
        _json(found)
        return
    for one in found["found"]:
        seen = (one["seen_at"] or "")[:10]
        print(f"{one['address']:<36} {one['why']:<9} {one['of']:<24} {seen}  {one['name']}")
    if not found["found"]:
        print("nobody is known")
    if found["asked"]:
        print("a registry is being asked; look again in a moment")


def _line(one: dict[str, Any]) -> None:
    back = f"  MAIL COMES BACK: {one['bounced']}" if one["state"] == "bounced" else ""
    theirs = f"{len(one['networks'])} networks, {len(one['domains'])} domains"
    print(f"{one['name'][:30]:<30} {one['address']:<36} {one['kind']:<12} {theirs}{back}")


def _json(found: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(found).decode())
