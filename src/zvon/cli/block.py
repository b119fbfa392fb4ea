"""`zvon block`: propose, approve, renew, lift and undo blocks, through a node's API."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.appeal import app as appeals
from zvon.cli.block_text import line, moment, say, whole
from zvon.cli.order import app as orders
from zvon.cli.order import find as find_order
from zvon.cli.partner import app as partners
from zvon.model.scope import Scope

app = App(name="block", help="Blocks: propose, approve, lift.", help_format="plaintext")
for nouns in (orders, appeals, partners):
    app.command(nouns)

ReasonFlag = Annotated[str, Parameter(help="Why; shown to subscribers and kept in the audit.")]
Blocks = Annotated[list[str], Parameter(help="Numbers (B-26-000001) or identifiers.")]
Trigger = Literal["qname", "ip", "nsdname", "nsip"]
_NUMBER = re.compile(r"B-\d\d-\d{6,}")


class UnknownBlock(LookupError):
    """No block has this number."""


class NotSure(ValueError):
    """A list of blocks was shown and nothing was ended."""


@app.command(name="list")
def list_blocks(
    *,
    state: Annotated[str | None, Parameter(help="Only blocks in this state.")] = None,
    name: Annotated[str | None, Parameter(help="Only blocks of exactly this name.")] = None,
    advised: Annotated[bool, Parameter(help="Only those that end soon.", negative=())] = False,
    unconfirmed: Annotated[
        bool, Parameter(help="Only a trusted partner's, to be confirmed.", negative=())
    ] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """List blocks, newest first, with the proof of each subscriber."""
    query = {"state": state, "name": name, "advised": "true" if advised else None,
             "unconfirmed": "true" if unconfirmed else None}  # fmt: skip
    said = call(node, key, "GET", "/blocks", **{k: v for k, v in query.items() if v is not None})
    _print(said, json=json)


@app.command
def show(
    block: Annotated[str, Parameter(help="A number (B-26-000001) or an identifier.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Show one block: what it is, how fast every resolver had it, and every step of its life."""
    (uuid,) = _ids(node, key, [block])
    said = call(node, key, "GET", f"/blocks/{uuid}")
    if json:
        _json(said)
        return
    for one in whole(said, say()):
        print(one)


@app.command
def propose(
    names: Annotated[list[str], Parameter(help="Names; all are taken, or none.")],
    /,
    *,
    reason: ReasonFlag,
    ground: Annotated[str, Parameter(help="The legal ground; an order brings its own.")] = "",
    scope: Annotated[Scope, Parameter(help="How much of each name.")] = Scope.HOST,
    days: Annotated[int | None, Parameter(help="Days until the block ends.")] = None,
    trigger: Annotated[Trigger, Parameter(help="What the rule looks at.")] = "qname",
    action: Annotated[
        Literal["nxdomain", "nodata", "landing"], Parameter(help="What resolvers answer.")
    ] = "nxdomain",
    category: Annotated[str | None, Parameter(help="phishing, malware, scam, …")] = None,
    source: Annotated[str, Parameter(help="Who it comes from.")] = "",
    order: Annotated[str | None, Parameter(help="Number of the order it rests on.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Propose blocks; another person has to approve them."""
    body: dict[str, Any] = {
        "names": [{"name": name, "scope": scope.value} for name in names],
        "reason": reason, "legal_ground": ground, "days": days, "trigger": trigger,
        "action": action, "category": category, "source": source,
        "order": None if order is None else find_order(node, key, order),
    }  # fmt: skip
    _print(call(node, key, "POST", "/blocks", body), json=json)


@app.command
def urgent(
    names: Annotated[list[str], Parameter(help="Hosts of the incident.")],
    /,
    *,
    incident: Annotated[str, Parameter(help="Identifier of the incident about your brand.")],
    reason: ReasonFlag,
    ground: Annotated[str, Parameter(help="The legal ground.")],
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Publish at once for an hour, as a trusted partner; a second person confirms it."""
    body = {"names": names, "incident": incident, "reason": reason, "legal_ground": ground}
    _print(call(node, key, "POST", "/blocks/urgent", body), json=json)


@app.command
def approve(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Approve and publish BLOCKS, or confirm a trusted partner's."""
    _act("approvals", blocks, reason, node, key, json)


@app.command
def reject(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say no to proposed BLOCKS."""
    _act("rejections", blocks, reason, node, key, json)


@app.command
def release(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Let BLOCKS go on that a brake holds."""
    _act("releases", blocks, reason, node, key, json)


@app.command
def withdraw(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Take your own proposals BLOCKS back."""
    _act("withdrawals", blocks, reason, node, key, json)


@app.command
def dispute(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say that BLOCKS may be wrong; they go on blocking until it is settled."""
    _act("disputes", blocks, reason, node, key, json)


@app.command
def uphold(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """End a dispute in favour of BLOCKS; `lift` ends it against them."""
    _act("upholds", blocks, reason, node, key, json)


@app.command
def renew(
    blocks: Blocks, /, *, reason: ReasonFlag,
    days: Annotated[int, Parameter(help="Days from now until they end.")] = 14,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Let live BLOCKS end later; not your own proposals."""
    until = datetime.now(UTC) + timedelta(days=days)
    body = {"blocks": _ids(node, key, blocks), "reason": reason, "until": until.isoformat()}
    _print(call(node, key, "POST", "/blocks/renewals", body), json=json)


@app.command
def lift(
    blocks: Blocks, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """End live BLOCKS at every subscriber."""
    _act("lifts", blocks, reason, node, key, json)


@app.command
def undo(
    *,
    reason: Annotated[str, Parameter(help="Why.")] = "",
    source: Annotated[str | None, Parameter(help="All blocks of this source.")] = None,
    person: Annotated[str | None, Parameter(help="All that this login did.")] = None,
    since: Annotated[
        str | None, Parameter(help="Proposed since then, as in 2026-11-22T09:00:00Z.")
    ] = None,
    release: Annotated[
        str | None, Parameter(help="As the second person, release this request.")
    ] = None,
    yes: Annotated[
        bool, Parameter(help="Do it; without it they are only shown.", negative=())
    ] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """End in one action all that a source or a person caused; shows it first."""
    if release is not None:
        said = call(node, key, "POST", f"/blocks/undo/{release}/release")
    else:
        body = {"reason": reason, "source": source, "person": person, "since": since}
        said = call(node, key, "POST", "/blocks/undo", {**body, "preview": not yes})
    if json:
        _json(said)
    else:
        _undone(said)
    if not said["done"] and not yes and not json:
        raise NotSure(say()("nothing was ended; with --yes it is"))


def _undone(said: dict[str, Any]) -> None:
    text = say()
    for block in said["blocks"]:
        print(f"{block['number']}  {block['state']:<10} {block['name']}")
    counts = {"lifted": said["lifted"], "rejected": said["rejected"]}
    if said["done"]:
        print(text("lifted: {lifted}, rejected: {rejected}", **counts))
    elif said["waits_for"]:
        print(text("to lift: {lifted}, to reject: {rejected}", **counts))
        print(text("Too much for one person. Until {at} another one runs:",
                   at=moment(said["waits_until"])))  # fmt: skip
        print(f"  zvon block undo --release {said['waits_for']}")
    else:
        print(text("to lift: {lifted}, to reject: {rejected}", **counts))


def _ids(node: str, key: str | None, blocks: list[str]) -> list[str]:
    """The identifiers of blocks that people know by number."""
    numbers = [block for block in blocks if _NUMBER.fullmatch(block)]
    known: dict[str, str] = {}
    for start in range(0, len(numbers), 100):
        some = numbers[start : start + 100]
        said = call(node, key, "GET", "/blocks", number=some)
        known |= {block["number"]: block["id"] for block in said["blocks"]}
    missing = [number for number in numbers if number not in known]
    if missing:
        raise UnknownBlock(f"there is no block {missing[0]}")
    return [known.get(block, block) for block in blocks]


def _act(verb: str, blocks: list[str], reason: str, node: str, key: str | None, json: bool) -> None:
    body = {"blocks": _ids(node, key, blocks), "reason": reason}
    _print(call(node, key, "POST", f"/blocks/{verb}", body), json=json)


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())


def _print(said: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(said)
        return
    text = say()
    if not said["blocks"]:
        print(text("no blocks"))
    for block in said["blocks"]:
        print(line(block, text))
