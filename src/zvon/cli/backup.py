"""`zvon backup FOLDER`: a checked copy of the database of a running node."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from zvon.cli.node import running

app = App(name="backup", help="Copy the database of a node.")


@app.default
def backup(
    folder: Path,
    *,
    root: Annotated[Path | None, Parameter(help="Folder of the node.")] = None,
) -> int:
    """Copy the database of the running node to the new FOLDER and check every file of it.

    The node key is not in the copy: without it the sealed secrets stay sealed. Keep it elsewhere.
    """
    from zvon.store.backup import back_up
    from zvon.store.cluster import Cluster

    settings = running(root)
    if settings.database is not None:
        print('this node uses a given database: pg_dump -Fc -f zvon.dump "$ZVON_DATABASE"')
        return 1
    back_up(Cluster(settings.root, pg_bin=settings.pg_bin), folder)
    print(f"copied and checked: {folder}")
    print(f"keep the node key too, in another place: {settings.key_file}")
    return 0
