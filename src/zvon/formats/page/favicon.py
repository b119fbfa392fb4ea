"""MurmurHash3 of a favicon as the field uses it: of its base64 with a line end every 76 letters."""

from base64 import encodebytes

_MASK = 0xFFFFFFFF


def mark(icon: bytes) -> int:
    """The signed 32-bit number that Shodan and others index favicons by (MurmurHash3 x86_32)."""
    return murmur3(encodebytes(icon))


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3 x86_32 as a signed number (Austin Appleby, public domain)."""
    whole = len(data) & ~3
    h = seed
    for k in memoryview(data[:whole]).cast("I") if whole else ():
        k = k * 0xCC9E2D51 & _MASK
        k = (k << 15 | k >> 17) & _MASK
        h ^= k * 0x1B873593 & _MASK
        h = (h << 13 | h >> 19) & _MASK
        h = (h * 5 + 0xE6546B64) & _MASK
    rest = int.from_bytes(data[whole:], "little")
    if rest:
        k = rest * 0xCC9E2D51 & _MASK
        k = (k << 15 | k >> 17) & _MASK
        h ^= k * 0x1B873593 & _MASK
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & _MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h
