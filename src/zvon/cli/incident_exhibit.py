"""`zvon incident exhibit`: files of evidence, sealed as they are, and who had them."""

import hashlib
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call, stream
from zvon.cli.block_text import moment
from zvon.cli.incident_ref import Number, as_json, place

app = App(name="exhibit", help="Files of evidence.", help_format="plaintext")

ExhibitNumber = Annotated[str, Parameter(help="The exhibit, as in X-26-000002.")]


class UnknownExhibit(LookupError):
    """The incident has no exhibit with this number."""


class ChangedExhibit(RuntimeError):
    """What came is not what was sealed."""


@app.command(name="list")
def list_exhibits(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
                  json: JsonFlag = False) -> None:  # fmt: skip
    """List the files of an incident; what was deleted is still named."""
    found = call(node, key, "GET", f"{place(number, node, key)}/exhibits")
    if json:
        as_json(found)
        return
    for one in found["exhibits"]:
        _line(one)
    if not found["exhibits"]:
        print("no exhibits")


@app.command
def add(
    number: Number, file: Annotated[Path, Parameter(help="The file.")], /, *,
    note: Annotated[str, Parameter(help="Where and how it was secured.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Seal a file as it is; the hash that the node gives back is compared with the file's."""
    import httpx
    import msgspec

    body = file.read_bytes()
    path = f"{node.rstrip('/')}/api/v1{place(number, node, key)}/exhibits"
    headers = {"content-type": guess_type(file.name)[0] or "application/octet-stream"}
    headers |= {} if key is None else {"authorization": f"Bearer {key}"}
    answer = httpx.post(path, content=body, headers=headers, timeout=600.0,
                        params={"name": file.name, "note": note})  # fmt: skip
    said = msgspec.json.decode(answer.content, type=dict[str, Any])
    if not answer.is_success:
        raise NodeRefused(f"{node} refused it ({answer.status_code}): {said.get('detail')}")
    if said["sha256"] != hashlib.sha256(body).hexdigest():
        raise ChangedExhibit(f"{said['number']} was sealed with another hash than {file} has")
    if json:
        as_json(said)
    else:
        _line(said)


@app.command
def save(
    number: Number, exhibit: ExhibitNumber, /, *,
    out: Annotated[Path, Parameter(help="Where it is written; nothing is overwritten.")],
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Write the bytes to a file that only you can read; it may be harmful. Custody notes it."""
    one = _exhibit(number, exhibit, node, key)
    digest = hashlib.sha256()
    out.touch(mode=0o600, exist_ok=False)
    with out.open("wb") as file:
        for piece in stream(node, key, "GET", f"/exhibits/{one['id']}/file"):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != one["sha256"]:
        raise ChangedExhibit(f"{out} is not what was sealed as {one['number']}")
    print(f"{out}: {one['size']} bytes, sha256 {one['sha256']}")


@app.command
def custody(number: Number, exhibit: ExhibitNumber, /, *, node: NodeFlag = NODE,
            key: KeyFlag = None, json: JsonFlag = False) -> None:  # fmt: skip
    """Who had an exhibit, when, and what they did."""
    one = _exhibit(number, exhibit, node, key)
    found = call(node, key, "GET", f"/exhibits/{one['id']}/custody")
    if json:
        as_json(found)
        return
    for line in found["custody"]:
        print(
            f"{moment(line['at'])}  {line['act']:<11} {line['by'] or 'this node':<12} {line['note']}".rstrip()
        )


def _exhibit(number: str, exhibit: str, node: str, key: str | None) -> dict[str, Any]:
    for one in call(node, key, "GET", f"{place(number, node, key)}/exhibits")["exhibits"]:
        if exhibit in {one["number"], one["id"]}:
            return dict(one)
    raise UnknownExhibit(f"{number} has no exhibit {exhibit}")


def _line(one: dict[str, Any]) -> None:
    state = "  DELETED" if one["deleted_at"] else "  held" if one["held_by"] else ""
    print(f"{one['number']}  {one['size']:>10}  {one['sha256'][:16]}  {one['name']}{state}")
