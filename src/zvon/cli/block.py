"""`zvon block`: propose, approve, lift blocks, through a node's API."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.config import Settings
from zvon.model.scope import Scope

app = App(name="block", help="Blocks: propose, approve, lift.", help_format="plaintext")

ReasonFlag = Annotated[str, Parameter(help="Why; shown to subscribers and kept in the audit.")]


@app.command(name="list")
def list_blocks(
    *,
    state: Annotated[str | None, Parameter(help="Only blocks in this state.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """List blocks, newest first, with the proof of each subscriber."""
    query = {} if state is None else {"state": state}
    _print(call(node, key, "GET", "/blocks", **query), json=json)


@app.command
def propose(
    names: Annotated[list[str], Parameter(help="Names; all are taken, or none.")],
    /,
    *,
    reason: ReasonFlag,
    ground: Annotated[str, Parameter(help="The legal ground.")],
    scope: Annotated[Scope, Parameter(help="How much of each name.")] = Scope.HOST,
    days: Annotated[int, Parameter(help="Days until the block ends.")] = 14,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Propose blocks; another person has to approve them."""
    body = {
        "names": [{"name": name, "scope": scope.value} for name in names],
        "reason": reason, "legal_ground": ground, "days": days,
    }  # fmt: skip
    _print(call(node, key, "POST", "/blocks", body), json=json)


@app.command
def approve(
    blocks: list[str], /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Approve and publish BLOCKS (identifiers)."""
    _act("approvals", blocks, reason, node, key, json)


@app.command
def reject(
    blocks: list[str], /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say no to proposed BLOCKS."""
    _act("rejections", blocks, reason, node, key, json)


@app.command
def release(
    blocks: list[str], /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Let BLOCKS go on that a brake holds."""
    _act("releases", blocks, reason, node, key, json)


@app.command
def lift(
    blocks: list[str], /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """End live BLOCKS at every subscriber."""
    _act("lifts", blocks, reason, node, key, json)


def _act(verb: str, blocks: list[str], reason: str, node: str, key: str | None, json: bool) -> None:
    said = call(node, key, "POST", f"/blocks/{verb}", {"blocks": blocks, "reason": reason})
    _print(said, json=json)


def _print(said: dict[str, Any], *, json: bool) -> None:
    if json:
        import msgspec

        print(msgspec.json.encode(said).decode())
        return
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    if not said["blocks"]:
        print(text("no blocks"))
    for block in said["blocks"]:
        grades = " ".join(f"{p['subscriber']}:{p['grade'] or '-'}" for p in block["proof"])
        until = text("until {day}", day=block["expires_at"][:10])
        print(f"{block['number']}  {block['state']:<10} {block['name']} ({block['scope']})"
              f"  {until}  {grades}  {block['id']}")  # fmt: skip
