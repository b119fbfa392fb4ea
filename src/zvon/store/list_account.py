"""The machine account of a subscriber: a key that fetches its lists and can do nothing else."""

from datetime import datetime
from uuid import UUID

from zvon.access import key as keys
from zvon.access.permission import Permission
from zvon.access.session import Random
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.store import person, subscriber
from zvon.store.transaction import AuditEntry, Tx

ROLE = "subscriber"


async def new_key(
    tx: Tx, viewer: Viewer, uuid: UUID, name: str, expires_at: datetime, now: datetime,
    random: Random,
) -> str:  # fmt: skip
    """Give the subscriber one more key for its lists; it is shown this once.

    The account belongs to the organisation of the subscriber, so the key outlives whoever made
    it. Raises `NoSubscriber`, `BadExpiry`.
    """
    viewer.require(Permission.SUBSCRIBER_MANAGE)
    known = await subscriber.get(tx.db, uuid)
    if known.removed_at is not None:
        raise subscriber.NoSubscriber(f"there is no subscriber {uuid}")
    row = await (
        await tx.execute(
            "select p.uuid from subscriber_account a join person p on p.id = a.person_id"
            " where a.subscriber_id = %s",
            (known.id,),
        )
    ).fetchone()
    account = row[0] if row else await _account(tx, known, now, random)
    owner = await person.get(tx.db, account)
    whole = await person.viewer(tx.db, owner.id)
    assert whole is not None
    # The account makes the key for itself; that somebody asked for it is what the audit says.
    allowed = Viewer(
        person_id=whole.person_id, login=viewer.login, name=whole.name, party_id=whole.party_id,
        party_own=whole.party_own, country=whole.country, roles=whole.roles,
        permissions=whole.permissions | {Permission.KEY_OWN}, tlp_ceiling=whole.tlp_ceiling,
    )  # fmt: skip
    return await keys.create(
        tx, allowed, account, name, now, random, expires_at, [Permission.EXPORT_READ]
    )


async def _account(
    tx: Tx, known: subscriber.Subscriber, now: datetime, random: Random
) -> UUID:  # fmt: skip
    made = uuid7(now, random(RANDOM_BYTES))
    await tx.execute(
        "insert into role (name, permissions) values (%s, %s) on conflict do nothing",
        (ROLE, [Permission.EXPORT_READ.value]),
    )
    number = await person.add(
        tx, uuid=made, party_id=known.party_id, login=f"lists.{known.name}.{known.id}",
        name=f"lists of {known.name}", lang="en", roles=[ROLE], password_hash=None, now=now,
        machine=True, tlp_ceiling=Tlp.GREEN,
    )  # fmt: skip
    await tx.execute("insert into subscriber_account values (%s, %s)", (number, known.id))
    tx.audit(AuditEntry(actor="system", action="person:add", object=f"lists.{known.name}"))
    return made
