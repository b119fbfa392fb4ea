"""Signing in with the OpenID provider: an attempt sealed for one browser, an identity bound once."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from zvon.access.oidc_provider import Attempt
from zvon.access.oidc_token import SIGN_IN, BadToken, Claims
from zvon.access.permission import Permission
from zvon.access.person import managed
from zvon.access.seal import NONCE_BYTES, BadSeal, seal, unseal
from zvon.access.session import ATTEMPTS, WINDOW, BadLogin, Random, TooManyAttempts, open_for
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import identity, person, session
from zvon.store.identity import Identity
from zvon.store.session import Origin
from zvon.store.transaction import AuditEntry, Tx

PURPOSE = "oidc.attempt"
ATTEMPT = timedelta(minutes=10)
MAX_COOKIE = 4096


class UnknownPerson(BadLogin):
    """The provider knows the person, this node does not: an administrator has to say who it is."""


class NoGroup(UnknownPerson):
    """No group of the person gives a role here any more: their roles and sessions end with this."""

    def __init__(self, person_id: int, *audit: AuditEntry) -> None:
        super().__init__("your groups give no role here", *audit)
        self._person_id = person_id
        self.left = (self._end,)

    async def _end(self, tx: Tx) -> None:
        await person.set_roles(tx, self._person_id, ())
        await session.end_all(tx, self._person_id)


class BadSubject(ValueError):
    """What no provider calls anybody."""


class NoIdentity(LookupError):
    """There is no such identity, or it is not the caller's to free."""


class IdentityTaken(ValueError):
    """The account at the provider belongs to somebody here already."""


def begin(now: datetime, random: Random, go_on: str, viewer: Viewer | None) -> Attempt:
    """A new attempt; with `viewer` it binds the provider's account to theirs."""
    return Attempt(
        state=_word(random), nonce=_word(random), verifier=_word(random), go_on=go_on,
        until=int((now + ATTEMPT).timestamp()),
        person=None if viewer is None else viewer.person_id,
    )  # fmt: skip


def _word(random: Random) -> str:
    return base64.urlsafe_b64encode(random(32)).rstrip(b"=").decode()


def challenge(attempt: Attempt) -> str:
    """`S256` of the verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sealed(attempt: Attempt, key: bytes, random: Random) -> str:
    """The attempt as its browser keeps it; nobody else can read or change it."""
    box = seal(key, PURPOSE, msgspec.json.encode(attempt), random(NONCE_BYTES))
    return base64.urlsafe_b64encode(box).decode()


def opened(cookie: str, key: bytes, state: str, now: datetime) -> Attempt:
    """The attempt that this browser began. Raises `BadToken` for another state or a late answer."""
    try:
        if len(cookie) > MAX_COOKIE:
            raise BadSeal(PURPOSE)
        box = base64.b64decode(cookie.encode("ascii"), altchars=b"-_", validate=True)
        attempt = msgspec.json.decode(unseal(key, PURPOSE, box), type=Attempt)
    except (BadSeal, ValueError):  # msgspec's and the codecs' errors are ValueErrors
        raise BadToken("this browser began no sign-in") from None
    if not hmac.compare_digest(attempt.state.encode(), state.encode(errors="replace")):
        raise BadToken("this browser began another sign-in")
    if attempt.until < now.timestamp():
        raise BadToken("the sign-in took too long; begin again")
    return attempt


async def spend(tx: Tx, attempt: Attempt, now: datetime) -> None:
    """Use the attempt up. Raises `BadToken` for one that was used: an answer counts once."""
    digest = hashlib.sha256(attempt.state.encode()).digest()
    if not await session.spend(tx, digest, now + ATTEMPT, now):
        raise BadToken("this answer was used already")


async def sign_in(
    tx: Tx, claims: Claims, now: datetime, random: Random, origin: Origin
) -> tuple[str, str]:
    """Open a session for whom the identity belongs to; its token and its CSRF token.

    Somebody unknown whose groups give roles here gets an account; else `UnknownPerson`. Raises
    `BadLogin` for a closed account, `TooManyAttempts`.
    """
    named = f"oidc:{claims.subject}"
    if await session.refused_since(tx.db, named, now - WINDOW) >= ATTEMPTS:
        raise TooManyAttempts(f"too many attempts; wait {WINDOW.seconds // 60} minutes")
    found = await identity.find(tx.db, claims.issuer, claims.subject)
    given = await identity.roles_of(tx.db, claims.groups)
    if found is None:
        if given is None:
            raise UnknownPerson(
                "nobody here is bound to this account of the sign-in provider;"
                " an administrator can bind it", _refused(named, "unknown"),
            )  # fmt: skip
        found = await _newcomer(tx, claims, given.party_id, now, random)
    if found.managed:
        if given is None:
            raise NoGroup(found.person_id, _refused(named, "groups"))
        await person.set_roles(tx, found.person_id, given.roles)
    who = await person.viewer(tx.db, found.person_id)
    if who is None:
        raise BadLogin("this account is closed", _refused(named, "closed"))
    await identity.used(tx, found.id, now)
    tx.audit(AuditEntry(actor=who.login, action=SIGN_IN, object=who.login, rule="oidc"))
    return await open_for(tx, who.person_id, "oidc", now, random, origin)


def _refused(named: str, rule: str) -> AuditEntry:
    return AuditEntry(actor="anonymous", action=SIGN_IN, object=named, outcome="refused", rule=rule)


async def _newcomer(
    tx: Tx, claims: Claims, party_id: int, now: datetime, random: Random
) -> Identity:
    """An account for somebody whom the groups let in. A login that is taken is never shared."""
    kept = "".join(c for c in claims.login.lower() if c.isascii() and (c.isalnum() or c in ".-_@"))
    login = kept[:50] if len(kept) >= 2 else "oidc"
    if await person.secret(tx.db, login) is not None or await identity.login_taken(tx.db, login):
        login = f"{login}-{random(4).hex()}"
    person_id = await person.add(
        tx, uuid=uuid7(now, random(RANDOM_BYTES)), party_id=party_id, login=login,
        name=claims.name.strip() or login, lang="en", roles=(), password_hash=None, now=now,
    )  # fmt: skip
    tx.audit(AuditEntry(actor="system", action="person:create", object=login,
                        detail={"oidc": claims.subject}))  # fmt: skip
    return await identity.bind(
        tx, uuid7(now, random(RANDOM_BYTES)), person_id, claims.issuer, claims.subject, now,
        managed=True,
    )  # fmt: skip


async def connect(
    tx: Tx, viewer: Viewer, claims: Claims, now: datetime, random: Random
) -> Identity:
    """Bind the provider's account to the viewer's own. Raises `IdentityTaken`."""
    return await _bound(tx, viewer, viewer.person_id, viewer.login, claims.issuer, claims.subject,
                        now, random)  # fmt: skip


async def _bound(
    tx: Tx, viewer: Viewer, person_id: int, login: str, issuer: str, subject: str, now: datetime,
    random: Random,
) -> Identity:  # fmt: skip
    known = await identity.find(tx.db, issuer, subject)
    if known is not None:
        raise IdentityTaken("this account of the sign-in provider is bound to somebody already")
    tx.audit(AuditEntry(actor=viewer.login, action="identity:bind", object=login,
                        detail={"subject": subject}))  # fmt: skip
    return await identity.bind(
        tx, uuid7(now, random(RANDOM_BYTES)), person_id, issuer, subject, now
    )


async def bind_for(
    tx: Tx, viewer: Viewer, person_uuid: UUID, issuer: str, subject: str, now: datetime,
    random: Random,
) -> Identity:  # fmt: skip
    """Say whose an account at the provider is: what an administrator does for others.

    Raises `Denied`, `NoSuchPerson`, `IdentityTaken`, `BadSubject`.
    """
    who = await managed(tx, viewer, person_uuid, "identity:bind")
    if not (1 <= len(subject) <= 255 and subject.isascii() and subject.isprintable()):
        raise BadSubject("a subject has 1 to 255 ASCII characters")
    return await _bound(tx, viewer, who.id, who.login, issuer, subject, now, random)


async def unbind(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Free an account at the provider: one's own, or of somebody whom the viewer manages.

    Raises `NoIdentity` also for one that is not the viewer's to free.
    """
    found = await identity.one(tx.db, uuid)
    if found is None:
        raise NoIdentity(f"no identity {uuid}")
    if found.person_id != viewer.person_id:
        if not viewer.may(Permission.PERSON_MANAGE):
            raise NoIdentity(f"no identity {uuid}")
        await managed(tx, viewer, found.person, "identity:unbind")
    await identity.unbind(tx, uuid)
    tx.audit(AuditEntry(actor=viewer.login, action="identity:unbind", object=found.login,
                        detail={"subject": found.subject}))  # fmt: skip
