"""The extractor on labelled reports, plain and defanged, and how fast it is.

    python -m bench.text_extract --data FOLDER      (or ZVON_DATA)

APTNER (train and dev): labels are compared as sets of (type, value) for each sentence; small
letters, no slash at the end. `raw` takes every label that has the form of its type; `corrected`
leaves out those that `aptner_corrections.csv` shows to be wrong. Precision is a lower bound, as
much in the texts has no label. Defanged: each labelled address is rewritten in one style, and what
the plain text gave beside the labels does not count as wrong.
"""

import argparse
import csv
import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from zvon.formats.extract import scan
from zvon.model.observable import printed_type

CORRECTIONS = Path(__file__).parent / "aptner_corrections.csv"
SPLITS = ("train", "dev")
LABEL = {"ipv4": "IP", "ipv6": "IP", "domain": "DOM", "onion": "DOM", "url": "URL", "email": "EMAIL",
         "md5": "MD5", "sha1": "SHA1", "sha256": "SHA2", "sha512": "SHA2", "cve": "VULID"}  # fmt: skip
# What a label must look like to be compared; the others are words, parts, or host and port.
FORM = {"IP": r"\d{1,3}(\.\d{1,3}){3}", "DOM": r"[\w-]+(\.[\w-]+)+", "URL": r"\w+://.+",
        "EMAIL": r"[^@\s]+@[^@\s]+\.\w+", "MD5": "[0-9a-f]{32}", "SHA1": "[0-9a-f]{40}",
        "SHA2": "[0-9a-f]{64}|[0-9a-f]{128}", "VULID": r"cve-\d{4}-\d{4,}"}  # fmt: skip
DOTTED = frozenset({"IP", "DOM", "URL", "EMAIL"})
STYLES: dict[str, Callable[[str], str]] = {
    "[.]": lambda v: v.replace(".", "[.]"),
    "(.)": lambda v: v.replace(".", "(.)"),
    "[dot]": lambda v: v.replace(".", "[dot]"),
    "{.}": lambda v: v.replace(".", "{.}"),
    "hxxp [.]": lambda v: re.sub("^http", "hxxp", v).replace(".", "[.]"),
    "<.>": lambda v: v.replace(".", "<.>"),
    "[.": lambda v: v.replace(".", "[."),
    ".]": lambda v: v.replace(".", ".]"),
    "\\.": lambda v: v.replace(".", "\\."),
    " dot ": lambda v: v.replace(".", " dot "),
    " [.] ": lambda v: v.replace(".", " [.] "),
    "(dot)": lambda v: v.replace(".", "(dot)"),
    "[pika]": lambda v: v.replace(".", "[pika]"),
    "h**p [:]// [.]": lambda v: re.sub("^http(s?)://", r"h**p\1[:]//", v).replace(".", "[.]"),
    "last [.] [@]": lambda v: "[.]".join(v.rsplit(".", 1)).replace("@", "[@]"),
}
FIRST_STYLES = 5
Key = tuple[str, str]


def scored(kind: str, value: str) -> Key:
    """A value as it is compared."""
    return kind, value.lower().rstrip("/") if kind == "URL" else value.lower()


def found(text: str) -> set[Key]:
    """What the extractor gives, without what stands inside something else."""
    rows = ((printed_type(f.observable), f) for f in scan(text) if f.parent is None)
    return {scored(LABEL[kind], f.observable.value) for kind, f in rows if kind in LABEL}


class Sentence:
    """One sentence of the corpus: its words, and which of them are labelled as what."""

    def __init__(self, split: str, number: int, rows: list[tuple[str, str]]) -> None:
        self.split, self.number = split, number
        self.words = [word for word, _ in rows]
        self.labels = {
            i: label[2:]
            for i, (word, label) in enumerate(rows)
            if label.startswith("S-") and label[2:] in FORM
            and re.fullmatch(FORM[label[2:]], word.lower())
        }  # fmt: skip

    def gold(self, dropped: frozenset[tuple[str, int, int]] = frozenset()) -> set[Key]:
        """The labelled values."""
        return {
            scored(label, self.words[i])
            for i, label in self.labels.items()
            if (self.split, self.number, i) not in dropped
        }

    def text(self, change: Callable[[str], str] = str) -> str:
        """The sentence, its labelled addresses changed."""
        return " ".join(
            change(word) if self.labels.get(i) in DOTTED else word
            for i, word in enumerate(self.words)
        )


def _lines(path: Path) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8", errors="replace") as file:
        return file.readlines()


def corpus(folder: Path) -> Iterator[Sentence]:
    """The sentences of APTNER."""
    for split in SPLITS:
        number, rows = 0, []
        for line in (*_lines(folder / f"aptner.{split}.txt.xz"), ""):
            cells = line.replace("\xa0", " ").split()
            if len(cells) > 1:
                rows.append((cells[0], cells[-1]))
            elif rows:
                yield Sentence(split, number, rows)
                number, rows = number + 1, []


def corrections() -> frozenset[tuple[str, int, int]]:
    """The labels that are wrong: split, sentence and word, counted from 0."""
    with CORRECTIONS.open(encoding="utf-8") as file:
        return frozenset(
            (row["split"], int(row["sentence"]), int(row["word"])) for row in csv.DictReader(file)
        )


def plain(sentences: Sequence[Sentence], dropped: frozenset[tuple[str, int, int]]) -> None:
    """Print precision and recall against the labels."""
    counts: Counter[str] = Counter()
    by_label: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        gold, given = sentence.gold(), found(sentence.text())
        counts["right"] += len(gold & given)
        counts["wrong"] += len(given - gold)
        counts["gold"] += len(gold)
        kept = sentence.gold(dropped)
        counts["kept"] += len(kept)
        counts["kept right"] += len(kept & given)
        for kind, _ in gold & given:
            by_label[kind, "right"] += 1
        for kind, _ in gold:
            by_label[kind, "gold"] += 1
    print(
        f"plain: {counts['gold']} labels in {len(sentences)} sentences; precision (raw, lower bound) "
        f"{counts['right'] / (counts['right'] + counts['wrong']):.4f}; recall raw "
        f"{counts['right'] / counts['gold']:.4f}, corrected {counts['kept right'] / counts['kept']:.4f} "
        f"({counts['gold'] - counts['kept']} labels left out)"
    )
    for kind in FORM:
        print(f"  {kind:6} {by_label[kind, 'right']:4} of {by_label[kind, 'gold']:4}")


def defanged(sentences: Sequence[Sentence], dropped: frozenset[tuple[str, int, int]]) -> None:
    """Print precision and recall on rewritten addresses, style by style."""
    whole: Counter[str] = Counter()
    having = [s for s in sentences if DOTTED & set(s.labels.values())]
    before = [found(s.text()) for s in having]
    for number, (name, change) in enumerate(STYLES.items(), start=1):
        here: Counter[str] = Counter()
        for sentence, unchanged in zip(having, before, strict=True):
            gold = {key for key in sentence.gold(dropped) if key[0] in DOTTED}
            given = {key for key in found(sentence.text(change)) if key[0] in DOTTED}
            here["gold"] += len(gold)
            here["right"] += len(gold & given)
            here["wrong"] += len(given - gold - unchanged)
        whole.update(here)
        print(f"  {name:16} {_ratios(here)}")
        if number in {FIRST_STYLES, len(STYLES)}:
            print(f"defanged, {number} styles: {whole['gold']} labels; {_ratios(whole)}")


def _ratios(counts: Counter[str]) -> str:
    precision = counts["right"] / max(1, counts["right"] + counts["wrong"])
    return f"precision {precision:.4f} recall {counts['right'] / max(1, counts['gold']):.4f}"


def others(folder: Path) -> None:
    """CyNER's indicators of all kinds, found or not; DNRTI has prose without such labels."""
    wanted = right = 0
    for split in SPLITS:
        path = folder / "cyner" / f"cyner.{split}.txt.xz"
        rows = [line.split() for line in _lines(path)]
        text, spans, at = "", [], 0
        for cells in rows:
            if len(cells) < 2:
                text, at = text + "\n", at + 1
                continue
            if cells[-1] == "B-Indicator":
                spans.append([at, at + len(cells[0])])
            elif cells[-1] == "I-Indicator" and spans:
                spans[-1][1] = at + len(cells[0])
            text, at = f"{text}{cells[0]} ", at + len(cells[0]) + 1
        places = [(f.start, f.end) for f in scan(text)]
        wanted += len(spans)
        right += sum(any(s < high and low < e for s, e in places) for low, high in spans)
    print(
        f"CyNER: {right} of {wanted} indicators of any kind touched ({right / max(1, wanted):.3f})"
    )


def prose(folder: Path) -> dict[str, str]:
    """Texts to measure speed on."""
    aptner = "\n".join(s.text() for s in corpus(folder / "aptner"))
    dnrti = " ".join(
        line.split()[0] if line.split() else "\n"
        for split in SPLITS
        for line in _lines(folder / "dnrti" / f"dnrti.{split}.txt.xz")
    )
    return {"reports (APTNER)": aptner, "reports (DNRTI)": dnrti}


def speed(texts: dict[str, str], dense: str) -> None:
    """Print megabytes a second, the best of three runs in one process."""
    from zvon.privacy.facts import Facts, with_brands
    from zvon.privacy.intel import Setting, Text, judge

    setting = Setting(facts=with_brands(Facts()))
    for name, text in (*texts.items(), ("a dense list, defanged", dense)):
        size = len(text.encode()) / 1e6
        count = len(scan(text))
        best = min(_timed(partial(scan, text)) for _ in range(3))
        print(f"{name:26} {size:6.2f} MB, {count / size / 1000:5.1f} values/KB: {size / best:6.1f} MB/s roles off")  # fmt: skip
    text = texts["reports (APTNER)"]
    spent = _timed(lambda: judge([Text(text=text)], setting, region="SI"))
    print(f"roles on, reports (APTNER): {len(text.encode()) / 1e6 / spent:.2f} MB/s")


def _timed(run: Callable[[], object]) -> float:
    """Seconds of processor time, which other work on the machine touches least."""
    began = time.process_time()
    run()
    return time.process_time() - began


def command(text: str) -> None:
    """Print the speed of the whole command, start and output included, on about 20 MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports.txt"
        path.write_text((text + "\n") * max(1, 20_000_000 // len(text)), encoding="utf-8")
        start = "from zvon.cli import main; main()"
        program = [sys.executable, "-c", start, "text", "extract", str(path), "--no-roles"]
        began, used = time.perf_counter(), os.times()
        subprocess.run(program, stdout=subprocess.DEVNULL, check=True)
        spent, now = time.perf_counter() - began, os.times()
        busy = now.children_user + now.children_system - used.children_user - used.children_system
        size = path.stat().st_size / 1e6
        print(
            f"whole command, {size:.0f} MB, roles off: {size / busy:.1f} MB/s of processor time, "
            f"{size / spent:.1f} by the clock"
        )


def hostile() -> None:
    """Print seconds for 10 MB of text made to be slow, and how they grow from 2.5 MB."""
    for piece in (
        "a.a.a.",
        "[.][.]",
        "((((",
        "aa.aa.",
        "aa[.]",
        "http://",
        "a@a.",
        "1.2.3.",
        "a dot ",
    ):
        small, large = (
            _timed(partial(scan, piece * (size // len(piece)))) for size in (2_500_000, 10_000_000)
        )
        print(f"10 MB of {piece!r:12} {large:6.2f} s ({large / small:.1f} times that of 2.5 MB)")


def beside(sentences: Sequence[Sentence]) -> None:
    """The same labels with iocsearcher, where somebody installed it."""
    if find_spec("iocsearcher") is None:
        print("iocsearcher is not installed")
        return
    from iocsearcher.searcher import Searcher  # type: ignore[import-not-found]

    kinds = {"ip4": "IP", "fqdn": "DOM", "url": "URL", "email": "EMAIL", "md5": "MD5",
             "sha1": "SHA1", "sha256": "SHA2", "sha512": "SHA2", "cve": "VULID"}  # fmt: skip
    searcher = Searcher()
    counts: Counter[str] = Counter()
    began = time.process_time()
    for sentence in sentences:
        gold = sentence.gold()
        given = {
            scored(kinds[i.name], i.value)
            for i in searcher.search_data(sentence.text())
            if i.name in kinds
        }
        counts.update(gold=len(gold), right=len(gold & given), wrong=len(given - gold))
    size = sum(len(s.text()) for s in sentences) / 1e6
    print(f"iocsearcher: {_ratios(counts)}; {size / (time.process_time() - began):.2f} MB/s")


def mails(folder: Path) -> None:
    """Roles on labelled mails: what their labels keep against what they take out."""
    from zvon.formats.extract.found import Found
    from zvon.model.role import Role
    from zvon.privacy.facts import Facts, with_brands
    from zvon.privacy.intel import Setting, Text, judge

    setting = Setting(facts=with_brands(Facts()))
    kinds = {"URL", "DOMAIN", "HOST", "IP", "EMAIL", "PHONE", "IBAN", "HASH", "FILE", "WALLET"}
    counts: Counter[str] = Counter()
    for line in (folder / "pii_roles" / "mails.dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        (judged,) = judge([Text(text=row["text"])], setting, region="SI")
        for span in row["spans"]:
            if span["type"] not in kinds:
                continue
            at: list[tuple[Found, Role]] = [
                (one.found, one.role)
                for one in judged
                if one.found.parent is None
                and one.found.start < span["end"]
                and span["start"] < one.found.end
            ]
            counts["labels"] += 1
            counts["found"] += bool(at)
            ours = bool(at) and at[0][1] is not Role.ATTACKER
            counts["right"] += bool(at) and ours == (span["role"] == "pseudonymise")
    print(
        f"labelled mails of citizens: {counts['found']} of {counts['labels']} values found; "
        f"attacker or other right {counts['right'] / max(1, counts['found']):.3f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every measurement; 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("ZVON_DATA"))
    given = options.parse_args(arguments).data
    folder = Path(given) / "text" if given else None
    if folder is None or not folder.is_dir():
        print("this needs --data or ZVON_DATA")
        return 2
    sentences = list(corpus(folder / "aptner"))
    dropped = corrections()
    plain(sentences, dropped)
    defanged(sentences, dropped)
    others(folder)
    mails(folder)
    texts = prose(folder)
    values = sorted({v for s in sentences for k, v in s.gold() if k in DOTTED})
    dense = "\n".join(v.replace(".", "[.]") for v in values)
    speed(texts, (dense + "\n") * 40)
    command(texts["reports (APTNER)"])
    hostile()
    beside(sentences)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
