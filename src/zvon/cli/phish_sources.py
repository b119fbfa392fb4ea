"""`zvon phish sources`: where a node gets new names from."""

import sys
from base64 import b64encode
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call
from zvon.config import Settings

app = App(
    name="sources", help="Logs of certificates, lists and feeds that a node reads.",
    help_format="plaintext",
)  # fmt: skip


@app.command
def add(
    name: str, url: str, /, *,
    kind: Annotated[Literal["static-ct", "rfc6962", "list", "feed"], Parameter(help="What it is.")],
    format: Annotated[str, Parameter(help="Form of a list or feed: text, csv, zone, openphish, …")] = "",
    operator: Annotated[str, Parameter(help="Who runs a log; a rest holds for all of theirs.")] = "",
    signed_by: Annotated[str, Parameter(help="Key of a log, Base64, as log lists have it.")] = "",
    every: Annotated[int | None, Parameter(help="Seconds from one reading to the next.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Read names from URL from now on, under the name NAME."""
    body = {"name": name, "kind": kind, "url": url, "format": format, "operator": operator,
            "key": signed_by, "every_s": every}  # fmt: skip
    _show([call(node, key, "POST", "/watch/sources", body)], json=json)


@app.command
def logs(
    file: Annotated[str, Parameter(help="Log list (JSON, version 3), or - for standard input.")],
    /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Read the live logs of a published list, and no longer those that it calls retired."""
    from datetime import UTC, datetime

    from zvon.formats.ct_log_list import decode

    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    now = datetime.now(UTC)
    rows = [{"name": log.name, "kind": log.kind, "url": log.url, "operator": log.operator,
             "key": b64encode(log.key).decode(), "live": log.live(now)} for log in decode(data)]  # fmt: skip
    said = call(node, key, "POST", "/watch/sources/logs", {"logs": rows})
    if json:
        _json(said)
        return
    for name in said["added"]:
        print(f"+ {name}")
    for name in said["retired"]:
        print(f"- {name}")


@app.command(name="list")
def list_all(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """Show the sources, how far each was read, and what is wrong with it."""
    _show(call(node, key, "GET", "/watch/sources")["sources"], json=json)


@app.command
def read(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Have the source NAME (or identifier) read now."""
    path = f"/watch/sources/{_id(node, key, name)}/reading"
    _show([call(node, key, "POST", path)], json=json)


@app.command
def stop(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Read the source NAME (or identifier) no longer; `read` begins again where it stopped."""
    path = f"/watch/sources/{_id(node, key, name)}/state"
    _show([call(node, key, "POST", path, {"enabled": False})], json=json)


@app.command
def remove(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Forget the source NAME (or identifier); the names that it gave stay."""
    call(node, key, "DELETE", f"/watch/sources/{_id(node, key, name)}")


def _id(node: str, key: str | None, name: str) -> str:
    for one in call(node, key, "GET", "/watch/sources")["sources"]:
        if name in {one["name"], one["id"]}:
            return str(one["id"])
    raise NodeRefused(f"there is no source {name!r}")


def _show(rows: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        _json({"sources": rows})
        return
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    for one in rows:
        state = one["problem"] or (text("good") if one["enabled"] else text("off"))
        lag = "-" if one["lag"] is None else str(one["lag"])
        print(f"{one['name']:<30} {one['kind']:<9} {one['names']:>10} {lag:>9}  {state}")


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
