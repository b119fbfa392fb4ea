"""The words of `words.toml` as patterns, and text in the form that they are written in."""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_APART = re.compile(r"[^a-z0-9]+")


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))


def listed(part: str, name: str) -> tuple[str, ...]:
    """A list of the file as it stands there."""
    return tuple(_data()[part][name])


@cache
def pattern(part: str, name: str) -> re.Pattern[str]:
    """Finds any of the list's phrases in folded text, whole words only."""
    found = [
        re.escape(phrase).replace(r"\ ", " ").replace(r"\*", "[a-z0-9]*")
        for phrase in (each.replace("'", " ") for each in listed(part, name))
    ]
    return re.compile(r"(?<![a-z0-9])(?:" + "|".join(sorted(found, key=len, reverse=True)) + r")(?![a-z0-9])")  # fmt: skip


def folded(text: str) -> str:
    """Lower case without accents, `camelCase` split, one blank between words."""
    if not text.isascii():
        text = text.replace("đ", "d").replace("Đ", "D")
        wide = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in wide if not unicodedata.combining(c))
    return _APART.sub(" ", _CAMEL.sub(" ", text).lower()).strip()
