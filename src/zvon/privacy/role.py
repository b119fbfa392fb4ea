"""Whose is each value? A sum of terms in log-odds, every one kept as evidence.

Terms come from the value itself, from the words of its clause and from its neighbours: hosts and
addresses of one owner, members of a list, a name and the address in brackets after it.
"""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from ipaddress import ip_address, ip_network
from types import MappingProxyType

import msgspec
from msgspec import Struct
from rapidfuzz.distance import Levenshtein

from zvon.model.role import Role, SpanEvidence
from zvon.privacy.cues import Cue
from zvon.privacy.facts import Facts
from zvon.privacy.fold import fold
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.names import organisation
from zvon.privacy.tables import DATA, countries, hosts, read

_LIST = re.compile(
    r"^\s*(?:,|;|/|&|\+|in|i|and|ter|te|or|ali|ili|,\s*(?:in|i|and)|as)"
    r"(?:\s+(?:z|s|sa|iz|na|from|by|to|the|mrez\w+|omrezj\w+|host\w*|naslov\w*|adres\w*|domen\w*))*\s*$"
)
_BRACKET = re.compile(r"^\s*[(\[]\s*(?:ip:?\s*)?$")
_DEVICE = re.compile(
    r"^\s*(?:z|s|sa|na|with|on|at|v|u|behind|,)?\s*(?:javn\w+|public|ip\w*|naslov\w*|adres\w*|address|internal|interni\w*)?"
    r"\s*(?:ip\w*|naslov\w*|adres\w*|address)?\s*[:=]?\s*$"
)
_OWNED = frozenset({"URL", "EMAIL", "HOST", "DOMAIN"})
_FROM = frozenset({"from", "od", "z", "s", "sa", "iz", "by"})
_MAILBOX = frozenset({"predal*", "mailbox", "the mailbox", "mailbox of", "sanduci*"})
_PEOPLE = frozenset({"NAME", "USER", "ORG"})


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of `data/terms.toml`."""

    conflict: float
    reach: float
    prior: dict[str, float]
    rule: dict[str, float]
    edge: dict[str, float]


@cache
def terms() -> Terms:
    """The shipped weights."""
    return msgspec.convert(read(DATA / "terms.toml"), Terms)


class Score(Struct, frozen=True):
    """What is believed of one entity: log-odds, whether strong terms disagree, and why."""

    logit: float
    conflict: bool
    role: Role
    evidence: tuple[SpanEvidence, ...]

    @property
    def p_attacker(self) -> float:
        """The belief that the value is the attacker's."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.logit))))


class _Node:
    """One entity, or one owner of names, while terms are collected."""

    __slots__ = ("evidence", "kind", "lent", "mentions", "value")

    def __init__(self, kind: str, value: str) -> None:
        self.kind, self.value = kind, value
        self.mentions: list[Mention] = []
        self.evidence: dict[str, SpanEvidence] = {}
        self.lent = 0.0

    def term(self, rule: str, weight: float, start: int = 0, end: int = 0) -> None:
        """Add a term; the same rule counts once, with its strongest weight."""
        if weight and abs(weight) > abs(self.evidence[rule].weight if rule in self.evidence else 0):
            self.evidence[rule] = SpanEvidence(rule, round(weight, 2), start, end)

    @property
    def own(self) -> float:
        return sum(e.weight for e in self.evidence.values())


class Graph:
    """Entities of the whole item, their owners and the edges between them."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.nodes: dict[str, _Node] = {}
        self.owners: dict[str, _Node] = {}
        self.edges: list[tuple[_Node, _Node, float, str]] = []


def entity_key(mention: Mention) -> str:
    """Equal keys are one entity of the item."""
    kind = "NAMEOFHOST" if mention.type in {"HOST", "DOMAIN"} else mention.type
    return f"{kind}\x00{mention.value}"


def score(
    readings: list[Reading],
    facts: Facts,
    said: Mapping[str, Sequence[SpanEvidence]] = MappingProxyType({}),
) -> dict[str, Score]:
    """Score every entity of the item, by `entity_key`.

    `said` are terms that the caller knows of an entity, for example from the layout of a report.
    """
    graph = Graph(facts)
    for reading in readings:
        for mention in reading.mentions:
            key = entity_key(mention)
            node = graph.nodes.setdefault(key, _Node(mention.type, mention.value))
            node.mentions.append(mention)
    defanged = any(m.defanged for r in readings for m in r.mentions)
    for key, node in graph.nodes.items():
        _itself(graph, node, defanged)
        for term in said.get(key, ()):
            node.term(term.rule, term.weight, term.start, term.end)
    for reading in readings:
        _words(graph, reading)
        _neighbours(graph, reading)
    _people(graph)
    _owners(graph)
    _lend(graph)
    _lookalikes(graph)
    return {key: _result(node) for key, node in graph.nodes.items()}


def _itself(graph: Graph, node: _Node, defanged: bool) -> None:
    """What the value says about itself, and what the node knows of it."""
    rule, facts, value = terms().rule, graph.facts, node.value
    kind = "HOST" if node.kind == "DOMAIN" and not node.value else node.kind
    node.term("prior", terms().prior.get(kind, 0.0))
    if any(m.defanged for m in node.mentions):
        node.term("defanged", rule["defanged"])
    elif defanged and node.kind in {"HOST", "DOMAIN", "IP", "EMAIL"}:
        node.term("undefanged", rule["undefanged"])
    owner = node.mentions[0].owner
    for side in {m.side for m in node.mentions} - {""}:
        node.term(f"side.{side}", rule[f"side_{side}"])
    if value in facts.attackers or (owner and owner in facts.attackers and node.kind != "EMAIL"):
        node.term("known", rule["known"])
    if value in facts.reporters:
        node.term("side.reporter", rule["side_reporter"])
    if node.kind == "IP" and _inside(value, facts.prefixes):
        node.term("registry", rule["registry"])
    if owner and owner in facts.domains:
        node.term("registry", rule["registry"])
    if node.kind == "PHONE":
        home = any(c.country.lower() == node.mentions[0].country for c in countries())
        node.term("phone.country", rule["home_phone" if home else "foreign_phone"])
    if node.kind == "IBAN" and not any(c.country.lower() == node.mentions[0].country for c in countries()):  # fmt: skip
        node.term("account.country", rule["foreign_account"])
    if node.kind in _OWNED and owner:
        _name_itself(node, owner, facts)


@cache
def _home() -> tuple[frozenset[str], frozenset[str]]:
    """Domain endings and mail providers of our countries."""
    rows = countries()
    return frozenset(t for c in rows for t in c.tlds), frozenset(m for c in rows for m in c.mail)


@cache
def _shared() -> frozenset[str]:
    """Domains that many owners share, so that they say nothing of each other."""
    return hosts().freemail | hosts().anonymous_mail | hosts().shorteners | _home()[1]


def _name_itself(node: _Node, owner: str, facts: Facts) -> None:
    rule, table = terms().rule, hosts()
    tld = owner.rpartition(".")[2]
    home, home_mail = _home()
    if tld in table.darknet:
        node.term("darknet", rule["darknet"])
    if node.kind == "EMAIL" and owner in table.anonymous_mail:
        node.term("mail.anonymous", rule["anonymous_mail"])
    elif node.kind == "EMAIL" and owner in home_mail:
        node.term("mail.home", rule["home_mail"])
    elif owner not in table.freemail:
        if tld in table.cheap:
            node.term("tld.cheap", rule["cheap_tld"])
        elif tld in home and node.kind != "URL":
            node.term("tld.home", rule["home_tld"])
    if node.kind != "EMAIL":
        if owner in facts.brand_domains:
            node.term("brand.official", rule["brand_official"])
        elif facts.imitates(owner) or facts.imitates(node.value.partition("/")[0]):
            node.term("lookalike.brand", rule["lookalike"])


def _inside(value: str, prefixes: tuple[str, ...]) -> bool:
    address = ip_address(value)
    nets = (ip_network(p, strict=False) for p in prefixes)
    return any(net.version == address.version and address in net for net in nets)


def _words(graph: Graph, reading: Reading) -> None:
    """Cue words in the clause of each mention; the nearest counts most."""
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    for i, mention in enumerate(ordered):
        if mention.type == "URL" and mention.defanged:
            continue
        low, high = reading.clause(mention.start)
        node = graph.nodes[entity_key(mention)]
        previous = max((m.end for m in ordered[:i] if m.type not in _PEOPLE), default=low)
        before = [c for c in reading.cues if low <= c.start and c.end <= mention.start]
        if mention.type not in _PEOPLE:
            _spoken(reading, mention, before, max(low, previous), node)
            if mention.type == "PHONE" and not reading.text[: mention.start].strip(" ("):
                node.term("leading", terms().rule["leading"])
            _after(reading, mention, ordered, i, high, node)
        _contact(reading, mention, before, max(low, previous), node)


def _spoken(
    reading: Reading, mention: Mention, before: list[Cue], previous: int, node: _Node
) -> None:
    factor = 1.0
    spoken = [(c, w) for c in before if (w := _weight(c, mention))]
    if "mail.anonymous" in node.evidence:  # extortion notes give a contact too
        spoken = [(c, w) for c, w in spoken if c.section != "people" and c.phrase not in _MAILBOX]
    for cue, weight in reversed(spoken[-5:]):
        near = 1.0 if cue.end >= previous or cue.section == "given" else 0.3
        beside = 1.25 if mention.start - cue.end <= 2 else 1.0
        start, end = reading.view.source(cue.start, cue.end)
        node.term(f"cue.{cue.phrase}", weight * factor * near * beside, start, end)
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


def _after(
    reading: Reading, mention: Mention, ordered: list[Mention], i: int, high: int, node: _Node
) -> None:
    limit = ordered[i + 1].start if i + 1 < len(ordered) else high
    for cue in reading.cues:
        if cue.section == "after" and mention.end <= cue.start <= min(limit, mention.end + 24):
            start, end = reading.view.source(cue.start, cue.end)
            node.term(f"cue.{cue.phrase}", cue.weight, start, end)
            return


def _contact(
    reading: Reading, mention: Mention, before: list[Cue], previous: int, node: _Node
) -> None:
    rule = terms().rule
    alias = [c for c in before if c.section == "alias" and mention.start - c.end < 48]
    contact = [c for c in before if c.section == "contact"]
    if alias and mention.type in {"NAME", "USER"}:
        cue = alias[-1]
        overlapped = any(c.start <= cue.start and c.end >= cue.end for c in contact)
        between = any(
            cue.end <= m.start < mention.start and m.type in {"NAME", "EMAIL", "PHONE", "IP"}
            for m in reading.mentions
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


def _neighbours(graph: Graph, reading: Reading) -> None:
    """Edges between mentions that stand side by side."""
    edge, rule = terms().edge, terms().rule
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    for a, b in itertools.pairwise(ordered):
        gap = reading.folded[a.end : b.start]
        if len(gap) > 48:
            continue
        one, two = graph.nodes[entity_key(a)], graph.nodes[entity_key(b)]
        same = a.type == b.type or {a.type, b.type} <= {"URL", "DOMAIN", "HOST", "IP", "CIDR", "EMAIL"}  # fmt: skip
        if same and not _PEOPLE & {a.type, b.type} and _LIST.match(gap):
            mail = "EMAIL" in {a.type, b.type} and a.type != b.type
            if not mail or "URL" in {a.type, b.type}:
                graph.edges.append((one, two, edge["listed"], "listed"))
        elif _BRACKET.match(gap) and {a.type, b.type} <= {"HOST", "DOMAIN", "IP", "CIDR", "URL"}:
            graph.edges.append((one, two, edge["bracket"], "bracket"))
        elif a.type in {"HOST", "DOMAIN"} and b.type in {"IP", "CIDR"} and _DEVICE.match(gap):
            graph.edges.append((one, two, edge["device"], "device"))
        if a.type == "NAME" and b.type in {"EMAIL", "PHONE"}:
            cues = [c for c in reading.cues if a.end <= c.start < b.start and c.section == "before"]
            alias = "cue.alias" in one.evidence
            if alias:
                two.term("beside.alias", rule["beside_alias"], *reading.view.source(a.start, a.end))
            elif not any(c.weight >= 1 for c in cues):
                two.term("beside.name", rule["beside_name"], *reading.view.source(a.start, a.end))


def _people(graph: Graph) -> None:
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
        if node.kind in _OWNED and node.mentions[0].owner:
            label = fold(node.mentions[0].owner).partition(".")[0]
            if any(word in label for word in firms):
                node.term("organisation.name", rule["organisation_name"])


def _owners(graph: Graph) -> None:
    """Everything under one registered domain belongs together; free mailboxes do not."""
    shared = _shared()
    for node in graph.nodes.values():
        owner = node.mentions[0].owner
        if node.kind in _OWNED and owner and owner not in shared:
            home = graph.owners.setdefault(owner, _Node("OWNER", owner))
            home.mentions.extend(node.mentions)
            graph.edges.append((node, home, terms().edge["owner"], "owner"))


def _lend(graph: Graph) -> None:
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


def _lookalikes(graph: Graph) -> None:
    """A name that resembles one that is certainly the victim's, under another owner."""
    known = {n.value: n.own + n.lent for n in graph.owners.values()}
    real = [v for v, s in known.items() if s <= -1.5] + list(graph.facts.domains)
    for value, current in known.items():
        label = value.partition(".")[0]
        for other in real:
            if other == value or current < -1.5:
                continue
            stem = other.partition(".")[0]
            if len(stem) >= 5 and (stem in label or Levenshtein.distance(stem, label) <= 2):
                for node in graph.nodes.values():
                    if node.mentions[0].owner == value:
                        node.term("lookalike.victim", terms().rule["lookalike"])


def _result(node: _Node) -> Score:
    evidence = list(node.evidence.values())
    if round(node.lent, 2):
        evidence.append(SpanEvidence("neighbours", round(node.lent, 2), 0, 0))
    logit = sum(e.weight for e in evidence)
    strong = terms().conflict
    conflict = any(e.weight >= strong for e in evidence) and any(
        e.weight <= -strong for e in evidence
    )
    return Score(logit, conflict, _role(node, logit), tuple(sorted(evidence, key=lambda e: -abs(e.weight))))  # fmt: skip


def _role(node: _Node, logit: float) -> Role:
    if "brand.official" in node.evidence and logit > 0:
        return Role.BRAND
    if node.kind in {"CVE", "ASN"}:
        return Role.REFERENCE
    if logit >= 0.6:
        return Role.ATTACKER
    if logit > -0.6:
        return Role.UNSURE
    return Role.REPORTER if "side.reporter" in node.evidence else Role.VICTIM
