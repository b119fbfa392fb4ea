"""Time is passed in. Code that reads a clock itself cannot be tested or replayed."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import dotted, found, problems

CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime",
}  # fmt: skip
# Where the machine's clock enters the program.
EDGES = {
    "cli": "commands read the clock and pass it on",
}


def violations(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each reading of a clock outside the edges, also as a default or a bare reference."""
    if path.parts[0] in EDGES:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node) in CLOCKS:
            yield node.lineno, f"{dotted(node)}: take `now` or `clock` as an argument"


def test_no_clock_is_read_behind_the_edges() -> None:
    assert problems(violations, "clock") == []


def test_the_check_sees_calls_and_references() -> None:
    assert found(violations, "clock", "dns/a.py", "datetime.now(UTC)")
    assert found(violations, "clock", "dns/a.py", "def f(clock=time.time): ...")
    assert not found(violations, "clock", "cli/a.py", "datetime.now(UTC)")
    assert not found(violations, "clock", "dns/a.py", "time.monotonic()")
