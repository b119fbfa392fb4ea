"""Words in a code that decode to text with an identifier in it."""

import re

from zvon.privacy.decode import layers
from zvon.privacy.identifiers.mail import EMAIL
from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_BLOB = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=-])")
_ESCAPED = re.compile(r"(?<!\w)[\w.~+-]*%[0-9A-Fa-f]{2}[\w.~%+-]*(?!\w)")
_LONG_NUMBER = re.compile(r"\d{7}")


def blobs(reading: Reading, zones: Zones) -> None:
    """Take base64, hexadecimal or percent-encoded words that hide an identifier."""
    text = reading.text
    for start, end in zones.long:
        for found in _BLOB.finditer(text, start, end):
            if reading.free(found.start(), found.end()) and hides_identifier(found[0]):
                put(reading, found.start(), found.end(), "ENCODED", found[0], fixed="remove")
        if text.find("%", start, end) >= 0:
            for found in _ESCAPED.finditer(text, start, end):
                if reading.free(found.start(), found.end()) and hides_identifier(found[0]):
                    put(reading, found.start(), found.end(), "ENCODED", found[0], fixed="remove")


def hides_identifier(word: str) -> bool:
    """True when `word` decodes to readable text with a mail address or a long number in it."""
    return any(EMAIL.search(plain) or _LONG_NUMBER.search(plain) for plain in layers(word))
