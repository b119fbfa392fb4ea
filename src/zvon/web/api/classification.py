"""Classes of incidents, similar ones, suggestions, and taxonomies of countries."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model import rsit
from zvon.store import classification, incident_detail, incident_similar, suggestion
from zvon.store.classification import Class, Taxonomy, Term
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Text = Annotated[str, Meta(min_length=1, max_length=100)]


class SimilarOut(Struct, frozen=True, kw_only=True):
    """A past incident that shares something rare, and what it was."""

    id: UUID
    number: str
    title: str
    title_params: dict[str, Any]
    state: str
    verdict: str | None
    alert_verdict: str | None
    rsit: str | None
    last_at: datetime
    shared: list[str]
    score: float


class SuggestionOut(Struct, frozen=True, kw_only=True):
    """What a machine suggests, and why."""

    id: UUID
    what: str
    value: str
    probability: float
    model: str
    reasons: list[dict[str, Any]]


class ClassesOut(Struct, frozen=True, kw_only=True):
    """All that is said about the kind of an incident; `national` maps its types of RSIT."""

    classes: list[Class]
    suggestions: list[SuggestionOut]
    similar: list[SimilarOut]
    national: dict[str, list[str]]


class ClassIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says: terms of one taxonomy, the main one first; none takes it back."""

    taxonomy: Text = "rsit"
    terms: Annotated[list[Text], Meta(max_length=20)]


class AnswerIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the person takes the suggestion."""

    accept: bool


class TaxonomyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A taxonomy of a country or sector, each term with the types of RSIT that it stands for."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,40}\Z")]
    version: Text
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")] | None = None
    terms: Annotated[list[Term], Meta(min_length=1, max_length=500)]
    checked_by: Annotated[str, Meta(max_length=200)] = ""


class Taxonomies(Struct, frozen=True, kw_only=True):
    """The types of RSIT that ship, and the taxonomies that were loaded."""

    rsit_version: str
    rsit: list[str]
    taxonomies: list[Taxonomy]


class Loaded(Struct, frozen=True):
    """What was taken into use."""

    name: str
    terms: int


async def _all(context: In, who: Who, id: UUID) -> ClassesOut:
    async with read(context.pool, who) as db:
        found = await incident_detail.get(db, who, id)
        said = await classification.of_incident(db, who, found.id)
        types = [each.term for each in said if each.taxonomy == "rsit"]
        return ClassesOut(
            classes=said,
            suggestions=[
                SuggestionOut(id=s.uuid, what=s.what, value=s.value, probability=s.probability,
                              model=s.model, reasons=s.reasons)
                for s in await suggestion.open_of(db, who, found.id)
            ],
            similar=[
                SimilarOut(
                    id=s.uuid, number=s.number, title=s.title, title_params=s.title_params,
                    state=s.state, verdict=s.verdict, alert_verdict=s.alert_verdict, rsit=s.rsit,
                    last_at=s.last_at, shared=s.shared, score=s.score,
                )
                for s in await incident_similar.similar(db, who, found.id)
            ],
            national={
                each.name: [t.term for t in each.of(types)]
                for each in await classification.taxonomies(db)
            },
        )  # fmt: skip


@get(
    "/incidents/{id:uuid}/classes", opt={"permission": Permission.INCIDENT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def classes(context: In, who: Who, id: UUID) -> ClassesOut:
    """Of what kind the incident is, by whom and why; what resembles it."""
    return await _all(context, who, id)


@post(
    "/incidents/{id:uuid}/classes", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def say_classes(context: In, who: Who, id: UUID, data: ClassIn) -> ClassesOut:
    """Say of what kind the incident is; a person's word beats every rule."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await classification.say(tx, who, id, data.taxonomy, data.terms, now)
    return await _all(context, who, id)


@post(
    "/suggestions/{id:uuid}/answer", opt={"permission": Permission.INCIDENT_DECIDE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def answer_suggestion(context: In, who: Who, id: UUID, data: AnswerIn) -> SuggestionOut:
    """Take a suggestion or turn it down."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        s = await suggestion.answer(tx, who, id, accept=data.accept, now=now)
    return SuggestionOut(id=s.uuid, what=s.what, value=s.value, probability=s.probability,
                         model=s.model, reasons=s.reasons)  # fmt: skip


@get("/taxonomies", opt={"permission": Permission.INCIDENT_READ}, responses=problems(*SIGNED))
async def list_taxonomies(context: In, who: Who) -> Taxonomies:
    """RSIT as it ships, and what was loaded beside it."""
    async with read(context.pool, who) as db:
        return Taxonomies(rsit_version=rsit.version(), rsit=list(rsit.types()),
                          taxonomies=await classification.taxonomies(db))  # fmt: skip


@post("/taxonomies", opt={"permission": Permission.POLICY_MANAGE}, responses=problems(*SIGNED, 422))
async def load_taxonomy(context: In, who: Who, data: TaxonomyIn) -> Loaded:
    """Take a taxonomy into use."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await classification.load(
            tx, who, name=data.name, version=data.version, country=data.country, terms=data.terms,
            checked_by=data.checked_by, now=now,
        )  # fmt: skip
    return Loaded(data.name, len(data.terms))


router = Router(
    "/",
    route_handlers=[classes, say_classes, answer_suggestion, list_taxonomies, load_taxonomy],
    tags=["classification"],
)  # fmt: skip
