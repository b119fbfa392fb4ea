"""A step of a duty as one HTML page: for reading, for printing on A4, and for the PDF of it."""

import base64
import hashlib
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from zvon.formats.paper.html import STYLE
from zvon.locale import Translator
from zvon.model.obligation_form import Field, Filled, Form
from zvon.model.rule_pack import Pack
from zvon.store.obligation import Obligation, Step

_STYLE = (
    STYLE
    + """
.mark { position: fixed; top: 45%; left: 0; right: 0; text-align: center; transform: rotate(-24deg);
        font-size: 44pt; color: #8a4b0026; font-weight: 700 }
.source { color: #595959; font-size: .8em }
td { white-space: pre-wrap; overflow-wrap: anywhere }
"""
)
# For the header that lets this style in and nothing else.
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def page(duty: Obligation, step: Step, pack: Pack, form: Form, speak: Translator, *,
         checked_by: str, tlp: str, drafted: bool) -> str:  # fmt: skip
    """The form with what stands in it. Rules that no lawyer checked, and drafts, say so across it."""
    title = escape(form.name(speak.lang))
    warns = []
    if not checked_by:
        warns.append(speak.text("OBLIGATION_UNCHECKED", pack=pack.id, version=pack.version))
    if drafted:
        warns.append(speak.text("OBLIGATION_DRAFT"))
    marks = "".join(f'<p class="warns">{escape(each)}</p>' for each in warns)
    across = speak.text("OBLIGATION_MARK_DRAFT" if drafted else "OBLIGATION_MARK_UNCHECKED")
    mark = f'<div class="mark" aria-hidden="true">{escape(across)}</div>' if warns else ""
    rows = "\n".join(
        _row(each, form, step.filled.get(each.id, Filled()), speak, pack) for each in form.fields
    )
    return (
        f'<!doctype html>\n<html lang="{escape(speak.lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} {escape(duty.number)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{mark}<main>\n<h1>{title}</h1>\n{marks}\n{_head(duty, step, pack, speak, tlp)}\n"
        f"<table><caption>{escape(speak.text('OBLIGATION_FIELDS'))}</caption><tbody>\n{rows}\n"
        f"</tbody></table>\n</main>\n<footer><p>{escape(_foot(duty, pack, speak, checked_by))}</p>"
        "</footer>\n</body>\n</html>\n"
    )


def plain(duty: Obligation, step: Step, pack: Pack, form: Form, speak: Translator, *,
          checked_by: str) -> str:  # fmt: skip
    """The same as text, for a mail."""
    lines = [f"{form.name(speak.lang)} – {duty.number}", ""]
    if not checked_by:
        lines += [speak.text("OBLIGATION_UNCHECKED", pack=pack.id, version=pack.version), ""]
    for field in form.fields:
        shown = _shown(field, form, step.filled.get(field.id, Filled()), speak, pack)
        lines.append(f"{form.field_name(field, speak.lang)}: {shown}")
    return "\n".join([*lines, "", _foot(duty, pack, speak, checked_by)])


def _head(duty: Obligation, step: Step, pack: Pack, speak: Translator, tlp: str) -> str:
    facts: list[tuple[str, str]] = [
        ("OBLIGATION_NUMBER", duty.number),
        *([("OBLIGATION_INCIDENT", duty.incident_number)] if duty.incident_number else []),
        ("OBLIGATION_STEP", pack.step_name(step.step, speak.lang)),
        ("OBLIGATION_ENTITY", duty.entity),
        ("OBLIGATION_RULES", f"{pack.regulation} · {pack.id} {pack.version}"),
        ("OBLIGATION_TLP", tlp),
    ]
    if step.due_at is not None:
        facts.append(("OBLIGATION_DUE", moment(step.due_at, pack, speak)))
    if step.submitted_at is not None:
        facts.append(("OBLIGATION_SENT_AT", moment(step.submitted_at, pack, speak)))
    rows = "".join(
        f'<tr><th scope="row">{escape(speak.text(code))}</th><td>{escape(text)}</td></tr>'
        for code, text in facts
    )
    return f"<table><tbody>{rows}</tbody></table>"


def moment(at: datetime, pack: Pack, speak: Translator) -> str:
    """A time in the zone of the rules, with its offset, so that nobody has to guess."""
    local = at.astimezone(ZoneInfo(pack.zone))
    return f"{speak.moment(local)} ({local.strftime('%Z, UTC%z')})"


def _row(field: Field, form: Form, filled: Filled, speak: Translator, pack: Pack) -> str:
    shown = escape(_shown(field, form, filled, speak, pack))
    source = f'<br><span class="source">{escape(filled.source)}</span>' if filled.source else ""
    return (
        f'<tr><th scope="row">{escape(form.field_name(field, speak.lang))}</th>'
        f"<td><bdi>{shown}</bdi>{source}</td></tr>"
    )


def _shown(field: Field, form: Form, filled: Filled, speak: Translator, pack: Pack) -> str:
    if filled.state == "empty":
        return speak.text("OBLIGATION_EMPTY")
    if filled.state == "unknown":
        return speak.text("OBLIGATION_UNKNOWN_YET")
    value: Any = filled.value
    match field.type:
        case "bool":
            return speak.text("OBLIGATION_YES" if value else "OBLIGATION_NO")
        case "choice":
            return form.word(str(value), speak.lang)
        case "moment":
            return moment(datetime.fromisoformat(str(value)), pack, speak)
        case "number":
            return speak.number(float(value))
        case "list":
            return "\n".join(str(each) for each in value)
    return str(value)


def _foot(duty: Obligation, pack: Pack, speak: Translator, checked_by: str) -> str:
    cites = "; ".join(pack.citations)
    said = checked_by or speak.text("OBLIGATION_NOBODY")
    return speak.text("OBLIGATION_FOOT", number=duty.number, cites=cites, checked=said)
