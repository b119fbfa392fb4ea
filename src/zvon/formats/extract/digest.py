"""Fingerprints: what a run of hexadecimal digits is, by its length and by the words before it."""

import re

from zvon.formats.extract.found import Found, Scanned
from zvon.model.observable import HASH_LENGTH, ObservableType

T = ObservableType
# The last of these words before 32, 40 or 64 digits says of what they are.
_WORD = re.compile(
    r"(?i)(?P<imphash>imp(?:ort)?[ _-]?hash)|(?P<ja3s>\bja3s)|(?P<ja3>\bja3)"
    r"|(?P<fingerprint>thumb ?print|fingerprint|certificate|certifikat|potrdil|odtis|otisak)"
    r"|(?P<plain>md5|sha-?1|sha-?256|sha-?512|zgoščen|sažetak|file|datotek)"
)
_FINGERPRINT = re.compile(
    r"(?i)thumb ?print|fingerprint|certificate|certifikat|potrdil|odtis|otisak"
)
_NAMED = {
    32: {"imphash": T.IMPHASH, "ja3": T.JA3, "ja3s": T.JA3S},
    40: {"fingerprint": T.FINGERPRINT},
    64: {"fingerprint": T.FINGERPRINT},
}
_REACH = 48
_LIST = re.compile(r"[\s,;|\"'`*•-]{1,12}")


def read_hash(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A digest of a file, of a TLS client or of a certificate."""
    start, end = match.span("hash")
    raw = match["hash"]
    if raw[0] in "tqd" and "_" in raw:
        return scan.read(T.JA4, start, end)
    if ":" in raw or " " in raw:
        pairs = raw[2] in ": " and all(c in ": " for c in raw[2::3])
        if pairs and " " in raw and not _FINGERPRINT.search(scan.before(start, _REACH)):
            return None  # bytes of a program
        return scan.read(T.FINGERPRINT if pairs else T.SSDEEP, start, end)
    if raw[0] in "tT" or len(raw) == 70:
        return scan.read(T.TLSH, start, end)
    if len(raw) == 62:
        return scan.read(T.JARM, start, end)
    kind = HASH_LENGTH.get(len(raw))
    # Digits or letters alone, or few different ones, are no digest but a number or a filler.
    if kind is None or raw.isdigit() or raw.isalpha() or len(set(raw)) < 6:
        return None
    return scan.read(_by_words(scan, start, len(raw)) or kind, start, end)


def _by_words(scan: Scanned, start: int, length: int) -> ObservableType | None:
    """The type that the nearest word before the digits gives them; in a list, that of the last."""
    named = _NAMED.get(length)
    if named is None:
        return None
    low = max(0, start - _REACH)
    last = scan.found[-1] if scan.found else None
    if last is not None and last.end > low:
        same = len(last.raw) == length and last.observable.type in named.values()
        if same and _LIST.fullmatch(scan.text, last.end, start):
            return last.observable.type
        low = last.end
    words = list(_WORD.finditer(scan.text, low, start))
    return named.get(words[-1].lastgroup or "") if words else None
