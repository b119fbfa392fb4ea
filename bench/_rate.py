"""How many values a second of processor time a piece of code takes."""

import time
from collections.abc import Callable

ROUNDS = 5


def rate(values: int, run: Callable[[], object]) -> float:
    """Values per second, the best of `ROUNDS`."""
    least = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        least = min(least, time.process_time() - started)
    return values / least
