"""The leak test, large: `python -m bench.leaktest [--mails N] [--seed S]`; fails when anything leaked."""

import argparse
import sys
import time

from zvon.cli.privacy_leaktest import leaktest


def main() -> int:
    """Run it and say how long it took."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--mails", type=int, default=1000)
    read.add_argument("--seed", type=int, default=1)
    given = read.parse_args()
    start = time.process_time()
    code = leaktest(mails=given.mails, seed=given.seed)
    print(f"{given.mails} items, {time.process_time() - start:.0f} s of one core")
    return code


if __name__ == "__main__":
    sys.exit(main())
