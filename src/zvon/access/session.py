"""Signing in and out. A session is 32 random bytes, and the database knows only their hash."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec.structs import replace

from zvon.access.limits import POLICY, Limits, limits_of
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import person, policy, session
from zvon.store.party import Db
from zvon.store.session import NOWHERE, Origin
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]

TOKEN_BYTES = 32
SEEN = timedelta(minutes=1)
"""How often a session in use is written down."""
LINK = timedelta(hours=24)
WINDOW = timedelta(minutes=15)
ATTEMPTS = 10
MIN_PASSWORD = 12
MAX_PASSWORD_BYTES = 1024
MAX_LOGIN = 100
SIGN_IN = "session:sign_in"

# OWASP password storage: Argon2id, 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A hash that no password matches: an unknown login costs the same time as a known one.
_NOBODY = _HASHER.hash("nobody has this password")


class BadLogin(Refused):
    """The login, the password or the link is not right; it is not said which."""


class TooManyAttempts(Refused):
    """Too many wrong passwords for this login; asks to wait."""


class WeakPassword(ValueError):
    """The new password is too short or too long."""

    def __init__(self) -> None:
        super().__init__(f"a password has at least {MIN_PASSWORD} characters")


def token_hash(token: str) -> bytes:
    """What the database keeps of a random token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


async def hash_password(password: str) -> str:
    """Argon2id in a thread, so that the loop goes on. Raises `WeakPassword`."""
    if len(password) < MIN_PASSWORD or len(password.encode(errors="replace")) > MAX_PASSWORD_BYTES:
        raise WeakPassword
    return await asyncio.to_thread(_HASHER.hash, password)


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password.encode(errors="replace")[:MAX_PASSWORD_BYTES])
    except (VerificationError, InvalidHashError):
        return False


async def sign_in(
    tx: Tx, login: str, password: str, now: datetime, random: Random, origin: Origin = NOWHERE
) -> tuple[str, str]:
    """Open a session; gives its token and its CSRF token.

    Raises `BadLogin`, the same and after the same time for an unknown login, a closed account
    and a wrong password; `TooManyAttempts` after ten refusals in a quarter of an hour.
    """
    known = login.replace("\x00", "")[:MAX_LOGIN]
    known = known.encode(errors="replace").decode()
    if await session.refused_since(tx.db, known, now - WINDOW) >= ATTEMPTS:
        raise TooManyAttempts(f"too many attempts; wait {WINDOW.seconds // 60} minutes")
    found = await person.secret(tx.db, known) if known == login else None
    stored = found.password_hash if found is not None and not found.disabled else None
    right = await asyncio.to_thread(_matches, stored or _NOBODY, password)
    if found is None or stored is None or not right:
        raise BadLogin(
            "login or password is wrong",
            AuditEntry(actor="anonymous", action=SIGN_IN, object=known, outcome="refused",
                       rule="password"),
        )  # fmt: skip
    tx.audit(AuditEntry(actor=known, action=SIGN_IN, object=known))
    return await open_for(tx, found.person_id, "password", now, random, origin)


async def by_link(
    tx: Tx, link_token: str, now: datetime, random: Random, origin: Origin = NOWHERE
) -> tuple[str, str]:
    """Open a session with a one-time link, which is spent. Raises `BadLogin`."""
    person_id = await session.use_link(tx, token_hash(link_token), now)
    who = None if person_id is None else await person.viewer(tx.db, person_id)
    if who is None:
        raise BadLogin(
            "the link is wrong, was used or is too old",
            AuditEntry(actor="anonymous", action=SIGN_IN, object="link", outcome="refused",
                       rule="link"),
        )  # fmt: skip
    tx.audit(AuditEntry(actor=who.login, action=SIGN_IN, object=who.login, rule="link"))
    return await open_for(tx, who.person_id, "link", now, random, origin)


async def open_for(
    tx: Tx,
    person_id: int,
    method: str,
    now: datetime,
    random: Random,
    origin: Origin,
    *,
    strong: bool = False,
) -> tuple[str, str]:
    """Open a session for somebody who has proved who they are; its token and its CSRF token."""
    token, csrf = random(TOKEN_BYTES).hex(), random(TOKEN_BYTES).hex()
    limits = await current_limits(tx.db)
    await session.open_session(
        tx, token_hash(token), person_id, csrf, now, now + timedelta(hours=limits.absolute_hours),
        uuid=uuid7(now, random(RANDOM_BYTES)), method=method, origin=origin,
        strong_at=now if strong else None,
    )  # fmt: skip
    return token, csrf


async def current_limits(db: Db) -> Limits:
    """The limits of sessions that hold now."""
    return limits_of(await policy.newest(db, POLICY))


async def viewer(db: Db, token: str, now: datetime) -> Viewer | None:
    """Whose session this is, with its CSRF token in `csrf`; `None` when it has ended."""
    digest = token_hash(token)
    found = await session.find(db, digest, now)
    if found is None:
        return None
    limits = limits_of(found.limits)
    if not limits.alive(now, found.created_at, found.seen_at):
        return None
    who = await person.viewer(db, found.person_id, csrf=found.csrf)
    if who is None:
        return None
    if now - found.seen_at >= SEEN:
        await session.seen(db, digest, now)
    return replace(who, session=found.uuid, signed_in_at=found.created_at,
                   strong_at=found.strong_at,
                   withheld=limits.withheld(found.strong_at, now) & who.permissions)  # fmt: skip


async def sign_out(tx: Tx, token: str) -> None:
    """End the session; ending one that has ended is no error."""
    person_id = await session.close(tx, token_hash(token))
    who = None if person_id is None else await person.viewer(tx.db, person_id)
    if who is not None:
        tx.audit(AuditEntry(actor=who.login, action="session:sign_out", object=who.login))
