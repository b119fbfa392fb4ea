"""The tagger: what was measured at training, how long it takes to load and for a report.

    python -m bench.text_tag --data FOLDER      (or ZVON_DATA)

The shipped model has learnt from all reports at hand, so no score is measured here: F1 on held-out
reports is measured by `zvon models train attack` (folds by report) and stands in its card.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.text_dedup import reports
from zvon.cli.models_attack import evaluate
from zvon.cli.models_text import data_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=None)
    data = data_folder(options.parse_args(arguments).data)
    evaluate(data, as_json=False)
    from zvon.ml.attack.model import shipped
    from zvon.ml.attack.predict import tag

    began = time.perf_counter()
    shipped()
    print(f"loaded in {(time.perf_counter() - began) * 1000:.0f} ms")
    if data is None:
        return 0
    tag("The malware is warm.")
    times, sizes = [], []
    for sentences in reports(data):
        text = "\n".join(sentences)
        began = time.perf_counter()
        tag(text)
        times.append((time.perf_counter() - began) * 1000)
        sizes.append(len(text))
    print(f"{len(times)} reports of {statistics.mean(sizes):,.0f} characters on average: "
          f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms "
          f"({sizes[times.index(max(times))]:,} characters)")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
