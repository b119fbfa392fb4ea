"""A person asks for a new look at an address of a report: both stages, whatever was seen before."""

from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.model.link import links
from zvon.model.url import canonical
from zvon.store import capture, report_page
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import viewer_setting

# Looks of the schedule count from 0 to 4; this one never takes an old one for an answer.
ASKED = 5


class NotOfReport(ValueError):
    """The address is none that the report leads to: we look for reports, not for anybody."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the report does not lead to {url[:200]}")


class LooksOff(ValueError):
    """The operator has switched looking at pages off."""

    def __init__(self) -> None:
        super().__init__("looking at pages is switched off (settings `fetch` and `render`)")


class Ordered(Struct, frozen=True):
    """The canonical address, and the stages that will look at it."""

    url: str
    stages: tuple[int, ...]


async def ask_look(
    context: Context, viewer: Viewer, report: UUID, url: str, *, keep_token: bool = False
) -> Ordered:
    """Have `url` looked at for `report`; asked twice it is done once.

    `keep_token` leaves the victim's token in the address, which tells the other side that this
    victim came; the audit names who wanted it. Raises `Denied`, `NoReport`, `BadUrl`,
    `NotOfReport` and `LooksOff`.
    """
    viewer.require(Permission.PAGE_LOOK)
    wanted, settings, now = canonical(url), context.settings, context.clock()
    stages = [(stage, job) for stage, job, on in (
        (3, "collect.fetch", settings.fetch), (4, "collect.render", settings.render)) if on]  # fmt: skip
    if not stages:
        raise LooksOff
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        found = await report_page.get(tx.db, viewer, report)
        known = {link.url for link in links(found.message)} if found.message else set()
        for each in await capture.of_record(tx.db, found.id):
            known |= {each.url, *(hop.url for hop in each.facts.hops[-1:])} if each.facts else set()
        if wanted not in known:
            raise NotOfReport(wanted)
        payload = {"record_id": found.id, "urls": [wanted], "look": ASKED,
                   "keep_token": keep_token, "by": viewer.login}  # fmt: skip
        for _, job in stages:
            await enqueue(tx, job, payload, dedupe=f"{job} {found.id} asked {wanted}")
        tx.audit(AuditEntry(actor=viewer.login, action="page:ask", object=f"report:{found.number}",
                            rule="token_kept" if keep_token else ""))  # fmt: skip
    return Ordered(wanted, tuple(stage for stage, _ in stages))
