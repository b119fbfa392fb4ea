"""Language of short sentences full of indicators, of whole mails, and sentences a second.

    python -m bench.text_lang --data FOLDER      (or ZVON_DATA)

The labelled mails are CC0; none of them was learnt from.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from zvon.cli.models_language import figures, sentences
from zvon.cli.models_text import data_folder
from zvon.ml.language import answer, answers
from zvon.ml.language.prose import letters, spoken


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=None)
    data = data_folder(options.parse_args(arguments).data)
    found = figures(data) if data else {}
    if not found or data is None:
        print("this needs --data or ZVON_DATA with text/pii_roles/")
        return 2
    for name, value in found.items():
        print(f"{name.replace('_', ' '):28} {value}")
    rows = list(sentences(data))
    long = [row for row in rows if letters(spoken(row[1])) >= 20]
    right = sum(answer(text).lang == lang for lang, text in long)
    print(f"{'of 20 letters and more':28} {right / len(long):.4f} of {len(long)}")
    wrong = [(lang, answer(text).lang, text[:70]) for lang, text in rows
             if answer(text).lang != lang]  # fmt: skip
    for row in wrong:
        print("   ", *row)
    texts = [text for _, text in rows] * 100
    began = time.perf_counter()
    answers(texts)
    print(f"{len(texts) / (time.perf_counter() - began):,.0f} sentences/s together")
    began = time.perf_counter()
    for text in texts[:2000]:
        answer(text)
    print(f"{2000 / (time.perf_counter() - began):,.0f} sentences/s one at a time")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
