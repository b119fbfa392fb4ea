"""Crypto-PAn in bulk: IPv4 and IPv6 addresses per second on one core, beside the plain definition.

    python -m bench.flow [--addresses N]

The definition is the loop of the paper, one AES block for each bit; its results are compared with
ours in the same run.
"""

import argparse
import sys

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench._rate import rate
from zvon.privacy.flow import CryptoPan

FLOOR = 300_000
KEY = bytes(range(32))


def definition(address: int) -> int:
    """An IPv4 address as the paper has it."""
    encrypt = Cipher(algorithms.AES(KEY[:16]), modes.ECB()).encryptor().update
    pad = int.from_bytes(encrypt(KEY[16:]))
    mask = 0
    for i in range(32):
        keep = ((1 << i) - 1) << (128 - i)
        block = (address << 96 & keep) | (pad & ~keep & (2**128 - 1))
        mask = mask << 1 | encrypt(block.to_bytes(16))[0] >> 7
    return address ^ mask


def main() -> int:
    """Measure; 1 when IPv4 is slower than the floor or one address differs from the definition."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--addresses", type=int, default=1_000_000)
    count = parser.parse_args().addresses
    draw = np.random.default_rng(5)
    four = draw.integers(0, 2**32, count, dtype=np.uint32)
    six = draw.integers(0, 256, (count // 5, 16), dtype=np.uint8)
    near = six.copy()
    near[:, :6] = six[: max(1, count // 5000), :6].repeat(1000, axis=0)[: len(near)]
    pan = CryptoPan(KEY)
    same = four[:2000]
    equal = [int(v) for v in pan.four(same)] == [definition(int(v)) for v in same]
    plain = rate(len(same), lambda: [definition(int(v)) for v in same])
    warm = rate(count, lambda: pan.four(four))
    fresh = rate(count, lambda: CryptoPan(KEY).four(four))
    print(f"the definition, IPv4                 {plain:>12,.0f}/s   2,000 equal: {equal}")
    print(f"IPv4                                 {warm:>12,.0f}/s   {warm / plain:.0f} x")
    print(f"IPv4 with a new key                  {fresh:>12,.0f}/s")
    print(f"IPv6, at random                      {rate(len(six), lambda: pan.six(six)):>12,.0f}/s")
    print(
        f"IPv6, 1,000 hosts to a /48           {rate(len(near), lambda: pan.six(near)):>12,.0f}/s"
    )
    return int(warm < FLOOR or not equal)


if __name__ == "__main__":
    sys.exit(main())
