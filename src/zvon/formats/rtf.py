"""HTML that Outlook wraps in compressed RTF (MS-OXRTFCP, MS-OXRTFEX): the page as it was sent."""

import re
import struct
from collections.abc import Iterator

from msgspec import Struct

MAX_RAW = 20_000_000

# What every decompressor's window begins with (MS-OXRTFCP 2.1.2.1).
_WINDOW = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_SIZE = 4096
_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})"
    rb"|\\(?P<symbol>[^a-zA-Z'])|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\'?"
)
_SILENT = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pntext", b"pict"})
_SHOWN = {b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "‘", b"rquote": "’",
          b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"endash": "–", b"emdash": "—"}  # fmt: skip


class BadRtf(ValueError):
    """The bytes are no compressed RTF; says where."""


class _Group(Struct):
    """What holds until the group ends: `silent` shows nothing, `rtf_only` is not of the page."""

    silent: bool = False
    rtf_only: bool = False
    skip: int = 1


def decompress(body: bytes) -> bytes:
    """The RTF in a `PidTagRtfCompressed`. Raises `BadRtf`."""
    if len(body) < 16:
        raise BadRtf("byte 0: too short")
    _, raw_size, kind = struct.unpack("<III", body[:12])
    if kind == 0x414C454D:  # "MELA": not compressed
        return body[16 : 16 + raw_size]
    if kind != 0x75465A4C:  # "LZFu"
        raise BadRtf("byte 8: neither compressed nor plain RTF")
    window = bytearray(_WINDOW.ljust(_SIZE, b"\0"))
    place, out, at = len(_WINDOW), bytearray(), 16
    while at < len(body) and len(out) < min(raw_size, MAX_RAW):
        flags, at = body[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece, at = body[at : at + 1], at + 1
            else:
                token = int.from_bytes(body[at : at + 2], "big")
                at += 2
                start, length = token >> 4, (token & 15) + 2
                if start == place or at > len(body):
                    return bytes(out)
                piece = b""
                for step in range(length):
                    # What is copied may be what this very copy has just written.
                    byte = window[(start + step) % _SIZE]
                    window[(place + step) % _SIZE] = byte
                    piece += bytes([byte])
            for byte in piece:
                window[place] = byte
                place = (place + 1) % _SIZE
            out += piece
    return bytes(out)


def html(rtf: bytes) -> str | None:
    """The page that an RTF wraps, or `None` when it wraps none. Nothing raises."""
    if b"\\fromhtml" not in rtf[:4096]:
        return None
    found = re.search(rb"\\ansicpg([0-9]{1,5})", rtf[:4096])
    codepage = f"cp{found[1].decode()}" if found else "cp1252"
    return "".join(_pieces(rtf[:MAX_RAW], "utf-8" if codepage == "cp65001" else codepage))


def text(rtf: bytes) -> str:
    """What a document in RTF shows; of a wrapped page its source. Nothing raises."""
    found = re.search(rb"\\ansicpg([0-9]{1,5})", rtf[:4096])
    codepage = f"cp{found[1].decode()}" if found else "cp1250"
    return "".join(_pieces(rtf[:MAX_RAW], "utf-8" if codepage == "cp65001" else codepage))


def _pieces(rtf: bytes, codepage: str) -> Iterator[str]:
    """What is shown, in order. A star marks a destination that readers may leave out; of these
    only `htmltag` is the page's.
    """
    groups = [_Group()]
    starred, left_out = False, 0
    for token in _TOKEN.finditer(rtf):
        group = groups[-1]
        shown = ""
        if token["brace"] == b"{":
            groups.append(_Group(group.silent, group.rtf_only, group.skip))
            starred = False
        elif token["brace"] == b"}":
            if len(groups) > 1:
                groups.pop()
        elif token["symbol"] is not None:
            starred = token["symbol"] == b"*"
            shown = {b"~": "\u00a0", b"{": "{", b"}": "}", b"\\": "\\"}.get(token["symbol"], "")
        elif token["word"] is not None:
            word, number = token["word"], token["number"]
            match word:
                case b"htmlrtf":
                    group.rtf_only = number != b"0"
                case b"uc":
                    group.skip = max(0, min(8, int(number or b"1")))
                case b"u" if number:
                    code = int(number) % 65536
                    shown = chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"
                case _:
                    group.silent |= word in _SILENT or (starred and word != b"htmltag")
                    shown = _SHOWN.get(word, "")
            starred = False
        elif token["hex"] is not None:
            shown = _decoded(bytes.fromhex(token["hex"].decode()), codepage)
        elif token["text"] is not None:
            shown = _decoded(token["text"], codepage)
        if left_out and shown and token["word"] is None:
            shown, left_out = shown[left_out:], max(0, left_out - len(shown))
        if token["word"] == b"u":
            left_out = group.skip  # the letters for readers that know no Unicode
        if shown and not group.silent and not group.rtf_only:
            yield shown


def _decoded(raw: bytes, codepage: str) -> str:
    try:
        return raw.decode(codepage, "replace")
    except LookupError:
        return raw.decode("cp1252", "replace")
