"""Who may do what, for people to read and to change: roles, sessions, organisations, one's own account."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get
from msgspec import Struct

from zvon.access import passkey, session_control
from zvon.access import person as people
from zvon.access.change import SECOND
from zvon.access.passkey import NoPasskeysHere
from zvon.access.permission import Permission
from zvon.access.session import current_limits
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.model.marking import Tlp
from zvon.store import access_change, identity, party_tree, person, role, session
from zvon.store import passkey as passkeys
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import SIGNED_IN
from zvon.web.oidc import provider_of
from zvon.web.pages.page import render

STEP_UPS = (
    Permission.BLOCK_APPROVE, Permission.BLOCK_LIFT, Permission.NEVERBLOCK_APPROVE,
    Permission.SHARE_RELEASE, Permission.SHARE_APPROVE, Permission.PLAYBOOK_APPROVE,
    Permission.OBLIGATION_SUBMIT, Permission.DATA_POLICY_MANAGE, Permission.POLICY_MANAGE,
    Permission.PERSON_MANAGE, Permission.ROLE_MANAGE,
)  # fmt: skip
"""What the form offers to ask a passkey for."""


class Line(Struct, frozen=True):
    """A permission, and the roles that have it."""

    value: str
    roles: tuple[str, ...]
    second: bool


class Marking(Struct, frozen=True):
    """A marking, and whether the reader sees what carries it: of their own node, and of another's."""

    label: str
    code: str
    own: bool
    other: bool


def word_of(permission: str) -> str:
    """The code of the sentence that says what a permission is."""
    return "PERMISSION_" + permission.upper().replace(":", "_")


def lines(roles: list[role.Role]) -> list[Line]:
    """Every permission in the order of the enum."""
    return [
        Line(p.value, tuple(r.name for r in roles if p.value in r.permissions), p in SECOND)
        for p in Permission
    ]


def markings(viewer: Viewer) -> list[Marking]:
    """What row security answers for this reader, marking by marking (`store.visibility`)."""
    return [
        Marking(
            tlp.label, f"MARKING_{tlp.name}",
            own=tlp < Tlp.RED and tlp <= viewer.tlp_ceiling,
            other=tlp < Tlp.RED and tlp <= viewer.tlp_ceiling
            and (viewer.party_own or tlp <= Tlp.GREEN),
        )
        for tlp in Tlp
    ]  # fmt: skip


BROWSERS = (("firefox", "Firefox"), ("edg/", "Edge"), ("chrom", "Chrome"), ("safari", "Safari"))
SYSTEMS = (("android", "Android"), ("iphone", "iOS"), ("ipad", "iOS"), ("windows", "Windows"),
           ("mac os", "macOS"), ("linux", "Linux"))  # fmt: skip


def browser_of(agent: str) -> str:
    """The names in what a browser calls itself; empty for another program. Names are not translated."""
    said = agent.lower()
    found = [next((word for sign, word in known if sign in said), "")
             for known in (BROWSERS, SYSTEMS)]  # fmt: skip
    return ", ".join(filter(None, found)) if found[0] else ""


async def account(request: AnyRequest, context: Context, viewer: Viewer) -> Mapping[str, Any]:
    """What a person sees of their own ways to sign in."""
    now = context.clock()
    try:
        passkey.site(context.settings)
        able = True
    except NoPasskeysHere:
        able = False
    async with read(context.pool, viewer) as db:
        return {
            "passkeys": await passkeys.of_person(db, viewer.person_id),
            "passkeys_able": able,
            "sessions": await session_control.own(db, viewer, now),
            "identities": await identity.of_person(db, viewer.person_id),
            "provider": context.settings.oidc_name if provider_of(request) else None,
            "keys": await session.keys_of(db, viewer.person_id),
            "me": (await person.by_id(db, viewer.person_id)).uuid,
            "scopes": [p.value for p in Permission if viewer.may(p)],
            "word_of": word_of, "browser_of": browser_of,
        }  # fmt: skip


@get("/access-rules", opt={"permission": SIGNED_IN}, include_in_schema=False)
async def rules(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Why somebody sees what they see and may do what they may, in their own words."""
    async with read(context.pool, who) as db:
        found = lines(await role.list_all(db))
        limits = await current_limits(db)
    values = {
        "markings": markings(who), "lines": found, "limits": limits, "word_of": word_of,
        "tlp_ceiling": Tlp(who.tlp_ceiling).label,
    }  # fmt: skip
    return render(request, "access_rules.html", values)


@get("/admin/roles", opt={"permission": Permission.PERSON_READ}, include_in_schema=False)
async def roles(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Every role and permission, who has them, and changes that wait for a second person."""
    async with read(context.pool, who) as db:
        found = await role.list_all(db)
        manages = who.party_own and who.may(Permission.ROLE_MANAGE)
        values = {
            "roles": found, "lines": lines(found), "word_of": word_of,
            "holders": await role.holders(db, await party_tree.scope(db, who)),
            "changes": await access_change.newest(db, 20) if manages else [],
            "manages": manages,
        }  # fmt: skip
    return render(request, "roles.html", values)


@get("/admin/sessions", opt={"permission": Permission.PERSON_MANAGE}, include_in_schema=False)
async def sessions(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Who sits where, how long sessions live, and what the sign-in provider's groups give."""
    now = context.clock()
    async with read(context.pool, who) as db:
        found = await role.list_all(db)
        values = {
            "sessions": await session_control.everybody(db, who, now),
            "limits": await current_limits(db),
            "step_ups": STEP_UPS, "word_of": word_of, "browser_of": browser_of,
            "people": await people.list_people(db, who),
            "identities": await identity.list_all(db) if who.party_own else [],
            "groups": await identity.mapping(db) if who.party_own else [],
            "roles": [r.name for r in found],
            "parties": await party_tree.branches(db, who),
            "provider": provider_of(request),
            "provider_host": urlsplit(context.settings.oidc_issuer or "").hostname,
            "manages": who.party_own and who.may(Permission.ROLE_MANAGE),
            "sets_limits": who.party_own and who.may(Permission.POLICY_MANAGE),
        }  # fmt: skip
    return render(request, "sessions.html", values)


@get("/admin/parties", opt={"permission": Permission.PERSON_READ}, include_in_schema=False)
async def parties(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The tree of organisations, and the people of each."""
    async with read(context.pool, who) as db:
        known = await people.list_people(db, who)
        grants = await role.list_all(db)
        values = {
            "branches": await party_tree.branches(db, who),
            "people": known,
            "kinds": [k for k in party_tree.KINDS if k not in {"peer", "public"}],
            "roles": [r.name for r in grants
                      if who.party_own or set(r.permissions) <= {*who.permissions}],
            "manages": who.party_own and who.may(Permission.POLICY_MANAGE),
            "adds": who.may(Permission.PERSON_MANAGE),
        }  # fmt: skip
    return render(request, "parties.html", values)


HANDLERS = (rules, roles, sessions, parties)
