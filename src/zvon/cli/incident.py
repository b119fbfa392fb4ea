"""`zvon incident`: the queue, one incident, and what people do with it, through a node's API."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment
from zvon.cli.incident_ref import Number, as_json, place, told, version

app = App(name="incident", help="Incidents and the work on them.", help_format="plaintext")
app.command("zvon.cli.incident_task:app", name="task", help="Tasks of incidents, and mine.")
app.command("zvon.cli.incident_class:app", name="class", help="Of what kind an incident is.")
app.command("zvon.cli.incident_exhibit:app", name="exhibit", help="Files of evidence.")

Reason = Annotated[str, Parameter(help="Why; it stands in the story.")]
Severity = Literal["unknown", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("unknown", "low", "medium", "high", "critical")


@app.command(name="list")
def list_incidents(
    *,
    tab: Annotated[
        Literal["all", "mine", "approvals", "held"], Parameter(help="Which part of the queue.")
    ] = "all",
    limit: Annotated[int, Parameter(help="How many at most, up to 200.")] = 50,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List what waits, the most pressing first."""
    found = call(node, key, "GET", "/incidents", tab=tab, limit=str(limit))
    if json:
        as_json(found)
        return
    for one in found["incidents"]:
        names = ", ".join(one["names"][:2])
        title = told(one["title"], one["title_params"])
        print(f"{one['number']}  {one['rank']:6.2f}  {one['state']:<9} {title}  {names}".rstrip())
    if found["hidden"]:
        print(f"{found['hidden']} more are hidden from you")
    if not found["incidents"]:
        print("nothing waits")


@app.command
def show(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
         json: JsonFlag = False) -> None:  # fmt: skip
    """Show an incident: how it stands, its verdicts, times, and what waits for a second person."""
    path = place(number, node, key)
    life = call(node, key, "GET", f"{path}/life")
    if json:
        as_json(life)
        return
    _stands(life)
    for one in (v for v in life["verdicts"] if v["undone_at"] is None):
        print(
            f"  {moment(one['at'])[:16]}  {one['by'] or 'a machine':<12} {one['value']}  {one['reason']}".rstrip()
        )
    for one in (t for t in life["times"] if t["counts"]):
        print(f"  {one['what']:<13} {moment(one['at'])}  {one['by'] or one['source']}")
    for one in (q for q in life["questions"] if q["stands"]):
        print(f"  waits for a second person: {one['act']} ({one['asked_by']}: {one['reason']})")
        print(f"    zvon incident agree {one['id']}")
    if life["moves"]:
        print("  may go to: " + ", ".join(m["to"] for m in life["moves"]))


@app.command
def move(
    number: Number,
    to: Annotated[
        Literal["triage", "open", "contained", "resolved", "closed", "on_hold", "rejected"],
        Parameter(help="Where it goes."),
    ],
    /,
    *,
    reason: Reason = "",
    until: Annotated[
        str | None, Parameter(help="With on_hold: until when, as in 2026-11-24T08:00:00Z.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Take an incident to another state. Exit code 1 when it waits for another person first."""
    path = place(number, node, key)
    body: dict[str, Any] = {"to": to, "version": version(path, node, key), "reason": reason}
    if until is not None:
        body["until"] = until
    return _done(call(node, key, "POST", f"{path}/state", body), json=json)


@app.command
def verdict(
    number: Number,
    value: Annotated[
        Literal["true_positive", "benign_positive", "false_positive", "duplicate", "undetermined"],
        Parameter(help="What it was."),
    ],
    /,
    *,
    reason: Reason = "",
    of: Annotated[
        str | None, Parameter(help="With duplicate: the incident that it repeats.")
    ] = None,
    keep_state: Annotated[bool, Parameter(help="Leave the state as it is.", negative=())] = False,
    confidence: Annotated[float | None, Parameter(help="How sure, from 0 to 1.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Say what an incident was; its state follows. `undo` takes both back."""
    path = place(number, node, key)
    body: dict[str, Any] = {"value": value, "version": version(path, node, key), "reason": reason,
                            "follow": not keep_state}  # fmt: skip
    if of is not None:
        body["of"] = place(of, node, key).rpartition("/")[2]
    if confidence is not None:
        body["confidence"] = confidence
    return _done(call(node, key, "POST", f"{path}/alert-verdict", body), json=json)


@app.command
def undo(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Take the last decision on an incident back."""
    path = place(number, node, key)
    call(node, key, "POST", f"{path}/undo")
    _stands(call(node, key, "GET", f"{path}/life"))


@app.command
def assign(
    number: Number, /, *,
    owner: Annotated[str | None, Parameter(help="Login of who works on it; empty: nobody.")] = None,
    lead: Annotated[str | None, Parameter(help="Login of who leads; empty: nobody.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say who works on an incident and who leads."""
    path = place(number, node, key)
    body: dict[str, Any] = {"version": version(path, node, key)}
    body |= {k: v for k, v in (("owner", owner), ("lead", lead)) if v is not None}
    return _done(call(node, key, "POST", f"{path}/assignment", body), json=json)


@app.command
def severity(
    number: Number, level: Severity, /, *, reason: Reason, node: NodeFlag = NODE,
    key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say how bad it is. Exit code 1 when taking critical back waits for a second person."""
    path = place(number, node, key)
    body = {"severity": SEVERITIES.index(level), "reason": reason,
            "version": version(path, node, key)}  # fmt: skip
    return _done(call(node, key, "POST", f"{path}/severity", body), json=json)


@app.command
def time(
    number: Number,
    what: Annotated[
        Literal["occurred", "detected", "reported", "acknowledged", "assessed", "aware",
                "contained", "resolved"] | None,
        Parameter(help="Which time; without it all are listed."),
    ] = None,
    at: Annotated[str | None, Parameter(help="When, as in 2026-11-20T21:30:00Z.")] = None,
    /,
    *,
    reason: Reason = "",
    precision: Annotated[
        Literal["exact", "about", "before"], Parameter(help="How well it is known.")
    ] = "exact",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """List the times of an incident with all that was said of them, or state one.

    Exit code 1 when a later `aware` waits for a second person.
    """
    path = place(number, node, key)
    if what is None:
        found = call(node, key, "GET", f"{path}/life")
        if json:
            as_json({"times": found["times"]})
            return 0
        for one in found["times"]:
            mark = " " if one["counts"] else "-"
            said = one["by"] or one["source"]
            print(
                f"{mark} {one['what']:<13} {moment(one['at'])}  {said:<10} {one['reason']}".rstrip()
            )
        return 0
    if at is None:
        raise ValueError("when? as in 2026-11-20T21:30:00Z")
    body = {"what": what, "at": at, "reason": reason, "precision": precision}
    return _done(call(node, key, "POST", f"{path}/times", body), json=json)


@app.command
def questions(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List what waits for a second person."""
    found = call(node, key, "GET", "/countersigns")
    if json:
        as_json(found)
        return
    for one in found["questions"]:
        print(
            f"{one['id']}  {one['number']}  {one['act']:<9} {one['old']} -> {one['new']}  {one['asked_by']}: {one['reason']}"
        )
    if not found["questions"]:
        print("nothing waits for a second person")


@app.command
def agree(
    question: Annotated[str, Parameter(help="Identifier of the question.")], /, *,
    refuse: Annotated[str | None, Parameter(help="Say no, for this reason.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Agree to what another person asked, and it is done; or say no with a reason."""
    body = {"agrees": refuse is None, "reason": refuse or ""}
    done = call(node, key, "POST", f"/countersigns/{question}/answer", body)
    print(f"{done['number']}  {done['act']}  {'done' if done['agrees'] else 'refused'}")


def _done(life: dict[str, Any], *, json: bool) -> int:
    """Say how it stands now; 1 when nothing happened before another person agrees."""
    if json:
        as_json(life)
    else:
        _stands(life)
        if life["waits_for"]:
            print(f"  waits for a second person: zvon incident agree {life['waits_for']}")
        if life["reviewed"]:
            print("  waits for a second opinion")
    return 1 if life["waits_for"] or life["reviewed"] else 0


def _stands(life: dict[str, Any]) -> None:
    until = f" until {moment(life['hold_until'])[:16]}" if life["hold_until"] else ""
    print(f"{life['number']}  {life['state']}{until}  severity {life['severity']}"
          f"  {life['alert_verdict'] or 'not judged'}  {life['owner'] or 'nobody'}")  # fmt: skip
