"""`zvon dns kit` and `zvon dns fanout`: files of a subscriber, and of those behind a secondary."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from zvon.cli.api import NODE, KeyFlag, NodeFlag, NodeRefused, call

KEPT_AS = "tsig.secret"
API_KEY = "@API_KEY@"

SecretFlag = Annotated[
    str | None, Parameter(help="The secret that was shown at the start.", env_var="ZVON_SECRET")
]


def kit(
    name: str,
    /,
    *,
    secret: SecretFlag = None,
    out: Annotated[Path | None, Parameter(help="Folder for the files.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Write the configuration of the subscriber NAME; without --secret it has a placeholder."""
    write_files(_kit(node, key, name), out, secret)


def fanout(
    name: str,
    /,
    *,
    clients: Annotated[Path, Parameter(help="CSV: name,address,feeds[,secret]; '-' reads stdin.")],
    secret: SecretFlag = None,
    out: Annotated[Path, Parameter(help="Folder for the files.")],
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Write the files of the Knot or NSD secondary NAME with the resolvers behind it.

    Each gets a key of its own and only the zones of its feeds. `clients.csv` in OUT has the secrets;
    give it again next time, so that they stay.
    """
    one = next((s for s in call(node, key, "GET", "/subscribers")["subscribers"]
                if s["name"] == name), None)  # fmt: skip
    if one is None:
        raise NodeRefused(f"there is no subscriber {name!r}")
    text = sys.stdin.read() if str(clients) == "-" else clients.read_text(encoding="utf-8")
    said = call(node, key, "POST", f"/subscribers/{one['id']}/fanout", {"clients": text})
    write_files(said["kit"], out, secret)


def _kit(node: str, key: str | None, name: str) -> list[dict[str, str]]:
    for one in call(node, key, "GET", "/subscribers")["subscribers"]:
        if one["name"] == name:
            found = call(node, key, "GET", f"/subscribers/{one['id']}/kit")["kit"]
            return [dict(file) for file in found]
    raise NodeRefused(f"there is no subscriber {name!r}")


def _with(files: Sequence[dict[str, str]], secret: str | None) -> list[dict[str, str]]:
    text = secret or "@SECRET@"
    return [file | {"text": file["text"].replace("@SECRET@", text)} for file in files]


def write_files(
    files: Sequence[dict[str, str]], out: Path | None, secret: str | None = None
) -> None:
    """Write the files of a kit into a folder, or show them.

    The folder keeps the secret, so that files that are written later have it too.
    """
    if out is not None:
        kept = out / KEPT_AS
        if secret is not None:
            _write(kept, secret + "\n")
        elif kept.exists():
            secret = kept.read_text(encoding="ascii").strip()
    for file in _with(files, secret):
        if out is None:
            print(f"# {file['path']}: {file['note']}\n{file['text']}")
            continue
        path = out / Path(file["path"]).name
        if API_KEY in file["text"] and path.exists() and API_KEY not in path.read_text("utf-8"):
            continue  # the key that fetches lists is in it, and is not shown again
        _write(path, file["text"])
        print(f"{path}: {file['note']}", file=sys.stderr)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    if not path.exists():
        path.touch(mode=0o640)
    path.write_text(text, encoding="utf-8")


def put_out(said: dict[str, Any]) -> None:
    """Print JSON."""
    import msgspec

    print(msgspec.json.encode(said).decode())
