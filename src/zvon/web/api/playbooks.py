"""Playbooks: lists, import and export as CACAO 2.0, checks, publishing by another person."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.formats.cacao import document
from zvon.formats.cacao.document import Made
from zvon.jobs import Context
from zvon.locale import translator
from zvon.locale.sentence import sentence
from zvon.model import playbook_edit
from zvon.model.playbook import MAX_BYTES, Name, Prose
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_check import check
from zvon.model.playbook_difference import Difference, differences
from zvon.model.playbook_form import FormField, fields
from zvon.model.playbook_problem import Problem, stops
from zvon.store import playbook as playbooks
from zvon.store import playbook_change as changes
from zvon.store.playbook import PlaybookRow, VersionRow
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, TooLarge, problems

Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Number = Annotated[int | None, Parameter(ge=1, le=2**31 - 1)]


class PlaybookOut(Struct, frozen=True, kw_only=True):
    """A playbook. `in_force` is the version that runs begin with, `working` the one people write.

    `state` is that of the version in work, else of the one in force. `version` counts changes.
    """

    id: UUID
    cacao_id: str
    name: str
    state: str
    version: int
    in_force: int | None
    working: int | None
    shipped: bool
    errors: int
    made_by: str | None
    changed_at: datetime


class Playbooks(Struct, frozen=True):
    """All playbooks."""

    playbooks: list[PlaybookOut]


class FindingOut(Struct, frozen=True):
    """One finding of the check: an `error` stops publishing; `sentence` is in your language."""

    weight: Literal["error", "warning", "note"]
    code: str
    step: str | None
    sentence: str


class VersionOut(Struct, frozen=True, kw_only=True):
    """One version; `hash` is the SHA-256 of it."""

    number: int
    hash: str
    state: str
    authors: list[str]
    changed_at: datetime
    dry_run: dict[str, Any] | None
    published_by: str | None
    published_at: datetime | None
    reason: str


class PlaybookWhole(PlaybookOut, frozen=True, kw_only=True):
    """A playbook with the version shown, as CACAO, what the check found, and all versions."""

    document: dict[str, Any]
    findings: list[FindingOut]
    versions: list[VersionOut]


class Checked(Struct, frozen=True):
    """What the check of a document found; `ok` when nothing stops it from being published."""

    ok: bool
    name: str
    steps: int
    findings: list[FindingOut]


class NewPlaybook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A playbook that begins empty: a start and an end."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    description: Prose = ""


class At(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a step holds for: the playbook as it was when you read it."""

    version: Count


class AtWhy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, and why."""

    version: Count
    reason: Reason


class ActionOut(Struct, frozen=True, kw_only=True):
    """An action of the catalogue: what it takes, what it gives, how far it reaches."""

    name: Name
    reach: str
    reversible: bool
    compensate: str | None
    needs_approval: bool
    waits: bool
    timeout_s: int
    fields: list[FormField]
    results: dict[str, str]


class Actions(Struct, frozen=True):
    """The catalogue of actions."""

    actions: list[ActionOut]


class Differences(Struct, frozen=True):
    """What two versions do not have in common."""

    differences: list[Difference]


@get("/playbooks", opt={"permission": Permission.PLAYBOOK_READ}, responses=problems(*SIGNED))
async def list_playbooks(context: In, who: Who) -> Playbooks:
    """All playbooks, those in work or in force first."""
    async with read(context.pool, who) as db:
        return Playbooks([out(row, who.lang) for row in await playbooks.list_all(db, who)])


@get(
    "/playbooks/actions", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED),
)  # fmt: skip
async def list_actions() -> Actions:
    """What a step can do."""
    return Actions(
        [
            ActionOut(
                name=spec.name, reach=spec.reach.value, reversible=spec.reversible,
                compensate=spec.compensate, needs_approval=spec.needs_approval, waits=spec.waits,
                timeout_s=spec.timeout_s, fields=list(fields(spec)),
                results={name: kind.value for name, kind in spec.output.items()},
            )
            for spec in ACTIONS.values()
        ]
    )  # fmt: skip


@post("/playbooks", opt={"permission": Permission.PLAYBOOK_WRITE}, responses=problems(*SIGNED, 422))
async def new_playbook(context: In, who: Who, data: NewPlaybook) -> PlaybookOut:
    """Begin a playbook."""
    now = context.clock()

    new_id = identifiers(context)
    made = playbook_edit.empty(new_id("playbook"), data.name, new_id)
    made = playbook_edit.described(made, description=data.description)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return out(await changes.add(tx, who, made, now, context.random), who.lang)


@post(
    "/playbooks/import", opt={"permission": Permission.PLAYBOOK_WRITE},
    request_max_body_size=MAX_BYTES, responses=problems(*SIGNED, 409, 422),
)  # fmt: skip
async def import_playbook(request: AnyRequest, context: In, who: Who) -> PlaybookOut:
    """Take a CACAO 2.0 document (the body) in as a draft.

    One with an error is refused whole, each error with its step. Commands of other tools become
    steps that a person carries out. A document with a known identifier is a new version.
    """
    now = context.clock()
    raw = await _body(request)
    async with read(context.pool, who) as db:
        known = await playbooks.calls(db)
    made, _ = document.read_playbook(raw, known)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return out(await changes.add(tx, who, made, now, context.random), who.lang)


@post(
    "/playbooks/check", opt={"permission": Permission.PLAYBOOK_READ}, status_code=HTTPStatus.OK,
    request_max_body_size=MAX_BYTES, responses=problems(*SIGNED),
)  # fmt: skip
async def check_document(request: AnyRequest, context: In, who: Who) -> Checked:
    """Check a CACAO 2.0 document (the body); nothing is kept."""
    raw = await _body(request)
    async with read(context.pool, who) as db:
        known = await playbooks.calls(db)
    made, found = document.judge(raw, known)
    return Checked(
        ok=made is not None and not stops(found), name=made.name if made else "",
        steps=len(made.steps) if made else 0, findings=findings(found, who.lang),
    )  # fmt: skip


@get(
    "/playbooks/{id:uuid}", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_playbook(context: In, who: Who, id: UUID, number: Number = None) -> PlaybookWhole:
    """One playbook with the version in work, else in force, or the one asked for."""
    async with read(context.pool, who) as db:
        row = await playbooks.get(db, who, id)
        shown = await playbooks.of_number(db, who, row, number)
        known = await playbooks.calls(db)
        versions = await playbooks.versions(db, who, row)
    plain = out(row, who.lang)
    return PlaybookWhole(
        **{name: getattr(plain, name) for name in PlaybookOut.__struct_fields__},
        document=document.write_playbook(shown.playbook, _made(row, shown)),
        findings=findings(check(shown.playbook, known), who.lang),
        versions=[version_out(each) for each in versions],
    )  # fmt: skip


@get(
    "/playbooks/{id:uuid}/export", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404), media_type="application/json",
)  # fmt: skip
async def export_playbook(
    context: In, who: Who, id: UUID, number: Number = None
) -> Response[bytes]:
    """A version as a CACAO 2.0 document; one that was imported and not changed comes out as it was."""
    async with read(context.pool, who) as db:
        row = await playbooks.get(db, who, id)
        shown = await playbooks.of_number(db, who, row, number)
    named = {"Content-Disposition": f'attachment; filename="playbook-{id}-{shown.number}.json"'}
    body = document.encode(shown.playbook, _made(row, shown))
    return Response(body, media_type="application/json", headers=named)


@get(
    "/playbooks/{id:uuid}/difference", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_difference(
    context: In, who: Who, id: UUID,
    older: Annotated[int, Parameter(ge=1, le=2**31 - 1)],
    newer: Annotated[int, Parameter(ge=1, le=2**31 - 1)],
) -> Differences:  # fmt: skip
    """What changed from one version to another, step by step."""
    async with read(context.pool, who) as db:
        row = await playbooks.get(db, who, id)
        one = await playbooks.of_number(db, who, row, older)
        other = await playbooks.of_number(db, who, row, newer)
    return Differences(differences(one.playbook, other.playbook))


@post(
    "/playbooks/{id:uuid}/validation", opt={"permission": Permission.PLAYBOOK_WRITE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def validate(context: In, who: Who, id: UUID, data: At) -> PlaybookOut:
    """Check the draft and freeze it; with an error it stays a draft, and the answer says where."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        row, _ = await changes.validate(tx, who, id, data.version, now)
    return out(row, who.lang)


@post(
    "/playbooks/{id:uuid}/publication", opt={"permission": Permission.PLAYBOOK_APPROVE},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def publish(context: In, who: Who, id: UUID, data: AtWhy) -> PlaybookOut:
    """Put a version that was tried in force; whoever wrote in it cannot."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return out(await changes.publish(tx, who, id, data.version, data.reason, now), who.lang)


@post(
    "/playbooks/{id:uuid}/retirement", opt={"permission": Permission.PLAYBOOK_READ},
    status_code=HTTPStatus.OK, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def retire(context: In, who: Who, id: UUID, data: AtWhy) -> PlaybookOut:
    """Discard the version in work (its writers), else take the one in force out (an approver)."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return out(await changes.retire(tx, who, id, data.version, data.reason, now), who.lang)


def identifiers(context: Context) -> playbook_edit.NewId:
    """Gives new identifiers of CACAO objects: random UUIDs of version 4, as its schema wants."""

    def new_id(kind: str) -> str:
        return f"{kind}--{UUID(bytes=context.random(16), version=4)}"

    return new_id


def out(row: PlaybookRow, lang: str) -> PlaybookOut:
    """A row as the API tells it."""
    return PlaybookOut(
        id=row.uuid, cacao_id=row.cacao_id, name=row.title(lang), state=row.state,
        version=row.version, in_force=row.in_force, working=row.working, shipped=row.shipped,
        errors=row.errors, made_by=row.made_by, changed_at=row.changed_at,
    )  # fmt: skip


def version_out(row: VersionRow) -> VersionOut:
    """A version as the API tells it."""
    return VersionOut(
        number=row.number, hash=row.hash, state=row.state, authors=row.authors,
        changed_at=row.changed_at, dry_run=row.dry_run, published_by=row.published_by,
        published_at=row.published_at, reason=row.reason,
    )  # fmt: skip


def findings(found: list[Problem], lang: str) -> list[FindingOut]:
    """Findings with their sentences."""
    speak = translator(lang)
    return [
        FindingOut(each.weight.value, each.code, each.step,
                   sentence(speak, each.code, each.params))
        for each in found
    ]  # fmt: skip


async def _body(request: AnyRequest) -> bytes:
    raw = await request.body()
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"a playbook has at most {MAX_BYTES} bytes")
    return raw


def _made(row: PlaybookRow, version: VersionRow) -> Made:
    return Made(created=row.made_at, modified=version.changed_at)


router = Router(
    "/",
    route_handlers=[list_playbooks, list_actions, new_playbook, import_playbook, check_document,
                    get_playbook, export_playbook, get_difference, validate, publish, retire],
    tags=["playbooks"],
)  # fmt: skip
