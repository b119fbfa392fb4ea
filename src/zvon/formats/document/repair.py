"""What breaking a page into lines tore apart is joined again: words, addresses, fingerprints."""

import re

# PDFium marks a hyphen at the end of a line that the typesetter put there.
_SOFT = re.compile("(?:\ufffe|\u00ad|\x02)[ \t]*\r?\n?[ \t]*")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-[ \t]*\n[ \t]*(?=[a-zà-žčšžćđ])")
_URL_TAIL = re.compile(r"(?:h[tx*]{2}ps?(?:\[?:\]?)//|www\.|\w(?:\[\.\]|\.)[a-z]{2,}/)\S*$")
_URL_ON = re.compile(r"[\w%&=?/.~+#:\[\]-]+")
_HEX_TAIL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8,127}$")
_HEX_HEAD = re.compile(r"[0-9a-fA-F]{2,127}(?![0-9A-Za-z])")
_DOT_TAIL = re.compile(r"\w(?:\[\.\]|\(\.\)|\[dot\]|\[\.)$")
_HASHES = frozenset({32, 40, 64, 128})
_OPEN_END = "/-_.=?&%+"


def repaired(text: str) -> str:
    """`text` with the line ends taken out that stand inside a word or a value.

    A line end is kept wherever it is not plainly inside one: joining two values is worse than
    leaving one in two pieces.
    """
    text = _SOFT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = _HYPHEN.sub("", text).split("\n")
    widest = max(map(len, lines), default=0)
    out: list[str] = []
    for line in lines:
        if out and _torn(out[-1].rstrip(), line.lstrip(), widest):
            out[-1] = out[-1].rstrip() + line.lstrip()
        else:
            out.append(line)
    return "\n".join(out)


def _torn(before: str, after: str, widest: int) -> bool:
    """True when the end of one line and the beginning of the next are one value."""
    if not before or not after or len(before) > 4_000:
        return False
    tail, head = _HEX_TAIL.search(before[-128:]), _HEX_HEAD.match(after)
    if tail and head and len(tail[0]) not in _HASHES and len(tail[0]) + len(head[0]) in _HASHES:
        return True
    if _DOT_TAIL.search(before):
        return after[0].isalnum()
    if _URL_TAIL.search(before[-2_000:]):
        on = _URL_ON.match(after)
        if on is None or after.startswith(("http", "hxxp", "www.")):
            return False
        ends_open = before[-1] in _OPEN_END
        # A line that is broken in an address is a full one, and the rest looks like an address.
        full = len(before) >= 0.8 * widest
        alone = len(on[0]) == len(after) or after[len(on[0])].isspace()
        return alone and ((ends_open and before[-1] != ".") or (full and _speaks(on[0])))
    return False


def _speaks(rest: str) -> bool:
    return any(sign in rest.rstrip(".:") for sign in "/=?&%.") or any(c.isdigit() for c in rest)
