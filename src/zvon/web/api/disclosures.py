"""What left by any door, and what was stopped there: the ledger, without an original in it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.model.disclosure import Door, Outcome
from zvon.model.marking import Tlp
from zvon.share import disclosure
from zvon.store.disclosure import Disclosure, Wanted
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Text = Annotated[str | None, Parameter(max_length=300)]


class DisclosureOut(Struct, frozen=True, kw_only=True):
    """One line of the ledger.

    `subject` is what it was about, by our number; `spans` counts by state and type; `risk` is how
    many values of victims are expected among what stayed; `sha256` is of what left, in hexadecimal.
    """

    id: UUID
    door: Door
    subject: str
    share: UUID | None
    recipient: str
    group: UUID | None
    epoch: str
    policy_sha256: str
    tlp: str
    outcome: Outcome
    reason: str
    spans: dict[str, dict[str, int]]
    risk: float
    sha256: str | None
    by: str
    at: datetime
    revoked_at: datetime | None


class Disclosures(Struct, frozen=True, kw_only=True):
    """Lines, newest first, how many fit the question by door and outcome, and the next page."""

    disclosures: list[DisclosureOut]
    counts: dict[str, dict[str, int]]
    next: str | None


def disclosure_out(row: Disclosure) -> DisclosureOut:
    """What the API shows of a line."""
    return DisclosureOut(
        id=row.uuid, door=row.door, subject=row.subject, share=row.share, recipient=row.recipient,
        group=row.group_uuid, epoch=row.epoch, policy_sha256=row.policy_sha256,
        tlp=Tlp(row.tlp).label, outcome=row.outcome, reason=row.reason, spans=row.spans,
        risk=row.risk, sha256=row.content_sha256.hex() if row.content_sha256 else None,
        by=row.by_login, at=row.at, revoked_at=row.revoked_at,
    )  # fmt: skip


@get(
    "/disclosures", opt={"permission": Permission.DISCLOSURE_READ}, responses=problems(*SIGNED, 422)
)
async def list_disclosures(
    context: In,
    who: Who,
    door: Door | None = None,
    outcome: Outcome | None = None,
    recipient: Text = None,
    group: UUID | None = None,
    subject: Text = None,
    by: Text = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Annotated[str | None, Parameter(pattern="^[0-9]{1,16}-[0-9]{1,18}$")] = None,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
) -> Disclosures:
    """Everything that left or was stopped; `since` is included, `until` is not."""
    wanted = Wanted(
        door=door, outcome=outcome, recipient=recipient, group_uuid=group, subject=subject,
        by_login=by, since=_aware(since), until=_aware(until),
    )  # fmt: skip
    async with read(context.pool, who) as db:
        rows = await disclosure.page(
            db, who, wanted, after=None if after is None else _place(after), limit=limit
        )
        counts = await disclosure.counts(db, who, wanted)
    return Disclosures(
        disclosures=[disclosure_out(row) for row in rows], counts=counts,
        next=_written(rows[-1]) if len(rows) == limit else None,
    )  # fmt: skip


@get(
    "/disclosures/{id:uuid}", opt={"permission": Permission.DISCLOSURE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_disclosure(context: In, who: Who, id: UUID) -> DisclosureOut:
    """One line of the ledger."""
    async with read(context.pool, who) as db:
        return disclosure_out(await disclosure.get(db, who, id))


def _aware(at: datetime | None) -> datetime | None:
    """A time that says no zone is in UTC."""
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _written(row: Disclosure) -> str:
    return f"{(row.at - EPOCH) // timedelta(microseconds=1)}-{row.id}"


def _place(after: str) -> tuple[datetime, int]:
    micros, _, number = after.partition("-")
    return EPOCH + timedelta(microseconds=int(micros)), int(number)


router = Router("/", route_handlers=[list_disclosures, get_disclosure], tags=["disclosures"])
