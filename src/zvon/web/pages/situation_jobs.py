"""The part of the metrics page that shows which reports are made by themselves."""

from typing import Any

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import contact, incident_brief, situation_job
from zvon.store.party import Db


async def facts_for(db: Db, who: Viewer) -> dict[str, Any]:
    """Schedules, what was made lately, and who could get one; keys begin with `sit_`."""
    may = who.may(Permission.SITUATION_PUBLISH)
    contacts = []
    if may and who.may(Permission.CONTACT_READ):
        contacts = [c for c in await contact.page(db, who) if c.state != "ended"]
    return {
        "sit_may": may,
        "sit_jobs": await situation_job.list_all(db, who),
        "sit_reports": await situation_job.reports(db, who, limit=20),
        "sit_people": await incident_brief.workers(db, Permission.METRIC_READ) if may else [],
        "sit_contacts": contacts,
    }
