"""`zvon block appeal`: what somebody says is blocked by mistake, through a node's API."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment, say

app = App(name="appeal", help="Appeals against blocks.", help_format="plaintext")

Number = Annotated[str, Parameter(help="The appeal, as in P-26-000001.")]
ReasonFlag = Annotated[str, Parameter(help="Why; shown to the person who filed it.")]


class UnknownAppeal(LookupError):
    """No appeal has this number."""


@app.command(name="list")
def list_appeals(
    *,
    decided: Annotated[bool, Parameter(help="Those decided lately.", negative=())] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """List appeals that wait, the most urgent first."""
    query = {"decided": "true"} if decided else {}
    _print(call(node, key, "GET", "/appeals", **query)["appeals"], json=json)


@app.command
def grant(
    number: Number, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say yes: what blocks the name is lifted everywhere at once."""
    _decide(number, reason, node, key, granted=True, json=json)


@app.command
def refuse(
    number: Number, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say no; not against your own proposal."""
    _decide(number, reason, node, key, granted=False, json=json)


def _decide(
    number: str, reason: str, node: str, key: str | None, *, granted: bool, json: bool
) -> None:
    for one in call(node, key, "GET", "/appeals")["appeals"]:
        if number in {one["number"], one["id"]}:
            break
    else:
        raise UnknownAppeal(f"no appeal {number} waits for a decision")
    body = {"granted": granted, "reason": reason}
    _print([call(node, key, "POST", f"/appeals/{one['id']}/decision", body)], json=json)


def _print(appeals: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode({"appeals": appeals}).decode())
        return
    text = say()
    if not appeals:
        print(text("no appeals"))
    for one in appeals:
        late = "  " + text("OVERDUE") if one["overdue"] else ""
        until = text("until {at}", at=moment(one["due_at"])[:16])
        print(f"{one['number']}  {one['state']:<8} {one['name']}  {until}{late}")
        if one["block_number"]:
            print(f"  {one['block_number']}  {one['block_name']}  {one['block_state']}")
        if one["state"] == "open":
            print(f"  {' '.join(one['text'].split())[:200]}")
        else:
            print(f"  {one['decided_by']}: {one['reason']}")
