"""`zvon dns pull`: keep a file on a resolver the same as the list of a node, and trust nothing else.

The hash in the manifest that the node signed decides, not the connection. A list is written
beside the old one and renamed, so that a resolver that watches the file never sees half of it;
a manifest older than what is here is refused, so that nobody can play back a list of yesterday.
"""

import base64
import binascii
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from zvon.cli.api import NODE, KeyFlag, NoAnswer, NodeFlag, NodeRefused
from zvon.config import Settings

TRIES = 3
TIMEOUT_S = 300.0


class BadList(RuntimeError):
    """What came is not what the node signed; the file stays as it was."""


def pull(
    feed: str,
    /,
    *,
    out: Annotated[Path, Parameter(help="File to keep up to date.")],
    verify: Annotated[str, Parameter(help="Public key of the node, base64, as it was given.")],
    format: Annotated[str, Parameter(help="rpz, kresd, hosts, …")] = "kresd",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    key_file: Annotated[Path | None, Parameter(help="File with the API key.")] = None,
) -> None:
    """Fetch the list of FEED when it changed; exit code 1 and the old file when anything is wrong."""
    import httpx

    from zvon.cli.sentence import sentences
    from zvon.formats.note import PeerError

    text = sentences(Settings().lang)
    if key is None and key_file is not None:
        key = key_file.read_text(encoding="ascii").strip()
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    base = f"{node.rstrip('/')}/api/v1/feeds/{feed}"
    try:
        with httpx.Client(headers=headers, timeout=TIMEOUT_S) as http:
            change, size = fetch(http, base, feed, format, out, public_key(verify))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NodeRefused(f"{node!r} is not the address of a node") from None
    except httpx.HTTPError as problem:
        raise NoAnswer(f"no answer from {node}: {problem}") from None
    except PeerError as problem:
        raise BadList(f"{node}: {problem}") from None
    if size is None:
        print(text("list up to date"))
    else:
        print(text("{format} list of {feed}: change {change}, {octets} octets, {file}",
                   format=format, feed=feed, change=change, octets=size, file=out))  # fmt: skip


def public_key(text: str) -> bytes:
    """32 octets of an Ed25519 key, in base64."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise ValueError("--verify: a public key is 32 octets in base64")
    return raw


def fetch(
    http: Any, base: str, feed: str, format: str, out: Path, key: bytes
) -> tuple[int, int | None]:
    """Bring `out` up to date; gives the change, and the size when something new was written.

    Raises `BadList`, `NodeRefused`, `PeerError`; `out` is then as it was.
    """
    from zvon.formats import list_manifest

    for _ in range(TRIES):
        answer = http.get(f"{base}/manifest", params={"format": format})
        _accepted(answer)
        manifest = list_manifest.read(answer.content, key)
        wanted = next((one for one in manifest.lists if one.format == format), None)
        if manifest.feed != feed or wanted is None:
            raise BadList("the manifest is of another list")
        held = _held(out)
        if manifest.seq < held:
            raise BadList(f"the manifest is of change {manifest.seq}; {held} is here already")
        if out.exists() and _sha256(out) == wanted.sha256:
            _note(out, manifest.seq)
            return manifest.seq, None
        path, sha256 = _download(http, f"{base}/export/{format}", out)
        try:
            if sha256 == wanted.sha256:
                path.chmod(0o644)
                path.rename(out)
                _note(out, manifest.seq)
                return manifest.seq, wanted.size
        finally:
            path.unlink(missing_ok=True)
    raise BadList("the list is not the one that the node signed")


def _download(http: Any, url: str, out: Path) -> tuple[Path, str]:
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with os.fdopen(handle, "wb") as file, http.stream("GET", url) as answer:
            if not answer.is_success:
                answer.read()
            _accepted(answer)
            for piece in answer.iter_bytes():
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), digest.hexdigest()


def _accepted(answer: Any) -> None:
    if not answer.is_success:
        raise NodeRefused(f"the node refused it ({answer.status_code}): {answer.text[:300]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(out: Path) -> Path:
    return out.with_name(out.name + ".change")


def _held(out: Path) -> int:
    """The change up to which the file here is complete; 0 when there is none."""
    try:
        return int(_beside(out).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _note(out: Path, change: int) -> None:
    _beside(out).write_text(str(change), encoding="ascii")
