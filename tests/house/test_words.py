"""One word for one thing. A word from another product in a table or a page confuses everybody."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from tests.house.source import PACKAGE, found, problems

BANNED = {"ticket", "case", "ioc", "artefact", "artifact", "tenant", "sla", "timer", "unblock",
          "community"}  # fmt: skip
# Other systems' words stay in their formats and on the wires that speak them.
FOREIGN = {"formats", "share"}
ROUTES = {"get", "post", "put", "patch", "delete", "route"}


def words(name: str) -> set[str]:
    """The lower-case words of a name in any style."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return {w.lower().rstrip("s") for w in re.split(r"[^A-Za-z]+", spaced) if w}


def violations(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield banned words in class names, in paths of routes and in verbs of the command line."""
    if path.parts[0] in FOREIGN:
        return
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name):
                yield from _banned(node.lineno, name)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in node.decorator_list:
                    yield from _decorated(path, node.name, decorator)


def _decorated(path: Path, name: str, decorator: ast.expr) -> Iterator[tuple[int, str]]:
    match decorator:
        case ast.Call(func=ast.Name(id=route), args=[ast.Constant(value=str(where)), *_]):
            if route in ROUTES:
                yield from _banned(decorator.lineno, where)
        case ast.Attribute(attr="command") | ast.Call(func=ast.Attribute(attr="command")):
            if path.parts[0] == "cli":
                yield from _banned(decorator.lineno, name)


def _banned(line: int, name: str) -> Iterator[tuple[int, str]]:
    for word in sorted(words(name) & BANNED):
        yield line, f"{name!r} has the word {word!r}; see the glossary"


def test_classes_routes_and_commands_use_our_words() -> None:
    assert problems(violations, "words") == []


def test_tables_use_our_words() -> None:
    for file in sorted((PACKAGE / "store" / "schema").glob("*.sql")):
        for table in re.findall(r"create table (?:if not exists )?(\w+)", file.read_text("utf-8")):
            assert not words(table) & BANNED, f"{file.name}: {table}"


def test_what_people_read_uses_our_words() -> None:
    for file in sorted((PACKAGE / "locale").rglob("*.po")):
        with file.open("rb") as text:
            for message in read_po(text):
                read = message.id if isinstance(message.id, str) else " ".join(message.id)
                assert not words(read) & (BANNED - {"case"}), f"{file.name}: {read}"


def test_the_check_reads_every_style_of_name() -> None:
    assert found(violations, "words", "web/a.py", "class TicketView: ...")
    assert found(violations, "words", "web/a.py", "@get('/tenants/{id}')\ndef f(): ...")
    assert found(violations, "words", "cli/a.py", "@app.command\ndef unblock(): ...")
    assert not found(violations, "words", "formats/a.py", "class Case: ...")
    assert not found(violations, "words", "web/a.py", "class Uppercase: ...")
