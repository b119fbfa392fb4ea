"""Values that stand side by side: members of a list, a name and the address in brackets."""

import itertools
import re

from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.role.graph import PEOPLE, Graph, entity_key
from zvon.privacy.role.weights import terms

_LIST = re.compile(
    r"^\s*(?:,|;|/|&|\+|in|i|and|ter|te|or|ali|ili|,\s*(?:in|i|and)|as)"
    r"(?:\s+(?:z|s|sa|iz|na|from|by|to|the|mrez\w+|omrezj\w+|host\w*|naslov\w*|adres\w*|domen\w*))*\s*$"
)
_BRACKET = re.compile(r"^\s*[(\[]\s*(?:ip:?\s*)?$")
_DEVICE = re.compile(
    r"^\s*(?:z|s|sa|na|with|on|at|v|u|behind|,)?\s*(?:javn\w+|public|ip\w*|naslov\w*|adres\w*|address|internal|interni\w*)?"
    r"\s*(?:ip\w*|naslov\w*|adres\w*|address)?\s*[:=]?\s*$"
)


_DOUBTFUL = -1.5  # log-odds up to which a name is taken for a victim's
# From one side to the other: a connection, or the two ends in a log line.
_TOWARDS = re.compile(
    r"^(?::\d+)?[\s\"',;]*(?:->|→|=>|<-|←|(?:[a-z\"_:= \d,;-]*\b)?(?:dst|dest|dstip|dest_ip|daddr|cilj|odrediste|destination|remote|tarca|meta)\b)[\s\"':=_a-z]*$"
)
_ENDS = frozenset({"IP", "CIDR", "HOST", "DOMAIN"})


def neighbours(graph: Graph, reading: Reading) -> None:
    """Edges between mentions that stand side by side."""
    edge, rule = terms().edge, terms().rule
    ordered = sorted(reading.mentions, key=lambda m: m.start)
    for a, b in itertools.pairwise(ordered):
        gap = reading.folded[a.end : b.start]
        if len(gap) > 48:
            continue
        one, two = graph.nodes[entity_key(a)], graph.nodes[entity_key(b)]
        same = a.type == b.type or {a.type, b.type} <= {"URL", "DOMAIN", "HOST", "IP", "CIDR", "EMAIL"}  # fmt: skip
        if same and not PEOPLE & {a.type, b.type} and _LIST.match(gap):
            mail = "EMAIL" in {a.type, b.type} and a.type != b.type
            if not mail or "URL" in {a.type, b.type}:
                graph.edges.append((one, two, edge["listed"], "listed"))
        elif _BRACKET.match(gap) and {a.type, b.type} <= {"HOST", "DOMAIN", "IP", "CIDR", "URL"}:
            graph.edges.append((one, two, edge["bracket"], "bracket"))
        elif a.type in {"HOST", "DOMAIN"} and b.type in {"IP", "CIDR"} and _DEVICE.match(gap):
            graph.edges.append((one, two, edge["device"], "device"))
        elif {a.type, b.type} <= _ENDS and _TOWARDS.match(gap):
            graph.edges.append((one, two, edge["towards"], "towards"))
        if a.type == "NAME" and b.type in {"EMAIL", "PHONE"}:
            cues = [c for c in reading.cues if a.end <= c.start < b.start and c.section == "before"]
            if one.own >= 0:
                two.term("beside.alias", rule["beside_alias"], *reading.view.source(a.start, a.end))
            elif one.own <= _DOUBTFUL and not any(c.weight >= 1 for c in cues):
                two.term("beside.name", rule["beside_name"], *reading.view.source(a.start, a.end))
        elif b.type == "NAME" and two.own <= _DOUBTFUL and _signs(reading, a, b, gap):
            one.term("beside.name", rule["beside_name"], *reading.view.source(b.start, b.end))


def _signs(reading: Reading, a: Mention, b: Mention, gap: str) -> bool:
    """True for a telephone or an address alone on its line, and a name alone on the next."""
    if a.type not in {"EMAIL", "PHONE"} or "\n" not in gap or gap.strip():
        return False
    text = reading.folded
    end = text.find("\n", b.end)
    before = text[text.rfind("\n", 0, a.start) + 1 : a.start]
    return not before.strip() and not text[b.end : len(text) if end < 0 else end].strip()
