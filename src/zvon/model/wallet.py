"""Addresses of Bitcoin, Ethereum and Monero, with their check digits.

Base58Check; SegWit as Bech32 (BIP-173) and Bech32m (BIP-350); EIP-55 capitals; Monero's base 58 in
blocks of eleven with four bytes of Keccak-256.
"""

import re
from functools import cache
from hashlib import sha256

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_MONERO_BYTES = {11: 8, 7: 5}  # characters of a block to bytes; the last block has seven
_MONERO_TAGS = frozenset({18, 19, 42})  # standard, integrated, subaddress


class BadWallet(ValueError):
    """The text is no address of a wallet that we can check."""


def canonical(text: str) -> str:
    """One spelling: Bech32 and Ethereum in small letters, the others as they are.

    An Ethereum address is taken in any capitals; `eip55` says whether they are right. Raises
    `BadWallet`.
    """
    if re.fullmatch(r"0[xX][0-9a-fA-F]{40}", text):
        return text.lower()
    if re.fullmatch(r"(?i)bc1[a-z0-9]{11,71}", text) and _segwit(text):
        return text.lower()
    if re.fullmatch(rf"[13][{BASE58}]{{25,34}}", text) and _base58check(text):
        return text
    if re.fullmatch(rf"[48][{BASE58}]{{94}}|4[{BASE58}]{{105}}", text) and _monero(text):
        return text
    raise BadWallet("neither a Bitcoin, nor an Ethereum, nor a Monero address")


def coin(value: str) -> str:
    """`btc`, `eth` or `xmr` for a canonical address."""
    if value.startswith("0x"):
        return "eth"
    return "xmr" if len(value) >= 95 else "btc"


def eip55(text: str) -> bool:
    """False when an Ethereum address has capitals and small letters that contradict its digits."""
    digits = text[2:]
    if digits in {digits.lower(), digits.upper()}:
        return True
    check = keccak256(digits.lower().encode()).hex()
    return all(
        not c.isalpha() or c.isupper() == (int(k, 16) >= 8)
        for c, k in zip(digits, check, strict=False)
    )


def _base58check(text: str) -> bool:
    number = 0
    for char in text:
        number = number * 58 + BASE58.index(char)
    if number >> 200:
        return False
    raw = number.to_bytes(25, "big")
    leading = len(text) - len(text.lstrip("1"))
    if raw[0] not in {0, 5} or len(raw) - len(raw.lstrip(b"\x00")) != leading:
        return False
    return sha256(sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _segwit(text: str) -> bool:
    if text not in {text.lower(), text.upper()}:
        return False
    body = text.lower()[3:]
    if any(c not in _BECH32 for c in body):
        return False
    data = [_BECH32.index(c) for c in body]
    version, program = data[0], data[1:-6]
    if version > 16 or _polymod([3, 3, 0, 2, 3, *data]) != (1 if version == 0 else 0x2BC830A3):
        return False
    size, spare = divmod(len(program) * 5, 8)
    padding = program[-1] & ((1 << spare) - 1) if program else 1
    return spare < 5 and not padding and (size in {20, 32} if version == 0 else 2 <= size <= 40)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= part if top >> i & 1 else 0
    return check


def _monero(text: str) -> bool:
    raw = bytearray()
    for at in range(0, len(text), 11):
        block = text[at : at + 11]
        number = 0
        for char in block:
            number = number * 58 + BASE58.index(char)
        size = _MONERO_BYTES.get(len(block), 0)
        if number >> 8 * size:
            return False
        raw += number.to_bytes(size, "big")
    return raw[0] in _MONERO_TAGS and keccak256(bytes(raw[:-4]))[:4] == raw[-4:]


_MASK = (1 << 64) - 1


@cache
def _rounds() -> tuple[int, ...]:
    """The round constants of Keccak-f[1600], from its linear feedback shift register."""
    state, out = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if state & 1:
                constant |= 1 << ((1 << j) - 1)
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        out.append(constant)
    return tuple(out)


def keccak256(data: bytes) -> bytes:
    """Keccak with the padding of 2011, which Ethereum and Monero kept; `sha3_256` has another."""
    rate = 136
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for at in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i] ^= int.from_bytes(padded[at + 8 * i : at + 8 * i + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permuted(a: list[int]) -> list[int]:
    """Keccak-f[1600] on lanes `x + 5y` (FIPS 202, 3.2 and 3.3)."""
    for constant in _rounds():
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ _turned(c[(x + 1) % 5], 1) for x in range(5)]
        a = [lane ^ d[i % 5] for i, lane in enumerate(a)]
        x, y, current = 1, 0, a[1]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, a[x + 5 * y] = a[x + 5 * y], _turned(current, (t + 1) * (t + 2) // 2 % 64)
        a = [
            a[i] ^ (~a[(i % 5 + 1) % 5 + i // 5 * 5] & a[(i % 5 + 2) % 5 + i // 5 * 5] & _MASK)
            for i in range(25)
        ]
        a[0] ^= constant
    return a


def _turned(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK
