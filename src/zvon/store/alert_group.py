"""Counting alerts in their groups: first, last, most severe and sixteen drawn evenly are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store.alert_realm import Realm
from zvon.store.incident_row import Random
from zvon.store.transaction import Tx

SAMPLES = 16
OVER = frozenset({"resolved", "closed"})
"""States after which new alerts belong to something new."""
HIGHER, RULE, TYPE = "ATTENTION_SEVERITY", "ATTENTION_RULE", "ATTENTION_TYPE"


class Counted(Struct, frozen=True, gc=False):
    """One alert: its place in the batch as it was correlated, its record, when it happened by its
    sensor, when it came, and how severe it is.
    """

    place: int
    record_id: int
    uuid: UUID
    at: datetime
    received_at: datetime
    severity: int


class Tally(Struct, frozen=True, kw_only=True):
    """What came for one group in one batch: the alerts in order, and how the group stands then.

    `episode` and `component` are numbers of the correlation, `fingerprint` is its, `values` what
    it compares. `skewed` is how many alerts have a time far from their arrival.
    """

    episode: int
    component: int
    fingerprint: bytes
    fingerprint_version: int
    signature: str
    title: str
    revision: str
    host: str
    actor: str
    novel: bool
    hours: int
    signature_hours: int
    values: tuple[tuple[str, str], ...]
    types: frozenset[int]
    alerts: Sequence[Counted]
    skewed: int = 0


class Placed(Struct, frozen=True, kw_only=True):
    """The row of a group after a batch. `attention` says why somebody should look again."""

    id: int
    uuid: UUID
    episode: int
    incident_id: int | None
    new: bool
    title: str
    host: str
    attention: str = ""


class _Row(Struct, frozen=True, kw_only=True):
    """What stands of a group before a batch."""

    id: int
    uuid: UUID
    episode: int
    incident_id: int | None
    over: bool
    severity: int
    revision: str
    count: int
    types: list[int]
    samples: list[int]
    worst: int | None


async def put(
    tx: Tx, realm: Realm, tallies: Sequence[Tally], now: datetime, random: Random
) -> dict[int, Placed]:
    """Count a batch in the groups of a realm, made where they are new; the rows by episode.

    A group whose incident has ended is not touched again: what comes now is a new row of its
    episode, without an incident. Runs in the caller's transaction; not idempotent.
    """
    known = await _known(tx, realm.id, [each.episode for each in tallies])
    placed: dict[int, Placed] = {}
    fresh = [t for t in tallies if (row := known.get(t.episode)) is None or row.over]
    ids = await _draw(tx, len(fresh))
    await _add(tx, realm, [(i, uuid7(now, random(RANDOM_BYTES)), t)
                           for i, t in zip(ids, fresh, strict=True)], now, placed)  # fmt: skip
    again = [(known[t.episode], t) for t in tallies if t.episode not in placed]
    await _more(tx, again, now, placed)
    rows = [(c, placed[t.episode].id) for t in tallies for c in t.alerts]
    await _alerts(tx, sorted(rows, key=lambda row: row[0].place))
    return placed


async def _known(tx: Tx, realm_id: int, episodes: Sequence[int]) -> dict[int, _Row]:
    rows = await tx.execute(
        """
        select distinct on (g.episode) g.id, g.uuid, g.episode, g.incident_id,
               coalesce(i.state = any(%s), false), g.severity, g.rule_version, g.count, g.types,
               g.samples, g.worst_record
        from alert_group g left join incident i on i.id = g.incident_id
        where g.realm_id = %s and g.episode = any(%s) order by g.episode, g.id desc
        """,
        (sorted(OVER), realm_id, list(episodes)),
    )
    fields = _Row.__struct_fields__
    found = [_Row(**dict(zip(fields, row, strict=True))) for row in await rows.fetchall()]
    return {row.episode: row for row in found}


async def _draw(tx: Tx, count: int) -> list[int]:
    if not count:
        return []
    drawn = await tx.execute(
        "select nextval(pg_get_serial_sequence('alert_group', 'id')) from generate_series(1, %s)",
        (count,),
    )
    return [int(row[0]) for row in await drawn.fetchall()]


async def _add(
    tx: Tx, realm: Realm, fresh: Sequence[tuple[int, UUID, Tally]], now: datetime,
    placed: dict[int, Placed],
) -> None:  # fmt: skip
    rows = []
    marking = realm.marking
    for number, uuid, t in fresh:
        first, worst = t.alerts[0], max(t.alerts, key=lambda each: each.severity)
        rows.append((
            number, uuid, t.episode, t.component, t.fingerprint, t.fingerprint_version,
            t.signature, t.title, t.revision, t.host, t.actor, worst.severity, t.novel, t.hours,
            t.signature_hours, len(t.alerts), t.skewed, min(a.at for a in t.alerts),
            max(a.at for a in t.alerts), max(a.received_at for a in t.alerts), _array(t.types),
            _values(t), _array(sampled([], 0, t.alerts)), first.record_id, t.alerts[-1].record_id,
            worst.record_id,
        ))  # fmt: skip
        placed[t.episode] = Placed(id=number, uuid=uuid, episode=t.episode, incident_id=None,
                                   new=True, title=t.title, host=t.host)  # fmt: skip
    if not rows:
        return
    await tx.execute(
        """
        insert into alert_group (id, uuid, episode, component, fingerprint, fingerprint_version,
          signature, title, rule_version, host, actor, severity, novel, hours, signature_hours,
          count, skewed, first_at, last_at, came_at, types, values, samples, first_record,
          last_record, worst_record, record_id, realm_id, tlp, org_id, orgc_id, group_uuid)
          overriding system value
        select id, uuid, episode, component, fingerprint, version, signature, title, revision, host,
          actor, severity, novel, hours, signature_hours, count, skewed, first_at, last_at, came_at,
          types::smallint[], vals::jsonb, samples::bigint[], first, last, worst, first, %s, %s, %s,
          %s, %s
        from unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bytea[], %s::int[],
          %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::boolean[],
          %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
          %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
          %s::bigint[])
          x(id, uuid, episode, component, fingerprint, version, signature, title, revision, host,
            actor, severity, novel, hours, signature_hours, count, skewed, first_at, last_at,
            came_at, types, vals, samples, first, last, worst)
        """,
        (realm.id, marking.tlp, marking.org_id, marking.orgc_id, marking.group_uuid,
         *(list(column) for column in zip(*rows, strict=True))),
    )  # fmt: skip


async def _more(
    tx: Tx, again: Sequence[tuple[_Row, Tally]], now: datetime, placed: dict[int, Placed]
) -> None:
    rows = []
    for row, t in again:
        worst = max(t.alerts, key=lambda each: each.severity)
        why = _attention(row, t, worst.severity)
        rows.append((
            row.id, max(row.severity, worst.severity), t.revision or row.revision, len(t.alerts),
            t.skewed, min(a.at for a in t.alerts), max(a.at for a in t.alerts),
            max(a.received_at for a in t.alerts), _array({*row.types, *t.types}), _values(t),
            _array(sampled(row.samples, row.count, t.alerts)), t.alerts[-1].record_id,
            worst.record_id if worst.severity > row.severity else row.worst, why,
        ))  # fmt: skip
        placed[t.episode] = Placed(
            id=row.id, uuid=row.uuid, episode=t.episode, incident_id=row.incident_id, new=False,
            title=t.title, host=t.host, attention=why,
        )  # fmt: skip
    if not rows:
        return
    await tx.execute(
        """
        update alert_group g set severity = x.severity, rule_version = x.revision,
          count = g.count + x.count, skewed = g.skewed + x.skewed,
          first_at = least(g.first_at, x.first_at), last_at = greatest(g.last_at, x.last_at),
          came_at = greatest(g.came_at, x.came_at), types = x.types::smallint[],
          values = x.vals::jsonb, samples = x.samples::bigint[], last_record = x.last,
          worst_record = x.worst, attention = g.attention + (x.why <> '')::int,
          attention_at = case when x.why <> '' then %s else g.attention_at end,
          attention_why = case when x.why <> '' then x.why else g.attention_why end
        from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::bigint[], %s::bigint[],
                    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[],
                    %s::text[], %s::bigint[], %s::bigint[], %s::text[])
             x(id, severity, revision, count, skewed, first_at, last_at, came_at, types, vals,
               samples, last, worst, why)
        where g.id = x.id
        """,
        (now, *(list(column) for column in zip(*rows, strict=True))),
    )


async def _alerts(tx: Tx, rows: Sequence[tuple[Counted, int]]) -> None:
    if not rows:
        return
    await tx.execute(
        """
        insert into alert (record_id, group_id, at, received_at, severity)
        select record, g, at, received, severity
        from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
                    %s::smallint[]) with ordinality x(record, g, at, received, severity, place)
        order by place
        """,
        ([a.record_id for a, _ in rows], [g for _, g in rows], [a.at for a, _ in rows],
         [a.received_at for a, _ in rows], [a.severity for a, _ in rows]),
    )  # fmt: skip


def sampled(kept: Sequence[int], count: int, more: Sequence[Counted]) -> list[int]:
    """Sixteen of all alerts so far, each as likely (reservoir sampling, Vitter's algorithm R).

    The lot is drawn from the record's identifier, so that a repeated batch keeps the same ones.
    """
    kept = list(kept)
    for n, alert in enumerate(more, start=count + 1):
        if len(kept) < SAMPLES:
            kept.append(alert.record_id)
            continue
        lot = int.from_bytes(blake2b(alert.uuid.bytes, digest_size=8).digest()) % n
        if lot < SAMPLES:
            kept[lot] = alert.record_id
    return kept


def _attention(row: _Row, t: Tally, severity: int) -> str:
    """Why a group that is known calls for a new look; more of the same never does."""
    if severity > row.severity:
        return HIGHER
    if t.revision and row.revision and t.revision != row.revision:
        return RULE
    return TYPE if t.types - set(row.types) else ""


def _array(numbers: Sequence[int] | frozenset[int] | set[int]) -> str:
    ordered = sorted(numbers) if isinstance(numbers, set | frozenset) else numbers
    return "{" + ",".join(map(str, ordered)) + "}"


def _values(t: Tally) -> str:
    return msgspec.json.encode(t.values).decode()


async def component_of(tx: Tx, realm_id: int, episodes: Sequence[int]) -> Mapping[int, int]:
    """The component in which each episode stands by the rows."""
    rows = await tx.execute(
        "select episode, component from alert_group where realm_id = %s and episode = any(%s)",
        (realm_id, list(episodes)),
    )
    return {int(episode): int(component) for episode, component in await rows.fetchall()}


async def recompose(tx: Tx, realm_id: int, moved: Mapping[int, int]) -> None:
    """Whole components go into others: from the old number to the new one."""
    if moved:
        await tx.execute(
            """
            update alert_group g set component = x.new
            from unnest(%s::bigint[], %s::bigint[]) x(old, new)
            where g.realm_id = %s and g.component = x.old
            """,
            (list(moved), list(moved.values()), realm_id),
        )
