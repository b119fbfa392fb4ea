"""`zvon playbook`: check a document on this machine, and what a node has of them."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call, stream

app = App(
    name="playbook", help="Playbooks: CACAO 2.0 in and out, checked.", help_format="plaintext"
)

Document = Annotated[Path, Parameter(help="A CACAO 2.0 document; `-` reads the input.")]
Which = Annotated[str, Parameter(help="Its name or identifier, as `list` shows them.")]
Lang = Annotated[str, Parameter(help="Language of the findings: sl, hr or en.")]


_ORDER = ("error", "warning", "note")


class UnknownPlaybook(LookupError):
    """No playbook has this name, or more than one has."""


@app.command
def check(file: Document, /, *, lang: Lang = "en", json: JsonFlag = False) -> None:
    """Check a document, without a node: missing steps, endless circles, variables, time limits.

    Exit code 0: it can be taken in; 1: it has errors; 2: there is no such file.
    """
    from zvon.formats.cacao.document import judge
    from zvon.locale import translator
    from zvon.locale.sentence import sentence
    from zvon.model.playbook_check import shape
    from zvon.model.playbook_problem import stops

    made, found = judge(_read(file))
    speak = translator(lang)
    told = [{"weight": f.weight.value, "code": f.code, "step": f.step,
             "sentence": sentence(speak, f.code, f.params)} for f in found]  # fmt: skip
    bad = made is None or stops(found)
    if json:
        _json({"ok": not bad, "name": made.name if made else "", "findings": told,
               "shape": shape(made) if made else {}})  # fmt: skip
        sys.exit(int(bad))
    if made is not None:
        size = shape(made)
        print(f"{made.title(lang)}: {size['steps']} steps, {size['branches']} branches, "
              f"{size['waits']} waits, {size['manual']} by hand")  # fmt: skip
    for one in sorted(told, key=lambda one: _ORDER.index(str(one["weight"]))):
        print(f"  {one['weight']:<8} {one['step'] or 'playbook'}: {one['sentence']}")
    print("it cannot be taken in" if bad else "it can be taken in")
    sys.exit(int(bad))


@app.command(name="list")
def list_playbooks(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List playbooks: what is in force, what is being written."""
    found = call(node, key, "GET", "/playbooks")
    if json:
        _json(found)
        return
    for one in found["playbooks"]:
        _line(one)
    if not found["playbooks"]:
        print("no playbooks")


@app.command(name="import")
def import_playbook(
    file: Document, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Take a document in as a draft; one with an error is refused whole, with its step."""
    from zvon.formats.cacao.document import read_playbook

    raw = _read(file)
    read_playbook(raw)  # what is wrong with it is said before anything is sent
    made = call(node, key, "POST", "/playbooks/import", raw)
    if json:
        _json(made)
    else:
        _line(made)


@app.command
def export(
    which: Which, /, *, out: Annotated[Path | None, Parameter(help="File; else printed.")] = None,
    number: Annotated[int | None, Parameter(help="Version; else the newest.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Write a playbook as a CACAO 2.0 document."""
    path = f"/playbooks/{_one(which, node, key)['id']}/export"
    if number is not None:
        path += f"?number={number}"
    body = b"".join(stream(node, key, "GET", path))
    if out is None:
        sys.stdout.buffer.write(body + b"\n")
        return
    out.write_bytes(body + b"\n")
    print(f"{out}: {len(body) + 1} bytes")


@app.command
def validate(which: Which, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Check the draft and freeze it, so that it can be tried and put in force."""
    one = _one(which, node, key)
    _line(call(node, key, "POST", f"/playbooks/{one['id']}/validation",
               {"version": one["version"]}))  # fmt: skip


@app.command
def publish(
    which: Which, /, *, reason: Annotated[str, Parameter(help="Why; it stands with the version.")],
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Put a version that was tried in force; whoever wrote in it cannot."""
    one = _one(which, node, key)
    _line(call(node, key, "POST", f"/playbooks/{one['id']}/publication",
               {"version": one["version"], "reason": reason}))  # fmt: skip


@app.command
def retire(
    which: Which, /, *, reason: Annotated[str, Parameter(help="Why.")],
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Discard what is being written, else take what is in force out of it; runs go on."""
    one = _one(which, node, key)
    _line(call(node, key, "POST", f"/playbooks/{one['id']}/retirement",
               {"version": one["version"], "reason": reason}))  # fmt: skip


def _read(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _one(which: str, node: str, key: str | None) -> dict[str, Any]:
    found = [
        one
        for one in call(node, key, "GET", "/playbooks")["playbooks"]
        if which in {one["id"], one["cacao_id"], one["name"]}
    ]
    if len(found) != 1:
        raise UnknownPlaybook(f"{len(found)} playbooks are called {which}")
    return dict(found[0])


def _line(one: dict[str, Any]) -> None:
    force = f"in force {one['in_force']}" if one["in_force"] else "not in force"
    work = f", version {one['working']} {one['state']}" if one["working"] else ""
    errors = f", {one['errors']} errors" if one["errors"] else ""
    print(f"{one['id']}  {one['name']}: {force}{work}{errors}")


def _json(found: Any) -> None:
    import msgspec

    print(msgspec.json.encode(found).decode())
