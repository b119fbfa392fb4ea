"""The form of an address that is scored, for one address and for a block of lines."""

import re
from collections.abc import Iterable

MAX_LINE = 4096  # characters of a line that are looked at at all

_HOLE = re.compile(r"\{\{\{s\}\}\}|\{searchTerms\}|\{account\}")
_URL = re.compile(r"(?is)^\s*(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@?#]*@)?(?:www\.)*([^/?#]*)(.*?)\s*$")
_PORT = re.compile(r":(80|443)$")
# A line that is certainly its own form: most lines of a long list are, and the test is quick.
_OWN_FORM = re.compile(
    rb"https://(?!www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:/[!-z|}~]+|[?#][!-z|}~]*)?"
)


def score_form(url: str) -> str:
    """The form that is scored; idempotent. Never for identity and never for fetching.

    Scheme forced to https, user information, leading `www.`, default ports and a lone final
    slash removed: in public lists these say which list a row came from, not what it is.
    """
    text = _HOLE.sub("invoice", url)
    match = _URL.match(text) or _URL.match("//" + text)
    if match is None:
        return "https://"
    host = _PORT.sub("", match[1].lower().rstrip(".")).rstrip(".")
    return "https://" + host + ("" if match[2] == "/" else match[2])


def read_lines(lines: Iterable[bytes]) -> list[bytes]:
    """The forms of lines of UTF-8 without their `https://`; what is not UTF-8 is replaced.

    A blank or unreadable line becomes an empty form.
    """
    own = _OWN_FORM.fullmatch
    return [
        line[8:] if own(line) and len(line) <= MAX_LINE
        else _bare(line[:MAX_LINE].decode("utf-8", "replace"))
        for line in lines
    ]  # fmt: skip


def read_texts(urls: Iterable[str]) -> list[bytes]:
    """The forms of addresses without their `https://`."""
    return [_bare(url[:MAX_LINE]) for url in urls]


def _bare(url: str) -> bytes:
    return score_form(url)[8:].encode("utf-8", "replace").replace(b"\n", b" ")
