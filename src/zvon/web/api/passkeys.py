"""Passkeys: add, list, remove; sign in with one; confirm with one before a decision."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, delete, get, post
from litestar.response import Response
from msgspec import Meta, Struct

from zvon.access import passkey as rules
from zvon.access import passkey_use as use
from zvon.access import session as sessions
from zvon.access.passkey import Purpose
from zvon.store import passkey as rows
from zvon.store import person as people
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.api.session import SignedIn, origin, session_cookie, signed_in
from zvon.web.doorkeeper import PUBLIC, SIGNED_IN, check_origin
from zvon.web.problem import SIGNED, problems
from zvon.web.turns import SIGN_INS, turn


class PasskeyOut(Struct, frozen=True, kw_only=True):
    """What is shown of a passkey; `backed_up`: its maker keeps a copy elsewhere."""

    id: UUID
    name: str
    backed_up: bool
    made_at: datetime
    used_at: datetime | None


class Passkeys(Struct, frozen=True):
    """One's own passkeys, oldest first."""

    passkeys: list[PasskeyOut]


class Options(Struct, frozen=True):
    """What the browser gives to `navigator.credentials`, in the JSON form of WebAuthn Level 3."""

    options: dict[str, Any]


class NewPasskey(Struct, frozen=True, forbid_unknown_fields=True):
    """A name to tell it from others, and what the browser answered."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    credential: dict[str, Any]


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser answered (`PublicKeyCredential.toJSON`)."""

    credential: dict[str, Any]


class Added(Struct, frozen=True):
    """The passkey that was added."""

    id: UUID


class Confirmed(Struct, frozen=True):
    """Until when this session may decide what asks for a passkey."""

    minutes: int


@get("/passkeys", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED))
async def list_own(context: In, who: Who) -> Passkeys:
    """One's own passkeys."""
    async with read(context.pool, who) as db:
        found = await rows.of_person(db, who.person_id)
    return Passkeys([
        PasskeyOut(id=k.uuid, name=k.name, backed_up=k.backed_up, made_at=k.made_at,
                   used_at=k.used_at)
        for k in found
    ])  # fmt: skip


@post("/passkeys/options", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 422))
async def add_options(context: In, who: Who) -> Options:
    """What the browser needs to make a passkey; asks for a sign-in of the last minutes."""
    now = context.clock()
    where = rules.site(context.settings)
    async with transaction(context.pool, now) as tx:
        return Options(await use.options(tx, who, where, context.node, now, context.random))


@post("/passkeys", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 409, 422))
async def add(context: In, who: Who, data: NewPasskey) -> Added:
    """Keep the passkey that the browser made."""
    now = context.clock()
    where = rules.site(context.settings)
    async with transaction(context.pool, now) as tx:
        made = await use.add(
            tx, who, where, context.node, data.name, data.credential, now, context.random
        )
    return Added(made)


@delete(
    "/passkeys/{id:uuid}", opt={"permission": SIGNED_IN}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def remove(context: In, who: Who, id: UUID) -> None:
    """Forget a passkey; asks for a sign-in of the last minutes."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await use.remove(tx, who, id, now)


@post("/passkeys/sign-in/options", opt={"permission": PUBLIC}, responses=problems(403, 422, 429))
async def sign_in_options(request: AnyRequest, context: In) -> Options:
    """What the browser needs to sign in with any passkey of this node; no name is asked for."""
    check_origin(request)
    turn(request, SIGN_INS, context)
    where = rules.site(context.settings)
    challenge = rules.make_challenge(
        context.node.key, Purpose.SIGN_IN, 0, context.clock(), context.random
    )
    return Options(rules.ask_options(where, challenge))


@post(
    "/passkeys/sign-in", opt={"permission": PUBLIC}, status_code=201,
    responses=problems(401, 403, 422, 429),
)  # fmt: skip
async def sign_in(request: AnyRequest, context: In, data: Answer) -> Response[SignedIn]:
    """Sign in with a passkey. Sets the session cookie."""
    check_origin(request)
    turn(request, SIGN_INS, context)
    now = context.clock()
    where = rules.site(context.settings)
    async with transaction(context.pool, now) as tx:
        token, _ = await use.sign_in(
            tx, where, context.node, data.credential, now, context.random, origin(request)
        )
        viewer = await sessions.viewer(tx.db, token, now)
        assert viewer is not None
        person = await people.by_id(tx.db, viewer.person_id)
    return Response(
        signed_in(person, viewer), status_code=201, cookies=[session_cookie(request, token)]
    )


@post(
    "/passkeys/confirm/options", opt={"permission": SIGNED_IN},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def confirm_options(context: In, who: Who) -> Options:
    """What the browser needs to prove who sits there."""
    now = context.clock()
    where = rules.site(context.settings)
    async with transaction(context.pool, now) as tx:
        found = await use.confirm_options(tx, who, where, context.node, now, context.random)
    return Options(found)


@post(
    "/passkeys/confirm", opt={"permission": SIGNED_IN}, responses=problems(*SIGNED, 422, 429)
)  # fmt: skip
async def confirm(context: In, who: Who, data: Answer) -> Confirmed:
    """Make this session strong for some minutes: then it may decide what asks for a passkey."""
    now = context.clock()
    where = rules.site(context.settings)
    async with transaction(context.pool, now) as tx:
        await use.confirm(tx, who, where, context.node, data.credential, now)
        limits = await sessions.current_limits(tx.db)
    return Confirmed(limits.step_up_minutes)


router = Router(
    "/",
    route_handlers=[
        list_own, add_options, add, remove, sign_in_options, sign_in, confirm_options, confirm,
    ],
    tags=["session"],
)  # fmt: skip
