"""Nothing leaves beside the gate: who writes outward takes a released value, and few may send."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import found, problems, sources
from zvon.share.outward import MAKERS, SENDERS, WRITERS

CLIENTS = {"httpx", "smtplib", "aiohttp", "requests", "http.client", "urllib.request", "ftplib"}
PASS = "PASS"


def makers(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each use of the gate's pass outside of the files that hold it."""
    if path.as_posix() in {*MAKERS, "share/released.py"}:
        return
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="zvon.share.released", names=names):
                if any(name.name in {PASS, "*"} for name in names):
                    yield node.lineno, "makes released values beside the gate"
            case ast.Attribute(attr="PASS", value=ast.Name(id="released")):
                yield node.lineno, "makes released values beside the gate"


def senders(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each client of a network protocol below the entry layer that the list does not know."""
    if path.parts[0] in {"cli", "web"} or path.as_posix() in SENDERS:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(name.name in CLIENTS for name in names):
                yield node.lineno, "sends outward; write from a released value and list it"
            case ast.ImportFrom(module=str(module)) if module in CLIENTS:
                yield node.lineno, "sends outward; write from a released value and list it"


def test_only_the_gate_makes_released_values() -> None:
    assert problems(makers, "outward") == []
    assert found(makers, "outward", "web/a.py", "from zvon.share.released import PASS")
    assert found(makers, "outward", "share/a.py", "released.PASS")
    assert not found(makers, "outward", "share/a.py", "from zvon.share.released import Released")


def test_only_listed_files_open_connections_of_their_own() -> None:
    assert problems(senders, "outward") == []
    assert found(senders, "outward", "share/misp.py", "import httpx")
    assert found(senders, "outward", "respond/a.py", "from smtplib import SMTP")
    assert not found(senders, "outward", "cli/a.py", "import httpx")
    here = {source.path.as_posix() for source in sources()}
    assert set(SENDERS) <= here, "the list names files that are gone"


def test_every_writer_takes_what_it_says() -> None:
    trees = {source.path.as_posix(): source.tree for source in sources()}
    for writer in WRITERS:
        made = [
            node
            for node in ast.walk(trees[writer.module])
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == writer.function
        ]
        assert len(made) == 1, writer
        arguments = [*made[0].args.args, *made[0].args.kwonlyargs]
        types = {ast.unparse(one.annotation) for one in arguments if one.annotation}
        gives = ast.unparse(made[0].returns) if made[0].returns else ""
        assert writer.takes in {*types, gives}, writer
