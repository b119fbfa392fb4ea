"""`zvon block partner`: who may block alone for an hour, through a node's API."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import say

app = App(name="partner", help="Trusted partners: banks and the Post.", help_format="plaintext")


class UnknownParty(LookupError):
    """No organisation has this name."""


@app.command(name="list")
def list_partners(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List organisations, and for which brands they are trusted."""
    _print(call(node, key, "GET", "/parties")["parties"], json=json)


@app.command
def trust(
    party: Annotated[str, Parameter(help="Name or identifier of the organisation.")],
    /,
    *,
    brand: Annotated[
        list[str] | None, Parameter(help="A brand of theirs; none ends the trust.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Let each person of PARTY block alone, for an hour, in attacks on these brands."""
    found = [one for one in call(node, key, "GET", "/parties")["parties"]
             if party in {one["name"], one["id"]}]  # fmt: skip
    if len(found) != 1:
        raise UnknownParty(f"{len(found)} organisations are called {party!r}")
    path = f"/parties/{found[0]['id']}/brands"
    said = call(node, key, "PUT", path, {"brands": brand or []})
    _print(said["parties"], json=json)


def _print(parties: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode({"parties": parties}).decode())
        return
    text = say()
    for one in parties:
        trusted = ", ".join(one["brands"]) or text("not trusted")
        print(f"{one['id']}  {one['kind']:<9} {one['country']}  {one['name']}: {trusted}")
