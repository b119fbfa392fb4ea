"""No part of a page takes an id of the frame around it: the console speaks through those."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

ID = re.compile(r'\sid="([a-z][a-z0-9-]*)"')
TEMPLATES = files("zvon.web") / "templates"
FRAMES = ("shell.html", "public.html", "landing.html")


def ids(name: str) -> set[str]:
    return set(ID.findall((TEMPLATES / name).read_text("utf-8")))


def parts() -> Iterator[str]:
    for each in sorted(TEMPLATES.iterdir(), key=lambda file: file.name):
        if each.name.endswith(".html") and each.name not in FRAMES:
            yield each.name


@pytest.mark.parametrize("name", parts())
def test_the_ids_of_the_frame_are_its_own(name: str) -> None:
    assert ids("shell.html") & ids(name) == set()


def test_the_frame_has_ids() -> None:
    assert {"said", "ask", "help"} <= ids("shell.html")
