"""`zvon incident task`: tasks of an incident, and mine."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment
from zvon.cli.incident_ref import Number, as_json, place, told

app = App(name="task", help="Tasks of incidents, and mine.", help_format="plaintext")

TaskNumber = Annotated[str, Parameter(help="The task, as in T-26-000004.")]


class UnknownTask(LookupError):
    """No task that waits has this number."""


@app.command(name="list")
def list_tasks(
    number: Annotated[str | None, Parameter(help="An incident; without it: mine.")] = None, /, *,
    nobody: Annotated[bool, Parameter(help="What nobody has taken.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List tasks, what is due first stands first."""
    if number is not None:
        found = call(node, key, "GET", f"{place(number, node, key)}/tasks")
    else:
        found = call(node, key, "GET", "/tasks", whose="nobody" if nobody else "mine")
    if json:
        as_json(found)
        return
    for one in found["tasks"]:
        _line(one)
    if not found["tasks"]:
        print("no tasks")


@app.command
def add(
    number: Number, text: Annotated[str, Parameter(help="What is to be done.")], /, *,
    assignee: Annotated[str | None, Parameter(help="Login of who does it.")] = None,
    due: Annotated[str | None, Parameter(help="Until when, as in 2026-11-24T08:00:00Z.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Make a task for an incident."""
    body = {"text": text} | {k: v for k, v in (("assignee", assignee), ("due_at", due)) if v}
    made = call(node, key, "POST", f"{place(number, node, key)}/tasks", body)
    if json:
        as_json(made)
    else:
        _line(made)


@app.command
def template(
    number: Number,
    name: Annotated[str | None, Parameter(help="A template; without it they are listed.")] = None,
    /, *, node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Make the tasks of a template that an incident does not have yet."""
    if name is None:
        for one in call(node, key, "GET", "/task-templates")["templates"]:
            kinds = ", ".join(one["categories"])
            print(f"{one['name']:<18} {len(one['steps'])} tasks  {kinds}".rstrip())
        return
    path = f"{place(number, node, key)}/tasks/from-template"
    for task in call(node, key, "POST", path, {"template": name})["tasks"]:
        _line(task)


@app.command
def move(
    number: Number, task: TaskNumber,
    to: Annotated[
        Literal["todo", "doing", "blocked", "done", "dropped"], Parameter(help="Where it goes.")
    ],
    /, *,
    result: Annotated[str, Parameter(help="What came of it, or why it is not done.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Begin, finish, block or drop a task of an incident."""
    one = _task(number, task, node, key)
    body = {"to": to, "version": one["version"], "result": result}
    _line(call(node, key, "POST", f"/tasks/{one['id']}/state", body))


def _task(number: str, task: str, node: str, key: str | None) -> dict[str, Any]:
    for one in call(node, key, "GET", f"{place(number, node, key)}/tasks")["tasks"]:
        if task in {one["number"], one["id"]}:
            return dict(one)
    raise UnknownTask(f"{number} has no task {task}")


def _line(one: dict[str, Any]) -> None:
    what = one["text"] or told(one["code"], one["params"])
    due = f"  due {moment(one['due_at'])[:16]}" if one["due_at"] else ""
    late = "  OVERDUE" if one["overdue"] else ""
    first = f"  first {', '.join(one['first'])}" if one["first"] else ""
    print(
        f"{one['number']}  {one['state']:<8} {one['assignee'] or '-':<10} {what}{due}{late}{first}"
    )
