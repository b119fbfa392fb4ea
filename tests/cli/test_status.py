"""A node that is down is said to be down, part by part, within seconds."""

import json
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from zvon.cli.node import running, settings_of, write_run_file
from zvon.cli.status import SILENT, console, door, look, status, worker_health, zones
from zvon.config import Settings


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zvon.cli.status.TIMEOUT_S", 0.5)


def nobody(tmp_path: Path) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return settings_of({"root": tmp_path, "http": address, "peer": address, "dns": address})


def test_a_worker_is_healthy_while_it_shows_signs_of_life(now: datetime) -> None:
    assert worker_health([now - timedelta(hours=1), now], now).healthy
    assert not worker_health([now - SILENT], now).healthy
    assert not worker_health([], now).healthy


async def test_nothing_running_is_all_unhealthy(tmp_path: Path) -> None:
    found = {health.part: health.healthy for health in await look(nobody(tmp_path))}
    assert found == dict.fromkeys(["node", "postgres", "worker", "console", "peers", "dns"], False)


def test_a_server_that_hangs_up_is_not_healthy(tmp_path: Path) -> None:
    settings = nobody(tmp_path)
    assert not console(settings)[0].healthy
    assert not door(settings)[0].healthy


async def test_a_silent_primary_is_not_healthy(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        settings = settings_of({"root": tmp_path, "dns": f"127.0.0.1:{deaf.getsockname()[1]}"})
        (health,) = await zones(settings)
    assert not health.healthy


def test_the_exit_code_and_the_json_say_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run_file(nobody(tmp_path), 1)
    assert status(root=tmp_path, json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is False
    worker = next(part for part in told["parts"] if part["part"] == "worker")
    assert (worker["healthy"], worker["seen"]) == (False, "unknown without the database")


def test_the_lines_are_in_the_language_of_the_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run_file(nobody(tmp_path), 1)
    monkeypatch.setenv("ZVON_LANG", "sl")
    assert status(root=tmp_path) == 1
    assert "brez zbirke ni znano" in capsys.readouterr().out


def test_the_addresses_of_a_running_node_are_known_without_flags(tmp_path: Path) -> None:
    settings = nobody(tmp_path)
    write_run_file(settings, 1)
    assert running(tmp_path).http == settings.http
    assert "secret" not in (tmp_path / "node.json").read_text()
