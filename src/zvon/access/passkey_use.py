"""Adding, using and removing passkeys: each use moves the counter, each refusal is written down."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from zvon.access import passkey as rules
from zvon.access.node import Node
from zvon.access.passkey import BadPasskey, Purpose, Site
from zvon.access.refusal import Refused
from zvon.access.session import (
    ATTEMPTS,
    SIGN_IN,
    WINDOW,
    BadLogin,
    Random,
    TooManyAttempts,
    current_limits,
    open_for,
)  # fmt: skip
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import passkey as rows
from zvon.store import person, session
from zvon.store.passkey import NoPasskey, Passkey
from zvon.store.session import Origin
from zvon.store.transaction import AuditEntry, Tx

MOST = 20
"""So many passkeys a person has at most."""


class NotFresh(Refused):
    """What changes how somebody signs in is done within minutes of a sign-in, and not with a key."""

    errors = [{"rule": "step_up", "name": "session"}]  # noqa: RUF012


class TooManyPasskeys(ValueError):
    """A person has as many as they may."""


async def require_fresh(tx: Tx, viewer: Viewer, action: str, now: datetime) -> None:
    """Raise `NotFresh` unless this is a session that began, or was confirmed, minutes ago."""
    minutes = (await current_limits(tx.db)).step_up_minutes
    proofs = [at for at in (viewer.signed_in_at, viewer.strong_at) if at is not None]
    if viewer.session is None or not proofs or now - max(proofs) > timedelta(minutes=minutes):
        raise NotFresh(
            "for this you must have signed in moments ago: confirm with a passkey or sign in again",
            AuditEntry(actor=viewer.login, action=action, object=viewer.login, outcome="refused",
                       rule="step_up"),
        )  # fmt: skip


async def options(
    tx: Tx, viewer: Viewer, where: Site, node: Node, now: datetime, random: Random
) -> dict[str, Any]:
    """What the browser needs to make a passkey. Raises `NotFresh`, `TooManyPasskeys`."""
    await require_fresh(tx, viewer, "passkey:add", now)
    known = await rows.of_person(tx.db, viewer.person_id)
    if len(known) >= MOST:
        raise TooManyPasskeys(f"a person has at most {MOST} passkeys; remove one first")
    owner = await person.by_id(tx.db, viewer.person_id)
    challenge = rules.make_challenge(node.key, Purpose.ADD, viewer.person_id, now, random)
    return rules.add_options(where, challenge, owner.uuid.bytes, viewer.login, viewer.name,
                             [each.credential for each in known])  # fmt: skip


async def add(
    tx: Tx, viewer: Viewer, where: Site, node: Node, name: str, credential: dict[str, Any],
    now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Keep the passkey that the browser made. Raises `NotFresh`, `BadPasskey`, `PasskeyKnown`."""
    await require_fresh(tx, viewer, "passkey:add", now)
    asked = rules.read_challenge(node.key, Purpose.ADD, viewer.person_id, credential, now)
    made = rules.check_new(where, asked.challenge, credential)
    if not await session.spend(tx, asked.digest, now + rules.CHALLENGE, now):
        raise BadPasskey("this answer was used already")
    if len(await rows.of_person(tx.db, viewer.person_id)) >= MOST:
        raise TooManyPasskeys(f"a person has at most {MOST} passkeys; remove one first")
    kept = name.strip()
    if not (1 <= len(kept) <= 100 and kept.isprintable()):
        raise BadPasskey("a name has 1 to 100 printable characters")
    uuid = uuid7(now, random(RANDOM_BYTES))
    await rows.add(
        tx, uuid=uuid, person_id=viewer.person_id, credential=made.credential,
        public_key=made.public_key, sign_count=made.sign_count, backed_up=made.backed_up,
        name=kept, now=now,
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="passkey:add", object=viewer.login,
                        detail={"passkey": str(uuid), "name": kept}))  # fmt: skip
    return uuid


async def remove(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Forget one of one's own passkeys. Raises `NotFresh`, `NoPasskey`."""
    await require_fresh(tx, viewer, "passkey:remove", now)
    name = await rows.remove(tx, uuid, viewer.person_id)
    tx.audit(AuditEntry(actor=viewer.login, action="passkey:remove", object=viewer.login,
                        detail={"passkey": str(uuid), "name": name}))  # fmt: skip


async def sign_in(
    tx: Tx, where: Site, node: Node, credential: dict[str, Any], now: datetime, random: Random,
    origin: Origin,
) -> tuple[str, str]:  # fmt: skip
    """Open a strong session for whom the passkey belongs to. Raises `BadLogin`, `TooManyAttempts`."""
    try:
        found = await rows.find(tx, rules.credential_id(credential))
    except BadPasskey as problem:
        raise _refused("passkey", str(problem)) from None
    if found is None:
        raise _refused("passkey", "nobody has this passkey")
    if await session.refused_since(tx.db, found.login, now - WINDOW) >= ATTEMPTS:
        raise TooManyAttempts(f"too many attempts; wait {WINDOW.seconds // 60} minutes")
    if rules.user_handle(credential) != found.person.bytes:
        raise _refused(found.login, "the passkey says that it is somebody else's")
    await _believe(tx, where, node, credential, found, Purpose.SIGN_IN, 0, now)
    who = await person.viewer(tx.db, found.person_id)
    if who is None:
        raise _refused(found.login, "the account is closed")
    tx.audit(AuditEntry(actor=who.login, action=SIGN_IN, object=who.login, rule="passkey"))
    return await open_for(tx, who.person_id, "passkey", now, random, origin, strong=True)


async def confirm_options(
    tx: Tx, viewer: Viewer, where: Site, node: Node, now: datetime, random: Random
) -> dict[str, Any]:
    """What the browser needs to prove who sits there. Raises `NoPasskey`."""
    known = await rows.of_person(tx.db, viewer.person_id)
    if not known:
        raise NoPasskey("you have no passkey yet; add one on your own page")
    challenge = rules.make_challenge(node.key, Purpose.CONFIRM, viewer.person_id, now, random)
    return rules.ask_options(where, challenge, [each.credential for each in known])


async def confirm(
    tx: Tx, viewer: Viewer, where: Site, node: Node, credential: dict[str, Any], now: datetime
) -> None:
    """Make this session strong for some minutes. Raises `BadLogin`, `NotFresh` for an API key."""
    if viewer.session is None:
        raise NotFresh("an API key has no passkey")
    try:
        found = await rows.find(tx, rules.credential_id(credential))
    except BadPasskey as problem:
        raise _refused(viewer.login, str(problem)) from None
    if found is None or found.person_id != viewer.person_id:
        raise _refused(viewer.login, "this passkey is not yours")
    if await session.refused_since(tx.db, found.login, now - WINDOW) >= ATTEMPTS:
        raise TooManyAttempts(f"too many attempts; wait {WINDOW.seconds // 60} minutes")
    await _believe(tx, where, node, credential, found, Purpose.CONFIRM, viewer.person_id, now)
    await session.prove(tx, viewer.session, now)
    tx.audit(AuditEntry(actor=viewer.login, action="session:confirm", object=viewer.login,
                        rule="passkey"))  # fmt: skip


async def _believe(
    tx: Tx, where: Site, node: Node, credential: dict[str, Any], found: Passkey, purpose: Purpose,
    person_id: int, now: datetime,
) -> None:  # fmt: skip
    try:
        asked = rules.read_challenge(node.key, purpose, person_id, credential, now)
        sign_count, backed_up = rules.check_answer(where, asked.challenge, credential, found)
        if not await session.spend(tx, asked.digest, now + rules.CHALLENGE, now):
            raise BadPasskey("this answer was used already")
    except BadPasskey as problem:
        raise _refused(found.login, str(problem)) from None
    await rows.used(tx, found.id, sign_count, backed_up, now)


def _refused(named: str, reason: str) -> BadLogin:
    """The refusal tells the caller little and the audit all."""
    return BadLogin(
        "the passkey was not taken",
        AuditEntry(actor="anonymous", action=SIGN_IN, object=named, outcome="refused",
                   rule="passkey", detail={"reason": reason[:200]}),
    )  # fmt: skip
