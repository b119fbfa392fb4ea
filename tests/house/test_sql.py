"""SQL is written in `store` and nowhere else. A row filter missed elsewhere would leak data."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import found, problems

SQL = re.compile(
    r"\s*(select\b.+\bfrom\b|insert\s+into\b|delete\s+from\b|update\s+\w+\s+set\b|set\s+role\b"
    r"|truncate\b|create\s+(table|role|index)\b|with\s+\w+\s+as\s*\()",
    re.IGNORECASE | re.DOTALL,
)
CALLS = {"execute", "executemany"}


def violations(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each database call, and each text that reads like SQL, outside `store`."""
    if path.parts[0] == "store":
        return
    documents = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in CALLS:
                yield node.lineno, f"{attr}() belongs in zvon.store"
            case ast.Constant(value=str(text)) if id(node) not in documents and SQL.match(text):
                yield node.lineno, "SQL belongs in zvon.store"


def test_sql_is_written_in_the_store_only() -> None:
    assert problems(violations, "sql") == []


def test_the_check_sees_calls_and_texts_and_honours_its_escape() -> None:
    assert found(violations, "sql", "web/a.py", "db.execute(x)")
    assert found(violations, "sql", "web/a.py", "q = 'select a from b'")
    assert not found(violations, "sql", "store/a.py", "db.execute('select a from b')")
    assert not found(violations, "sql", "web/a.py", "db.execute(x)  # house: sql, because of y")
    assert found(violations, "sql", "web/a.py", "db.execute(x)  # house: clock, because of y")
    assert not found(violations, "sql", "web/a.py", "'''Select one from the list.'''")
