"""Names of a stream that use a brand's name, the likeliest bait first.

The score orders what a person looks at. It is no probability, and nothing is blocked or proposed
because of it.
"""

import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice

import idna
from msgspec import Struct, convert
from msgspec.structs import replace

from zvon.ml import fold
from zvon.ml.brand import Hit, Matcher, Technique
from zvon.model.suffix import is_private, public_suffix, registered
from zvon.model.verdict import Reason

BATCH = 16_384
EVEN, ALMOST = 0.5, 1.0 - 1e-9
RULE = "rule"  # the technique of a name that only a watch rule found
Lexical = Callable[[Sequence[str]], Iterable[float]]
_END_DIGITS = re.compile(r"\d+$")


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of `lookalike.toml`."""

    version: str
    start: float
    technique: dict[str, float]
    signal: dict[str, float]
    lexical: dict[str, float]


class Lookalike(Struct, frozen=True, kw_only=True):
    """A name that uses a brand's name: how, how much it looks like bait (0 to 1), and why.

    `name` is the domain that somebody registered where the brand stands in it, else the host.
    """

    name: str
    registered: str
    brand: str
    technique: str
    score: float
    reasons: tuple[Reason, ...]


@cache
def shipped() -> Weights:
    """The weights that come with the program."""
    text = (files("zvon.ml") / "lookalike.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Weights)


def find(
    matcher: Matcher,
    names: Iterable[str],
    *,
    listed: bool = False,
    lexical: Lexical | None = None,
) -> Iterator[Lookalike]:
    """The lookalikes among `names` (hosts in lower case, A-labels), in the order of the stream.

    `listed` says that the stream is a feed of known bait. `lexical` gives the probability of
    addresses at even odds, as `ml.url` does. A name may come more than once.
    """
    stream = iter(names)
    while batch := list(islice(stream, BATCH)):
        rows = [judge(matcher, batch[at], hits, listed=listed) for at, hits in matcher.sweep(batch)]
        yield from rows if lexical is None else _scored(rows, lexical)


def _scored(rows: Sequence[Lookalike], lexical: Lexical) -> Iterator[Lookalike]:
    """The rows with what a lexical model says against them; it never speaks for a name."""
    limits = shipped().lexical
    for row, p in zip(rows, lexical([f"https://{row.name}" for row in rows]), strict=True):
        if p <= EVEN:
            yield row
            continue
        odds = math.log(min(p, ALMOST) / (1.0 - min(p, ALMOST)))
        weight = min(limits["part"] * odds, limits["most"])
        reasons = (*row.reasons, Reason(code="LEXICAL", weight=weight, source="model"))
        yield replace(row, reasons=reasons, score=score(reasons))


def judge(matcher: Matcher, host: str, hits: Sequence[Hit], *, listed: bool) -> Lookalike:
    """One name that the matcher hit; `hits` is not empty, the surest first."""
    weights, hit = shipped(), hits[0]
    domain = registered(host) or host
    name = host
    if domain != host and (own := matcher.match(domain)):
        name, hit = domain, own[0]
    found = dict(_signals(matcher, name, domain, hit))
    if listed:
        found["feed"] = weights.signal["feed"]
    reasons = [
        Reason(code=f"WATCH_{hit.technique.value.upper()}",
               params={"brand": hit.brand.name, "written": hit.written, "alias": hit.alias},
               weight=weights.technique[hit.technique.value], source="brand"),
        *(Reason(code=f"WATCH_{key.upper()}", params={}, weight=value, source="brand")
          for key, value in found.items() if value),
    ]  # fmt: skip
    return Lookalike(
        name=name,
        registered=domain,
        brand=hit.brand.id,
        technique=hit.technique.value,
        score=score(reasons),
        reasons=tuple(reasons),
    )


def ruled(name: str, brand: str, rule: str) -> Lookalike:
    """A name that fits the pattern of a watch rule, whatever the matcher says of it."""
    reasons = (Reason(code="WATCH_RULE", params={"rule": rule}, weight=shipped().signal["rule"],
                      source="campaign"),)  # fmt: skip
    return Lookalike(name=name, registered=registered(name) or name, brand=brand, technique=RULE,
                     score=score(reasons), reasons=reasons)  # fmt: skip


def score(reasons: Collection[Reason]) -> float:
    """The weights of `reasons` as a number between 0 and 1."""
    total = shipped().start + math.fsum(reason.weight for reason in reasons)
    return 1.0 / (1.0 + math.exp(-total))


def best(found: Iterable[Lookalike], limit: int) -> list[Lookalike]:
    """The first `limit` by score, each name once; never holds more than twice as many."""
    kept: dict[str, Lookalike] = {}
    for one in found:
        known = kept.get(one.name)
        if known is None or known.score < one.score:
            kept[one.name] = one
            if len(kept) > 2 * limit:
                kept = {each.name: each for each in _ordered(kept.values())[:limit]}
    return _ordered(kept.values())[:limit]


def _ordered(found: Iterable[Lookalike]) -> list[Lookalike]:
    return sorted(found, key=lambda one: (-one.score, one.name))


def _signals(matcher: Matcher, name: str, domain: str, hit: Hit) -> Iterator[tuple[str, float]]:
    weigh = shipped().signal
    suffix = public_suffix(domain)
    body = name.removesuffix("." + suffix)
    words = [t for label in body.split(".") for t in fold.tokens(fold.label(label)[0])]
    readings = {word for token in words for word in (token, *fold.unleet(token))}
    if hit.alias in hit.brand.distinctive:
        yield "distinctive", weigh["distinctive"]
    if any(_foreign(label) for label in body.split(".")):
        yield "homoglyph", weigh["homoglyph"]
    if hit.ill_formed:
        yield "ill_formed", weigh["ill_formed"]
    if any(leet(word, matcher, hit.alias) for word in words):
        yield "leet", weigh["leet"]
    lures = len(readings & matcher.lures)
    if lures:
        yield "lure", weigh["lure"] + weigh["lures"] * min(lures - 1, 2)
    if readings & set(hit.brand.context):
        yield "context", weigh["context"]
    tld = suffix.rpartition(".")[2]
    if tld in matcher.words.cheap:
        yield "cheap", weigh["cheap"]
    if is_private(name):
        yield "platform", weigh["platform"]
    if tld == hit.brand.country.lower() and hit.technique is not Technique.INSIDE:
        yield "home", weigh["home"]
    if words == [hit.alias]:
        yield "bare", weigh["bare"]
    if words and _END_DIGITS.search(words[-1]):
        yield "digits", weigh["digits"]
    if sum(label.count("-") for label in body.split(".") if label[:4] != "xn--") >= 3:
        yield "long", weigh["long"]


def leet(word: str, matcher: Matcher, alias: str) -> bool:
    """True when digits of `word` stand for letters of a word that we know."""
    return any(
        reading == alias or reading in matcher.lures or reading in matcher.context
        or (len(alias) > 3 and alias in reading and alias not in word)
        for reading in fold.unleet(word)
    )  # fmt: skip


def _foreign(label: str) -> bool:
    """True when a label holds letters of another script that print like ours."""
    if not label.startswith("xn--"):
        return False
    try:
        plain = idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return False
    return not fold.accents(plain).isascii() and fold.label(label)[0].isascii()
