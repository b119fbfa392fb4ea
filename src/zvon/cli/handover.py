"""`zvon handover`: what one shift leaves to the next, over a node's API."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment
from zvon.cli.incident_ref import as_json, place, told

app = App(name="handover", help="Handovers: what one shift leaves to the next.",
          help_format="plaintext")  # fmt: skip

Which = Annotated[
    str | None, Parameter(help="Its identifier; without it: the draft, else the one that waits.")
]


class NoneOpen(LookupError):
    """No handover is being written and none waits."""


@app.command(name="list")
def list_handovers(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List handovers: those that wait to be taken, then those before."""
    found = call(node, key, "GET", "/handovers")
    if json:
        as_json(found)
        return
    if found["draft"]:
        print(f"{found['draft']}  draft")
    for one in found["before"]:
        taken = f"taken by {one['taken_by']}" if one["taken_by"] else "NOT TAKEN"
        late = ", those who lead were told" if one["late"] else ""
        print(f"{one['id']}  {moment(one['given_at'])[:16]}  {one['given_by']:<10} {taken}{late}")
    if not found["draft"] and not found["before"]:
        print("no handovers")


@app.command
def show(
    which: Which = None, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show one: what people wrote, and what was open, due or late."""
    found = call(node, key, "GET", f"/handovers/{_id(which, node, key)}")
    if json:
        as_json(found)
    else:
        _print(found)


@app.command
def begin(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """Begin to write one, or go on with the draft."""
    found = call(node, key, "POST", "/handovers", {})
    if json:
        as_json(found)
    else:
        _print(found)


@app.command
def note(
    text: Annotated[str, Parameter(help="What the next shift should know.")], /, *,
    incident: Annotated[str | None, Parameter(help="About which, as in I-26-000012.")] = None,
    which: Which = None, node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Write something for the next shift."""
    body: dict[str, Any] = {"text": text}
    if incident is not None:
        body["incident"] = place(incident, node, key).rpartition("/")[2]
    call(node, key, "POST", f"/handovers/{_id(which, node, key)}/notes", body)
    print("noted")


@app.command
def give(
    *, to: Annotated[str | None, Parameter(help="Login; without it: whoever comes.")] = None,
    which: Which = None, node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Give the draft over; from now on it stays as it is."""
    id_ = _id(which, node, key)
    version = call(node, key, "GET", f"/handovers/{id_}")["version"]
    call(node, key, "POST", f"/handovers/{id_}/giving", {"version": version, "to": to})
    print(f"given to {to or 'whoever comes'}; {id_}")


@app.command
def take(
    which: Which = None, /, *,
    remark: Annotated[str, Parameter(help="A question or a remark.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Take what another person gave."""
    if which is None:
        waiting = call(node, key, "GET", "/handovers")["waiting"]
        if not waiting:
            raise NoneOpen("no handover waits to be taken")
        which = str(waiting[0]["id"])
    version = call(node, key, "GET", f"/handovers/{which}")["version"]
    done = call(node, key, "POST", f"/handovers/{which}/taking",
                {"version": version, "remark": remark})  # fmt: skip
    print(f"taken by {done['taken_by']}")


def _id(which: str | None, node: str, key: str | None) -> str:
    if which is not None:
        return which
    found = call(node, key, "GET", "/handovers")
    if found["draft"]:
        return str(found["draft"])
    if found["waiting"]:
        return str(found["waiting"][0]["id"])
    raise NoneOpen("no handover is being written and none waits")


def _print(found: dict[str, Any]) -> None:
    who = found["given_by"] or found["begun_by"]
    print(f"{found['state']}, by {who}, since {moment(found['since'])[:16]}")
    for n in found["notes"]:
        about = f"  {n['number']}" if n["number"] else ""
        print(f"  {n['by']}: {n['text']}  ({n['tlp']}){about}")
    section = ""
    for x in found["items"]:
        if x["section"] != section:
            section = x["section"]
            print(told(f"HANDOVER_IN_{section.upper()}", {}))
        title = told(x["title"], x["params"] or {}) if x["title"] else ""
        at = moment(x["at"])[:16] if x["at"] else "-"
        print(f"  {at:<16}  {x['number'] or '-':<12} {x['label'] or title}  [{x['state']}]")
    if not found["items"]:
        print("  nothing on this list is open, as far as you may see")
