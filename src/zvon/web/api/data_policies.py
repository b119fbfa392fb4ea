"""Data policies of the countries, their versions, and the documents that are made from them."""

from datetime import datetime
from typing import Annotated, Literal

import anyio.to_thread
from litestar import Response, Router, get, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.formats.paper.html import STYLE_HASH
from zvon.locale import translator
from zvon.model.data_policy_file import MOST_BYTES, BadPolicy
from zvon.privacy.plan import WRITERS, Kind, to_html
from zvon.store import data_plan, data_policy
from zvon.store.data_policy import Version
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.api.printing import printed
from zvon.web.problem import SIGNED, problems

Country = Annotated[str, Parameter(min_length=2, max_length=2)]
MEDIA = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
}


class NewPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a country's policy as it is written (TOML, `zvon.datapolicy/1`)."""

    body: Annotated[str, Meta(min_length=1, max_length=MOST_BYTES)]


class VersionOut(Struct, frozen=True, kw_only=True):
    """A version of a country's policy; `sha256` is of the file."""

    country: str
    version: int
    sha256: str
    at: datetime
    by: str


class PolicyOut(VersionOut, frozen=True, kw_only=True):
    """The version that holds, the file as written, and the versions before."""

    body: str
    versions: list[VersionOut]


class DifferenceOut(Struct, frozen=True, kw_only=True):
    """Where files, database and documents disagree; `text` is in the reader's language."""

    code: str
    country: str
    params: dict[str, str]
    text: str


class Differences(Struct, frozen=True):
    """All that does not agree; empty when the node does what its papers say."""

    differences: list[DifferenceOut]


class Policies(Struct, frozen=True):
    """The version that holds in each country."""

    policies: list[VersionOut]


def _out(v: Version) -> VersionOut:
    return VersionOut(country=v.country, version=v.version, sha256=v.sha256, at=v.at, by=v.by_login)


@get("/data-policies", opt={"permission": Permission.DATA_POLICY_READ}, responses=problems(*SIGNED))
async def list_policies(context: In, who: Who) -> Policies:
    """The policies that hold now."""
    async with read(context.pool, who) as db:
        return Policies([_out(each) for each in await data_policy.newest_versions(db)])


@get(
    "/data-policies/differences", opt={"permission": Permission.DATA_POLICY_READ},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def list_differences(context: In, who: Who) -> Differences:
    """Compare policy files, database, and the documents that this node wrote last."""
    who.require(Permission.DATA_POLICY_READ)
    folder = context.settings.data_policies
    files = await anyio.to_thread.run_sync(data_policy.configured, folder)
    async with read(context.pool, SYSTEM) as db:
        found = await data_plan.drift(db, files, context.clock(), chosen=folder is not None)
    speak = translator(who.lang)
    return Differences([
        DifferenceOut(code=each.code, country=each.country, params=each.params,
                      text=speak.text(each.code, **each.params))
        for each in found
    ])  # fmt: skip


@get(
    "/data-policies/{country:str}", opt={"permission": Permission.DATA_POLICY_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_policy(context: In, who: Who, country: Country) -> PolicyOut:
    """The policy of one country."""
    async with read(context.pool, who) as db:
        first, *before = await data_policy.versions(db, who, country)
    return PolicyOut(
        country=first.country, version=first.version, sha256=first.sha256, at=first.at,
        by=first.by_login, body=first.body, versions=[_out(each) for each in before],
    )  # fmt: skip


@put(
    "/data-policies/{country:str}", opt={"permission": Permission.DATA_POLICY_MANAGE},
    responses=problems(*SIGNED, 422), request_max_body_size=2 * MOST_BYTES,
)  # fmt: skip
async def put_policy(context: In, who: Who, country: Country, data: NewPolicy) -> VersionOut:
    """Load a new version; the same again changes nothing. What it no longer allows is purged next."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        changed = await data_policy.put(tx, {f"{country}.toml": data.body}, now, by=who)
        mine = [
            each for each in await data_policy.newest_versions(tx.db) if each.country == country
        ]
        if not mine or any(each.country != country for each in changed):
            raise BadPolicy(f"{country}.toml", "country", f"is not {country}")
    return _out(mine[0])


@get(
    "/data-policies/{country:str}/plan", opt={"permission": Permission.DATA_POLICY_READ},
    responses=problems(*SIGNED, 404, 409), media_type="text/html",
)  # fmt: skip
async def get_plan(
    context: In,
    who: Who,
    country: Country,
    kind: Kind = Kind.PLAN,
    lang: Literal["sl", "hr", "en"] | None = None,
    format: Literal["html", "md", "pdf"] = "html",
) -> Response[bytes]:
    """A document with the state of this node: the plan, the record of processing, the DPIA draft."""
    async with read(context.pool, SYSTEM) as db:
        spoken = lang or (await data_policy.of_country(db, country)).languages[0]
        made = await data_plan.rendered(db, country, kind, spoken, context.clock(), viewer=who)
    body = (
        await printed(context, to_html(made), made.policy_line)
        if format == "pdf"
        else WRITERS[format](made).encode()
    )
    name = f"{kind.value}-{country}-{made.lang}.{format}"
    return Response(
        body,
        media_type=MEDIA[format],
        headers={
            "Content-Disposition": f'{"inline" if format == "html" else "attachment"}; filename="{name}"',
            "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


router = Router(
    "/",
    route_handlers=[list_policies, list_differences, get_policy, put_policy, get_plan],
    tags=["data policies"],
)
