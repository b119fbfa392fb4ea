"""`zvon dns` and `zvon block`: what needs no node, and what a node that is away gives."""

import json

import pytest

from zvon.cli.api import NoAnswer, NodeRefused
from zvon.cli.block import list_blocks
from zvon.cli.dns import subscriber
from zvon.cli.dns_check import check
from zvon.cli.dns_explain import explain
from zvon.dns.check import Code
from zvon.locale import translator

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


def test_every_finding_has_words_and_every_bad_one_advice() -> None:
    lists = {Code.UNREACHABLE, Code.KEY_REFUSED, Code.NEVER_ASKED, Code.NOTIFY_UNANSWERED,
             Code.NOT_ENFORCING, Code.ENFORCES_IN_LOG_ONLY, Code.ORDER_WRONG, Code.SLOW,
             Code.MIN_UPDATE_INTERVAL, Code.PACKET_CACHE, Code.SLOW_REFRESH, Code.NOT_TRANSFERRED,
             Code.NOT_IN_FORCE, Code.BEHIND}  # fmt: skip
    values = {name: name for name in ("address", "known_by", "error", "expected", "first",
                                      "seconds", "serial", "zone", "zones")}  # fmt: skip
    for lang in ("sl", "hr", "en"):
        text = translator(lang).text
        for code in Code:
            said = text(f"CHECK_{code.upper()}", **values)
            assert not said.startswith("CHECK_"), (lang, code)
        for code in lists:
            assert not text(f"CHECK_DO_{code.upper()}", **values).startswith("CHECK_"), (lang, code)


@pytest.mark.parametrize("flag", ["--resolver", "--brand"])
def test_the_resolver_is_named_by_either_flag(flag: str) -> None:
    command, bound, _ = subscriber.parse_args(["add", "t2", flag, "bind", "--mode", "log-only"])
    assert command.__name__ == "add"
    assert bound.arguments["resolver"] == "bind"
