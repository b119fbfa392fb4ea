"""Everything under one registered domain belongs together, and neighbours lend each other."""

import re
from collections import defaultdict
from ipaddress import ip_address, ip_network

from rapidfuzz.distance import Levenshtein

from zvon.privacy.fold import fold
from zvon.privacy.names import organisation
from zvon.privacy.role.graph import NAMED, Graph, Node
from zvon.privacy.role.itself import shared_domains
from zvon.privacy.role.weights import terms

_DOUBTFUL = -1.5  # log-odds up to which a name is taken for a victim's
_CERTAIN = -1.0  # log-odds from which a name is the victim's, for what resembles it
_IN_FULL = frozenset({"listed"})
_COMPARED = 100  # names and networks that others are compared with: a text may hold very many
_WORD = 4  # shorter rests of a label are an ending or an abbreviation
_STEM = 5  # shorter labels are in too many others


def people(graph: Graph) -> None:
    """A mail address or a domain that carries the name of a person or firm of the text.

    Whose name it is decides: that of a caller speaks for the attacker, that of a victim against.
    A domain with more words than the firm's name rather imitates it, and says nothing here.
    """
    rule = terms().rule
    ours: set[str] = set()
    theirs: set[str] = set()
    firms: set[str] = set()
    for node in graph.nodes.values():
        if node.kind == "NAME":
            side = theirs if node.own >= 0 else ours if node.own <= _DOUBTFUL else set()
            side |= {part for part in node.value.split() if len(part) >= 4}
        elif node.kind == "ORG":
            firms |= {word for word in organisation(node.value).split() if len(word) >= 4}
    for node in graph.nodes.values():
        if node.kind == "EMAIL":
            local = fold(node.value.partition("@")[0])
            if _holds(local, theirs - ours):
                node.term("alias.in.address", rule["alias_in_address"])
            elif _holds(local, ours):
                node.term("name.in.address", rule["name_in_address"])
        if node.kind in NAMED and node.mentions[0].owner:
            label = fold(node.mentions[0].owner).partition(".")[0]
            if _holds(label, firms) and not _more_words(label, firms):
                node.term("organisation.name", rule["organisation_name"])


def _holds(text: str, words: set[str]) -> bool:
    """True when one of the words stands in `text`; of very many, only as a part of its own."""
    if len(words) <= _COMPARED:
        return any(word in text for word in words)
    return not words.isdisjoint(re.split(r"[._-]", text))


def _more_words(label: str, firms: set[str]) -> bool:
    """True when the label says something that the names of the firms do not."""
    rest = label
    for word in sorted(firms, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return any(len(part) >= _WORD for part in re.split(r"[ -]+", rest))


def owners(graph: Graph) -> None:
    """Everything under one registered domain belongs together; free mailboxes do not."""
    shared = shared_domains()
    for node in graph.nodes.values():
        owner = node.mentions[0].owner
        if node.kind in NAMED and owner and owner not in shared:
            home = graph.owners.setdefault(owner, Node("OWNER", owner))
            home.mentions.extend(node.mentions)
            graph.edges.append((node, home, terms().edge["owner"], "owner"))


def networks(graph: Graph) -> None:
    """Addresses of one network belong together: one that the text names, or else the same /24.

    Documentation networks are everybody's, so only a network that the text names joins them.
    """
    edge = terms().edge
    addresses = [(ip_address(n.value), n) for n in graph.nodes.values() if n.kind == "IP"]
    named = [
        (ip_network(n.value, strict=False), n) for n in graph.nodes.values() if n.kind == "CIDR"
    ]
    for address, node in addresses:
        for net, home in named[:_COMPARED]:
            if address.version == net.version and address in net:
                graph.edges.append((node, home, edge["network"], "network"))
    first: dict[bytes, Node] = {}
    for address, node in addresses:
        if address.version == 4 and not (address.is_private or address.is_reserved):
            other = first.setdefault(address.packed[:3], node)
            if other is not node:
                graph.edges.append((node, other, edge["near"], "network"))


def lend(graph: Graph) -> None:
    """Three rounds in which each value takes the strongest word of its neighbours, either way.

    Members of one list are on one side, so what is said of one counts in full for the others.
    """
    every = [*graph.nodes.values(), *graph.owners.values()]
    base = {id(n): n.own for n in every}
    current = dict(base)
    reach, share = terms().reach, graph.shares.lent
    edges = [
        (id(a), id(b), weight if name in _IN_FULL else weight * share)
        for a, b, weight, name in graph.edges
    ]
    for _ in range(3) if edges else ():
        up: dict[int, float] = defaultdict(float)
        down: dict[int, float] = defaultdict(float)
        for a, b, weight in edges:
            for here, there in ((a, b), (b, a)):
                said = max(-reach, min(reach, current[there])) * weight
                if said > up[here]:
                    up[here] = said
                elif said < down[here]:
                    down[here] = said
        current = {key: base[key] + up[key] + down[key] for key in base}
    for node in every:
        node.lent = current[id(node)] - base[id(node)]


def lookalikes(graph: Graph) -> None:
    """A name that resembles a victim's, or one of ours, under another owner.

    Of two names of the text that resemble each other, the one that is more surely the victim's is
    the real one.
    """
    known = {n.value: n.own + n.lent for n in graph.owners.values()}
    certain = [(v, belief) for v, belief in known.items() if belief <= _CERTAIN][:_COMPARED]
    register = graph.facts.register
    found = {
        value
        for value, current in known.items()
        if current >= _CERTAIN and register.name(value) is None
        and (any(belief <= current - 1 and _alike(real, value) for real, belief in certain)
             or register.resembled(value))
    }  # fmt: skip
    for node in graph.nodes.values() if found else ():
        if node.mentions[0].owner in found:
            node.term("lookalike.victim", terms().rule["lookalike"])


def _alike(real: str, other: str) -> bool:
    stem, label = real.partition(".")[0], other.partition(".")[0]
    return len(stem) >= _STEM and (stem in label or Levenshtein.distance(stem, label) <= 2)
