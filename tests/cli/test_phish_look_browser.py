"""A page can be opened in the browser from the command line; what it hides is told in words."""

import json
from pathlib import Path

import pytest

from zvon.cli.phish_look import look
from zvon.cli.phish_look_browser import sentences
from zvon.locale import LANGS, translator
from zvon.ml.look import Difference, What
from zvon.model.page import Vantage

REASONS = ("missing", "sandbox", "time", "redirects", "dialogs", "popups", "memory", "size",
           "crash", "download", "tls", "read_time", "broken_off", "no_answer",
           "protocol", "bad_address", "scheme")  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_hidden_and_why_a_look_ended_has_words(lang: str) -> None:
    words = translator(lang)
    every = [Difference(what, seen, hidden) for what in What for seen in Vantage
             for hidden in Vantage if seen is not hidden]  # fmt: skip
    lines = sentences(every, words)
    assert len(set(lines)) == len(every)
    assert not [line for line in lines if "_" in line or "{" in line]
    for reason in REASONS:
        code = f"PAGE_REASON_{reason.upper()}"
        assert words.text(code) != code


def test_inner_addresses_stay_shut_for_the_browser_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZVON_CHROMIUM", str(tmp_path / "none"))  # it would say that it is missing
    assert look("http://169.254.169.254/", browser=True, json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(each["stage"], each["reason"]) for each in told["looks"]] == [
        (3, "metadata"), (4, "metadata")]  # fmt: skip
    assert told["hidden"] == []
    assert look("http://127.0.0.1/", browser=True) == 1
    assert capsys.readouterr().out.count("this very machine") == 2
