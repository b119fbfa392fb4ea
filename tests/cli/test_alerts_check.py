"""`zvon alerts check`: the sums of a node in words, and an exit code that a script can read."""

from typing import Any

import pytest

from zvon.cli import alerts_check
from zvon.cli.alerts_check import DONE, NOT_EQUAL, check


@pytest.mark.parametrize(
    ("counted", "code", "words"),
    [(7, DONE, "every alert is counted once"), (6, NOT_EQUAL, "THE SUMS DIFFER")],
)
def test_the_sums_decide_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    counted: int,
    code: int,
    words: str,
) -> None:
    said: dict[str, Any] = {"accepted": 7, "counted": counted, "stored": counted, "gone": 0,
                            "groups": 2, "waiting": 3, "equal": counted == 7}  # fmt: skip
    monkeypatch.setattr(alerts_check, "call", lambda *_args: said)
    assert check(node="http://node.example", key="k") == code
    out = capsys.readouterr().out
    assert words in out
    assert "3 alerts are not counted yet" in out
    assert check(node="http://node.example", key="k", json=True) == code
    assert '"accepted": 7' in capsys.readouterr().out
