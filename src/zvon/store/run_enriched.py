"""Whether something is known of names since a moment."""

from collections.abc import Sequence
from datetime import datetime

from zvon.model.observable import Observable, ObservableType
from zvon.model.suffix import registered
from zvon.store.observable import code_of, digest
from zvon.store.party import Db


async def known(db: Db, names: Sequence[str], since: datetime) -> int:
    """How many of the names have an answer of a registry or of the DNS that is not over yet."""
    count = 0
    for name in names:
        about = [Observable(ObservableType.DOMAIN, name),
                 Observable(ObservableType.REGISTERED, registered(name) or name)]  # fmt: skip
        row = await (
            await db.execute(
                """
                select 1 from evidence e join observable o on o.id = e.observable_id
                where o.digest = any(%s) and (e.seen_at >= %s or e.expires_at > %s) limit 1
                """,
                ([digest(code_of(one), one.value.encode()) for one in about], since, since),
            )
        ).fetchone()
        count += row is not None
    return count
