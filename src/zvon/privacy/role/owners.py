"""Everything under one registered domain belongs together, and neighbours lend each other."""

from collections import defaultdict

from rapidfuzz.distance import Levenshtein

from zvon.privacy.fold import fold
from zvon.privacy.names import organisation
from zvon.privacy.role.graph import NAMED, Graph, Node
from zvon.privacy.role.itself import shared_domains
from zvon.privacy.role.weights import terms

_CERTAIN = -1.5  # log-odds from which a name is the victim's, for what resembles it
_STEM = 5  # shorter labels are in too many others


def people(graph: Graph) -> None:
    """A mail address or a domain that carries the name of a person or firm of the text."""
    rule = terms().rule
    people = [n for n in graph.nodes.values() if n.kind == "NAME" and "cue.alias" not in n.evidence]
    parts = {p for n in people for p in n.value.split() if len(p) >= 4}
    firms = [w for n in graph.nodes.values() if n.kind == "ORG" for w in organisation(n.value).split() if len(w) >= 5]  # fmt: skip
    for node in graph.nodes.values():
        if node.kind == "EMAIL":
            local = fold(node.value.partition("@")[0])
            if any(part in local for part in parts):
                node.term("name.in.address", rule["name_in_address"])
        if node.kind in NAMED and node.mentions[0].owner:
            label = fold(node.mentions[0].owner).partition(".")[0]
            if any(word in label for word in firms):
                node.term("organisation.name", rule["organisation_name"])


def owners(graph: Graph) -> None:
    """Everything under one registered domain belongs together; free mailboxes do not."""
    shared = shared_domains()
    for node in graph.nodes.values():
        owner = node.mentions[0].owner
        if node.kind in NAMED and owner and owner not in shared:
            home = graph.owners.setdefault(owner, Node("OWNER", owner))
            home.mentions.extend(node.mentions)
            graph.edges.append((node, home, terms().edge["owner"], "owner"))


def lend(graph: Graph) -> None:
    """Two rounds in which each value takes the strongest word of its neighbours, either way."""
    every = [*graph.nodes.values(), *graph.owners.values()]
    base = {id(n): n.own for n in every}
    current = dict(base)
    reach = terms().reach
    for _ in range(3):
        up: dict[int, float] = defaultdict(float)
        down: dict[int, float] = defaultdict(float)
        for a, b, weight, _name in graph.edges:
            for here, there in ((a, b), (b, a)):
                said = max(-reach, min(reach, current[id(there)])) * weight
                up[id(here)] = max(up[id(here)], said)
                down[id(here)] = min(down[id(here)], said)
        current = {key: base[key] + up[key] + down[key] for key in base}
    for node in every:
        node.lent = current[id(node)] - base[id(node)]


def lookalikes(graph: Graph) -> None:
    """A name that resembles one that is certainly the victim's, or ours, under another owner."""
    known = {n.value: n.own + n.lent for n in graph.owners.values()}
    real = {v.partition(".")[0] for v, s in known.items() if s <= _CERTAIN}
    real = {stem for stem in real if len(stem) >= _STEM}
    register = graph.facts.register
    for value, current in known.items():
        if current < _CERTAIN or register.name(value) is not None:
            continue
        label = value.partition(".")[0]
        near = any(stem in label or Levenshtein.distance(stem, label) <= 2 for stem in real)
        if near or register.resembled(value):
            for node in graph.nodes.values():
                if node.mentions[0].owner == value:
                    node.term("lookalike.victim", terms().rule["lookalike"])
