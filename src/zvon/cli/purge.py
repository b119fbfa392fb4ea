"""`zvon purge`: what was deleted because it had its time, one on demand, and legal holds."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment

app = App(name="purge", help="Delete what had its time; legal holds.", help_format="plaintext")

CountryFlag = Annotated[str | None, Parameter(help="Only this country's policy, as in SI.")]
ClassFlag = Annotated[str | None, Parameter(name="--class", help="Only this class of data.")]
HoldArgument = Annotated[str, Parameter(help="The identifier of the hold.")]


@app.command
def run(
    *,
    country: CountryFlag = None,
    of_class: ClassFlag = None,
    rewrite: Annotated[
        bool, Parameter(help="Take dead rows off the disk at once; locks each table.", negative=())
    ] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Have the node delete now what had its time; what is younger or held stays."""
    call(node, key, "POST", "/purges",
         {"country": country, "of_class": of_class, "rewrite": rewrite})  # fmt: skip
    print("ordered; `zvon purge list` shows what it did")


@app.command(name="list")
def list_purges(
    *,
    country: CountryFlag = None,
    of_class: ClassFlag = None,
    limit: Annotated[int, Parameter(help="At most so many.")] = 30,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """List purges, newest first."""
    only = {"country": country, "of_class": of_class}
    query: dict[str, Any] = {name: said for name, said in only.items() if said}
    found = call(node, key, "GET", "/purges", limit=str(limit), **query)
    if json:
        _json(found)
        return
    for one in found["purges"]:
        state = "" if one["done_at"] else "  NOT FINISHED"
        counts = f"{sum(one['rows'].values())} rows, {one['files']} files, {one['keys']} keys"
        held = f", {one['held']} held" if one["held"] else ""
        print(f"{moment(one['started_at'])[:16]}  {one['country']} {one['of_class']:<14} "
              f"older than {one['cut_off'][:10]}: {counts}{held}{state}  {one['id']}")  # fmt: skip
    if not found["purges"]:
        print("no purges yet")


@app.command
def show(
    purge: Annotated[str, Parameter(help="The identifier of the purge.")], /, *,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Show what one purge did, table by table, and its proof."""
    one = call(node, key, "GET", f"/purges/{purge}")
    if json:
        _json(one)
        return
    print(f"{one['country']} {one['of_class']}, everything older than {moment(one['cut_off'])}")
    print(f"began {moment(one['started_at'])}, ended {moment(one['done_at'])}")
    for table, rows in one["rows"].items():
        print(f"  {rows:>9}  {table}")
    print(
        f"  {one['files']:>9}  files; {one['bytes']} bytes of bodies; {one['keys']} keys destroyed"
    )
    if one["held"]:
        print(f"  {one['held']:>9}  kept for a legal hold")
    if one["rewrite"]:
        print(f"still on the disk until they are rewritten: {', '.join(one['rewrite'])}")
    print(f"proof {one['proof']}")


@app.command
def holds(
    *, over: Annotated[bool, Parameter(help="Also those that ended.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List legal holds."""
    found = call(node, key, "GET", "/legal-holds", over=str(over).lower())
    if json:
        _json(found)
        return
    for one in found["legal_holds"]:
        _hold(one)
    if not found["legal_holds"]:
        print("no legal holds")


@app.command
def hold(
    *, country: Annotated[str, Parameter(help="Country of the policy, as in SI.")],
    of_class: Annotated[str, Parameter(name="--class", help="Class of data.")],
    until: Annotated[str, Parameter(help="Until when, as in 2027-03-31T00:00:00Z.")],
    reason: Annotated[str, Parameter(help="Why; an auditor reads it.")],
    record: Annotated[str | None, Parameter(help="Only this record.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Ask that rows are kept past their time; another person has to approve it."""
    body = {"country": country, "of_class": of_class, "until": until, "reason": reason,
            "record": record}  # fmt: skip
    _hold(call(node, key, "POST", "/legal-holds", body))


@app.command
def approve(hold: HoldArgument, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Confirm a legal hold that somebody else asked for."""
    _hold(call(node, key, "POST", f"/legal-holds/{hold}/approval"))


@app.command
def end(hold: HoldArgument, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Let go what is held."""
    _hold(call(node, key, "POST", f"/legal-holds/{hold}/end"))


def _hold(one: dict[str, Any]) -> None:
    state = "holds" if one["holds"] else "over" if one["ended_at"] else "waits for approval"
    what = f"record {one['record']}" if one["record"] else "the whole class"
    print(
        f"{one['id']}  {one['country']} {one['of_class']}: {what} until {one['until'][:10]}, {state}"
    )
    print(f"  {one['reason']} ({one['proposed_by']}, {one['approved_by'] or 'nobody yet'})")


def _json(found: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(found).decode())
