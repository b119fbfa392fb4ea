"""`zvon dmp`: documents with and without a node, loading, and the check that names what differs."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.policies import policy_text
from zvon.access.node import create_node
from zvon.access.person import first_administrator
from zvon.cli import dmp, node
from zvon.config import Settings
from zvon.model.data_policy_file import BadPolicy
from zvon.privacy.plan.seal import read_foot
from zvon.privacy.policies import shipped
from zvon.store import data_policy
from zvon.store.data_policy import NoDataPolicy
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction

NOW = datetime.now(UTC)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where no node ever ran."""
    monkeypatch.delenv("ZVON_DATABASE", raising=False)
    monkeypatch.setenv("ZVON_ROOT", str(tmp_path / "nothing"))
    return tmp_path


@pytest.fixture
def root(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a node as `zvon up` leaves it."""
    settings = Settings(root=tmp_path, name="Team", country="SI")

    async def fill() -> None:
        async with open_pool(dsn, size=1) as pool, transaction(pool, NOW) as tx:
            await create_node(tx, settings, NOW, os.urandom)
            await first_administrator(tx, NOW, os.urandom)
            await data_policy.ensure(tx, "SI", shipped(), NOW)

    asyncio.run(fill())
    node.write_run_file(settings, 1)
    monkeypatch.setenv("ZVON_DATABASE", dsn)
    return tmp_path


@pytest.mark.parametrize("kind", ["dmp", "processing", "dpia"])
@pytest.mark.parametrize("form", ["html", "md"])
def test_a_document_is_made_without_a_node(alone: Path, kind: str, form: str) -> None:
    out = alone / f"x.{form}"
    assert dmp.render(out=out, kind=kind, format=form, country="hr", lang="en") == 0  # type: ignore[arg-type]
    text = out.read_text("utf-8")
    assert "does not show the state of a node" in text
    assert (read_foot(text).country, read_foot(text).lang) == ("HR", "en")


def test_a_third_country_is_a_file(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = alone / "policies"
    folder.mkdir()
    (folder / "at.toml").write_text(policy_text("AT"))
    out = alone / "x.md"
    assert dmp.render(out=out, country="AT", policies=folder, format="md") == 0
    assert "Austria" in capsys.readouterr().out
    with pytest.raises(NoDataPolicy):
        dmp.render(out=out, country="SI", policies=folder)
    (folder / "be.toml").write_text(policy_text("BE", retention={"log": "P0D"}))
    with pytest.raises(BadPolicy, match=r"be\.toml: class\[log\]\.retention"):
        dmp.render(out=out, country="AT", policies=folder)


def test_without_a_browser_there_is_no_pdf_and_a_reason(
    alone: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZVON_CHROMIUM", str(alone / "none"))
    assert dmp.render(out=alone / "x.pdf", format="pdf") == 1
    assert "Chromium is not installed" in capsys.readouterr().err
    assert not (alone / "x.pdf").exists()


def test_changing_a_retention_changes_the_document_and_the_check_passes_again(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = root / "policies", root / "plan.md"
    folder.mkdir()
    (folder / "SI.toml").write_text(shipped()["SI.toml"])
    monkeypatch.setenv("ZVON_DATA_POLICIES", str(folder))
    assert dmp.render(out=out, format="md", lang="en", root=root) == 0
    assert "State of the node Team" in out.read_text("utf-8")
    assert "30 days" in out.read_text("utf-8")
    assert dmp.check(root=root) == 0

    shorter = shipped()["SI.toml"].replace('retention = "P30D"', 'retention = "P20D"', 1)
    (folder / "SI.toml").write_text(shorter)
    capsys.readouterr()
    assert dmp.check(root=root) == 1
    assert "report.raw" in capsys.readouterr().out
    assert dmp.load(folder, root=root) == 0
    assert "SI: version 2" in capsys.readouterr().out
    assert dmp.check(root=root, json_=True) == 1
    (only,) = json.loads(capsys.readouterr().out)["differences"]
    assert only["code"] == "DRIFT_OLD_DOCUMENT"
    assert dmp.render(out=out, format="md", lang="en", root=root) == 0
    assert "20 days" in out.read_text("utf-8")
    assert dmp.check(root=root) == 0
    assert dmp.check(out, root=root) == 0
    out.write_text(out.read_text("utf-8").replace("20 days", "30 days"))
    assert dmp.check(out, root=root) == 1
    assert dmp.load(folder, root=root, json_=True) == 0


def test_a_bad_folder_loads_nothing(root: Path) -> None:
    folder = root / "policies"
    folder.mkdir()
    (folder / "AT.toml").write_text(policy_text("AT"))
    (folder / "BE.toml").write_text("half a fi")
    with pytest.raises(BadPolicy, match=r"BE\.toml"):
        dmp.load(folder, root=root)
    (folder / "BE.toml").unlink()
    assert dmp.load(folder, root=root) == 0
