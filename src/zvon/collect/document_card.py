"""The card of a document: its values with their roles, its languages, techniques and names. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, structs

from zvon.formats.document.part import Link, Part, Parts
from zvon.formats.extract import Found, scan
from zvon.formats.link import host_of
from zvon.ml import language, names
from zvon.ml.attack.predict import Tagged
from zvon.model import suffix
from zvon.model.document import (
    Card,
    Language,
    Mark,
    Mismatch,
    NameSeen,
    PartText,
    Sentence,
    TechniqueSeen,
)
from zvon.model.item import Value, ValueRole
from zvon.model.observable import BadValue, Observable, ObservableType, canonical
from zvon.model.role import Role
from zvon.privacy import intel
from zvon.privacy.facts import Facts, with_brands

_T = ObservableType
MOST_TEXT = 400_000  # code points that a card keeps of all parts
MOST_MARKS = 20_000
MOST_PARAGRAPHS = 5_000
MOST_VALUES = 10_000
MOST_LINKS = 5_000

# What a reader is sent to; pictures and style sheets are fetched, and nobody goes there.
_LEADING = frozenset({"a", "area", "form", "button", "input", "meta", "iframe", "frame",
                      "annotation", "relation", "qr"})  # fmt: skip
_ADDRESSED = frozenset({_T.URL, _T.DOMAIN, _T.EMAIL})
_STORED = {Role.ATTACKER: ValueRole.SAID, Role.REPORTER: ValueRole.REPORTER}


class Known(Struct, frozen=True, kw_only=True):
    """What is known beside the document.

    `own` are hosts on which it stands; `accused` are values that sources call bad; `listed` names
    the warning lists of a value. Without `named` no names are looked for, without `tag` no
    techniques.
    """

    own: frozenset[str] = frozenset()
    accused: frozenset[Observable] = frozenset()
    listed: Callable[[Observable], Sequence[str]] = lambda _value: ()
    named: names.Names | None = None
    tag: Callable[[str], Tagged] | None = None
    region: str = "SI"


class _Target(Struct, frozen=True):
    """The target of a link, apart from the text that shows it."""

    part: str
    link: Link
    found: Found
    shown: str


class Scanned(Struct, frozen=True):
    """The values of a document before anybody judged them, part by part, and behind its links."""

    opened: Parts
    found: tuple[tuple[Found, ...], ...]
    targets: tuple[_Target, ...]
    decoys: tuple[tuple[tuple[int, int], ...], ...]
    mismatches: tuple[Mismatch, ...]

    @property
    def values(self) -> tuple[Observable, ...]:
        """Each once."""
        all_found = [f.observable for part in self.found for f in part]
        return tuple(dict.fromkeys([*all_found, *(t.found.observable for t in self.targets)]))


def scanned(opened: Parts, *, region: str = "SI") -> Scanned:
    """Find every value in the parts and behind the links."""
    opened = structs.replace(opened, parts=tuple(map(_storable, opened.parts)))
    found = [tuple(scan(part.text, region=region)) for part in opened.parts]
    targets: list[_Target] = []
    decoys: list[tuple[tuple[int, int], ...]] = []
    mismatches: list[Mismatch] = []
    seen: set[tuple[str, str]] = set()
    for part, inside in zip(opened.parts, found, strict=True):
        hidden: list[tuple[int, int]] = []
        for link in part.links[:MOST_LINKS]:
            target = _target(link, region)
            if target is None:
                continue
            shown = _shown(link, inside, target.observable)
            if shown is not None:
                hidden.append((shown.start, shown.end))
                mismatches.append(Mismatch(part=part.id, start=shown.start, end=shown.end,
                                           shown=shown.raw, target=link.target))  # fmt: skip
            key = (target.observable.value, "" if shown is None else shown.raw)
            if key in seen or any(f.observable == target.observable for f in _within(link, inside)):
                continue
            seen.add(key)
            said = "" if shown is None else host_of(shown.observable)
            targets.append(_Target(part.id, link, target, said))
        decoys.append(tuple(hidden))
    return Scanned(opened, tuple(found), tuple(targets), tuple(decoys), tuple(mismatches))


def card_of(read: Scanned, kind: str, name: str, known: Known, *, repeats: bool = False) -> Card:
    """Judge what was found and write the card; of a repeat without names and techniques."""
    parts = read.opened.parts
    paragraphs = tuple(_languages(parts))
    spoken = Counter[str]()
    for each in paragraphs:
        spoken[each.lang] += each.end - each.start
    spoken.pop(language.UNDETERMINED, None)
    lang = spoken.most_common(1)[0][0] if spoken else language.UNDETERMINED
    marks = tuple(_marks(read, lang, known))
    techniques: tuple[TechniqueSeen, ...] = ()
    version = ""
    if known.tag is not None and not repeats:
        techniques, version = _techniques(parts, known.tag)
    distinct: dict[str, set[tuple[str, str]]] = {}
    for mark in marks:
        if mark.parent is None:
            distinct.setdefault(mark.role.value, set()).add((mark.type, mark.value))
    return Card(
        lang=lang, kind=kind, name=name, parts=tuple(_kept(parts)), languages=paragraphs,
        marks=marks, mismatches=read.mismatches, techniques=techniques, attack_version=version,
        names=() if known.named is None or repeats else tuple(_names(parts, known.named)),
        values={role: len(each) for role, each in sorted(distinct.items())},
        warnings=read.opened.warnings, repeats=repeats,
    )  # fmt: skip


def values_of(card: Card) -> tuple[Value, ...]:
    """The values as they are stored: an attacker's are said, all others named.

    Only what stands in the document by itself, not the host in an address. A value that has two
    roles counts as the attacker's. Whoever passed the document on is not stored with it; the
    sender of a lure is.
    """
    found: dict[Observable, ValueRole] = {}
    senders = {part.id for part in card.parts if part.kind == "sender"}
    for mark in card.marks:
        if mark.parent is not None:
            continue
        if mark.part in senders and mark.role is not Role.ATTACKER:
            continue
        value = Observable(ObservableType(mark.type), mark.value)
        role = _STORED.get(mark.role, ValueRole.NAMED)
        if found.get(value) is not ValueRole.SAID:
            found[value] = role
    return tuple(Value(value, role) for value, role in list(found.items())[:MOST_VALUES])


def text_of(opened: Parts) -> str:
    """The words of all parts together, for comparing documents."""
    return "\n\n".join(part.text for part in opened.parts if part.text.strip())


def _storable(part: Part) -> Part:
    """Text that the database and JSON can hold: no NUL, no half of a surrogate pair."""
    clean = part.text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return part if clean == part.text else structs.replace(part, text=clean)


def _target(link: Link, region: str) -> Found | None:
    """The target as a value; `None` for what leads nowhere."""
    if link.element not in _LEADING:
        return None
    raw = link.target.strip().replace("\x00", "").encode("utf-8", "replace").decode()
    kind = _T.URL
    if raw.lower().startswith("mailto:"):
        kind, raw = _T.EMAIL, raw.partition("?")[0]
    elif raw.lower().startswith("tel:"):
        kind, raw = _T.PHONE, raw[4:]
    elif "://" not in raw[:12]:
        return None
    try:
        return Found(canonical(kind, raw, region=region), 0, len(raw), raw)
    except BadValue:
        return None


def _within(link: Link, found: Sequence[Found]) -> Iterator[Found]:
    if link.start is None or link.end is None:
        return
    for each in found:
        if link.start <= each.start and each.end <= link.end:
            yield each


def _shown(link: Link, found: Sequence[Found], target: Observable) -> Found | None:
    """The address that the link shows, when it leads to somebody else's."""
    if target.type not in _ADDRESSED:
        return None
    for each in _within(link, found):
        if each.parent is None and each.observable.type in _ADDRESSED:
            shown, real = host_of(each.observable), host_of(target)
            if (suffix.registered(shown) or shown) != (suffix.registered(real) or real):
                return each
    return None


def _languages(parts: Sequence[Part]) -> Iterator[Language]:
    left = MOST_PARAGRAPHS
    for part in parts:
        for each in language.paragraphs(part.text[:MOST_TEXT])[:left]:
            left -= 1
            yield Language(part.id, each.start, each.end, each.lang)


def _marks(read: Scanned, lang: str, known: Known) -> Iterator[Mark]:
    texts = [
        intel.Text(text=part.text, id=part.id, author=part.author, found=found, decoys=decoys)
        for part, found, decoys in zip(read.opened.parts, read.found, read.decoys, strict=True)
    ]
    behind = [
        intel.Text(text=t.found.raw, id=f"{t.part}#{number}", found=(t.found,), shown=t.shown)
        for number, t in enumerate(read.targets)
    ]
    setting = intel.Setting(
        facts=with_brands(Facts(lang=lang if lang in {"sl", "hr", "en"} else None)),
        own=known.own, known=known.accused.__contains__, listed=known.listed,
    )  # fmt: skip
    judged = intel.judge([*texts, *behind], setting, region=known.region)
    left = MOST_MARKS
    for part, each in zip(read.opened.parts, judged, strict=False):
        for one in each[:left]:
            left -= 1
            yield _mark(part.id, one, one.found.start, one.found.end)
    for target, each in zip(read.targets, judged[len(texts) :], strict=True):
        for one in each[:left]:
            left -= 1
            marked = _mark(target.part, one, target.link.start, target.link.end)
            yield structs.replace(marked, linked=True)


def _mark(part: str, judged: intel.Judged, start: int | None, end: int | None) -> Mark:
    found = judged.found
    return Mark(
        part=part, start=start, end=end, type=found.observable.type.value,
        value=found.observable.value, raw=found.raw, role=judged.role,
        score=round(judged.score, 3), defanged=found.defanged,
        parent=None if found.parent is None else found.parent.value, evidence=judged.evidence,
    )  # fmt: skip


def _techniques(
    parts: Sequence[Part], tag: Callable[[str], Tagged]
) -> tuple[tuple[TechniqueSeen, ...], str]:
    """The techniques of the whole text; each sentence back in the part that it stands in."""
    starts: list[int] = []
    whole = ""
    for part in parts:
        starts.append(len(whole))
        whole += part.text + "\n\n"
    tagged = tag(whole)
    seen = [
        TechniqueSeen(
            id=each.id, name=each.name, score=round(each.score, 3), suggested=each.suggested,
            literal=each.literal, low=each.low,
            sentences=tuple(
                placed for e in each.evidence
                if (placed := _placed(parts, starts, e.start, e.end, e.score)) is not None
            ),
        )
        for each in tagged.techniques
    ]  # fmt: skip
    return tuple(seen), tagged.attack_version


def _placed(
    parts: Sequence[Part], starts: Sequence[int], start: int, end: int, score: float
) -> Sentence | None:
    for part, at in zip(reversed(parts), reversed(starts), strict=True):
        if start >= at:
            stop = min(end - at, len(part.text))
            return (
                Sentence(part.id, start - at, stop, round(score, 3)) if stop > start - at else None
            )
    return None


def _names(parts: Sequence[Part], named: names.Names) -> Iterator[NameSeen]:
    for part in parts:
        for each in names.find(part.text, named):
            yield NameSeen(part=part.id, start=each.start, end=each.end, kind=str(each.kind),
                           id=each.id, name=each.name, raw=each.raw)  # fmt: skip


def _kept(parts: Sequence[Part]) -> Iterator[PartText]:
    left = MOST_TEXT
    for part in parts:
        text = part.text[:left]
        left -= len(text)
        if text.strip() or part.links:
            yield PartText(id=part.id, kind=part.kind, text=text, name=part.name,
                           author=part.author, derived=part.derived,
                           cut=len(text) < len(part.text))  # fmt: skip
