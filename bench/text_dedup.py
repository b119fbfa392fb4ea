"""Near-duplicates: waves of short messages, and reports with sentences dropped.

    python -m bench.text_dedup [--data FOLDER]      (or ZVON_DATA for the reports)

Prints for 1,000 messages of 20 waves the number of cards and of cards that hold two waves; for
reports and their copies without 15 % of the sentences the recall and the false matches at three
thresholds; and how many texts a second get their marks on one core.
"""

import argparse
import json
import lzma
import random
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from zvon.cli.models_text import data_folder
from zvon.ml.dedup import marks, place
from zvon.ml.text_corpus import Template, fill, templates

WAVES, EACH, SEED = 20, 50, 11
DROPPED = 0.15


def waves(rng: random.Random) -> list[tuple[str, str]]:
    """Own templates of lures as waves: one wording each, its slots filled anew every time."""
    lures = [t for t in templates() if t.lure and t.text.count("{") >= 2 and len(t.text) > 100]
    made = []
    for template in rng.sample(lures, WAVES):
        wording = Template(template.id, template.lang, True, template.kind, template.text)
        state = rng.getstate()
        for n in range(EACH):
            rng.setstate(state)  # the same alternatives
            worded = _worded(wording, rng)
            text = fill(worded, random.Random(f"{template.id} {n}"))
            made.append((template.id, text if n % 4 else _bare(text)))
    rng.shuffle(made)
    return made


def _worded(template: Template, rng: random.Random) -> Template:
    text = re.sub(r"\[([^\]]+)\]", lambda m: rng.choice(m[1].split("|")), template.text)
    return Template(template.id, template.lang, template.lure, template.kind, text)


def _bare(text: str) -> str:
    return text.translate(str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD"))


def reports(data: Path) -> list[list[str]]:
    """The sentences of each labelled report."""
    found: dict[str, list[str]] = defaultdict(list)
    path = data / "text" / "tram2" / "multi_label_sentences.train.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["doc"]].append(row["text"])
    return list(found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=None)
    data = data_folder(options.parse_args(arguments).data)
    rng = random.Random(SEED)
    made = waves(rng)
    began = time.perf_counter()
    marked = [marks(text) for _, text in made]
    spent = time.perf_counter() - began
    cards: dict[int, set[str]] = defaultdict(set)
    for (wave, _), found in zip(made, place(marked), strict=True):
        cards[found.cluster].add(wave)
    merged = sum(len(found) > 1 for found in cards.values())
    print(f"{len(made):,} messages of {WAVES} waves: {len(cards)} cards, {merged} of two waves, "
          f"{len(made) / len(cards):.1f} messages a card, {len(made) / spent:,.0f} marked/s")  # fmt: skip
    if data is None:
        return 0
    texts = reports(data)
    began = time.perf_counter()
    whole = [marks(" ".join(sentences)) for sentences in texts]
    size = sum(len(s) for sentences in texts for s in sentences) / 1e6
    print(f"{len(texts)} reports marked at {size / (time.perf_counter() - began):.1f} MB/s")
    copies = [
        marks(" ".join(s for s in sentences if rng.random() > DROPPED)) for sentences in texts
    ]
    # Two of the reports are one report that was published twice: at most that pair may match.
    for threshold in (0.5, 0.6, 0.7):
        placed = list(place([*whole, *copies], threshold))
        twice = {n: p.nearest for n, p in enumerate(placed[: len(whole)]) if p.nearest is not None}
        right = sum(p.nearest in {n, twice.get(n)} for n, p in enumerate(placed[len(whole) :]))
        print(f"copies without {DROPPED:.0%} of the sentences, threshold {threshold}: recall "
              f"{right / len(whole):.3f}; pairs among the reports themselves: {len(twice)}")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
