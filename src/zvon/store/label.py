"""What people taught: one row for each address that a decision was about, with what was known then.

Rows are appended; a decision that is taken back marks its rows. Training reads them, and never
what was found out later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.ml.stratum import stratum
from zvon.ml.url import score_form
from zvon.model import suffix, url
from zvon.model.observable import CODE, ObservableType
from zvon.store.party import Db
from zvon.store.transaction import Tx

MOST = 200  # addresses of one decision
VERDICT, QUEUE, DESK, APPEAL, IMPORT = "verdict", "queue", "desk", "appeal", "import"
_ADDRESSES = [CODE[ObservableType.URL], CODE[ObservableType.DOMAIN]]


class Subject(Struct, frozen=True, kw_only=True):
    """An address that a decision is about, with what was known of it at that time."""

    observable_id: int | None = None
    record_id: int | None = None
    url: str
    score: float | None = None
    model: str = ""
    features: dict[str, Any] = {}


class Judged(Struct, frozen=True, kw_only=True):
    """A label as training reads it: `url` in score form, `registered` its domain."""

    url: str
    registered: str
    stratum: str
    word: str
    category: str
    source: str
    picked: str
    score: float | None
    model: str
    at: datetime


class Said(Struct, frozen=True, kw_only=True):
    """What a person said: verdict word, category, whether they were sure, and how we came to ask."""

    word: str
    category: str
    source: str
    sure: bool = True
    picked: str = ""
    person_id: int | None = None


async def put(tx: Tx, said: Said, about: Sequence[Subject], now: datetime) -> list[int]:
    """Append a label for each subject; their ids."""
    ids = []
    for each in about[:MOST]:
        form = score_form(each.url)
        row = await (
            await tx.execute(
                """
                insert into label (observable_id, record_id, url, registered, stratum, word,
                  category, sure, source, picked, features, score, model, by_person, at)
                values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
                """,
                (each.observable_id, each.record_id, form, _registered(each.url), stratum(form),
                 said.word, said.category, said.sure, said.source, said.picked,
                 Jsonb(each.features), each.score, each.model, said.person_id, now),
            )
        ).fetchone()  # fmt: skip
        assert row is not None
        ids.append(row[0])
    return ids


async def of_incident(tx: Tx, incident_id: int, said: Said, now: datetime) -> list[int]:
    """Label what a verdict on an incident says.

    Malicious and suspicious hold for the names that the incident blames; benign for every address
    that its senders wrote. Undetermined teaches nothing.
    """
    if said.word == "undetermined":
        return []
    everything = said.word == "benign"
    rows = await (
        await tx.execute(
            """
            select distinct on (o.id) o.id, c.record_id, o.value,
                   (select v.probability from verdict v where v.record_id = c.record_id
                    and v.by_person is null order by v.at desc limit 1),
                   (select array_to_string(v.models, ' ') from verdict v
                    where v.record_id = c.record_id and v.by_person is null
                    order by v.at desc limit 1)
            from report p join occurrence c on c.record_id = p.record_id and c.role = 1
            join observable o on o.id = c.observable_id and o.type = any (%(types)s)
            where p.incident_id = %(incident)s and (%(everything)s or exists (
              select from incident_name n where n.incident_id = p.incident_id
                and (n.url = o.value or o.value ~ ('^([a-z]+://)?([^/?#]*\\.)?'
                     || regexp_replace(n.name, '[.]', '\\.', 'g') || '([:/?#]|$)'))))
            order by o.id, c.seen_at desc limit %(most)s
            """,
            {"types": _ADDRESSES, "incident": incident_id, "everything": everything, "most": MOST},
        )
    ).fetchall()
    about = [
        Subject(observable_id=row[0], record_id=row[1], url=row[2], score=row[3],
                model=row[4] or "", features=await features(tx.db, row[1]))
        for row in rows
    ]  # fmt: skip
    return await put(tx, said, about, now)


async def features(db: Db, record_id: int) -> dict[str, Any]:
    """The facts that a report rests on now: code and value, without those of the message."""
    rows = await (
        await db.execute(
            "select stage, code, left(value, 200) from evidence where record_id = %s"
            " order by id limit 200",
            (record_id,),
        )
    ).fetchall()
    return {"facts": [list(row) for row in rows]}


async def undone(tx: Tx, incident_id: int, now: datetime) -> None:
    """The last verdict on an incident was taken back: its labels do not count any more."""
    await tx.execute(
        """
        update label l set undone_at = %(now)s
        from report p where p.record_id = l.record_id and p.incident_id = %(incident)s
          and l.source = 'verdict' and l.undone_at is null
          and l.at = (select max(x.at) from label x join report y on y.record_id = x.record_id
                      where y.incident_id = %(incident)s and x.source = 'verdict'
                        and x.undone_at is null)
        """,
        {"incident": incident_id, "now": now},
    )


async def standing(
    db: Db, *, since: datetime | None = None, limit: int = 1_000_000
) -> list[Judged]:
    """The labels that count, oldest first: of an address judged twice the newest of each source."""
    rows = await (
        await db.execute(
            """
            select distinct on (url, source) url, registered, stratum, word, category, source,
                   picked, score, model, at
            from label where undone_at is null and sure and (%(since)s::timestamptz is null
                                                            or at >= %(since)s)
            order by url, source, at desc limit %(limit)s
            """,
            {"since": since, "limit": limit},
        )
    ).fetchall()
    found = [Judged(**dict(zip(Judged.__struct_fields__, row, strict=True))) for row in rows]
    return sorted(found, key=lambda each: (each.at, each.url))


class Taught(Struct, frozen=True):
    """How many labels there are, by word and by how they came."""

    word: str
    source: str
    stratum: str
    n: int
    last: datetime


async def counts(db: Db, viewer: Viewer) -> list[Taught]:
    """The labels that count, by word, source and stratum."""
    viewer.require(Permission.LABEL_READ)
    rows = await (
        await db.execute(
            "select word, source, stratum, count(*), max(at) from label where undone_at is null"
            " group by word, source, stratum order by word, source, stratum"
        )
    ).fetchall()
    return [Taught(*row) for row in rows]


def _registered(text: str) -> str:
    try:
        host = url.parse(text).host if "/" in text else text
    except ValueError:
        return ""
    return suffix.registered(host) or host
