"""Side by side on one stream of new names with planted lookalikes: ours and the public tools.

    python -m bench.watch --names FILE [--tools PYTHON]

FILE has popular names, one a line; they stand for the honest part of the stream. PYTHON is an
interpreter that has dnstwist and opensquat installed; this bench installs nothing. phishing_catcher
is its published rules, once as they are and once with the brands' aliases as keywords of its
strongest kind. Each tool says of a name whether it would be reported. Planted names are made by
`bench.squats`, so they show what a method can see and not how often it meets it.
"""

import argparse
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bench import phishing_catcher
from bench.brand import popular
from bench.squats import SHAPES, Squat, planted
from zvon.ml.brand import Matcher, compiled
from zvon.model.brand import Brand, lure_words, shipped
from zvon.model.suffix import registered

STREAM = 200_000
EACH = 50
SEED = 11
OPENSQUAT_NAMES = 20_000
LIMIT_S = 1200

# Given names, brands and words on standard input; the answer is what is reported, and how long.
DNSTWIST = """
import json, sys, time
import dnstwist
given = json.load(sys.stdin)
began = time.process_time()
made = set()
for name in given["official"]:
    fuzz = dnstwist.Fuzzer(name, dictionary=given["words"], tld_dictionary=given["tlds"])
    fuzz.generate()
    made.update(row["domain"] for row in fuzz.domains if row["fuzzer"] != "*original")
found = [name for name in given["names"] if name in made]
json.dump({"found": found, "took": time.process_time() - began, "made": len(made)}, sys.stdout)
"""
OPENSQUAT = """
import io, json, sys, time
given = json.load(sys.stdin)
out, sys.stdout = sys.stdout, io.StringIO()
from opensquat.squatting_detector import SquattingDetector
began = time.process_time()
found = set()
for word in given["aliases"]:
    found.update(SquattingDetector(confidence_level=1).check(word, given["names"]))
json.dump({"found": sorted(found), "took": time.process_time() - began}, out)
"""


def stream(names: Sequence[str], squats: Sequence[Squat], size: int) -> list[str]:
    """A stream of `size` names: all that are planted, the rest honest, in a random order."""
    dice = random.Random(SEED)
    mixed = [*dice.sample(names, size - len(squats)), *(squat.name for squat in squats)]
    dice.shuffle(mixed)
    return mixed


def timed(work: Callable[[], Collection[str]]) -> tuple[Collection[str], float]:
    """What is reported, and the processor time."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def ours(matcher: Matcher, names: Sequence[str]) -> list[str]:
    """What our matcher hits."""
    return [names[at] for at, _ in matcher.sweep(names)]


def catcher(names: Sequence[str], keywords: dict[str, int], least: int) -> list[str]:
    """What phishing_catcher's rules score at `least`."""
    return [name for name in names if phishing_catcher.score(name, keywords) >= least]


def foreign(python: str, program: str, given: dict[str, object]) -> dict[str, object] | None:
    """Run a tool in its own interpreter; `None` when it is not there."""
    try:
        answer = subprocess.run([python, "-c", program], input=json.dumps(given), text=True,
                                capture_output=True, timeout=LIMIT_S, check=True)  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    said: dict[str, object] = json.loads(answer.stdout)
    return said


def line(
    tool: str, found: Collection[str], took: float, names: Sequence[str], squats: Sequence[Squat]
) -> None:
    """Print one row: planted found, false alarms, speed, and the shapes that were missed most."""
    reported, by_name = set(found), {squat.name: squat for squat in squats}
    right = [by_name[name] for name in reported if name in by_name]
    wrong = len(reported - by_name.keys())
    shapes = Counter(squat.shape for squat in right)
    each = Counter(squat.shape for squat in squats)
    missed = ", ".join(f"{s} {shapes[s]}/{each[s]}" for s in SHAPES if shapes[s] < each[s] * 0.8)
    speed = f"{len(names) / took:,.0f}/s" if took else "-"
    print(f"{tool:44} found {len(right):4}/{len(squats)}  false alarms {wrong:6}/{len(names):,}"
          f"  {speed:>12}  weak: {missed or '-'}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=Path, required=True, help="popular names, one a line")
    parser.add_argument("--tools", help="a Python that has dnstwist and opensquat")
    given = parser.parse_args()
    matcher = compiled(shipped())
    home = [brand for brand in matcher.brands if brand.country]
    squats = planted(home, EACH, SEED)
    honest = popular(given.names)
    names = stream(honest, squats, STREAM)
    print(f"{len(names):,} names, {len(squats)} planted of {len(home)} brands")
    matcher.sweep(names[:1000])
    line("zvon, in batches", *timed(lambda: ours(matcher, names)), names, squats)
    line("zvon, one by one", *timed(lambda: [n for n in names if matcher.match(n)]), names, squats)
    aliases = sorted({word for brand in home for word in (*brand.distinctive, *brand.words)})
    rules = dict(phishing_catcher.KEYWORDS)
    adapted = rules | dict.fromkeys(aliases, phishing_catcher.STRONG)
    for label, words in (("published", rules), ("with our aliases", adapted)):
        for least in (65, 100):
            line(f"phishing_catcher {label}, from {least}",
                 *timed(lambda w=words, n=least: catcher(names, w, n)), names, squats)  # type: ignore[misc]  # fmt: skip
    tools(given.tools, home, aliases, honest, names, squats)


def tools(
    python: str | None, home: Sequence[Brand], aliases: Sequence[str], honest: Sequence[str],
    names: Sequence[str], squats: Sequence[Squat],
) -> None:  # fmt: skip
    """The rows of the tools that come as packages."""
    if python is None:
        print("dnstwist, openSquat: missing (--tools PYTHON)")
        return
    facts: dict[str, object] = {
        "official": sorted({registered(n) or n for brand in home for n in brand.official}),
        "words": sorted(lure_words()),
        "tlds": sorted({squat.name.rpartition(".")[2] for squat in squats}),
        "aliases": [word for word in aliases if len(word) > 2],
    }
    said = foreign(python, DNSTWIST, facts | {"names": names})
    if said is None:
        print("dnstwist: missing or failed")
    else:
        print(f"dnstwist made {said['made']:,} names from {len(home)} brands")
        line("dnstwist, dictionary and TLDs given", said["found"], said["took"], names, squats)  # type: ignore[arg-type]
    few = stream(honest, squats, OPENSQUAT_NAMES)
    said = foreign(python, OPENSQUAT, facts | {"names": few})
    if said is None:
        print("openSquat: missing or failed")
    else:
        line(f"openSquat, {len(few):,} of the names", said["found"], said["took"], few, squats)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
