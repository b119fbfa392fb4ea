"""`zvon dns` and `zvon block`: what needs no node, and what a node that is away gives."""

import json

import pytest

from zvon.cli.api import NoAnswer, NodeRefused
from zvon.cli.block import list_blocks
from zvon.cli.dns import check, subscriber
from zvon.cli.dns_explain import explain

AWAY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("name", "scope", "reason"),
    [
        ("posta.si", "none", "official"),
        ("x.weebly.com", "host", "customer_of_platform"),
        ("https://evil.example/a", "host", "narrow"),
        ("http://198.51.100.7/", "none", "address"),
    ],
)
def test_explain_needs_no_node(
    capsys: pytest.CaptureFixture[str], name: str, scope: str, reason: str
) -> None:
    explain(name, json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["advice"]["scope"], said["advice"]["reason"]) == (scope, reason)


@pytest.mark.parametrize(("lang", "words"), [("sl", "uradno ime"), ("hr", "službeno ime"),
                                             ("en", "an official name")])  # fmt: skip
def test_explain_speaks_the_language_of_the_node(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, words: str
) -> None:
    monkeypatch.setenv("ZVON_LANG", lang)
    explain("posta.si")
    assert words in capsys.readouterr().out


def test_a_node_that_is_away_or_is_none_is_said_in_one_line() -> None:
    with pytest.raises(NoAnswer, match="no answer from"):
        list_blocks(node=AWAY)
    with pytest.raises(NoAnswer):
        check("t2", node=AWAY)
    with pytest.raises(NodeRefused, match="not the address of a node"):
        subscriber["list"].default_command(node="nonsense")  # type: ignore[misc]
