"""Pseudonyms in bulk: keyed addresses and codes of every kind, beside HMAC-SHA256 in the same run.

    python -m bench.pseudonym [--values N]

Best of five, CPU time of one core. The product's address pseudonyms are keyed BLAKE2b with 96
bits; a code is 60 bits and four check characters written in base 32.
"""

import argparse
import hashlib
import hmac
import random
import sys

from bench._rate import rate
from zvon.privacy.pseudonym import Domain
from zvon.privacy.pseudonym_address import addresses

FLOOR = 1_000_000


def main() -> int:
    """Measure; 1 when address pseudonyms are slower than the floor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--values", type=int, default=300_000)
    count = parser.parse_args().values
    draw = random.Random(4)
    domain = Domain("bench", "2026-11", draw.randbytes(32))
    packed = [draw.randbytes(4) for _ in range(count)]
    texts = [f"ime priimek {n}" for n in range(count // 10)]
    ours = rate(count, lambda: addresses(domain, packed))
    once = rate(count, lambda: [hashlib.blake2b(v, key=domain.key, digest_size=12).digest() for v in packed])  # fmt: skip
    sha = rate(count, lambda: [hmac.digest(domain.key, v, "sha256")[:12] for v in packed])
    object_ = rate(count, lambda: [hmac.new(domain.key, v, "sha256").digest()[:12] for v in packed])
    code = rate(len(texts), lambda: [domain.code("person", t) for t in texts])
    print(f"addresses of 2001:db8::/32, keyed BLAKE2b   {ours:>12,.0f}/s")
    print(f"keyed BLAKE2b, key anew for each value      {once:>12,.0f}/s")
    print(f"HMAC-SHA256 (hmac.digest)                   {sha:>12,.0f}/s   ours {ours / sha:.1f} x")
    print(
        f"HMAC-SHA256 (hmac.new)                      {object_:>12,.0f}/s   ours {ours / object_:.1f} x"
    )
    print(f"codes with check characters, one by one     {code:>12,.0f}/s")
    return int(ours < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
