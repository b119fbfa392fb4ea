"""Our own source, parsed once, and the escape that every house check knows.

A line may be excused by a comment that names the check and a reason: `# house: clock, why it is so`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "zvon"

Check = Callable[[Path, ast.Module], Iterator[tuple[int, str]]]


class Source(Struct, frozen=True):
    """One file: `path` is relative to the package, such as `store/pool.py`."""

    path: Path
    tree: ast.Module
    lines: tuple[str, ...]


@cache
def sources() -> tuple[Source, ...]:
    """Every module of the package."""
    return tuple(parse(file.relative_to(PACKAGE), file.read_text("utf-8"))
                 for file in sorted(PACKAGE.rglob("*.py")))  # fmt: skip


def parse(path: Path, text: str) -> Source:
    """A file from its text."""
    return Source(path, ast.parse(text), tuple(text.splitlines()))


def problems(check: Check, name: str, among: tuple[Source, ...] | None = None) -> list[str]:
    """What `check` says about all sources, less what is excused with a reason."""
    excuse = re.compile(rf"#.*\bhouse: {name}, \w+")
    return [
        f"src/zvon/{source.path}:{line}: {message}"
        for source in (sources() if among is None else among)
        for line, message in check(source.path, source.tree)
        if not excuse.search(source.lines[line - 1])
    ]


def found(check: Check, name: str, path: str, text: str) -> list[str]:
    """What `check` says about one made-up file."""
    return problems(check, name, (parse(Path(path), text),))


def dotted(node: ast.expr) -> str:
    """`a.b.c` for such an expression, else an empty text."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case _:
            return ""
