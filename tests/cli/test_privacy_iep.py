"""`zvon privacy iep` says in words what a policy means, and refuses what it does not understand."""

from pathlib import Path

import msgspec
import pytest

from tests.model.test_iep import FIELDS
from zvon.cli.privacy_iep import iep


def test_it_says_what_a_policy_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "amber.json"
    file.write_bytes(
        msgspec.json.encode({**FIELDS, "permitted_actions": "contact-for-instruction"})
    )
    assert iep(file) == 0
    said = capsys.readouterr().out
    assert said.startswith("Lipa amber: TLP:AMBER, PAP:RED\n")
    assert said.count("\n") == 5
    assert iep(file, json=True) == 0
    row = msgspec.json.decode(capsys.readouterr().out)
    assert (row["tlp"], row["asks_first"], row["resale"]) == ("TLP:AMBER", True, False)


def test_what_it_does_not_understand_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(msgspec.json.encode({**FIELDS, "surprise": 1}))
    assert iep(file) == 2
    assert "surprise" in capsys.readouterr().err
    assert iep(tmp_path / "none.json") == 2
