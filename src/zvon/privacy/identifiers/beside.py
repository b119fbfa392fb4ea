"""Names of machines that stand beside an inside address: `192.168.12.77 (iPhone-od-Janje)`."""

import re

from zvon.privacy.identifiers.shape import put
from zvon.privacy.mentions import Reading

_AFTER = re.compile(
    r"[ \t]*[(\[][ \t]*([^\W\d_][\w-]{2,40})[ \t]*[)\]]|[ \t]*[=|\t][ \t]*([^\W\d_][\w-]{2,40})(?![\w@-]|\.\w)"
)
_BEFORE = re.compile(r"(?<![\w@./\\-])([^\W\d_][\w-]{2,40})[ \t]*[(\[=|\t ][ \t]*$")
_MADE = re.compile(r"-|\d|_")
_REACH = 48


def machines(reading: Reading) -> None:
    """Take words with a digit or a hyphen that stand beside an address which is only inside."""
    inside = [m for m in reading.mentions if m.type == "IP" and m.fixed == "remove"]
    for mention in inside:
        found = _AFTER.match(reading.text, mention.end, mention.end + _REACH)
        if found:
            _take(reading, found, found.lastindex or 1)
        before = _BEFORE.search(reading.text, max(0, mention.start - _REACH), mention.start)
        if before:
            _take(reading, before, 1)


def _take(reading: Reading, found: re.Match[str], group: int) -> None:
    if _MADE.search(found[group]) and not found[group].isdigit():
        put(reading, found.start(group), found.end(group), "HOST", found[group].lower(), fixed="remove")  # fmt: skip
