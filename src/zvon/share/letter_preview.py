"""A wording filled from a real incident, as it would leave through the gate; nothing is sent.

The places are filled as our own jobs fill them. What a person writes into a letter, and to whom it
goes, is not known yet: the letter names these places.
"""

from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.locale import translator
from zvon.locale.sentence import sentence
from zvon.model.marking import Tlp
from zvon.model.name import defang as defang_name
from zvon.model.observable import TYPE, ObservableType
from zvon.model.url import defang as defang_url
from zvon.share import mail_gate
from zvon.share.mail_gate import Preview
from zvon.store import incident_detail
from zvon.store.event import incident_observables
from zvon.store.incident_detail import IncidentDetail
from zvon.store.message_send import Claim
from zvon.store.message_template import PLACES, Template
from zvon.store.visibility import read

MOST_VALUES = 500
SHOWN = 10
ATTACKER = 1
NOBODY = UUID(int=0)


async def of(context: Context, viewer: Viewer, wording: Template, incident: UUID) -> Preview:
    """What `wording` would say of an incident. Raises `Denied`, `NotFound`, `BadTemplate`."""
    viewer.require(Permission.CONTACT_READ)
    now = context.clock()
    async with read(context.pool, viewer, now) as db:
        about = await incident_detail.get(db, viewer, incident)
        seen = await incident_observables(db, about.id, MOST_VALUES)
        it = _claim(about, wording, _fields(about, seen, wording))
        return await mail_gate.preview(context, db, it, now, wording)


def _fields(
    about: IncidentDetail, seen: list[tuple[int, str, int]], wording: Template
) -> dict[str, str | int]:
    """What the places of a wording hold for this incident."""
    theirs = [(TYPE.get(code), value) for code, value, role in seen if role == ATTACKER]
    pages = [value for kind, value in theirs if kind is ObservableType.URL]
    names = [each.name for each in about.names]
    values = [*map(_url, pages), *map(_name, names)][:SHOWN]
    speak = translator(wording.lang)
    known: dict[str, str | int] = {
        "text": "{text}", "what": sentence(speak, about.title, about.title_params),
        "values": "\n".join(values), "class": about.category or "", "count": max(1, len(values)),
        "since": about.first_at.date().isoformat(), "until": about.last_at.date().isoformat(),
        "sent": about.last_at.date().isoformat(), "about": wording.subject,
        "page": _url(pages[0]) if pages else "", "seen": about.last_at.isoformat(),
        "name": _name(names[0]) if names else "",
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in PLACES[wording.code]}


def _url(text: str) -> str:
    try:
        return defang_url(text)
    except ValueError:
        return text


def _name(text: str) -> str:
    try:
        return defang_name(text)
    except ValueError:
        return text


def _claim(about: IncidentDetail, wording: Template, fields: dict[str, str | int]) -> Claim:
    """A letter to somebody who may read what the incident is marked with, as far as any may."""
    return Claim(
        id=0, uuid=NOBODY, n=0, thread_id=0, ref="", incident_id=about.id,
        incident_number=about.number, record_id=about.record_id, tlp=about.tlp, pap=about.pap,
        contact_id=0, contact_name="{recipient}", address="nobody@recipient.invalid",
        clearance=min(about.tlp, int(Tlp.AMBER_STRICT)), encrypt=False, pgp_cert=None,
        smime_cert=None, channel="mail", message_id="", in_reply_to="", lang=wording.lang,
        template=wording.code, fields=dict(fields), verdicts={}, takedown=None, machine=False,
        queued_at=about.last_at, by_login="",
    )  # fmt: skip
