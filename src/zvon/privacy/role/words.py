"""What the cue words of a clause say of the values in it; the nearest counts most."""

from bisect import bisect_left

from zvon.privacy.cues import Cue
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.role.graph import PEOPLE, Graph, entity_key
from zvon.privacy.role.weights import terms

_FROM = frozenset({"from", "od", "z", "s", "sa", "iz", "by"})
_BETWEEN = 24  # values before this one that may stand between it and a cue
_FOLLOWS = 24  # characters after a value in which a cue still speaks of it
_MAILBOX = frozenset({"predal*", "mailbox", "the mailbox", "mailbox of", "sanduci*"})


def words(graph: Graph, reading: Reading) -> None:
    """Cue words in the clause of each mention; the nearest counts most."""
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    cues = reading.cues
    starts = [cue.start for cue in cues]
    previous = 0
    for i, mention in enumerate(ordered):
        if mention.type != "URL" or not mention.defanged:
            low, high = reading.clause(mention.start)
            first, last = bisect_left(starts, low), bisect_left(starts, mention.start)
            before = [c for c in cues[first:last] if c.end <= mention.start]
            beside = max(low, previous)
            if mention.type not in PEOPLE:
                _spoken(graph, reading, mention, before, beside)
                if mention.type == "PHONE" and _leads(reading, mention):
                    graph.nodes[entity_key(mention)].term("leading", terms().rule["leading"])
                following = ordered[i + 1].start if i + 1 < len(ordered) else high
                after = cues[bisect_left(starts, mention.end) : bisect_left(starts, following + 1)]
                _after(graph, reading, mention, after)
            _contact(graph, reading, mention, before, beside, ordered[max(0, i - _BETWEEN) : i])
        if mention.type not in PEOPLE:
            previous = max(previous, mention.end)


def _leads(reading: Reading, mention: Mention) -> bool:
    """True for a value before the first word of the text."""
    return mention.start < 8 and not reading.text[: mention.start].strip(" (")


def _share(graph: Graph, weight: float) -> float:
    shares = graph.shares
    return weight * (shares.cue_for if weight > 0 else shares.cue_against)


def _spoken(
    graph: Graph, reading: Reading, mention: Mention, before: list[Cue], previous: int
) -> None:
    node = graph.nodes[entity_key(mention)]
    factor = 1.0
    spoken = [(c, w) for c in before if (w := _weight(c, mention))]
    if "mail.anonymous" in node.evidence:  # extortion notes give a contact too
        spoken = [(c, w) for c, w in spoken if c.section != "people" and c.phrase not in _MAILBOX]
    for cue, weight in reversed(spoken[-5:]):
        near = 1.0 if cue.end >= previous or cue.section == "given" else 0.3
        beside = 1.25 if mention.start - cue.end <= 2 else 1.0
        start, end = reading.view.source(cue.start, cue.end)
        said = _share(graph, weight) * factor * near * beside
        node.term(f"cue.{cue.phrase}", said, start, end)
        factor *= 0.55


def _weight(cue: Cue, mention: Mention) -> float:
    """What a cue says of a value of this type, 0 when nothing."""
    gap = mention.start - cue.end
    personal = mention.type in {"EMAIL", "PHONE", "IBAN"}
    match cue.section:
        case "before":
            if len(cue.phrase) <= 2 and gap > 2:
                return 0.0
            if mention.type == "IBAN" and cue.phrase in _FROM:
                return -abs(cue.weight)  # money comes from the victim's account
            if mention.type == "ASN" and cue.weight > -2.4:
                return max(0.0, cue.weight)
            return cue.weight
        case "people":
            return cue.weight if personal or gap <= 12 else 0.0
        case "given":
            return -cue.weight if personal else cue.weight * (mention.type in {"URL", "DOMAIN", "HOST"})  # fmt: skip
        case _:
            return 0.0


def _after(graph: Graph, reading: Reading, mention: Mention, after: list[Cue]) -> None:
    for cue in after:
        if cue.start > mention.end + _FOLLOWS:
            return
        if cue.section == "after":
            start, end = reading.view.source(cue.start, cue.end)
            said = _share(graph, cue.weight)
            graph.nodes[entity_key(mention)].term(f"cue.{cue.phrase}", said, start, end)
            return


def _contact(
    graph: Graph, reading: Reading, mention: Mention, before: list[Cue], previous: int,
    earlier: list[Mention],
) -> None:  # fmt: skip
    node = graph.nodes[entity_key(mention)]
    rule = terms().rule
    alias = [c for c in before if c.section == "alias" and mention.start - c.end < 48]
    contact = [c for c in before if c.section == "contact"]
    if alias and mention.type in {"NAME", "USER"}:
        cue = alias[-1]
        overlapped = any(c.start <= cue.start and c.end >= cue.end for c in contact)
        between = any(
            cue.end <= m.start < mention.start and m.type in {"NAME", "EMAIL", "PHONE", "IP"}
            for m in earlier
        )
        if not overlapped and not between:
            node.term("cue.alias", rule["alias"], cue.start, cue.end)
            return
    if contact and mention.type in {"EMAIL", "PHONE", "NAME"}:
        cue = contact[-1]
        strength = 1.0 if cue.end >= previous or mention.start - cue.end < 90 else 0.5
        opposed = any(c.weight > 1 and c.start > cue.end for c in before if c.section == "before")
        if not opposed and "mail.anonymous" not in node.evidence:
            start, end = reading.view.source(cue.start, cue.end)
            node.term("cue.contact", rule["contact"] * strength, start, end)
