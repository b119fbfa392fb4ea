"""Find known names in a text in one pass (Aho and Corasick 1975), each with its place.

A name stands between word borders and not inside an address. A name that is a word of everyday
language (`Play`, `Royal`, `Hive`) counts only as it is written and beside a word that says what it
is (`Play ransomware`, `skupina Royal`); a short one only as it is written.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import ahocorasick
from msgspec import Struct

from zvon.formats.reference.named import Named, NamedKind
from zvon.ml.fold import in_place

SHORT = 4  # letters up to which a name counts only as it is written
LEAST = 3
CUE_CHARS = 48  # how far a cue may stand from the name
MOST_MARKS = 20_000
MAX_CHARS = 20_000_000

# Of two things of one name that of the better kept collection counts.
_GALAXIES = (
    "mitre-intrusion-set", "mitre-malware", "mitre-tool", "threat-actor", "malpedia",
    "microsoft-activity-group", "ransomware", "rat", "stealer", "botnet",
)  # fmt: skip
_NUMBERED = re.compile(r"([^\W\d_]{2,12})[ -]?(\d{1,5})")
_ADDRESS = re.compile(r"\S*(?:://|\[\.\]|\(\.\)|@)\S*|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}/\S*")
_CUE = re.compile(
    r"\b(?:malware|ransomware|ransom|trojan|backdoor|botnet|stealer|infostealer|loader|dropper|"
    r"worm|rootkit|spyware|wiper|implant|rat|beacon|c2|framework|apt|actors?|group|gang|cartel|"
    r"operators?|affiliates?|crew|cluster|family|variant|campaign|"
    r"skupin[aeiou]\w*|zlonamern\w+|izsiljevalsk\w+|trojansk\w+|druzin[aeo]|akter\w*|"
    r"grup[aeiu]\w*|zlocudn\w+|ucjenjivack\w+|stražnja|obitelj\w*|virus\w*|napadalc\w+|napadac\w+)\b"
)
# Words that stand between a cue and its name without parting them.
_APART = re.compile(r"[.;:!?\n]")


class Mark(Struct, frozen=True):
    """A name at a place, half-open in code points; `id` and `galaxy` are the reference's own.

    `cued` says that it is an everyday word and counts for what stands beside it.
    """

    start: int
    end: int
    kind: NamedKind
    id: str
    name: str
    raw: str
    galaxy: str = ""
    cued: bool = False


class _Entry(Struct, frozen=True):
    named: Named
    written: str
    exact: bool
    common: bool


class Names:
    """Names made ready to be searched; `build` makes it once, any number of texts use it."""

    def __init__(self, entries: dict[str, _Entry]) -> None:
        self.size = len(entries)
        self._automaton = ahocorasick.Automaton()
        for folded, entry in entries.items():
            self._automaton.add_word(folded, (len(folded), entry))
        if entries:
            self._automaton.make_automaton()

    def hits(self, folded: str) -> Iterator[tuple[int, int, _Entry]]:
        """Every name in a folded text: start, end, entry; overlapping ones too."""
        if not self.size:
            return
        for last, (length, entry) in self._automaton.iter(folded):
            yield last + 1 - length, last + 1, entry


def build(named: Iterable[Named]) -> Names:
    """Make names ready; 12,000 of them take about .1 s."""
    entries: dict[str, _Entry] = {}
    rank = {galaxy: n for n, galaxy in enumerate(_GALAXIES)}
    for one in sorted(named, key=lambda n: (rank.get(n.galaxy, len(rank)), n.galaxy, n.id)):
        for written in one.names:
            for spelling in _spellings(written):
                folded = in_place(spelling)
                if len(folded) < LEAST or len(folded) != len(spelling) or folded in _words("never"):
                    continue
                common = folded in _words("common")
                exact = common or (len(folded) <= SHORT and not any(map(str.isdigit, folded)))
                entries.setdefault(folded, _Entry(one, spelling, exact, common))
    return Names(entries)


def find(text: str, names: Names) -> list[Mark]:
    """The names in `text`, in order, the longest of overlapping ones; at most `MOST_MARKS`."""
    text = text[:MAX_CHARS]
    folded = in_place(text)
    if len(folded) != len(text):
        return []
    addresses = [match.span() for match in _ADDRESS.finditer(folded)]
    found = [
        hit
        for hit in names.hits(folded)
        if _bordered(text, hit[0], hit[1]) and _as_written(text, hit)
    ]
    found.sort(key=lambda hit: (hit[0], -hit[1]))
    marks: list[Mark] = []
    at, address = 0, 0
    for start, end, entry in found:
        while address < len(addresses) and addresses[address][1] <= start:
            address += 1
        inside = address < len(addresses) and addresses[address][0] <= start
        if start < at or inside or (entry.common and not _cued(folded, start, end)):
            continue
        at = end
        one = entry.named
        marks.append(
            Mark(start, end, one.kind, one.id, one.names[0], text[start:end], one.galaxy,
                 entry.common)
        )  # fmt: skip
        if len(marks) == MOST_MARKS:
            break
    return marks


@cache
def _words(file: str) -> frozenset[str]:
    """A list of folded words, one a line: `common` are names of something, too; `never` are
    listed upstream as names and are none in a text.
    """
    text = (resources.files("zvon.ml") / "names" / f"{file}.txt").read_text(encoding="utf-8")
    return frozenset(text.splitlines())


def _spellings(written: str) -> Iterator[str]:
    """A name, and with a number at its end also joined, with a hyphen and with a blank."""
    written = written.strip()
    yield written
    match = _NUMBERED.fullmatch(written)
    if match:
        for between in ("", " ", "-"):
            yield f"{match[1]}{between}{match[2]}"


def _bordered(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before.isalnum() or before in "_@\\$%" or after.isalnum() or after in "_@\\":
        return False
    dotted = after == "." and end + 1 < len(text) and text[end + 1].isalnum()
    return not dotted and before != "."


def _as_written(text: str, hit: tuple[int, int, _Entry]) -> bool:
    start, end, entry = hit
    if not entry.exact:
        return True
    raw = text[start:end]
    return raw == entry.written and not raw.islower()


def _cued(folded: str, start: int, end: int) -> bool:
    """A cue in the same clause on either side."""
    before = folded[max(0, start - CUE_CHARS) : start]
    parted = [match.end() for match in _APART.finditer(before)]
    if _CUE.search(before, parted[-1] if parted else 0):
        return True
    after = folded[end : end + CUE_CHARS]
    part = _APART.search(after)
    return _CUE.search(after, 0, part.start() if part else len(after)) is not None
