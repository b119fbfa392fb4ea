"""Whatever a run can fail with is said in each language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import zvon.respond
from zvon.locale import LANGS, translator
from zvon.locale.run_error import PREFIX, explain

SOURCES = Path(zvon.respond.__file__).parent
SAYING = {"CannotAct", "Failed", "Declined", "_Stop"}


def codes() -> Iterator[str]:
    """The first words of what the interpreter and its actions end steps and runs with."""
    for file in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in SAYING and isinstance(first, ast.Constant):
                    yield str(first.value)


def test_each_code_has_its_sentence_in_each_language() -> None:
    found = set(codes())
    assert {"BAD_HOST", "NO_NAMES", "STEP_BUDGET", "ANSWERED_NO"} <= found
    for lang in LANGS:
        speak = translator(lang)
        assert [code for code in sorted(found) if PREFIX + code not in speak] == [], lang


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("NO_NAMES", "there are no names to propose"),
        ("BAD_HOST host.example, x", "these are not addresses of single hosts: host.example, x"),
        ("R-26-000007: ANSWERED_NO", "R-26-000007: the answer was no"),
        ("R-26-000007: failed", "R-26-000007: failed"),
        ("because the bank called", "because the bank called"),
        ("SOMETHING_ELSE", "SOMETHING_ELSE"),
        ("NEEDS block:propose\nx", "the person for whom it runs lacks the permission: block:propose\nx"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_code_is_a_sentence_and_what_others_said_stays(error: str, said: str) -> None:
    assert explain(translator("en"), error) == said
