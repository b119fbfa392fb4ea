"""Whatever a request can be refused with is said in each language."""

import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from inspect import getmembers, isclass

import pytest
from babel.messages.pofile import read_po

from tests.house.source import PACKAGE
from zvon.locale import LANGS, translator
from zvon.web.problem import _BY_NAME, PREFIX, STATUS, status_of

LOADED = "import sys, zvon.web.app; print(*(m for m in sys.modules if m.startswith('zvon.')))"
# Their errors end where they are raised: what asks them turns each into a state, a finding or an
# error of its own. One that came through would be said by its status.
INSIDE = {
    "zvon.locale": "catalogues, for tests",
    "zvon.dns": "resolvers, zones and outposts",
    "zvon.formats.intel": "readers of deliveries",
    "zvon.formats.log": "readers of deliveries",
    "zvon.formats.reference": "reference data, from the command line",
    "zvon.formats.rtf": "readers of documents",
    "zvon.formats.dom_snapshot": "what the browser says of a page",
    "zvon.collect.fetch": "evidence keeps the reason",
    "zvon.collect.open": "people are told the outcome",
    "zvon.collect.rdap": "enrichers",
    "zvon.collect.render": "evidence keeps the reason",
    "zvon.collect.signed": "the collector's side",
    "zvon.share.mail_smtp": "the state of a message",
}
# From the framework: no such route, no such method, a body over its limit.
FRAMEWORK = {400, 404, 405, 413}


def served() -> Iterator[type[BaseException]]:
    """Our errors that the application of the node has, and that a request can end with."""
    told = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, check=True, text=True
    )
    for name in sorted(told.stdout.split()):
        if any(name == part or name.startswith(f"{part}.") for part in INSIDE):
            continue
        for _, kind in getmembers(import_module(name), isclass):
            if kind.__module__ == name and issubclass(kind, BaseException):
                if kind.__name__.startswith("_"):
                    continue
                if status_of(kind.__new__(kind)) is not HTTPStatus.INTERNAL_SERVER_ERROR:
                    yield kind


@pytest.fixture(scope="module")
def wanted() -> set[str]:
    """The message that each of these errors and statuses needs."""
    errors = {PREFIX + kind.__name__ for kind in served()}
    assert {"PROBLEM_NotInState", "PROBLEM_NotFound", "PROBLEM_Denied"} <= errors
    statuses = {int(status) for status in (*STATUS.values(), *_BY_NAME.values())} | FRAMEWORK
    return errors | {f"{PREFIX}{status}" for status in statuses}


@pytest.mark.parametrize("lang", LANGS)
def test_each_error_has_its_sentence(lang: str, wanted: set[str]) -> None:
    assert [msgid for msgid in sorted(wanted) if msgid not in translator(lang)] == []


def test_no_sentence_is_left_of_an_error_that_went(wanted: set[str]) -> None:
    with (PACKAGE / "locale" / "en" / "problem.po").open("rb") as text:
        assert {str(message.id) for message in read_po(text) if message.id} <= wanted


@pytest.mark.parametrize("lang", LANGS)
def test_each_sentence_is_one(lang: str, wanted: set[str]) -> None:
    speak = translator(lang, strict=True)
    said = {msgid: speak.text(msgid) for msgid in wanted}
    assert [msgid for msgid, text in said.items() if not text.endswith(".") or "{" in text] == []
    assert [msgid for msgid, text in said.items() if not text[0].isupper()] == []


def test_each_error_that_is_named_here_is_one_that_exists(wanted: set[str]) -> None:
    assert [name for name in _BY_NAME if PREFIX + name not in wanted] == []
