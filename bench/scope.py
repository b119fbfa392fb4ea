"""Which names the policy would block of a whole phishing collection, and what it spares.

    python -m bench.scope --data FOLDER

FOLDER holds `phishing/urls/*.tsv.gz` and `cti/ref-misp-warninglists.tar.xz`, which are not part of
the product. No fact about a name is given, so what is counted here is the worst case: enrichment
only narrows. Exit status 1 when a protected or popular name would be blocked.
"""

import argparse
import gzip
import json
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from zvon.model import suffix
from zvon.model.scope import Scope, ScopeFacts, dns_scope
from zvon.model.url import parse

PHISHING = "openphish_2024-10_2026-04.tsv.gz"
BENIGN = ("benign_sites_home.tsv.gz", "benign_account_search_pages.tsv.gz")
# What others call popular or protected; none of it is the guard's own list.
POPULAR = ("tranco10k", "alexa", "moz-top500", "majestic_million", "cisco_top20k",
           "cloudflare-top20k")  # fmt: skip
OLD = ScopeFacts(age_days=3650)


def urls(path: Path) -> Iterator[str]:
    """The first column of a table with a header."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        next(lines)
        for line in lines:
            yield line.partition("\t")[0].strip()


def popular(archive: Path) -> dict[str, set[str]]:
    """Each list of names in the archive of warning lists."""
    found: dict[str, set[str]] = {}
    with tarfile.open(archive) as members:
        for member in members:
            name = member.name.split("/")[-2] if member.name.endswith("/list.json") else ""
            file = members.extractfile(member) if name in POPULAR else None
            if file is not None:
                found[name] = {str(each).lower() for each in json.load(file)["list"]}
    return found


def host_of(url: str) -> str | None:
    """The host when it is a name."""
    try:
        one = parse(url)
    except ValueError:
        return None
    return one.host if one.host_kind == "name" else None


def advised(path: Path, facts: ScopeFacts) -> tuple[Counter[str], Counter[str], set[str]]:
    """Hosts by scope and by reason, and the names that a block would have."""
    hosts: dict[str, tuple[str, str]] = {}
    names: set[str] = set()
    for url in urls(path):
        advice = dns_scope(url, facts)
        hosts[host_of(url) or url] = (advice.scope.value, advice.reason)
        if advice.name is not None:
            names.add(advice.name)
    return (Counter(scope for scope, _ in hosts.values()),
            Counter(reason for _, reason in hosts.values()), names)  # fmt: skip


def main() -> int:
    """Print the counts."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--data", type=Path, required=True)
    data = asking.parse_args().data
    lists = popular(data / "cti/ref-misp-warninglists.tar.xz")
    known = set().union(*lists.values())
    start = time.perf_counter()
    scopes, reasons, names = advised(data / "phishing/urls" / PHISHING, ScopeFacts())
    total = scopes.total()
    print(f"phishing hosts {total:,} in {time.perf_counter() - start:.1f} s")
    for scope, count in scopes.most_common():
        print(f"  {scope:16} {count:9,} {count / total:7.2%}")
    for reason, count in reasons.most_common():
        print(f"    {reason:22} {count:9,} {count / total:7.2%}")
    suffixes = sorted(name for name in names if suffix.is_suffix(name))
    print(f"  public suffixes among the names: {len(suffixes)} {suffixes[:5]}")
    hit = sorted(names & known)
    print(f"  names that others call popular ({len(known):,}): {len(hit)} {hit[:20]}")
    again = {name for name in names
             if dns_scope(name, ScopeFacts(popular=name in known)).scope is not Scope.NONE}  # fmt: skip
    print(f"  the same with those lists loaded as the operator's: {len(again & known)}")
    bad = bool(suffixes or again & known)
    for file in BENIGN:
        for label, facts in (("no facts", ScopeFacts()), ("ten years old", OLD)):
            scopes, _, names = advised(data / "phishing/urls" / file, facts)
            wide = scopes[Scope.REGISTRABLE_SUB] + scopes[Scope.HOST_SUB]
            print(f"{file}, {label}: {dict(scopes.most_common())}, popular {len(names & known)}")
            bad = bad or bool(wide)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
