"""The ways in which people write an address so that nobody can click it.

The grammar is a set of terminals for a dot, an at sign, a scheme and a slash; `formats.extract`
builds its patterns from them, so a text is never rewritten before it is searched, and positions
stay true. `refang` takes one address, not a text.
"""

import re

_OPEN, _CLOSE = r"[\[({<]", r"[\])}>]"
_WORD_DOT = r"(?i:dot|d0t|punkt|point|pika|točka|tocka|točkica|tockica|[\u2022\u00b7])"
_WORD_AT = r"(?i:at|afna|et|manki|monkey)"
_BARE_WORD_DOT = r"(?:dot|DOT|Dot|pika|PIKA|točka|TOČKA|tocka|točkica)"
_BARE_WORD_AT = r"(?:at|AT|At|afna|AFNA|et|monkey|manki)"
# A list may break its lines in the middle of a name, but only beside a bracket.
_GAP = r"[ \t]?(?:\r?\n[ \t]?)?"

# Longest first: `.]` must stand before `.`, or `1.2.3.]4` keeps a bracket.
DOT = (
    rf"(?:{_GAP}{_OPEN}{{1,2}}\s{{0,3}}(?:\.|,|{_WORD_DOT})\s{{0,3}}{_CLOSE}{{1,2}}{_GAP}"
    r"|\[\.|\.\]|\\\.|\.|[\u3002\uff0e\uff61])"
)
# Inside a path, where a bare bracket may be one of the address.
PATH_DOT = rf"[ \t]?{_OPEN}(?:\.|{_WORD_DOT}){_CLOSE}[ \t]?"
BARE_DOT = rf"(?:[ \t]{_BARE_WORD_DOT}[ \t])"
AT = rf"(?:[ \t]?{_OPEN}[ \t]?(?:@|{_WORD_AT})[ \t]?{_CLOSE}[ \t]?|@|\uff20)"
BARE_AT = rf"(?:[ \t]{_BARE_WORD_AT}[ \t])"
SCHEME = r"(?:[hH][tTxX*_\u0445\u0425]{1,3}[pP]|[mM]eow|[fF][tTxX]{1,2}[pP])[sS]?"
WRITTEN_SCHEME = rf"(?:\[{SCHEME}\]|\({SCHEME}\)|{SCHEME})"
SEPARATOR = (
    r"(?:[ \t]?(?:\[:\]|\(:\)|:)[ \t]?(?://|\\\\|\\/\\/|\[//\]|\[/\]\[/\]|/[ \t]/)[ \t]?"
    r"|\[:?//\]|\[://\]|\[:/\]/)"
)
SLASH = r"(?:\[/\]|\\/|/)"

_DOT = re.compile(rf"{DOT}|{BARE_DOT}")
_AT = re.compile(rf"{AT}|{BARE_AT}")
_SCHEME = re.compile(rf"({WRITTEN_SCHEME}){SEPARATOR}")
_PATH_DOT = re.compile(rf"{PATH_DOT}|\[\.|\.\]|\\\.|{BARE_DOT}")
_HOST_END = re.compile(r"[/?#\\]|\[/\]")
_MARK = re.compile(
    rf"{_OPEN}[ \t]?(?:\.|,|@|{_WORD_DOT}|{_WORD_AT})[ \t]?{_CLOSE}|\[\.|\.\]|\\\.|\[:\]|{BARE_DOT}|{BARE_AT}"
)


def refang(text: str) -> str:
    """The live form of one defanged address, domain or mail address; live text stays as it is.

    `hxxps://evil-fixture[.]example/a` becomes `https://evil-fixture.example/a`.
    """
    scheme, rest = "", text.strip()
    found = _SCHEME.match(rest)
    if found is not None:
        scheme, rest = scheme_of(found[1]) + "://", rest[found.end() :]
    end = _host_end(rest)
    host, tail = rest[:end], rest[end:]
    host = re.sub(r"\s+", "", _DOT.sub(".", _AT.sub("@", host)))
    host = re.sub(r"\[:\]", ":", host)
    if host != rest[:end] or is_defanged(text):
        tail = _PATH_DOT.sub(".", tail.replace("[/]", "/").replace("[:]", ":"))
    return scheme + host + tail.replace("\\/", "/").replace("[.]", ".")


def scheme_of(word: str) -> str:
    """`hxxps` is `https`, `h**p` is `http`, `fxp` is `ftp`, `meow` is `http`."""
    lower = word.lower().strip("[()]")
    kind = "ftp" if lower.startswith("f") else "http"
    return kind + "s" if lower.endswith("s") and kind == "http" else kind


def is_defanged(text: str) -> bool:
    """True when the text was written so that nobody can click it."""
    found = _SCHEME.match(text.strip())
    if found is not None and (scheme_of(found[1]) != found[1].lower() or "[" in found[0]):
        return True
    rest = text if found is None else text.strip()[found.end() :]
    head = rest[: _host_end(rest)]
    return _MARK.search(head) is not None or "[.]" in rest


def _host_end(text: str) -> int:
    """Where the host ends; a backslash before a dot does not end it."""
    for found in _HOST_END.finditer(text):
        if found[0] == "\\" and text[found.end() : found.end() + 1] == ".":
            continue
        return found.start()
    return len(text)
