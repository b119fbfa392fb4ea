"""Who is named in a text: `@login` for a person, `@organisation` for a partner."""

import re
import unicodedata
from collections.abc import Mapping

MOST = 50
"""Names that one text can call; the rest of them call nobody."""
LONGEST = 64

# Not inside a word or an address: `ana@example.si` names nobody.
_NAME = re.compile(rf"(?<![\w@.+-])@(\w[\w.-]{{0,{LONGEST - 1}}})(?![\w@])")


def handle(name: str) -> str:
    """How an organisation or a person is called in a text: small letters, hyphens for blanks."""
    plain = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[^\w.-]+", "-", plain).strip("-.")[:LONGEST]


def named(text: str) -> tuple[str, ...]:
    """The names that a text calls, as handles, in order and each once."""
    found = (handle(match[1].rstrip(".-")) for match in _NAME.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))[:MOST]


def spelled(text: str, names: Mapping[str, str]) -> str:
    """The text with each call of a handle in `names` as the plain name, without the sign."""

    def plain(match: re.Match[str]) -> str:
        called = match[1].rstrip(".-")
        name = names.get(handle(called))
        return match[0] if name is None else name + match[1][len(called) :]

    return _NAME.sub(plain, text)
