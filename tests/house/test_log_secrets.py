"""No secret is logged. Logs are copied, mailed and kept longer than anybody remembers."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import dotted, found, problems
from zvon.cli.log import SECRET

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "msg"}
# Names that look like secrets and are none.
HARMLESS = {"keys", "monkey", "key_id", "link_reason"}


def violations(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each log call that is handed a name which sounds like a secret."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=target, attr=level)) if level in LEVELS:
                if dotted(target).split(".")[-1] not in {"log", "logger", "_log", "logging"}:
                    continue
                for argument in [*node.args, *(k.value for k in node.keywords)]:
                    for inner in ast.walk(argument):
                        name = _name(inner)
                        if SECRET.search(name) and name not in HARMLESS:
                            yield node.lineno, f"{name!r} goes to the log"


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def test_no_secret_goes_to_the_log() -> None:
    assert problems(violations, "log") == []


def test_the_check_sees_positional_named_and_formatted_secrets() -> None:
    assert found(violations, "log", "a.py", "log.info('x %s', token)")
    assert found(violations, "log", "a.py", "log.info('x', a=self.tsig_key)")
    assert found(violations, "log", "a.py", "log.info(f'x {request.password}')")
    assert not found(violations, "log", "a.py", "log.info('the token was refused', name=login)")
