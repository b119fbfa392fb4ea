"""`zvon block order`: what an authority ordered, through a node's API."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment, say

app = App(name="order", help="Orders of authorities.", help_format="plaintext")

Document = Annotated[Path | None, Parameter(help="The document; only its SHA-256 is sent.")]


class UnknownOrder(LookupError):
    """No order has this number."""


@app.command
def add(
    *,
    authority: Annotated[str, Parameter(help="Who ordered it.")],
    reference: Annotated[str, Parameter(help="Their file number.")],
    ground: Annotated[str, Parameter(help="The legal ground.")],
    days: Annotated[int, Parameter(help="Days until the order ends.")],
    document: Document = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Write an order down; without a document it is an oral one and waits for its written copy."""
    body: dict[str, Any] = {
        "authority": authority, "reference": reference, "legal_ground": ground,
        "kind": "oral" if document is None else "written",
        "expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
    }  # fmt: skip
    if document is not None:
        body["document_sha256"] = hashlib.sha256(document.read_bytes()).hexdigest()
    _print([call(node, key, "POST", "/orders", body)], json=json)


@app.command(name="list")
def list_orders(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List orders, newest first."""
    _print(call(node, key, "GET", "/orders")["orders"], json=json)


@app.command
def written(
    number: Annotated[str, Parameter(help="The order, as in O-26-000001.")],
    document: Annotated[Path, Parameter(help="The written copy; only its SHA-256 is sent.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """The written copy of the oral order NUMBER came."""
    one = find(node, key, number)
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    said = call(node, key, "POST", f"/orders/{one}/written", {"document_sha256": digest})
    _print([said], json=json)


def find(node: str, key: str | None, number: str) -> str:
    """The identifier of an order that people know by its number. Raises `UnknownOrder`."""
    for one in call(node, key, "GET", "/orders")["orders"]:
        if number in {one["number"], one["id"]}:
            return str(one["id"])
    raise UnknownOrder(f"there is no order {number}")


def _print(orders: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode({"orders": orders}).decode())
        return
    text = say()
    if not orders:
        print(text("no orders"))
    for one in orders:
        print(f"{one['number']}  {one['authority']} · {one['reference']} · {one['legal_ground']}")
        print("  " + text("until {at}", at=moment(one["expires_at"])), end="  ")
        if one["overdue"]:
            print(text("WRITTEN COPY OVERDUE since {at}", at=moment(one["written_due"])))
        elif one["written_at"] is None:
            print(text("written copy until {at}", at=moment(one["written_due"])))
        else:
            print(text("written, sha256 {digest}", digest=one["document_sha256"][:16]))
