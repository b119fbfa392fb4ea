"""Cases with a rule of their own: a site that was broken into, an address of ours that attacks."""

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

from zvon.privacy.cues import Cue
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.role.graph import Graph, Node, entity_key
from zvon.privacy.role.itself import shared_domains
from zvon.privacy.role.weights import terms

# Where kits are put on sites of others: content systems, home folders, hidden folders.
_KIT = re.compile(
    r"/(?:wp-(?:content|includes|admin)|\.well-known|~\w+|components/com_|sites/default/files"
    r"|images|img|assets|css|js|tmp|uploads?)/.*\.(?:php|html?)|/~\w+/|/\.[a-z]\w*/"
)
_PATH = re.compile(r"^[^/]*//[^/]+/[^/?#]|^[^/]+/[^/?#]")
_THEIRS = frozenset({"lookalike.brand", "lookalike.victim", "tld.cheap", "darknet", "known"})
REACH = 160  # characters around a value in which a site is said to be broken into
NEAR = 60  # characters before a file in which it is said to be stolen
BESIDE = 24  # characters between a file and its hash
HACKED = "hacked.site"


def hacked_sites(graph: Graph, readings: list[Reading]) -> None:
    """Mark the addresses on sites that were broken into, and take the sites for their owners'.

    A site counts as broken into when the words near it say so, or when the text elsewhere treats
    its domain as a victim's while this address has a path. Then the path is the attacker's and the
    host is not. A domain that imitates or was registered for abuse is never such a site.
    """
    rule = terms().rule
    said = _said(graph, readings)
    of_owner: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        of_owner.setdefault(node.mentions[0].owner, []).append(node)
    for owner, home in graph.owners.items():
        nodes = of_owner[owner]
        if owner in shared_domains() or any(not _THEIRS.isdisjoint(n.evidence) for n in nodes):
            continue
        pages = [n for n in nodes if n.kind == "URL"]
        others = [n for n in nodes if n.kind != "URL"]
        place = said.get(owner)
        if place is None and not (
            others and min(n.own + n.lent for n in others) <= rule["victim_site"]
        ):
            continue
        for node in others:
            if place is not None and node.kind != "EMAIL":
                node.term("hacked.owner", rule["hacked_owner"], *place)
        for node in pages:
            deep = any(_PATH.match(m.raw) for m in node.mentions)
            node.term(
                HACKED, rule["hacked_path"] if deep else rule["hacked_owner"], *(place or (0, 0))
            )
        home.lent = 0.0


def _said(graph: Graph, readings: list[Reading]) -> dict[str, tuple[int, int]]:
    """Where the words near a site of an owner say that it was broken into."""
    found: dict[str, tuple[int, int]] = {}
    for reading in readings:
        cues = _of_sites(reading)
        starts = [cue.start for cue in cues]
        for mention in reading.mentions if cues else ():
            if mention.type not in {"URL", "DOMAIN", "HOST"} or mention.defanged:
                continue
            low, high = reading.clause(mention.start)
            at = bisect_left(starts, max(low, mention.start - REACH))
            near = at < len(cues) and starts[at] < min(high, mention.start + REACH)
            if near or (mention.type == "URL" and _KIT.search(mention.raw)):
                cue = cues[at] if near else cues[0]
                found.setdefault(mention.owner, reading.view.source(cue.start, cue.end))
    return found


def _of_sites(reading: Reading) -> list[Cue]:
    """The words that something was broken into, where a word for a site stands in the clause."""
    sites = [c.start for c in reading.cues if c.section == "site"]
    found = []
    for cue in (c for c in reading.cues if c.section == "hacked") if sites else ():
        low, high = reading.clause(cue.start)
        at = bisect_left(sites, low)
        if at < len(sites) and sites[at] < high:
            found.append(cue)
    return found


def documents(graph: Graph, reading: Reading) -> None:
    """A document that was stolen or is the victim's own; its name and its hash identify it.

    A hash belongs to the file that is named beside it, whoever's that is.
    """
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    stolen = [c for c in reading.cues if c.section == "stolen"]
    for a, b in pairwise(ordered):
        if {a.type, b.type} in ({"FILE", "HASH"}, {"PATH", "HASH"}) and b.start - a.end <= BESIDE:
            one, two = graph.nodes[entity_key(a)], graph.nodes[entity_key(b)]
            graph.edges.append((one, two, terms().edge["document"], "document"))
            if _own_document(graph, reading, a if b.type == "HASH" else b, stolen):
                (two if b.type == "HASH" else one).term("document", terms().rule["document"])
    for mention in ordered if stolen else ():
        if mention.type in {"FILE", "PATH"}:
            _own_document(graph, reading, mention, stolen)


def _own_document(graph: Graph, reading: Reading, mention: Mention, stolen: list[Cue]) -> bool:
    """Add the term for a document that the words call stolen or theirs."""
    if mention.raw.rpartition(".")[2].lower() not in terms().documents:
        return False
    low, _ = reading.clause(mention.start)
    at = bisect_right(stolen, mention.start, key=lambda c: c.end) - 1
    if at < 0 or stolen[at].start < max(low, mention.start - NEAR):
        return False
    cue = stolen[at]
    place = reading.view.source(cue.start, cue.end)
    graph.nodes[entity_key(mention)].term("document", terms().rule["document"], *place)
    return True


def ours_attacks(node: Node) -> bool:
    """True for a value of our register that the rest of the text takes for the attacker's."""
    evidence = node.evidence
    ours = evidence.get("registry") or evidence.get("registry.shared")
    return ours is not None and node.own - ours[0] + node.lent >= terms().rule["bot"]
