"""`zvon reference`: build, look, switch, on this machine alone."""

import json
from pathlib import Path

import pytest

from zvon.cli import reference

A_LIST = {"name": "Banks", "type": "hostname", "list": ["banka.example"], "version": 2,
          "matching_attributes": ["domain", "hostname", "url"]}  # fmt: skip


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    path = tmp_path / "up" / "lists" / "banks" / "list.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(A_LIST), encoding="utf-8")
    return tmp_path / "up"


@pytest.fixture(autouse=True)
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZVON_REFERENCE", str(tmp_path / "used"))


def test_what_was_built_is_looked_up_and_can_be_switched_off(
    upstream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reference.update(str(upstream), into=tmp_path / "used") == 0
    assert "warning-lists  2" in capsys.readouterr().out
    reference.look("hxxps://www.banka[.]example/prijava")
    assert capsys.readouterr().out.split() == ["banks", "Banks"]
    reference.switch("banks", on=False)
    reference.look("banka.example")
    assert capsys.readouterr().out == "banka.example is on no warning list\n"
    reference.show(json=True)
    assert json.loads(capsys.readouterr().out)["disabled"] == ["banks"]


def test_a_broken_file_is_named_and_the_rest_is_in_use(
    upstream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = upstream / "lists" / "broken" / "list.json"
    broken.parent.mkdir()
    broken.write_text("{", encoding="utf-8")
    assert reference.update(str(upstream), into=tmp_path / "used") == 1
    said = capsys.readouterr()
    assert "not read: lists/broken/list.json" in said.err
    assert "warning-lists" in said.out


def test_what_is_nothing_changes_nothing(upstream: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="nothing there"):
        reference.update(str(tmp_path / "empty"), into=tmp_path / "used")
    with pytest.raises(FileNotFoundError):
        reference.update(str(tmp_path / "missing"), into=tmp_path / "used")
    with pytest.raises(LookupError, match="no warning list"):
        reference.switch("nothing")
    assert not (tmp_path / "used").exists()
