"""Logs are JSON lines without secrets."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from zvon.cli.log import HIDDEN, hide_secrets, log_to


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "web.log").read_text().splitlines()]


def test_both_ways_to_log_give_one_json_line_each(tmp_path: Path, restored: None) -> None:
    log_to(tmp_path, "web", "info")
    logging.getLogger("zvon.x").info("ordinary %s", "šč")
    structlog.get_logger("zvon.y").warning("structured", zone="hot.si", password="hunter2")
    first, second = lines(tmp_path)
    assert (first["event"], first["level"], first["logger"]) == ("ordinary šč", "info", "zvon.x")
    assert (second["zone"], second["password"]) == ("hot.si", HIDDEN)


def test_a_password_inside_a_traceback_is_hidden(tmp_path: Path, restored: None) -> None:
    log_to(tmp_path, "web", "info")
    try:
        raise ValueError("cannot connect: host=db user=z password=hunter2 dbname=z")
    except ValueError:
        logging.getLogger("zvon.x").exception("failed")
    written = (tmp_path / "web.log").read_text()
    assert "cannot connect" in written
    assert "hunter2" not in written


@given(st.sampled_from(["tsig_secret", "Token", "api_key", "seed", "Cookie", "csrf"]), st.text())
def test_a_value_under_a_secret_name_never_passes(name: str, value: str) -> None:
    assert hide_secrets(None, "", {name: value}) == {name: HIDDEN}
    assert hide_secrets(None, "", {"a": [{name: value}]}) == {"a": [{name: HIDDEN}]}


@given(st.binary())
def test_bytes_never_pass(value: bytes) -> None:
    assert hide_secrets(None, "", {"body": value}) == {"body": f"({len(value)} bytes)"}


def test_a_url_keeps_its_host_but_not_its_password() -> None:
    said = hide_secrets(None, "", {"event": "postgresql://zvon:hunter2@db.example/zvon failed"})
    assert said == {"event": f"postgresql://zvon:{HIDDEN}@db.example/zvon failed"}
