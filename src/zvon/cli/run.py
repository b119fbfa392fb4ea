"""`zvon run`: runs of playbooks, what they wait for, and trials on past incidents, over the API."""

import sys
import time
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

app = App(name="run", help="Runs of playbooks: what they wait for, and trials.",
          help_format="plaintext")  # fmt: skip

Which = Annotated[str, Parameter(help="The playbook: its name or identifier.")]
Number = Annotated[str, Parameter(help="The run, as in R-26-000001, or its identifier.")]
ReasonFlag = Annotated[str, Parameter(help="Why.")]
Incident = Annotated[str | None, Parameter(help="Identifier of the incident.")]
LOOK_S, LONGEST_S = 1.0, 600.0


class UnknownRun(LookupError):
    """No run has this number."""


@app.command(name="list")
def list_runs(
    *, ended: Annotated[bool, Parameter(help="Those that are over.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List runs: the late ones first, each with what it waits for and whose turn it is."""
    found = call(node, key, "GET", "/runs", ended=str(ended).lower())
    if json:
        _json(found)
        return
    for one in found["runs"]:
        print(_line(one))
    if not found["runs"]:
        print("no runs")


@app.command
def show(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
         json: JsonFlag = False) -> None:  # fmt: skip
    """Show a run with its steps and what each waits for."""
    found = _one(node, key, number)
    if json:
        _json(found)
        return
    print(_line(found))
    print(f"  acts for {found['acts_for']}, version {found['version']}")
    for step in found["steps"]:
        if step["action"] in {"start", "end"}:
            continue
        wait = step["wait"]
        said = f", waits for {wait['kind']} until {wait['deadline']}" if (
            wait and not wait["ended_at"]) else ""  # fmt: skip
        error = f" ({step['error']})" if step["error"] else ""
        print(f"  {step['state']:<9} {step['step']} {step['action']}{said}{error}")
        if wait and not wait["ended_at"] and wait["options"]:
            print(f"            {wait['question']}  [{' | '.join(wait['options'])}]")


@app.command
def start(
    playbook: Which, /, *, incident: Incident = None, reason: ReasonFlag = "",
    exercise: Annotated[
        bool, Parameter(help="An exercise: nothing gets out.", negative=())
    ] = False,
    value: Annotated[
        dict[str, str] | None, Parameter(help="What the playbook asks: --value.__hours__ 4")
    ] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Start a playbook; its actions have your permissions, and no more."""
    body: dict[str, Any] = {"playbook": _playbook(node, key, playbook)["id"], "reason": reason,
                            "sandbox": exercise, "values": value or {}}  # fmt: skip
    if incident is not None:
        body["incident"] = incident
    made = call(node, key, "POST", "/runs", body)
    if json:
        _json(made)
        return
    print(_line(made))


@app.command
def answer(
    number: Number,
    word: Annotated[Literal["yes", "no", "retry", "skip", "stop"], Parameter(help="Your word.")],
    /, *, step: Annotated[str | None, Parameter(help="Which step, if several ask.")] = None,
    reason: ReasonFlag = "", node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Answer what a run asks, or say what becomes of a late step.

    Exit code 0: taken; 1: nothing is asked; 2: refused.
    """
    found = _one(node, key, number)
    asks = [s for s in found["steps"] if s["wait"] and not s["wait"]["ended_at"]
            and word in s["wait"]["options"] and step in (None, s["step"], s["id"])]  # fmt: skip
    if not asks:
        print("nothing of this run asks for that word")
        sys.exit(1)
    if len(asks) > 1:
        raise ValueError(f"several steps ask; say --step: {', '.join(s['step'] for s in asks)}")
    body = {"step": asks[0]["id"], "word": word, "reason": reason}
    print(_line(call(node, key, "POST", f"/runs/{found['id']}/answers", body)))


@app.command
def cancel(number: Number, /, *, reason: ReasonFlag, node: NodeFlag = NODE,
           key: KeyFlag = None) -> None:  # fmt: skip
    """End a run and take back what it made, as far as that can be."""
    found = _one(node, key, number)
    done = call(node, key, "POST", f"/runs/{found['id']}/cancel", {"reason": reason})
    print(_line(done))
    for line in done["log"]:
        if line["code"] in {"TAKEN_BACK", "NOT_TAKEN_BACK", "STAYS"}:
            print(f"  {line['code'].lower().replace('_', ' ')}: {line['params']['kind']}"
                  f" {line['params'].get('why', '')}")  # fmt: skip


@app.command(name="dry-run")
def dry_run(
    playbook: Which, /, *,
    version: Annotated[int | None, Parameter(help="Its version; else the one in work.")] = None,
    against: Annotated[int | None, Parameter(help="Another version to compare with.")] = None,
    incidents: Annotated[int, Parameter(help="How many of the newest decided ones.")] = 200,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Try a playbook on past incidents: what it would have done with what was known then."""
    found = _playbook(node, key, playbook)
    chosen = version or found["working"] or found["in_force"]
    body: dict[str, Any] = {"playbook": found["id"], "version": chosen, "incidents": incidents}
    if against is not None:
        body["against"] = against
    made = call(node, key, "POST", "/dry-runs", body)
    waited = 0.0
    while made["state"] in {"queued", "running"} and waited < LONGEST_S:
        time.sleep(LOOK_S)
        waited += LOOK_S
        made = call(node, key, "GET", f"/dry-runs/{made['id']}")
    if json:
        _json(made)
    elif made["state"] == "done":
        for name in ("this", "against"):
            if name in made["result"]:
                print(_tally(made["result"][name]))
    else:
        print(f"{made['state']}: {made['error'] or 'look again later'}")
    sys.exit(int(made["state"] != "done"))


def _tally(found: dict[str, Any]) -> str:
    earlier = found["earlier_s"]
    said = (
        ""
        if earlier is None
        else (f"; median {abs(earlier) / 60:.1f} min {'earlier' if earlier >= 0 else 'later'}")
    )
    return (
        f"version {found['version']}: {found['incidents']} incidents, would have blocked "
        f"{found['names']}, {found['false_names']} of them later judged false; "
        f"{found['approvals']} approvals; {found['letters']} letters; {found['tasks']} tasks{said}"
    )


def _playbook(node: str, key: str | None, which: str) -> dict[str, Any]:
    found = [
        one for one in call(node, key, "GET", "/playbooks")["playbooks"]
        if which in {one["id"], one["cacao_id"], one["name"]}
    ]  # fmt: skip
    if len(found) != 1:
        raise UnknownRun(f"{len(found)} playbooks are called {which}")
    return dict(found[0])


def _one(node: str, key: str | None, number: str) -> dict[str, Any]:
    if not number.upper().startswith("R-"):
        found: dict[str, Any] = call(node, key, "GET", f"/runs/{number}")
        return found
    for ended in ("false", "true"):
        cursor: str | None = ""
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            page = call(node, key, "GET", "/runs", ended=ended, **more)
            for one in page["runs"]:
                if one["number"] == number.upper():
                    whole: dict[str, Any] = call(node, key, "GET", f"/runs/{one['id']}")
                    return whole
            cursor = page["cursor"]
    raise UnknownRun(f"there is no run {number}")


def _line(one: dict[str, Any]) -> str:
    about = f" {one['incident']}" if one["incident"] else ""
    waits = ""
    if one["waits_for"]:
        turn = f", turn of {one['role']}" if one["role"] else ""
        waits = f"  waits for {one['waits_for']} since {one['since']}{turn}"
    error = f"  {one['error']}" if one["error"] else ""
    return f"{one['number']}  {one['state']:<9} {one['playbook']}{about}{waits}{error}"


def _json(value: Any) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False))
