"""Triage: average precision, leaving each scenario out, with and without words; time for a day.

python -m bench.triage --data FOLDER      (or ZVON_DATA; holds `incidents/ait_ads`; needs `train`)
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from zvon.cli.models_text import data_folder
from zvon.cli.models_triage import VERSION, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--data", type=Path, default=None)
    data = data_folder(options.parse_args(arguments).data)
    if data is None or not (data / "incidents" / "ait_ads").is_dir():
        print("no alert data here: --data FOLDER or ZVON_DATA")
        return 0
    from zvon.ml.triage_training.fit import train

    scenarios = read(data)
    model, figures = train(scenarios, VERSION)
    for name, value in msgspec.to_builtins(figures).items():
        print(f"{name}: {value}")
    for each in scenarios:
        began = time.process_time()
        model.probabilities(each.sightings, each.titles.__getitem__)
        spent = time.process_time() - began
        print(f"{each.name}: {len(each.sightings):,} sightings judged in {spent:.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
