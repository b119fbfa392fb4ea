"""`zvon obligation calc` needs no node; what asks a node is one line when it does not answer."""

import json

import pytest

from zvon.cli import app

DATA = ["dns.authoritative_data_compromised=true", "dns.names_total=50000"]


def run(*words: str) -> int:
    """The exit code of `zvon obligation` with `words`."""
    with pytest.raises(SystemExit) as ended:
        app(["obligation", *words])
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("facts", "said", "code"),
    [
        (["dns.unavailable_minutes=31"], "yes", 0),
        (["dns.unavailable_minutes=29"], "unknown", 1),
        ([*DATA, "cause=misconfiguration", "dns.names_affected=999"], "yes", 0),
        ([*DATA, "cause=malicious", "dns.names_affected=1"], "yes", 0),
        (["dns.unavailable_minutes=600", "planned_maintenance=yes"], "no", 1),
    ],
)  # fmt: skip
def test_calc_answers_and_exits_by_its_answer(
    facts: list[str], said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("calc", *facts) == code
    out = capsys.readouterr().out
    assert out.split()[0] == said
    assert "not checked by a lawyer" in out
    assert run("calc", *facts, "--json") == code
    assert json.loads(capsys.readouterr().out)["answer"] == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing=1"], "no fact"), (["cause=witchcraft"], "one of"),
        (["dns.unavailable_minutes=long"], "a number"), (["planned_maintenance=perhaps"], "true or false"),
        (["loss.eur=1", "--pack", "gdpr-eu"], "no rules of significance"),
    ],
)  # fmt: skip
def test_calc_says_what_it_cannot_use(words: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        app(["obligation", "calc", *words])
