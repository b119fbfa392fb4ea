"""Text that hides in other text: percent coding, base64, hexadecimal, up to three levels deep."""

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

MAX_LEVELS = 3
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){5,}")


def layers(text: str, levels: int = MAX_LEVELS) -> Iterator[str]:
    """Every readable text that `text` decodes to, outermost first; `text` itself is left out."""
    if levels == 0 or len(text) > 65536:
        return
    for plain in _once(text):
        yield plain
        yield from layers(plain, levels - 1)


def _once(text: str) -> Iterator[str]:
    if "%" in text:
        plain = unquote(text, errors="replace")
        if plain != text:
            yield plain
    if _HEX.fullmatch(text):
        yield from _readable(bytes.fromhex(text))
    if _BASE64.fullmatch(text):
        bare = text.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (ValueError, binascii.Error):
            return
        yield from _readable(raw)


def _readable(raw: bytes) -> Iterator[str]:
    try:
        plain = raw.decode()
    except UnicodeDecodeError:
        return
    if plain and sum(c.isprintable() or c.isspace() for c in plain) >= 0.95 * len(plain):
        yield plain
