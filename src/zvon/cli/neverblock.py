"""`zvon neverblock`: names that nobody can block, and changes of them by two people for a day."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.config import Settings

app = App(
    name="neverblock",
    help="Names that nobody can block, and changes of them for a day.",
    help_format="plaintext",
)

ReasonFlag = Annotated[str, Parameter(help="Why; kept in the audit.")]


@app.command(name="list")
def list_all(
    name: Annotated[str | None, Parameter(help="Say what protects this name.")] = None,
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Show the lists, what protects NAME, and the changes by people."""
    said = call(node, key, "GET", "/neverblock", **({} if name is None else {"name": name}))
    said |= call(node, key, "GET", "/neverblock/changes")
    if json:
        _json(said)
        return
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    for one in said["lists"]:
        state = text("good") if one["good"] else text("NOT USABLE: nothing is published")
        print(f"{one['list']:<18} {one['version']:<16} {one['size']:>9}  {state}")
    for one in said["protection"]:
        print(f"{one['name']}  {one['list']}: {one['reason']}")
    if name is not None and not said["protection"]:
        print(text("{name} is on no list", name=name))
    _changes(said["changes"])


@app.command
def add(
    name: str, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Ask for NAME to be protected for a day."""
    _propose(name, "add", reason, node, key, json)


@app.command
def remove(
    name: str, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Ask for NAME to be taken out of the lists for a day; what is official cannot be."""
    _propose(name, "remove", reason, node, key, json)


@app.command
def approve(
    change: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Agree to somebody else's CHANGE (identifier); you need a role that they have not."""
    _show(call(node, key, "POST", f"/neverblock/changes/{change}/approval"), json=json)


@app.command
def end(
    change: str, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Take a CHANGE back before its day is over."""
    said = call(node, key, "POST", f"/neverblock/changes/{change}/end", {"reason": reason})
    _show(said, json=json)


@app.command
def thaw(
    feed: str, /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say that a stopped FEED may go on; two people have to."""
    said = call(node, key, "POST", f"/feeds/{feed}/thaw", {"reason": reason})
    if json:
        _json(said)
        return
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    print(text("{feed} goes on", feed=feed) if said["goes_on"]
          else text("{feed} waits for a second person", feed=feed))  # fmt: skip


def _propose(name: str, op: str, reason: str, node: str, key: str | None, json: bool) -> None:
    body = {"name": name, "op": op, "reason": reason}
    _show(call(node, key, "POST", "/neverblock/changes", body), json=json)


def _show(said: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(said)
    else:
        _changes([said])


def _changes(changes: list[dict[str, Any]]) -> None:
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    for one in changes:
        if one["ended_at"] is not None:
            state = text("over")
        elif one["approved_at"] is None:
            state = text("waits for a person of another role")
        else:
            state = text("until {day}", day=one["expires_at"][:16].replace("T", " "))
        op = {"add": "+", "remove": "-"}[one["op"]]
        print(f"{op} {one['name']}  {state}  {one['proposer']}  {one['id']}")


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
