"""`zvon reference`: warning lists, tags, names, techniques and networks that the node goes by."""

import asyncio
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from cyclopts import App, Parameter

from zvon.cli.api import JsonFlag

if TYPE_CHECKING:
    from zvon.collect.reference.folder import Current

app = App(
    name="reference",
    help="Reference data: warning lists, tags, names, techniques, networks.",
    help_format="plaintext",
)

MAX_DOWNLOAD = 1024 * 1024 * 1024
TIMEOUT_S = 60.0
MOST_PROBLEMS = 10

RootFlag = Annotated[Path | None, Parameter(help="Folder of the node.")]
Source = Annotated[str, Parameter(help="Folder, ZIP, tar archive, or https address of one.")]


@app.command
def update(
    *sources: Source,
    sha256: Annotated[str | None, Parameter(help="Of a single download; nothing else is taken.")] = None,
    into: Annotated[Path | None, Parameter(help="Only build, into this folder.")] = None,
    root: RootFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Build the sets from upstream's files and take them into use; sets without news stay.

    The running node goes by them at once. Needs no network for files and folders. Exit: 1 when a
    file could not be read (the others are in use), 2 when there was nothing to read.
    """
    from zvon.cli.node import running, utc_now
    from zvon.collect.reference.build import build
    from zvon.collect.reference.folder import current, install

    if not sources:
        raise ValueError("where is the reference data? a folder, a ZIP, an archive or an address")
    if sha256 is not None and len(sources) != 1:
        raise ValueError("--sha256 is of one download")
    settings = running(root)
    folder = into or settings.reference_folder
    with tempfile.TemporaryDirectory(prefix="zvon-reference-") as keep:
        places = [_fetched(source, sha256, Path(keep)) for source in sources]
        built = build(each for place in places for each in _files(place))
    before = current(folder)
    if not built.digests:
        raise ValueError("nothing there is reference data")
    after = install(folder, built, utc_now())
    if into is None:
        asyncio.run(_tell(root, after))
    _show(after, before, built.problems, json=json)
    return 1 if built.problems else 0


@app.command
def show(*, root: RootFlag = None, json: JsonFlag = False) -> None:
    """Show the sets in use."""
    from zvon.cli.node import running
    from zvon.collect.reference.folder import current

    used = current(running(root).reference_folder)
    _show(used, used, [], json=json)


@app.command
def look(
    value: str, /, *, type: Annotated[str | None, Parameter(help="When it is not plain.")] = None,
    root: RootFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say which warning lists VALUE is on."""
    import msgspec

    from zvon.cli.node import running
    from zvon.collect.reference.folder import reference
    from zvon.formats.extract import extract
    from zvon.model.observable import ObservableType, canonical

    if type is not None:
        asked = canonical(ObservableType(type), value)
    else:
        found = extract(value)
        if not found:
            raise ValueError(f"{value!r} is no value that lists are about; say its --type")
        asked = found[0].observable
    hits = reference(running(root).reference_folder).warning_lists.hits(asked)
    if json:
        print(msgspec.json.encode({"type": asked.type, "value": asked.value,
                                   "lists": [msgspec.to_builtins(each) for each in hits]}).decode())  # fmt: skip
        return
    for each in hits:
        print(f"{each.slug:<36} {each.name}")
    if not hits:
        print(f"{asked.value} is on no warning list")


@app.command
def switch(
    slug: str, /, *, on: Annotated[bool, Parameter(negative="--off")] = True, root: RootFlag = None
) -> None:
    """Use a warning list, or (`--off`) leave it out without deleting it."""
    import msgspec

    from zvon.cli.node import running
    from zvon.collect.reference.folder import current, reference, use

    folder = running(root).reference_folder
    known = {each.slug for each in reference(folder).warning_lists.meta.lists}
    if slug not in known:
        raise LookupError(f"there is no warning list {slug!r}; `zvon reference show` counts them")
    used = current(folder)
    off = set(used.disabled) - {slug} if on else {*used.disabled, slug}
    use(folder, msgspec.structs.replace(used, disabled=tuple(sorted(off))))


def _files(place: Path) -> Any:
    from zvon.collect.reference.unpack import files

    return files(place)


def _fetched(source: str, sha256: str | None, keep: Path) -> Path:
    """The file or folder itself, or what an address gave. Raises `ValueError`, `RuntimeError`."""
    parts = urlsplit(source)
    if parts.scheme not in {"http", "https"}:
        return Path(source)
    import httpx

    path = keep / (Path(parts.path).name or "download")
    digest, size = hashlib.sha256(), 0
    try:
        with (
            httpx.stream("GET", source, timeout=TIMEOUT_S, follow_redirects=True) as answer,
            path.open("wb") as file,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > MAX_DOWNLOAD:
                    raise ValueError(f"{source}: more than {MAX_DOWNLOAD} bytes")
                digest.update(piece)
                file.write(piece)
    except httpx.HTTPError as problem:
        raise RuntimeError(f"{source}: {problem}") from None
    if sha256 is not None and digest.hexdigest() != sha256.lower():
        raise ValueError(f"{source} is not what was asked for: its SHA-256 is {digest.hexdigest()}")
    return path


async def _tell(root: Path | None, used: "Current") -> None:
    """Note in the database of a running node what is in use; without one the folder says it."""
    from zvon.cli.node import open_node
    from zvon.store import reference
    from zvon.store.transaction import transaction

    rows = [
        reference.SetRow(name=name, version=each.version, sha256=bytes.fromhex(each.sha256),
                         entries=each.entries, made_at=each.made_at)
        for name, each in used.sets.items()
    ]  # fmt: skip
    try:
        async with open_node(root) as context:
            now = context.clock()
            async with transaction(context.pool, now) as tx:
                await reference.put(tx, "system", rows)
    except (RuntimeError, OSError) as problem:
        print(f"zvon: in use, but not noted in the audit: {problem}", file=sys.stderr)


def _show(
    used: "Current", before: "Current", problems: list[tuple[str, str]], *, json: bool
) -> None:
    import msgspec

    if json:
        told = {"sets": used.sets, "disabled": used.disabled,
                "problems": [{"path": path, "reason": why} for path, why in problems]}  # fmt: skip
        print(msgspec.json.encode(told).decode())
        return
    for name, each in sorted(used.sets.items()):
        old = before.sets.get(name)
        news = "" if old is None or old == each else f"  was {old.entries:,}"
        print(f"{name:<14} {each.version:<12} {each.entries:>9,}  {each.made_at:%Y-%m-%d}{news}")
    if not used.sets:
        print("no reference data: zvon reference update FOLDER")
    if used.disabled:
        print(f"switched off: {', '.join(used.disabled)}")
    for path, why in problems[:MOST_PROBLEMS]:
        print(f"not read: {path}: {why}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS:
        print(f"not read: {len(problems) - MOST_PROBLEMS} more", file=sys.stderr)
