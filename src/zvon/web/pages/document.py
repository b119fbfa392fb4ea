"""A document and its card: what it says, each statement with the place where it stands."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

from litestar import Response, get
from markupsafe import Markup
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.model.document import Card, Mark, NameSeen, PartText, Sentence
from zvon.model.observable import Observable, ObservableType
from zvon.store import document
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import quoted, render
from zvon.web.pages.search import value_link

MOST_SHOWN = 60_000  # characters of one part


class Segment(Struct, frozen=True, kw_only=True):
    """A run of characters with what it is part of; `anchors` are where links of the card lead."""

    text: Markup
    mark: Mark | None = None
    name: NameSeen | None = None
    sentence: bool = False
    anchors: tuple[str, ...] = ()


class Listed(Struct, frozen=True, kw_only=True):
    """A value of the card once, with the places of its marks."""

    mark: Mark
    anchors: tuple[str, ...]
    link: str


@get("/documents/{uuid:uuid}", opt={"permission": Permission.SEARCH_READ}, include_in_schema=False)
async def one(request: AnyRequest, context: In, who: Who, uuid: UUID) -> Response[str]:
    """The text with its marks, and beside it what they amount to."""
    async with read(context.pool, who) as db:
        found = await document.get(db, who, uuid)
    card = found.card
    sentences = [
        (each, f"s{n}") for n, each in enumerate(s for t in card.techniques for s in t.sentences)
    ]
    places = {id(each): anchor for each, anchor in sentences}
    values = {
        "d": found,
        "card": card,
        "parts": [(part, list(segments(part, card, places))) for part in card.parts],
        "values": listed(card),
        "place": lambda sentence: places[id(sentence)],
    }
    return render(request, "document.html", values)


def listed(card: Card) -> list[Listed]:
    """Every value once, the attacker's first; what stands inside another value is left out."""
    by_value: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for n, mark in enumerate(card.marks):
        if mark.parent is None:
            by_value[mark.type, mark.value, mark.role.value].append(n)
    rows = [
        Listed(
            mark=card.marks[places[0]],
            anchors=tuple(f"m{n}" for n in places if card.marks[n].start is not None),
            link=_link(card.marks[places[0]]),
        )
        for places in by_value.values()
    ]
    order = ("attacker", "unsure", "infrastructure", "victim", "reporter", "brand")
    rank = {word: n for n, word in enumerate(order)}
    return sorted(rows, key=lambda r: (rank.get(r.mark.role.value, len(order)), -r.mark.score))


def segments(part: PartText, card: Card, places: dict[int, str]) -> Iterator[Segment]:
    """The text of a part, cut where a mark, a name or a sentence begins or ends."""
    text = part.text[:MOST_SHOWN]
    marks = [(m.start, m.end, m, f"m{n}") for n, m in enumerate(card.marks)
             if m.part == part.id and m.parent is None and m.start is not None and m.end is not None]  # fmt: skip
    names = [(n.start, n.end, n) for n in card.names if n.part == part.id]
    said: list[Sentence] = [s for t in card.techniques for s in t.sentences if s.part == part.id]
    spans = [*((m[0], m[1]) for m in marks), *((n[0], n[1]) for n in names),
             *((s.start, s.end) for s in said)]  # fmt: skip
    edges = {0, len(text)} | {min(place, len(text)) for span in spans for place in span}
    opening: dict[int, list[str]] = defaultdict(list)
    for start, _, _, anchor in marks:
        opening[start].append(anchor)
    for sentence in said:
        opening[sentence.start].append(places[id(sentence)])
    cuts = sorted(edges)
    covers = [_Cover(m[0], m[1], m[2]) for m in sorted(marks, key=lambda m: m[:2])]
    at = 0
    for start, end in pairwise(cuts):
        while at < len(covers) and covers[at].end <= start:
            at += 1
        mark = covers[at].mark if at < len(covers) and covers[at].start <= start else None
        yield Segment(
            text=quoted(text[start:end]),
            mark=mark,
            name=next((n for s, e, n in names if s <= start < e), None),
            sentence=any(s.start <= start < s.end for s in said),
            anchors=tuple(opening.get(start, ())),
        )


class _Cover(Struct, frozen=True):
    start: int
    end: int
    mark: Mark


def _link(mark: Mark) -> str:
    """The page of a marked value; the card prints some types by a finer name."""
    try:
        kind = ObservableType(mark.type)
    except ValueError:
        kind = ObservableType.DOMAIN if mark.type == "onion" else ObservableType.WALLET
    return value_link(Observable(kind, mark.value))


HANDLERS = (one,)
