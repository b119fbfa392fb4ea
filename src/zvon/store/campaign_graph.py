"""What holds a campaign together, as nodes and edges: reports of one kind are one node."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.evidence import EvidenceCode
from zvon.model.observable import TYPE, Observable, ObservableType
from zvon.store import observable
from zvon.store.campaign_page import NAMED, seen
from zvon.store.party import Db

MOST_NODES = 2_000
MOST_GROUPS = 500  # nodes of reports; the smallest groups are left out first
MOST_ROWS = 200_000  # keys of reports that are read
RESOLVES = "RESOLVES_TO"

T = ObservableType
_KIND = {
    T.REGISTERED: "name", T.HOST: "name", T.URL: "address", T.IBAN: "account", T.PHONE: "phone",
    T.RANGE: "phone", T.SENDER: "sender", T.TEMPLATE: "template", T.REGISTRATION: "registration",
    T.SKELETON: "kit", T.RESOURCES: "kit", T.FAVICON: "kit", T.FORM_TARGET: "kit", T.BOT: "kit",
    T.CERTIFICATE: "certificate", T.PATH: "path",
}  # fmt: skip


class Node(Struct, frozen=True, kw_only=True):
    """A value, or `reports` reports with the same values.

    `kind` is reports, name, address, host (an IP address), account, phone, sender, template,
    registration, kit, certificate or path.
    """

    id: str
    kind: str
    label: str
    reports: int


class Edge(Struct, frozen=True, kw_only=True):
    """Two nodes and the reason (`code`) why they are tied; `reports` say so."""

    source: str
    target: str
    code: str
    reports: int


class Graph(Struct, frozen=True, kw_only=True):
    """At most `MOST_NODES` nodes; `left_out` values and reports are not among them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


async def graph(db: Db, viewer: Viewer, uuid: UUID) -> Graph:
    """The graph of a campaign, over the reports that the viewer may see.

    Raises `Denied` and `LookupError`.
    """
    viewer.require(Permission.INCIDENT_READ)
    found = await seen(db, uuid)
    rows = await (
        await db.execute(
            """
            select r.record_id, k.observable_id, o.type, o.value, k.code
            from report r join report_key k on k.record_id = r.record_id
            join observable o on o.id = k.observable_id
            where r.campaign_id = %s order by r.record_id desc, k.observable_id limit %s
            """,
            (found.id, MOST_ROWS),
        )
    ).fetchall()
    held: dict[int, list[int]] = {}
    about: dict[int, tuple[ObservableType, str, str]] = {}
    for record_id, key, kind, value, code in rows:
        held.setdefault(record_id, []).append(key)
        about[key] = (TYPE[kind], value, code)
    drawn = _drawn(held, about)
    names = {value: f"k{key}" for key, (kind, value, code) in about.items() if code in NAMED}
    shown = {node.id for node in drawn.nodes}
    return await _with_hosts(db, drawn, {n: i for n, i in names.items() if i in shown})


def _drawn(held: dict[int, list[int]], about: dict[int, tuple[ObservableType, str, str]]) -> Graph:
    """Keys and groups of reports with the same keys; what most reports have comes first."""
    times = Counter(key for keys in held.values() for key in keys)
    groups = Counter(tuple(keys) for keys in held.values())
    shown_groups = sorted(groups.items(), key=lambda g: (-g[1], g[0]))[:MOST_GROUPS]
    room = MOST_NODES - len(shown_groups)
    shown_keys = {k for k, _ in sorted(times.items(), key=lambda t: (-t[1], t[0]))[:room]}
    nodes = [
        Node(id=f"k{key}", kind=_KIND.get(about[key][0], "kit"), label=about[key][1],
             reports=times[key])
        for key in sorted(shown_keys, key=lambda k: (-times[k], k))
    ]  # fmt: skip
    edges = []
    for n, (keys, reports) in enumerate(shown_groups):
        nodes.append(Node(id=f"r{n}", kind="reports", label=str(reports), reports=reports))
        edges += [
            Edge(source=f"r{n}", target=f"k{key}", code=about[key][2], reports=reports)
            for key in keys
            if key in shown_keys
        ]
    left_out = len(times) - len(shown_keys) + sum(groups.values())
    left_out -= sum(reports for _, reports in shown_groups)
    return Graph(nodes=tuple(nodes), edges=tuple(edges), left_out=left_out)


async def _with_hosts(db: Db, drawn: Graph, names: dict[str, str]) -> Graph:
    """Add the addresses that the names were seen to resolve to."""
    values = [Observable(kind, name) for name in names for kind in (T.REGISTERED, T.DOMAIN)]
    known = await observable.ids(db, values)
    by_id = {number: value.value for value, number in known.items()}
    rows = await (
        await db.execute(
            "select distinct observable_id, value from evidence"
            " where observable_id = any(%s) and code = %s order by 1, 2",
            (list(by_id), EvidenceCode.ADDRESSES.value),
        )
    ).fetchall()
    pairs = sorted({(by_id[number], ip) for number, value in rows for ip in value.split()})
    used = Counter(ip for _, ip in pairs)
    room = MOST_NODES - len(drawn.nodes)
    kept = {ip for ip, _ in sorted(used.items(), key=lambda u: (-u[1], u[0]))[:room]}
    reports = {node.id: node.reports for node in drawn.nodes}
    hosts = [Node(id=f"h{ip}", kind="host", label=ip, reports=_sum(pairs, ip, names, reports))
             for ip in sorted(kept)]  # fmt: skip
    edges = [
        Edge(source=names[name], target=f"h{ip}", code=RESOLVES, reports=reports[names[name]])
        for name, ip in pairs
        if ip in kept
    ]
    return Graph(
        nodes=(*drawn.nodes, *hosts),
        edges=(*drawn.edges, *edges),
        left_out=drawn.left_out + len(used) - len(kept),
    )


def _sum(
    pairs: Sequence[tuple[str, str]], ip: str, names: dict[str, str], reports: dict[str, int]
) -> int:
    return sum(reports[names[name]] for name, other in pairs if other == ip)
