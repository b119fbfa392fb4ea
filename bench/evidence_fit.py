"""The evidence model fitted to pages that we wrote, beside the weights that were set by hand.

    python -m bench.evidence_fit [--each N]

Fitted on the families that were looked at, measured on those that were kept (`bench/pages/late.py`).
The pages are ours, so this says that the fit works and which facts the hand may have misjudged; it
is no reason to ship other weights.
"""

import argparse
import asyncio
from collections.abc import Sequence

from bench.pages.clean import clean
from bench.pages.kits import kits
from bench.pages.late import late
from bench.phish_pages import Result, run
from zvon.ml.evidence.training import Judged, factors, measured


def rows(results: Sequence[Result]) -> list[Judged]:
    """The facts of each page, as its verdict keeps them."""
    return [
        Judged({reason.code: reason.weight for reason in r.opinion.verdict.reasons}, r.site.kit)
        for r in results
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print log loss and calibration of both, and the factors that differ most from 1."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--each", type=int, default=6, help="sites of each family")
    each = options.parse_args(arguments).each
    seen = rows(asyncio.run(run([*kits(each=each), *clean(each=each)], render=False)))
    kept = rows(asyncio.run(run(late(each=each), render=False)))
    found = factors(seen)
    for title, part in (("families looked at", seen), ("families kept", kept)):
        print(f"{title:20} by hand {measured(part)}")
        print(f"{'':20} fitted  {measured(part, found)}")
    for code, value in sorted(found.items(), key=lambda item: -abs(item[1] - 1))[:12]:
        print(f"  {code:22} x {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
