"""Text as its reader sees it: composed letters (NFC), one kind of line end, nothing invisible.

What was invisible is reported, because it is a way around filters.
"""

import re
import unicodedata

INVISIBLE = "invisible-characters"

# Zero-width, bidirectional, soft hyphen, tag characters. Joiners are handled apart: emoji and
# several scripts need them, between Latin letters they only hide a word.
_HIDDEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]")  # fmt: skip
_JOINER = re.compile("(?<=[\u0020-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\u0020-\u024f])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def plain(text: str) -> tuple[str, tuple[str, ...]]:
    """The readable form of `text` and the warnings that reading it gave."""
    lines = re.sub("\r\n?|[\u0085\u2028\u2029]", "\n", text)
    visible = _JOINER.sub("", _HIDDEN.sub("", lines))
    warnings = () if len(visible) == len(lines) else (INVISIBLE,)
    spaced = _SPACE.sub(" ", _CONTROL.sub("\ufffd", visible))
    return unicodedata.normalize("NFC", spaced), warnings
