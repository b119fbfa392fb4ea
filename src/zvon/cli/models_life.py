"""`zvon models list|card|import|shadow|promote|rollback|drift`: which model decides on a node."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

NameFlag = Annotated[str, Parameter(help="Which model.")]
PHISH_URL = "phish-url"


def list_versions(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> int:
    """Show every version of this node, newest first, and what the monitor says."""
    said = call(node, key, "GET", "/models")
    if json:
        return _json(said)
    if not said["versions"]:
        print("the model that ships decides; this node has no other version")
    for row in said["versions"]:
        why = f"  refused: {', '.join(row['refusals'])}" if row["refusals"] else ""
        print(f"{row['name']:<12} {row['version']:<18} {row['state']:<10} {row['use']:<8}"
              f" {row['sha256'][:16]}{why}")  # fmt: skip
    _drift(said["drift"])
    return 1 if said["alarm"] else 0


def take_in(
    folder: Path,
    /,
    *,
    version: Annotated[str | None, Parameter(help="Default: that of meta.json.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Send a trained model (FOLDER with weights.npz, meta.json, CARD.md) as a candidate."""
    from base64 import b64encode

    import msgspec

    meta: dict[str, Any] = msgspec.json.decode((folder / "meta.json").read_bytes())
    body = {
        "name": meta.get("name", PHISH_URL),
        "version": version or str(meta.get("version", "")),
        "weights": b64encode((folder / "weights.npz").read_bytes()).decode(),
        "meta": meta,
        "card": (folder / "CARD.md").read_text(encoding="utf-8"),
    }
    said = call(node, key, "POST", "/models", body)
    if json:
        return _json(said)
    print(f"{said['name']} {said['version']}: {said['state']}")
    for why in said["refusals"]:
        print(f"  the gate refused it: {why}")
    return 1 if said["refusals"] else 0


def shadow(
    version: str, /, *, name: NameFlag = PHISH_URL, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Let VERSION score beside the model that decides."""
    said = call(node, key, "POST", f"/models/{name}/{version}/shadow")
    if json:
        return _json(said)
    print(f"{said['name']}: {said['version']} scores beside the model that decides")
    return 0


def promote(
    version: str, /, *, name: NameFlag = PHISH_URL, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Make VERSION the model that decides."""
    return _moved(call(node, key, "POST", f"/models/{name}/{version}/promotion"), json=json)


def rollback(
    *, name: NameFlag = PHISH_URL, node: NodeFlag = NODE, key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Put the version before this one back."""
    return _moved(call(node, key, "POST", f"/models/{name}/rollback"), json=json)


def mount(app: App) -> None:
    """Add these commands to `zvon models`."""
    app.command(list_versions, name="list")
    app.command(take_in, name="import")
    app.command(shadow)
    app.command(promote)
    app.command(rollback)


def _moved(said: dict[str, Any], *, json: bool) -> int:
    if json:
        return _json(said)
    print(f"{said['name']}: {said['version']} decides" if said["version"] != "shipped"
          else f"{said['name']}: the model that ships decides")  # fmt: skip
    return 0


def _drift(drift: dict[str, Any]) -> None:
    for row in drift["strata"]:
        index = "-" if row["index"] is None else f"{row['index']:.3f}"
        print(f"drift {row['stratum']:<10} {row['word']:<7} index {index}"
              f"  ({row['now']} scores, {row['reference']} before)")  # fmt: skip


def _json(said: dict[str, Any]) -> int:
    import msgspec

    print(msgspec.json.encode(said).decode())
    return 0
