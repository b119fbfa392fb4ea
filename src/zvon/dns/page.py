"""Rules in the order of their keys, cut into pages: each is one message of a full transfer.

A page is text, so that a million rules take little memory and are on the shelf as they are here.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from zvon.formats.rpz import check_target
from zvon.formats.rpz_pack import MESSAGE, Packer, key_of, owner_of

# Wire and text of a rule are about as long.
PAGE = 16_000
# A page twice as long is cut in two, one an eighth as long is put to its neighbour.
LONGEST, SHORTEST = 2 * PAGE, PAGE // 8
# Few enough that a message stays below 65,535 octets with the longest names.
AT_A_TIME = 32
_RUN = 20_000

Part = tuple[bytes, int]
"""The answer section of one message, and how many records stand in it."""
Edit = tuple[str, str | None]
"""A key and its new target, or `None` when the rule goes."""


def line(key: str, target: str) -> str:
    """A rule as it stands in a page."""
    return f"{key}\t{target}"


class Page:
    """Rules that are transferred together; never changed once others can see it.

    `text` has a line end before each line and after the last one.
    """

    __slots__ = ("_parts", "count", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.count = text.count("\n") - 1
        self._parts: tuple[Part, ...] | None = None

    def get(self, key: str) -> str | None:
        """The target of the rule with this key."""
        sought = f"\n{key}\t"
        at = self.text.find(sought)
        if at < 0:
            return None
        at += len(sought)
        return self.text[at : self.text.index("\n", at)]

    def lines(self) -> list[str]:
        """The rules."""
        return self.text[1:-1].split("\n") if self.count else []

    def rules(self) -> Iterator[tuple[str, str]]:
        """Owner and target of each rule."""
        for each in self.lines():
            key, _, target = each.partition("\t")
            yield owner_of(key), target

    def parts(self, start: int, ttl: int) -> tuple[Part, ...]:
        """The rules as answer sections that begin at octet `start`; written once."""
        if self._parts is None:
            self._parts = tuple(pack(Packer(start), self.lines(), ttl, LONGEST))
        return self._parts


def pack(packer: Packer, lines: list[str], ttl: int, limit: int = MESSAGE) -> Iterator[Part]:
    """Fill `packer` and, when it has more than `limit` octets, others after it; yield them all."""
    for at in range(0, len(lines), AT_A_TIME):
        if len(packer) > limit:
            yield bytes(packer.body), packer.count
            packer = Packer(packer.start)
        packer.rules(lines[at : at + AT_A_TIME], ttl)
    if packer.count:
        yield bytes(packer.body), packer.count


def pages_of(text: str) -> list[Page]:
    """Cut sorted lines, each with a line end, into pages; at least one."""
    made: list[Page] = []
    at = 0
    while at < len(text):
        end = text.find("\n", at + PAGE) + 1 or len(text)
        made.append(Page("\n" + text[at:end]))
        at = end
    return made or [Page("\n")]


def sorted_text(rules: Iterable[tuple[str, str]]) -> str:
    """Owners and targets as the sorted lines that `pages_of` takes. Raises `RpzError`.

    Sorted in runs: sorting a million lines at once would stop every thread for a second.
    """
    lines = (line(key_of(owner), check_target(target)) for owner, target in rules)
    runs: list[list[str]] = []
    while run := sorted(islice(lines, _RUN)):
        runs.append(run)
    return "\n".join([*merge(*runs), ""])


def edited(page: Page, edits: Iterable[Edit]) -> Page:
    """A page like `page` after `edits`."""
    lines = page.lines()
    for key, target in edits:
        sought = f"{key}\t"
        at = bisect_left(lines, sought)
        there = at < len(lines) and lines[at].startswith(sought)
        lines[at : at + there] = [] if target is None else [line(key, target)]
    return Page("\n".join(["", *lines, ""]) if lines else "\n")
