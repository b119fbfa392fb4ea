"""`zvon restore FOLDER`: a node from a backup, and the proof that it is whole."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from zvon.cli.node import open_settings, settings_of
from zvon.config import Settings

app = App(name="restore", help="Put a copy back, and prove that it is whole.")


@app.default
def restore(
    folder: Path,
    *,
    key: Annotated[Path, Parameter(help="The node key that belongs to the copy.")],
    root: Annotated[Path | None, Parameter(help="New folder of the node.")] = None,
) -> int:
    """Make a node in a new --root from the backup in FOLDER; start it with `zvon up`.

    Proof: every file as its manifest says, the server starts, the key opens the node's identity,
    the audit chain is unbroken.
    """
    from zvon.store.backup import put_back
    from zvon.store.cluster import Cluster

    settings = settings_of({"root": root})
    cluster = Cluster(settings.root, pg_bin=settings.pg_bin)
    put_back(folder, cluster)
    shutil.copyfile(key, settings.key_file)
    settings.key_file.chmod(0o600)
    cluster.start()
    try:
        problems = asyncio.run(prove(settings))
    finally:
        cluster.stop()
    for problem in problems:
        print(f"FAIL  {problem}")
    if not problems:
        print(f"restored and proved: zvon up --root {settings.root}")
    return 1 if problems else 0


async def prove(settings: Settings) -> list[str]:
    """What is wrong with the restored database; empty when nothing is."""
    from zvon.store.audit import verify

    async with open_settings(settings, size=1) as context, context.pool.connection() as db:
        return [str(problem) for problem in await verify(db)]
