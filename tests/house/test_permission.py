"""Every route names its permission. A route without one is a door without a lock."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import dotted, found, problems
from zvon.access.permission import Permission

ROUTES = {"get", "post", "put", "patch", "delete", "head", "route", "websocket", "HTTPRouteHandler"}
# For everybody, and for whoever is signed in: said openly, so that a reader can count them.
OPEN = {"PUBLIC", "SIGNED_IN"}
# The peer door knows no people: each route says which partners it is for.
PARTNERS = {"partner", "member", "invited"}


def violations(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each route of `web` without a permission, and of the peer door without its partners."""
    if path.parts[0] not in {"web", "share"}:
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id=name)) if name in ROUTES:
                    if not _locked(path, decorator):
                        yield decorator.lineno, f"{node.name} names no permission"
                case ast.Name(id=name) if name in ROUTES:
                    yield decorator.lineno, f"{node.name} names no permission"


def _locked(path: Path, decorator: ast.Call) -> bool:
    """True for `opt={"permission": Permission.X}` (a real one), or an open door that says so."""
    for keyword in decorator.keywords:
        if keyword.arg != "opt" or not isinstance(keyword.value, ast.Dict):
            continue
        for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
            match key, value:
                case ast.Constant(value="permission"), ast.Attribute() | ast.Name():
                    scope, _, name = dotted(value).rpartition(".")
                    if name in OPEN or (scope == "Permission" and name in Permission.__members__):
                        return True
                case ast.Constant(value="peer"), ast.Constant(value=who) if (
                    path.parts[0] == "share"
                ):
                    return who in PARTNERS
    return False


def test_every_route_names_its_permission() -> None:
    assert problems(violations, "permission") == []


def test_the_check_sees_a_missing_an_unknown_and_a_textual_permission() -> None:
    def said(decorator: str, path: str = "web/a.py") -> list[str]:
        return found(violations, "permission", path, f"{decorator}\nasync def f(): ...")

    assert said("@get('/x')")
    assert said("@get")
    assert said("@get('/x', opt={'permission': 'block:read'})")
    assert said("@get('/x', opt={'permission': Permission.NO_SUCH})")
    assert not said("@get('/x', opt={'permission': Permission.BLOCK_READ})")
    assert not said("@post('/x', opt={'permission': PUBLIC})")
    assert said("@get('/x', opt={'permission': PUBLICLY})")
    assert said("@get('/x')", "share/door.py")
    assert not said("@get('/x', opt={'peer': 'member'})", "share/door.py")
    assert said("@get('/x', opt={'peer': 'member'})")
