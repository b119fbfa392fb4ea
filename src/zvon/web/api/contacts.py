"""Contacts: whom the node writes to, what is theirs, and whom to write to about a value."""

from asyncio import to_thread
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats import mail_key
from zvon.jobs import Context, enqueue
from zvon.model.mail_policy import shipped
from zvon.store import (
    contact,
    contact_change,
    contact_file,
    contact_lookup,
    message_key,
)
from zvon.store.contact import Contact
from zvon.store.contact_change import BadContact, NewContact
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, problems

Kind = Literal["constituent", "provider", "registrar", "registry", "cert", "bank", "duty", "other"]
Lang = Literal["sl", "hr", "en"]
Line = Annotated[str, Meta(max_length=300)]
MOST_FILE_BYTES = 8 * 1024 * 1024


class ContactIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is said of a contact. `tlp` is the strictest marking that they may read."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    address: Annotated[str, Meta(min_length=3, max_length=254)]
    kind: Kind = "constituent"
    lang: Lang = "en"
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    sector: Annotated[str, Meta(max_length=100)] = ""
    channel: Literal["mail", "xarf"] = "mail"
    every_s: Annotated[int, Meta(ge=0, le=2_678_400)] = 86_400
    tlp: Annotated[int, Meta(ge=0, le=3)] = 1
    networks: Annotated[list[Line], Meta(max_length=5000)] = []
    domains: Annotated[list[Line], Meta(max_length=5000)] = []
    unwanted: Annotated[list[Line], Meta(max_length=50)] = []
    pgp: Annotated[str, Meta(max_length=100_000)] | None = None
    smime: Annotated[str, Meta(max_length=100_000)] | None = None
    encrypt: bool = False


class ContactEdit(ContactIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contact anew; `version` is the one that was read. Keys that are not given stay."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class ContactOut(Struct, frozen=True, kw_only=True):
    """A contact; `bounced` says why mail to it comes back."""

    id: UUID
    name: str
    kind: str
    address: str
    lang: str
    country: str | None
    sector: str
    channel: str
    every_s: int
    tlp: int
    has_pgp: bool
    has_smime: bool
    encrypt: bool
    source: str
    state: str
    bounced: str
    networks: list[str]
    domains: list[str]
    unwanted: list[str]
    consents: list[str]
    version: int
    changed_at: datetime


class Contacts(Struct, frozen=True):
    """Contacts by name, and where the next page begins."""

    contacts: list[ContactOut]
    next: str | None


class FoundOut(Struct, frozen=True, kw_only=True):
    """One address to write to: who named it (`owner`, `rdap`, `rir`, `registry`, `cert`), and when."""

    why: str
    address: str
    name: str
    of: str
    contact: UUID | None
    seen_at: datetime | None


class Looked(Struct, frozen=True, kw_only=True):
    """Whom to write to, the best first; `asked` when a registry is being asked now."""

    found: list[FoundOut]
    asked: bool


class Added(Struct, frozen=True):
    """How many contacts were added."""

    added: int


@get(
    "/contacts", opt={"permission": Permission.CONTACT_READ},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def list_contacts(
    context: In,
    who: Who,
    text: Annotated[str, Parameter(max_length=200)] = "",
    kind: Kind | None = None,
    after: Annotated[UUID | None, Parameter()] = None,
    limit: Annotated[int, Parameter(ge=1, le=contact.PAGE)] = contact.PAGE,
) -> Contacts:
    """Contacts by name; `text` stands in the name, the address or a domain."""
    async with read(context.pool, who) as db:
        last = None if after is None else await contact.get(db, who, after)
        found = await contact.page(
            db, who, text=text, kind=kind, limit=limit,
            after=None if last is None else (last.name, last.id),
        )  # fmt: skip
    following = str(found[-1].uuid) if len(found) == limit else None
    return Contacts([_out(each) for each in found], following)


@post("/contacts", opt={"permission": Permission.CONTACT_MANAGE}, responses=problems(*SIGNED, 409, 422))  # fmt: skip
async def add_contact(context: In, who: Who, data: ContactIn) -> ContactOut:
    """Add a contact."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await contact_change.add(tx, who, _new(data), now, context.random))


@post(
    "/contacts/file", opt={"permission": Permission.CONTACT_MANAGE},
    request_max_body_size=MOST_FILE_BYTES, responses=problems(*SIGNED, 409, 413, 422),
)  # fmt: skip
async def add_file(request: AnyRequest, context: In, who: Who) -> Added:
    """Add the contacts of a CSV file with a header; all or none."""
    who.require(Permission.CONTACT_MANAGE)
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadContact(f"byte {problem.start}: the file is not UTF-8") from None
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Added(await contact_file.add_all(tx, who, text, now, context.random))


@get(
    "/contacts/lookup", opt={"permission": Permission.CONTACT_READ},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def look_up(
    context: In, who: Who, value: Annotated[str, Parameter(min_length=1, max_length=2000)]
) -> Looked:
    """Whom to write to about a name, an address or a page; works without the network."""
    now = context.clock()
    about = contact_lookup.subject(value)
    keep = timedelta(days=shipped().lookup.keep_days)
    async with read(context.pool, who, now) as db:
        found = await contact_lookup.lookup(db, who, value, context.settings.country)
        asks = context.settings.rdap_url is not None and await contact_lookup.stale(
            db, about, now, keep
        )
    if asks:
        async with transaction(context.pool, now) as tx:
            await enqueue(tx, "collect.contact", {"value": value}, dedupe=f"collect.contact:{about.key}")  # fmt: skip
    return Looked(
        found=[FoundOut(why=f.why, address=f.address, name=f.name, of=f.of, contact=f.contact,
                        seen_at=f.seen_at) for f in found],
        asked=asks,
    )  # fmt: skip


@get(
    "/contacts/{id:uuid}", opt={"permission": Permission.CONTACT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_contact(context: In, who: Who, id: UUID) -> ContactOut:
    """One contact."""
    async with read(context.pool, who) as db:
        return _out(await contact.get(db, who, id))


@put(
    "/contacts/{id:uuid}", opt={"permission": Permission.CONTACT_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def change_contact(context: In, who: Who, id: UUID, data: ContactEdit) -> ContactOut:
    """Say something else of a contact; a bounce is forgotten."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await contact_change.change(tx, who, id, data.version, _new(data), now))


@delete(
    "/contacts/{id:uuid}", opt={"permission": Permission.CONTACT_MANAGE},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def end_contact(context: In, who: Who, id: UUID) -> None:
    """Write to them no more."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await contact_change.end(tx, who, id, now)


class NoAddress(ValueError):
    """A key names the address that letters come from, and none is set."""

    def __init__(self) -> None:
        super().__init__("no address for letters is set: ZVON_MESSAGE_ADDRESS")


class KeyOut(Struct, frozen=True, kw_only=True):
    """A key of ours as others may have it: `public` is armoured (PGP) or PEM (S/MIME)."""

    kind: str
    fingerprint: str
    public: str
    made_at: datetime


class KeysOut(Struct, frozen=True):
    """The keys in use."""

    keys: list[KeyOut]


class SmimeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate and its key, both PEM, the key without a password."""

    certificate: Annotated[str, Meta(min_length=1, max_length=100_000)]
    key: Annotated[str, Meta(min_length=1, max_length=100_000)]


@get("/message-keys", opt={"permission": Permission.CONTACT_READ}, responses=problems(*SIGNED))
async def list_keys(context: In, who: Who) -> KeysOut:
    """Our public keys, for those who write to us."""
    async with read(context.pool, SYSTEM) as db:
        return KeysOut([_key_out(each) for each in await message_key.public(db, who)])


@get(
    "/message-keys/{kind:str}/public", opt={"permission": Permission.CONTACT_READ},
    responses=problems(*SIGNED, 404), media_type="application/octet-stream",
)  # fmt: skip
async def export_key(
    context: In, who: Who, kind: Annotated[str, Parameter(max_length=10)]
) -> Response[bytes]:
    """Our public key of a kind as a file, to give to those who write to us."""
    async with read(context.pool, SYSTEM) as db:
        found = [each for each in await message_key.public(db, who) if each.kind == kind]
    if not found:
        raise message_key.NoKey(f"no key of the kind {kind!r} is in use")
    ending = {"pgp": "asc", "smime": "pem"}[found[0].kind]
    return Response(
        mail_key.readable(found[0].kind, found[0].public).encode(),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="zvon-{found[0].kind}.{ending}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@post("/message-keys/pgp", opt={"permission": Permission.CONTACT_MANAGE}, responses=problems(*SIGNED, 422))  # fmt: skip
async def new_pgp_key(context: In, who: Who) -> KeyOut:
    """Make a new OpenPGP key; letters are signed with it from now on, old mail stays readable."""
    who.require(Permission.CONTACT_MANAGE)
    own = context.settings.message_address or context.settings.mailbox_address
    if own is None:
        raise NoAddress
    secret, public, fingerprint = await to_thread(mail_key.new_pgp, f"{context.node.name} <{own}>")
    return await _keep_key(context, who, "pgp", public, secret, fingerprint)


@post(
    "/message-keys/smime", opt={"permission": Permission.CONTACT_MANAGE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def bring_smime_key(context: In, who: Who, data: SmimeIn) -> KeyOut:
    """Take a certificate and its key in use; letters to those with S/MIME are signed with it."""
    who.require(Permission.CONTACT_MANAGE)
    public, secret = mail_key.smime_pair(
        data.certificate.encode("utf-8", "replace"), data.key.encode("utf-8", "replace")
    )
    return await _keep_key(context, who, "smime", public, secret, sha256(public).hexdigest())


async def _keep_key(
    context: Context, who: Viewer, kind: Literal["pgp", "smime"], public: bytes, secret: bytes,
    fingerprint: str,
) -> KeyOut:  # fmt: skip
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        return _key_out(
            await message_key.put(
                tx,
                who,
                kind,
                public=public,
                secret=secret,
                fingerprint=fingerprint,
                key=context.node.key,
                now=now,
                random=context.random,
            )
        )


def _key_out(it: message_key.MessageKey) -> KeyOut:
    return KeyOut(kind=it.kind, fingerprint=it.fingerprint, made_at=it.made_at,
                  public=mail_key.readable(it.kind, it.public))  # fmt: skip


def _new(data: ContactIn) -> NewContact:
    return NewContact(
        name=data.name, address=data.address, kind=data.kind, lang=data.lang,
        country=data.country, sector=data.sector, channel=data.channel, every_s=data.every_s,
        tlp=data.tlp, networks=data.networks, domains=data.domains, unwanted=data.unwanted,
        pgp_cert=_key(data.pgp), smime_cert=_key(data.smime), encrypt=data.encrypt,
    )  # fmt: skip


def _key(text: str | None) -> bytes | None:
    return text.encode("utf-8", "replace") if text and text.strip() else None


def _out(it: Contact) -> ContactOut:
    return ContactOut(
        id=it.uuid, name=it.name, kind=it.kind, address=it.address, lang=it.lang,
        country=it.country, sector=it.sector, channel=it.channel, every_s=it.every_s, tlp=it.tlp,
        has_pgp=it.has_pgp, has_smime=it.has_smime, encrypt=it.encrypt, source=it.source,
        state=it.state, bounced=it.bounced_why, networks=it.networks, domains=it.domains,
        unwanted=it.unwanted, consents=it.consents, version=it.version, changed_at=it.changed_at,
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_contacts, add_contact, add_file, look_up, get_contact, change_contact,
                    end_contact, list_keys, export_key, new_pgp_key, bring_smime_key],
    tags=["contacts"],
)  # fmt: skip
