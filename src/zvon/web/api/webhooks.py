"""The door of webhooks: `POST /in/{id}`, for whoever proves that they know the source's secret."""

from uuid import UUID

from litestar import Router, post
from litestar.exceptions import NotAuthorizedException
from msgspec import Struct

from zvon.access.seal import BadSeal
from zvon.collect.source.kind import BadSettings, checked
from zvon.collect.source.kinds import kind
from zvon.collect.source.webhook import MAX_BODY, Refused, Webhook, verify
from zvon.collect.take import take
from zvon.jobs import Context
from zvon.store import source
from zvon.store.source import NoSource, Setup
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import BadInput, problems


class Taken(Struct, frozen=True, kw_only=True):
    """The delivery that the message became; the same message again is the same delivery."""

    delivery: UUID


@post(
    "/{id:uuid}", opt={"permission": PUBLIC}, responses=problems(401, 422), status_code=202,
    request_max_body_size=MAX_BODY, include_in_schema=False,
)  # fmt: skip
async def take_message(context: In, request: AnyRequest, id: UUID) -> Taken:
    """Take a message of a webhook, signed as its source was set up.

    Whatever is wrong with the proof, the source or its state, the answer is the same.
    """
    found, settings, secret = await _source(context, id)
    headers = {key.lower(): value for key, value in request.headers.items()}
    # Without a signature nobody's body is read.
    if not headers.get(settings.shown_in):
        raise _refusal()
    body = await request.body()
    try:
        named = verify(settings, secret, headers, body, context.clock())
    except Refused:
        raise _refusal() from None
    if found is None:
        raise _refusal()
    if not body.strip():
        raise BadInput("the message is empty")
    delivery = await take(
        context, found.id, body, name="webhook", format=found.format,
        media_type=headers.get("content-type", ""), external=named,
    )  # fmt: skip
    return Taken(delivery=delivery)


async def _source(context: Context, id: UUID) -> tuple[Setup | None, Webhook, str]:
    """The source; for none that may send now a stand-in, whose secret nobody knows."""
    unknown = context.random(32).hex()
    async with read(context.pool, SYSTEM) as db:
        try:
            found = await source.by_uuid(db, id)
            if found.kind != "webhook" or found.paused:
                return None, Webhook(), unknown
            settings = checked(kind("webhook"), found.settings)
            assert isinstance(settings, Webhook)
            return found, settings, await source.secret(db, context.node.key, found) or unknown
        except (NoSource, BadSeal, BadSettings):
            return None, Webhook(), unknown


def _refusal() -> NotAuthorizedException:
    return NotAuthorizedException("not taken")


router = Router("/in", route_handlers=[take_message], tags=["sources"])
