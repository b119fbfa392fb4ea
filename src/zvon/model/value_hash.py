"""Fingerprints of files, of TLS and of certificates: one spelling for each, as plain text.

Every function takes text without blanks around it and raises `ValueError` when it is none.
"""

import re
from collections.abc import Callable

_SSDEEP = re.compile(r"([0-9]{1,10}):([A-Za-z0-9+/]{3,64}):([A-Za-z0-9+/]{3,64})(?:,\"?.*)?")
_TLSH = re.compile(r"(?:t1)?([0-9a-f]{70})")
_JA4 = re.compile(
    r"[tqd](?:1[0-3]|s[23]|d[1-3]|00)[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}"
)
_FINGERPRINT_DIGITS = (40, 64)


def digits(length: int) -> Callable[[str], str]:
    """The reader of a digest of `length` hexadecimal digits; letters become small."""
    form = re.compile(rf"[0-9a-f]{{{length}}}")

    def read(text: str) -> str:
        value = text.lower()
        if not form.fullmatch(value):
            raise ValueError(f"expected {length} hexadecimal digits")
        return value

    return read


def ssdeep(text: str) -> str:
    """`block size:hash:hash of the double block`; a file name behind it falls away (ssdeep 1.1)."""
    found = _SSDEEP.fullmatch(text)
    size = int(found[1]) if found else 0
    if found is None or size % 3 or (size // 3) & (size // 3 - 1) or not size:
        raise ValueError("expected 3·2ⁿ:hash:hash")
    return f"{size}:{found[2]}:{found[3]}"


def tlsh(text: str) -> str:
    """`t1` and 70 hexadecimal digits; older tools leave out the version (TLSH 4.0)."""
    found = _TLSH.fullmatch(text.lower())
    if found is None:
        raise ValueError("expected T1 and 70 hexadecimal digits")
    return "t1" + found[1]


def ja4(text: str) -> str:
    """The fingerprint of a TLS client, `t13d1516h2_8daaf6152771_e5627efa2ab1` (FoxIO JA4)."""
    value = text.lower()
    if not _JA4.fullmatch(value):
        raise ValueError("expected a_b_c of a JA4 fingerprint")
    return value


def fingerprint(text: str) -> str:
    """SHA-1 or SHA-256 of a certificate, without the colons or blanks between the bytes."""
    value = re.sub(r"[: -]", "", text).lower()
    if len(value) not in _FINGERPRINT_DIGITS or not re.fullmatch(r"[0-9a-f]+", value):
        raise ValueError("expected 20 or 32 bytes in hexadecimal digits")
    return value
