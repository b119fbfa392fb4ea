"""Addresses of flow statistics with their prefixes kept: Crypto-PAn, for many addresses at once.

Two addresses that share their first n bits share exactly n bits of their pseudonyms (Xu, Fan,
Ammar and Moon, 2002). That is what traffic statistics need, and it leaks: who knows some hosts
learns the networks of others (`flow_risk`). So it is for bulk flows inside one domain, with the
key of one epoch, never for incidents.
"""

import hashlib
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from zvon.privacy.pseudonym import Domain

KEY_BYTES = 32
CHUNK = 1 << 17
"""Addresses that are worked on together: their blocks stay in the cache of the processor."""

Array = np.ndarray[Any, np.dtype[Any]]
_BIG = np.dtype(">u4")
# Bits after which equal prefixes are looked for: the tree is walked once for each of them.
_CUTS = {4: (16, 32), 6: (32, 48, 64, 128)}


class BadFlowKey(ValueError):
    """The key has the wrong length."""


def flow_key(domain: Domain) -> bytes:
    """The key of a domain's flow statistics: it is not the one of its pseudonyms, and dies with it."""
    return hashlib.blake2b(b"", key=domain.key, digest_size=KEY_BYTES, person=b"flow").digest()


class CryptoPan:
    """Crypto-PAn under one key: 16 bytes of AES key, and 16 from which the padding is made."""

    __slots__ = ("_cipher", "_pad", "_top")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadFlowKey(f"a key of flow statistics has {KEY_BYTES} bytes")
        self._cipher = Cipher(algorithms.AES(key[:16]), modes.ECB())  # noqa: S305 -- single blocks
        pad = self._cipher.encryptor().update(key[16:])
        self._pad = np.frombuffer(pad, _BIG).astype(np.uint32)
        self._top: Array | None = None

    def __repr__(self) -> str:
        return "CryptoPan(…)"

    def four(self, addresses: Array) -> Array:
        """Pseudonyms of IPv4 addresses, both `uint32`, in order."""
        values = np.ascontiguousarray(addresses, np.uint32)
        if self._top is None:
            every = (np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)).reshape(-1, 1)
            self._top = self._bits(every, 0, 16)[:, 0]
        out = np.empty_like(values)
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK]
            mask = self._top[part >> np.uint32(16)] | self._bits(part.reshape(-1, 1), 16, 32)[:, 0]
            out[start : start + CHUNK] = part ^ mask
        return out

    def six(self, addresses: Array) -> Array:
        """Pseudonyms of IPv6 addresses, both `uint8` of shape (n, 16), in order."""
        words = np.ascontiguousarray(addresses, np.uint8).view(_BIG).astype(np.uint32)
        mask = np.zeros_like(words)
        done = 0
        for cut in _CUTS[6]:
            prefixes, where = _distinct(words, cut)
            made = np.empty_like(prefixes)
            for start in range(0, len(prefixes), CHUNK // 4):
                part = prefixes[start : start + CHUNK // 4]
                made[start : start + CHUNK // 4] = self._bits(part, done, cut)
            mask |= made[where]
            done = cut
        return (words ^ mask).astype(_BIG).view(np.uint8)

    def _bits(self, words: Array, first: int, last: int) -> Array:
        """Bits `first` to `last` of what is added to addresses, as 32-bit words like theirs.

        Bit i is the first bit of the encryption of the first i bits, padded to a block.
        """
        n, width = words.shape
        block = np.empty((n, 4), _BIG)
        block[:] = self._pad.astype(_BIG)
        coded = bytearray(n * 16 + 15)
        heads = np.frombuffer(coded, np.uint8, n * 16).reshape(n, 16)[:, 0]
        encrypt = self._cipher.encryptor()
        out = np.zeros((n, width), np.uint32)
        for whole in range(first // 32):
            block[:, whole] = words[:, whole]
        for i in range(first, last):
            word, bit = divmod(i, 32)
            if bit == 0 and word:
                block[:, word - 1] = words[:, word - 1]
            keep = np.uint32(0xFFFFFFFF << (32 - bit) & 0xFFFFFFFF)
            block[:, word] = (words[:, word] & keep) | (self._pad[word] & ~keep)
            encrypt.update_into(block.data.cast("B"), coded)
            out[:, word] |= (heads >> 7).astype(np.uint32) << np.uint32(31 - bit)
        return out


def _distinct(words: Array, bits: int) -> tuple[Array, Array]:
    """The distinct prefixes of `bits` bits, and which of them each row has."""
    cut = words.copy()
    whole, rest = divmod(bits, 32)
    if rest:
        cut[:, whole] &= np.uint32(0xFFFFFFFF << (32 - rest) & 0xFFFFFFFF)
        whole += 1
    cut[:, whole:] = 0
    rows = np.ascontiguousarray(cut.astype(_BIG)).view("V16").ravel()
    found, where = np.unique(rows, return_inverse=True)
    return found.view(_BIG).reshape(-1, 4).astype(np.uint32), where
