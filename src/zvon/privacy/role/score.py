"""All terms of all entities of an item, and what they come to."""

from collections.abc import Mapping, Sequence

from zvon.ml.side.calibrate import Platt
from zvon.model.role import Role, SpanEvidence
from zvon.privacy.facts import Facts
from zvon.privacy.mentions import Reading
from zvon.privacy.role.beside import neighbours
from zvon.privacy.role.context import GROUP
from zvon.privacy.role.graph import Graph, Node, Score, entity_key
from zvon.privacy.role.itself import itself
from zvon.privacy.role.learned import learned
from zvon.privacy.role.owners import lend, lookalikes, networks, owners, people
from zvon.privacy.role.special import HACKED, documents, hacked_sites, ours_attacks
from zvon.privacy.role.weights import Shares, calibration, terms
from zvon.privacy.role.words import words

_PLAIN = Platt()
_USUAL = frozenset({"prior", "usual"})  # what is true of the type is no evidence in a conflict
_OURS = frozenset({"registry", "registry.shared", "side.reporter"})


def score(readings: list[Reading], facts: Facts) -> dict[str, Score]:
    """Score every entity of an incident report, by `entity_key`."""
    graph = _gathered(readings, Graph(facts, terms().beside_model, calibration()), {})
    learned(graph, readings)
    return _settled(graph, readings)


def score_document(
    readings: list[Reading], facts: Facts, said: Mapping[str, Sequence[SpanEvidence]]
) -> dict[str, Score]:
    """Score every entity of a document that is not about one incident: a warning, an analysis.

    `said` are terms that the caller knows of an entity from the layout of the document. The model
    of the words was trained on reports of incidents and does not speak here.
    """
    return _settled(_gathered(readings, Graph(facts, Shares(), {}), said), readings)


def _gathered(
    readings: list[Reading], graph: Graph, said: Mapping[str, Sequence[SpanEvidence]]
) -> Graph:
    for reading in readings:
        for mention in reading.mentions:
            key = entity_key(mention)
            node = graph.nodes.setdefault(key, Node(mention.type, mention.value))
            node.mentions.append(mention)
    defanged = any(m.defanged for r in readings for m in r.mentions)
    for key, node in graph.nodes.items():
        itself(graph, node, defanged)
        for term in said.get(key, ()):
            node.term(term.rule, term.weight, term.start, term.end)
    for reading in readings:
        words(graph, reading)
    return graph


def _settled(graph: Graph, readings: list[Reading]) -> dict[str, Score]:
    for reading in readings:
        neighbours(graph, reading)
        documents(graph, reading)
    people(graph)
    owners(graph)
    networks(graph)
    lend(graph)
    lookalikes(graph)
    hacked_sites(graph, readings)
    return {
        key: _result(node, graph.scale.get(GROUP.get(node.kind, ""), _PLAIN))
        for key, node in graph.nodes.items()
    }


def _result(node: Node, scale: Platt) -> Score:
    rows = [(rule, round(e[0], 2), e[1], e[2]) for rule, e in node.evidence.items()]
    if lent := round(node.lent, 2):
        rows.append(("neighbours", lent, 0, 0))
    weights = [row[1] for row in rows if row[0] not in _USUAL] or [0.0]
    logit, strong = scale.of(node.own + node.lent), terms().conflict
    rows.sort(key=_size, reverse=True)
    return Score(
        logit,
        max(weights) >= strong and min(weights) <= -strong,
        _role(node, logit),
        tuple([SpanEvidence(*row) for row in rows]),
        hacked=HACKED in node.evidence or not _OURS.isdisjoint(node.evidence),
        ours_attacks=ours_attacks(node),
    )


def _size(row: tuple[str, float, int, int]) -> float:
    return abs(row[1])


def _role(node: Node, logit: float) -> Role:
    if "brand.official" in node.evidence and logit > 0:
        return Role.BRAND
    if node.kind in {"CVE", "ASN"}:
        return Role.REFERENCE
    if logit >= 0.6:
        return Role.ATTACKER
    if logit > -0.6:
        return Role.UNSURE
    return Role.REPORTER if "side.reporter" in node.evidence else Role.VICTIM
