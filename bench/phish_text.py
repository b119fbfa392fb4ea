"""The message-text model on mail that it did not learn from: does it read the lure or the era?

    python -m bench.phish_text --data FOLDER      (or ZVON_DATA)

Per collection: the share called a lure at .7, and how well its order tells the collection from the
honeypot's phishing (AUC; .5 is chance). Modern phishing against mail of 2002 is a trap: a high
number would say that the model knows the era. Advertising of 2002 called phishing says the same.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from zvon.cli.models_text import THRESHOLD, data_folder, elsewhere
from zvon.ml.text import load_shipped


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each collection that is there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=None)
    data = data_folder(options.parse_args(arguments).data)
    model = load_shipped()
    if data is None or model is None:
        print("this needs --data or ZVON_DATA, and the shipped model")
        return 2
    for row in elsewhere(model, data):
        against = f"  AUC of the honeypot against it {row['auc']:.3f}" if "auc" in row else ""
        print(
            f"{row['what']:52} {row['mails']:6} mails  {row['called_lure']:.3f} called lure{against}"
        )
    reports = data / "text" / "pii_roles" / "mails.dev.jsonl"
    if reports.exists():
        rows = [json.loads(line) for line in reports.read_text(encoding="utf-8").splitlines()]
        p = model.score([row["text"] for row in rows])
        print(f"{'mails of citizens and firms to a CSIRT (sl, hr, en)':52} {len(p):6} mails  "
              f"{(p >= THRESHOLD).mean():.3f} called lure")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
