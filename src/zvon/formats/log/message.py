"""Values in the words of a log line: addresses, links, hashes, and who tried to log in."""

import re

from zvon.formats.found import NAMED, SAID, Found
from zvon.model.observable import ObservableType

# Past this, a line is kept and not searched.
MAX_SEARCHED = 16_384

_V4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*[\w-])")
_V6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:.])")
_URL = re.compile(r"(?i)\bhttps?://[^\s\"'<>\])]{3,2000}")
_HASH = re.compile(
    r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])"
)
# sshd, PAM, sudo, su (as of OpenSSH 9 and Linux-PAM 1.5).
_USER = re.compile(
    r"(?:(?:password|publickey|keyboard-interactive\S*) for (?:invalid user )?"
    r"|[Ii]nvalid user |authenticating user |\buser[= ]|\bacct=|session (?:opened|closed) for user )"
    r"\"?([A-Za-z0-9_.@\\-]{1,64})"
)


def take_message(found: Found, message: str) -> None:
    """Add what the line names. Numbers of versions and clock times are no addresses."""
    searched = message[:MAX_SEARCHED]
    if "." in searched:
        for text in _V4.findall(searched):
            found.address(text, SAID)
    if searched.count(":") > 1:
        for text in _V6.findall(searched):
            if any(digit.isalpha() for digit in text) or "::" in text or text.count(":") == 7:
                found.address(text, SAID)
    if "://" in searched:
        for text in _URL.findall(searched):
            found.add(ObservableType.URL, text.rstrip(".,;"), SAID)
    for text in _HASH.findall(searched):
        found.hash(text, SAID)
    for text in _USER.findall(searched):
        found.add(ObservableType.USERNAME, text, NAMED)
