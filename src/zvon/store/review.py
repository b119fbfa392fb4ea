"""Reviews: what a second and a third person say of a decision, one after the other."""

import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import errors
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

Random = Callable[[int], bytes]


class ReviewKind(StrEnum):
    """Why somebody else looks."""

    REQUIRED = "required"  # a rule: without agreement the incident does not go there
    SECOND_OPINION = "second_opinion"  # somebody asked; until it is answered nothing is closed
    SAMPLE = "sample"  # drawn by chance and judged blind


class Scale(StrEnum):
    """Which words the opinions use: `model.verdict.VerdictWord` or `AlertVerdict`."""

    VERDICT = "verdict"
    ALERT_VERDICT = "alert_verdict"


class NoReview(LookupError):
    """There is no such review, or not for this viewer."""


class ReviewOver(ValueError):
    """The review does not wait for this."""


class OwnOpinion(Refused):
    """Whoever gave an opinion on it does not give the next one."""


class Opinion(Struct, frozen=True, kw_only=True):
    """What one of the people said; `place` 1 is the decision that is looked at."""

    place: int
    login: str
    word: str
    reason: str
    at: datetime


class Review(Struct, frozen=True, kw_only=True):
    """A review of an incident; `opinions` are empty where nobody may see them yet.

    `kind` is a `ReviewKind`, `scale` a `Scale`; `mine` says that the viewer gave an opinion.
    """

    id: int
    uuid: UUID
    incident_id: int
    incident: UUID
    number: str
    title: str
    title_params: dict[str, str | int]
    kind: str
    scale: str
    state: str
    to_state: str | None
    question: str
    asked_by: str | None
    rule: str | None
    at: datetime
    ended_at: datetime | None
    tlp: int
    record_id: int
    opinions: tuple[Opinion, ...] = ()
    mine: bool = False

    @property
    def blind(self) -> bool:
        """True while the next person must not see what the one before said."""
        return self.kind == ReviewKind.SAMPLE and self.state == "open"


_SELECT: LiteralString = """
select v.id, v.uuid, v.incident_id, i.uuid as incident, i.number, i.title, i.title_params, v.kind,
       v.scale, v.state, v.to_state, v.question, a.login as asked_by, r.name as rule, v.at,
       v.ended_at, i.tlp, i.record_id
from review v join incident i on i.id = v.incident_id
left join person a on a.id = v.asked_by left join review_rule r on r.id = v.rule_id
"""


async def wanted(tx: Tx, incident_id: int, to_state: str) -> tuple[int, str] | None:
    """The rule (id, name) by which this incident goes to `to_state` only with a second person."""
    row = await (
        await tx.execute(
            """
            select r.id, r.name from incident i join review_rule r
              on r.id = zvon_review_wanted(i, %s)
            where i.id = %s and i.state <> %s
              and not exists (select from review v where v.incident_id = i.id
                and v.kind = 'required' and v.to_state = %s and v.state in ('agreed', 'settled'))
            """,
            (to_state, incident_id, to_state, to_state),
        )
    ).fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


async def open_review(
    tx: Tx,
    viewer: Viewer | None,
    incident_id: int,
    kind: ReviewKind,
    scale: Scale,
    now: datetime,
    *,
    to_state: str | None = None,
    rule_id: int | None = None,
    question: str = "",
    random: Random = os.urandom,
) -> UUID:
    """Begin a review; without a viewer it was drawn by chance."""
    uuid = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        """
        insert into review (uuid, incident_id, kind, scale, to_state, rule_id, question, asked_by, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uuid, incident_id, kind.value, scale.value, to_state, rule_id, question,
         None if viewer is None else viewer.person_id, now),
    )  # fmt: skip
    return uuid


async def required(tx: Tx, incident_id: int, scale: Scale) -> UUID | None:
    """The required review of this incident that waits for one more person, if one began."""
    row = await (
        await tx.execute(
            """
            select uuid from review where incident_id = %s and kind = 'required' and scale = %s
              and state in ('open', 'disputed') order by id limit 1
            """,
            (incident_id, scale.value),
        )
    ).fetchone()
    return None if row is None else row[0]


async def own_waiting(tx: Tx, incident_id: int, person_id: int) -> UUID | None:
    """The required review that this person began and nobody has answered."""
    row = await (
        await tx.execute(
            """
            select v.uuid from review v join opinion o on o.review_id = v.id and o.place = 1
            where v.incident_id = %s and v.kind = 'required' and v.state = 'open'
              and o.person_id = %s
            """,
            (incident_id, person_id),
        )
    ).fetchone()
    return None if row is None else row[0]


async def put_opinion(
    tx: Tx, review_id: int, person_id: int, word: str, reason: str, now: datetime
) -> int:
    """Write what a person said; its place. Raises `OwnOpinion`, `ReviewOver`."""
    try:
        row = await (
            await tx.execute(
                """
                insert into opinion (review_id, place, person_id, word, reason, at)
                select %(review)s, 1 + count(*), %(person)s, %(word)s, %(reason)s, %(now)s
                from opinion where review_id = %(review)s returning place
                """,
                {"review": review_id, "person": person_id, "word": word, "reason": reason,
                 "now": now},
            )
        ).fetchone()  # fmt: skip
    except errors.UniqueViolation:
        raise OwnOpinion("you gave an opinion on this; another person gives the next one") from None
    except errors.CheckViolation as refusal:
        raise ReviewOver(refusal.diag.message_primary or "the review is over") from None
    assert row is not None
    return int(row[0])


async def set_state(tx: Tx, review_id: int, state: str, now: datetime) -> None:
    """Move a review along; the database refuses what the opinions do not say."""
    await tx.execute(
        "update review set state = %s, ended_at = case when %s = 'disputed' then null else %s end"
        " where id = %s",
        (state, state, now, review_id),
    )


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Review:
    """One review as the viewer may see it. Raises `Denied`, `NoReview`."""
    viewer.require(Permission.REVIEW_READ)
    found = await _rows(db, viewer, _SELECT + "where v.uuid = %(uuid)s", {"uuid": uuid})
    if not found:
        raise NoReview(f"there is no review {uuid}")
    return found[0]


async def lock(tx: Tx, viewer: Viewer, uuid: UUID) -> Review:
    """One review, locked until the end. Raises `Denied`, `NoReview`."""
    await tx.execute("select from review where uuid = %s for update", (uuid,))
    return await get(tx.db, viewer, uuid)


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[Review]:
    """The reviews of an incident, newest first."""
    viewer.require(Permission.REVIEW_READ)
    return await _rows(
        db, viewer, _SELECT + "where v.incident_id = %(id)s order by v.id desc limit 50",
        {"id": incident_id},
    )  # fmt: skip


async def waiting(db: Db, viewer: Viewer, *, limit: int = 100) -> list[Review]:
    """What waits for an opinion, oldest first; those that the viewer may not answer are marked."""
    viewer.require(Permission.REVIEW_READ)
    return await _rows(
        db, viewer,
        _SELECT + "where v.state in ('open', 'disputed') order by v.at, v.id limit %(limit)s",
        {"limit": limit},
    )  # fmt: skip


async def _rows(
    db: Db, viewer: Viewer, query: LiteralString, params: dict[str, object]
) -> list[Review]:
    async with db.cursor(row_factory=class_row(Review)) as cursor:
        await cursor.execute(query, params)
        bare = await cursor.fetchall()
    said = await (
        await db.execute(
            """
            select o.review_id, o.place, p.login, o.word, o.reason, o.at, o.person_id
            from opinion o join person p on p.id = o.person_id where o.review_id = any (%s)
            order by o.review_id, o.place
            """,
            ([each.id for each in bare],),
        )
    ).fetchall()
    shown: dict[int, list[Opinion]] = {}
    mine = set()
    for review_id, place, login, word, reason, at, person_id in said:
        shown.setdefault(review_id, []).append(
            Opinion(place=place, login=login, word=word, reason=reason, at=at)
        )
        if person_id == viewer.person_id:
            mine.add(review_id)
    return [
        replace(each, opinions=() if each.blind else tuple(shown.get(each.id, ())),
                mine=each.id in mine)
        for each in bare
    ]  # fmt: skip


async def tell(
    tx: Tx, viewer: Viewer, review: Review, action: str, code: str, params: dict[str, str],
    now: datetime,
) -> None:  # fmt: skip
    """Write what happened to a review into the story of its incident, the audit and the changes."""
    await timeline(tx, review.incident_id, "review", viewer.login, code, params, now)
    tx.note(Change(kind="incident", subject=review.incident, op=Op.EDIT, record_id=review.record_id,
                   tlp=Tlp(review.tlp)))  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=f"review:{action}",
                        object=f"review:{review.uuid}", detail=dict(params)))  # fmt: skip


async def first_word(tx: Tx, review_id: int) -> str:
    """What the decision that is looked at said."""
    row = await (
        await tx.execute(
            "select word from opinion where review_id = %s and place = 1", (review_id,)
        )
    ).fetchone()
    assert row is not None
    return str(row[0])


async def standing(tx: Tx, incident_id: int) -> tuple[Scale, str, int, str, datetime] | None:
    """The decision that stands: scale, word, who (id), reason, when; none when nobody decided."""
    row = await (
        await tx.execute(
            """
            select d.word, d.person_id, d.reason, d.at,
                   exists (select from alert_verdict a where a.decision_id = d.id)
            from incident_decision d
            where d.incident_id = %s and d.undone_at is null and d.word <> 'duplicate'
            order by d.id desc limit 1
            """,
            (incident_id,),
        )
    ).fetchone()
    if row is None:
        return None
    return (Scale.ALERT_VERDICT if row[4] else Scale.VERDICT, row[0], row[1], row[2], row[3])


class Decided(Struct, frozen=True, kw_only=True):
    """A decision of a person that no sample was drawn of yet."""

    id: int
    incident_id: int
    person_id: int
    word: str
    reason: str
    at: datetime
    scale: str


async def undrawn(tx: Tx, *, limit: int = 1000) -> list[Decided]:
    """Decisions since the last draw, oldest first; each comes once."""
    await tx.execute("select from review_cursor for update")
    async with tx.db.cursor(row_factory=class_row(Decided)) as cursor:
        await cursor.execute(
            """
            select d.id, d.incident_id, d.person_id, d.word, d.reason, d.at,
                   case when exists (select from alert_verdict a where a.decision_id = d.id)
                        then 'alert_verdict' else 'verdict' end as scale
            from incident_decision d, review_cursor c
            where d.id > c.decision_id order by d.id limit %s
            """,
            (limit,),
        )
        found = await cursor.fetchall()
    if found:
        await tx.execute("update review_cursor set decision_id = %s", (found[-1].id,))
    return [each for each in found if each.word != "duplicate"]


async def draw(tx: Tx, decided: Decided, now: datetime, random: Random) -> None:
    """Let somebody else judge this decision blind, unless it is reviewed anyway."""
    row = await (
        await tx.execute(
            """
            select i.state from incident i where i.id = %s and not exists (
              select from review v where v.incident_id = i.id and v.state in ('open', 'disputed'))
              and exists (select from incident_decision d where d.id = %s and d.undone_at is null)
            """,
            (decided.incident_id, decided.id),
        )
    ).fetchone()
    if row is None:
        return
    uuid = await open_review(
        tx,
        None,
        decided.incident_id,
        ReviewKind.SAMPLE,
        Scale(decided.scale),
        now,
        random=random,
    )
    made = await (await tx.execute("select id from review where uuid = %s", (uuid,))).fetchone()
    assert made is not None
    await put_opinion(tx, made[0], decided.person_id, decided.word, decided.reason, decided.at)
