"""`zvon phish check` on forty messages, without a network."""

import importlib.util
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.phish_messages import SHORT, Case, mails, pictures
from zvon.cli.phish_check import check
from zvon.model.report import Channel, Lang

OFFICIAL = ("posta.si", "posta.hr", "nlb.si")
seeing = pytest.mark.skipif(
    shutil.which("tesseract") is None or importlib.util.find_spec("zxingcpp") is None,
    reason="pictures need the extra `visual`",
)


@pytest.fixture(autouse=True)
def _cable_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the check asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def said(
    case: Case, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, Any], str]:
    path = folder / case.name
    path.write_bytes(case.body)
    channel = Channel.EMAIL if path.suffix == ".eml" else Channel.SMS
    assert check(str(path), channel=channel, json=True) == 0
    text = capsys.readouterr().out
    return json.loads(text), text


def holds(case: Case, found: dict[str, Any]) -> None:
    assert found["verdict"] in case.word, found
    assert found["brand"] == case.brand
    if case.lang is not None:
        assert found["lang"] == case.lang
    assert case.url is None or case.url in found["urls"]
    assert case.reasons <= {reason["code"] for reason in found["reasons"]}
    for line in found["names"]:
        assert line["scope"] == "none" or not line["name"].endswith(OFFICIAL)
    for reason in found["reasons"]:
        span = reason["span"]
        if span is not None and span["part"] in {"text", "subject", "sender_name"}:
            assert reason["words"], reason


@pytest.mark.parametrize("case", [*SHORT, *mails()], ids=lambda case: case.name)
def test_a_message_is_judged_as_it_should_be(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, text = said(case, tmp_path, capsys)
    holds(case, found)
    assert said(case, tmp_path, capsys)[1] == text  # twice, the same bytes


@seeing
def test_pictures_and_printed_codes_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in pictures():
        found, _ = said(case, tmp_path, capsys)
        assert case.url in found["urls"], case.name
        assert found["verdict"] in case.word, (case.name, found)
        assert found["brand"] == case.brand, case.name


def test_there_are_forty() -> None:
    assert len(SHORT) + len(mails()) + 6 >= 40


@pytest.mark.parametrize("lang", list(Lang))
def test_a_person_reads_the_verdict_first_in_each_language(
    lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("https://posta-si.nova-dostava.example/i", lang=lang) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert any("posta-si.nova-dostava.example" in line for line in lines)
    assert not any("CHECK_" in line or "SCOPE_" in line for line in lines)


def test_bad_input_is_told_from_what_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("no such thing at all") == 2
    assert check(str(tmp_path)) == 2
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"  \n")
    assert check(str(empty)) == 2
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 8)
    assert check(str(noise)) == 1
    assert "zvon:" in capsys.readouterr().err
