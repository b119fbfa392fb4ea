"""Look-ups in the register of what is ours, as it grows: 100 to 100,000 prefixes and names.

    python -m bench.register [--lookups N]

Half of the values looked for are ours. Scalar look-ups are what the gate does for each value of a
mail; a batch is what a file of flows or indicators costs. CPU time of one core, the best of three.
"""

import argparse
import random
import sys
import time
from ipaddress import IPv4Address

import numpy as np

from bench._rate import rate
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry

SIZES = (100, 10_000, 100_000)
FLOOR = 500_000


def main() -> int:
    """Measure; 1 when a batch of addresses is slower than the floor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lookups", type=int, default=50_000)
    count = parser.parse_args().lookups
    draw = random.Random(8)
    slow = 0
    print(
        f"{'entries':>8} {'compile':>9} {'addresses':>12} {'batch':>14} {'names':>12} {'mail':>12}"
    )
    for size in SIZES:
        nets = draw.sample(range(2**20), size)
        entries = [Entry(kind="prefix", value=f"{IPv4Address(n << 12)}/20") for n in nets]
        entries += [Entry(kind="domain", value=f"ours{n}.example") for n in range(size)]
        started = time.process_time()
        register = Register(entries)
        compiled = time.process_time() - started
        ours = [n << 12 | draw.randrange(4096) for n in draw.choices(nets, k=count // 2)]
        every = ours + [draw.randrange(2**32) for _ in range(count // 2)]
        texts = [str(IPv4Address(value)) for value in every]
        packed = np.tile(np.array(every, np.uint32), 20)
        names = [f"mail.host{draw.randrange(2 * size)}.ours{draw.randrange(2 * size)}.example"
                 for _ in range(count)]  # fmt: skip
        mails = [f"ana@{name}" for name in names]
        hits = sum(register.address(text) is not None for text in texts)
        assert hits == int(register.addresses(np.array(every, np.uint32)).sum())
        batch = rate(len(packed), lambda r=register, p=packed: r.addresses(p))  # type: ignore[misc]
        one = rate(count, lambda r=register, t=texts: [r.address(x) for x in t])  # type: ignore[misc]
        named = rate(count, lambda r=register, t=names: [r.name(x) for x in t])  # type: ignore[misc]
        mail = rate(count, lambda r=register, t=mails: [r.mail(x) for x in t])  # type: ignore[misc]
        print(f"{size:>8,} {compiled:>7.2f} s {one:>10,.0f}/s {batch:>12,.0f}/s {named:>10,.0f}/s {mail:>10,.0f}/s")  # fmt: skip
        slow += batch < FLOOR
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
