"""What people are asked to judge: picked by the model's doubt, by chance, or for a second opinion."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.ml.pick import Candidate, Picked, Why
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import CODE, ObservableType
from zvon.model.rate import kappa
from zvon.model.verdict import Category, VerdictWord
from zvon.store import label
from zvon.store.label import QUEUE, Said, Subject
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MOST_CANDIDATES = 20_000


class NoTask(LookupError):
    """There is no such question, or somebody has answered it."""


class SecondOpinion(PermissionError):
    """Somebody who judged it first cannot give the second opinion."""


class Task(Struct, frozen=True, kw_only=True):
    """A question: is this address malicious? `report` leads to where it came from."""

    uuid: UUID
    url: str
    why: str
    cluster: str
    made_at: datetime
    report: UUID | None
    report_number: str | None


async def candidates(db: Db, since: datetime) -> list[Candidate]:
    """Addresses of reports since then that nobody has judged and nobody is asked about."""
    rows = await (
        await db.execute(
            """
            select distinct on (o.id) o.id, coalesce(g.number, o.value), v.probability
            from report p join occurrence c on c.record_id = p.record_id and c.role = 1
            join observable o on o.id = c.observable_id and o.type = %(url)s
            join lateral (select probability from verdict where record_id = p.record_id
                          and by_person is null order by at desc limit 1) v on true
            left join campaign g on g.id = p.campaign_id
            where p.received_at >= %(since)s and v.probability is not null
              and not exists (select from label l where l.observable_id = o.id)
              and not exists (select from label_task t where t.observable_id = o.id)
            order by o.id, p.received_at desc limit %(most)s
            """,
            {"since": since, "url": CODE[ObservableType.URL], "most": MOST_CANDIDATES},
        )
    ).fetchall()
    return [Candidate(*row) for row in rows]


async def once_judged(db: Db, since: datetime) -> list[int]:
    """Addresses that one person has judged in the queue, for a second opinion."""
    rows = await (
        await db.execute(
            """
            select observable_id from label where source = 'queue' and at >= %s
              and undone_at is null and observable_id is not null
            group by observable_id having count(distinct by_person) = 1
              and not exists (select from label_task t where t.observable_id = label.observable_id
                              and t.picked = 'double')
            order by observable_id limit %s
            """,
            (since, MOST_CANDIDATES),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def known(db: Db) -> dict[str, int]:
    """How many judged addresses each campaign has."""
    rows = await (
        await db.execute(
            """
            select g.number, count(*) from label l join report p on p.record_id = l.record_id
            join campaign g on g.id = p.campaign_id where l.undone_at is null group by g.number
            """
        )
    ).fetchall()
    return dict(rows)


async def ask(
    tx: Tx, picked: Sequence[Picked], now: datetime, random: Callable[[int], bytes]
) -> int:
    """Put questions; one that stands already is left. How many were new."""
    made = 0
    for each in picked:
        row = await (
            await tx.execute(
                """
                insert into label_task (uuid, observable_id, record_id, cluster, picked, score,
                                        made_at)
                values (%s, %s, (select c.record_id from occurrence c
                                 join report r on r.record_id = c.record_id
                                 where c.observable_id = %s and c.role = 1
                                 order by c.seen_at desc limit 1), %s, %s, %s, %s)
                on conflict do nothing returning id
                """,
                (uuid7(now, random(RANDOM_BYTES)), each.candidate.id, each.candidate.id,
                 each.candidate.cluster, each.why.value, each.worth, now),
            )
        ).fetchone()  # fmt: skip
        made += row is not None
    return made


async def open_list(db: Db, viewer: Viewer, *, limit: int = 20) -> list[Task]:
    """Questions that `viewer` may answer, worthiest first; second opinions not of their own."""
    viewer.require(Permission.LABEL_READ)
    async with db.cursor(row_factory=class_row(Task)) as cursor:
        await cursor.execute(
            """
            select t.uuid, o.value as url, t.picked as why, t.cluster, t.made_at,
                   r.uuid as report, p.number as report_number
            from label_task t join observable o on o.id = t.observable_id
            left join record r on r.id = t.record_id left join report p on p.record_id = r.id
            where t.done_at is null and not exists (
              select from label l where l.observable_id = t.observable_id
                and l.by_person = %s and l.undone_at is null)
            order by t.picked = 'random' desc, t.score desc, t.id limit %s
            """,
            (viewer.person_id, limit),
        )
        return await cursor.fetchall()


async def answer(
    tx: Tx,
    viewer: Viewer,
    uuid: UUID,
    word: VerdictWord,
    category: Category,
    *,
    sure: bool,
    now: datetime,
) -> None:
    """Judge an address. Raises `NoTask`, `SecondOpinion`."""
    viewer.require(Permission.LABEL_WRITE)
    row = await (
        await tx.execute(
            """
            select t.id, t.observable_id, t.record_id, o.value, t.picked
            from label_task t join observable o on o.id = t.observable_id
            where t.uuid = %s and t.done_at is null for update of t
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoTask(f"there is no question {uuid} that waits")
    task, observable_id, record_id, value, picked = row
    mine = await (
        await tx.execute(
            "select from label where observable_id = %s and by_person = %s and undone_at is null",
            (observable_id, viewer.person_id),
        )
    ).fetchone()
    if mine is not None:
        raise SecondOpinion("you have judged this address; somebody else gives the second opinion")
    score, model = await _machine(tx.db, record_id)
    facts = await label.features(tx.db, record_id) if record_id else {}
    [made] = await label.put(
        tx,
        Said(word=word.value, category=category.value, source=QUEUE, sure=sure, picked=picked,
             person_id=viewer.person_id),
        [Subject(observable_id=observable_id, record_id=record_id, url=value, score=score,
                 model=model, features=facts)],
        now,
    )  # fmt: skip
    await tx.execute(
        "update label_task set done_at = %s, asked_of = %s, label_id = %s where id = %s",
        (now, viewer.person_id, made, task),
    )
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.LABEL_WRITE,
                        object=f"label:{made}", detail={"word": word.value}))  # fmt: skip


async def agreement(db: Db) -> tuple[int, float | None]:
    """How many addresses two people judged, and how well they agree (kappa)."""
    rows = await (
        await db.execute(
            """
            select (array_agg(word order by at))[1], (array_agg(word order by at desc))[1]
            from label where source = 'queue' and undone_at is null
            group by observable_id having count(distinct by_person) > 1
            """
        )
    ).fetchall()
    pairs = [(first, last) for first, last in rows]
    return len(pairs), kappa(pairs).value


async def _machine(db: Db, record_id: int | None) -> tuple[float | None, str]:
    row = await (
        await db.execute(
            "select probability, array_to_string(models, ' ') from verdict where record_id = %s"
            " and by_person is null order by at desc limit 1",
            (record_id,),
        )
    ).fetchone()
    return (row[0], row[1]) if row else (None, "")


__all__ = ["NoTask", "SecondOpinion", "Task", "Why", "agreement", "answer", "ask", "candidates",
           "known", "once_judged", "open_list"]  # fmt: skip
