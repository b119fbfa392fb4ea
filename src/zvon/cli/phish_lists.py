"""The lists of labelled addresses in a data folder, and what their licences allow."""

import csv
import gzip
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from zvon.ml.url_training import Labelled

Use = Literal["shipped", "local"]
# Files, and the sources in them, whose licence allows weights to be shipped: CC0, MIT, CC BY 4.0.
PERMISSIVE: dict[str, frozenset[str] | None] = {
    "tweetfeed_phishing_cc0.tsv.gz": None,
    "benign_links_dated.tsv.gz": frozenset({"awesome", "fpb"}),
    "benign_account_search_pages.tsv.gz": frozenset({"jdm", "apple_pw", "2fa", "bangs"}),
}
EVERYTHING: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(PERMISSIVE),
    "openphish_2024-10_2026-04.tsv.gz": None,
    "benign_sites_home.tsv.gz": None,
    "deepurlbench_2010_2023.tsv.gz": None,
}
LICENCES = {
    "2fa": "MIT", "apple_pw": "MIT", "awesome": "MIT", "bangs": "MIT", "jdm": "MIT",
    "fpb": "CC BY 4.0", "tweetfeed": "CC0-1.0", "made": "ours", "bare": "as its link",
    "official": "ours", "openphish": "non-commercial use only",
    "deepurlbench": "CC BY-NC 4.0", "wmn": "CC BY-SA 4.0",
}  # fmt: skip
NONE_STATED = "none stated"


def lists_folder(data: Path | None) -> Path | None:
    """The folder with the lists: `phishing/urls` of `data` or of ZVON_DATA, or `data` itself."""
    root = data or (Path(os.environ["ZVON_DATA"]) if "ZVON_DATA" in os.environ else None)
    for folder in (root / "phishing" / "urls", root / "urls", root) if root else ():
        if any(folder.glob("*.tsv.gz")):
            return folder
    print("give --data FOLDER (or ZVON_DATA) that holds phishing/urls/", file=sys.stderr)
    return None


def read_lists(folder: Path, allowed: dict[str, frozenset[str] | None]) -> list["Labelled"]:
    """All rows of the allowed sources in score form; the same address of a label once."""
    from zvon.ml.url_training import Labelled

    kept: dict[tuple[str, bool], Labelled] = {}
    for name, sources in allowed.items():
        if (folder / name).is_file():
            for row in _rows(folder / name, sources):
                kept.setdefault((row.url, row.phishing), row)
    return list(kept.values())


def read_rows(path: Path) -> list["Labelled"]:
    """The rows of one plain file in the columns of the lists: what a node has been taught."""
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        return list(_labelled(lines, path.name, None))


def _rows(path: Path, sources: Iterable[str] | None) -> Iterator["Labelled"]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        yield from _labelled(lines, path.name, sources)


def _labelled(
    lines: Iterable[str], name: str, sources: Iterable[str] | None
) -> Iterator["Labelled"]:
    from zvon.ml.url import score_form
    from zvon.ml.url_training import Labelled

    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        source = (row.get("source") or name.partition("_")[0]).split(":")[0]
        if sources is None or source in sources:
            yield Labelled(
                score_form(row["url"]), row["label"] == "1", row["date"][:10], row["domain"],
                source,
            )  # fmt: skip
