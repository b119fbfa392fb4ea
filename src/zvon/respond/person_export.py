"""What a person gets who asks for their data (GDPR, Article 15): what, why, how long, from whom, to whom."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.paper.html import STYLE
from zvon.jobs import Context
from zvon.locale import Translator
from zvon.model.data_policy import DataPolicy
from zvon.privacy.plan import words
from zvon.privacy.plan.sections import name
from zvon.privacy.subject import Identifier, masked
from zvon.respond.person_data import look
from zvon.store import data_policy, data_request, subject_place, subject_vault
from zvon.store.data_request import DataRequest
from zvon.store.subject_place import Said
from zvon.store.transaction import AuditEntry, transaction

MOST_TEXT = 20_000


class Held(Struct, frozen=True, kw_only=True):
    """What is held in one class: how many rows, under which rule, and what they say of the person.

    In `texts` other people are masked (`[name]`, `[email]`).
    """

    id: str
    rows: int
    purpose: list[str]
    basis: list[str]
    retention: str
    residency: list[str]
    texts: list[str]


class PersonExport(Struct, frozen=True, kw_only=True):
    """The answer to a request for access. `recipients` are groups of organisations.

    `pseudonyms` is how many times something of the person was shared under a pseudonym.
    """

    schema: str
    request: str
    made_at: datetime
    controller: str
    officer: str
    authority: str
    classes: list[Held]
    recipients: list[str]
    pseudonyms: int


async def export(context: Context, viewer: Viewer, request: DataRequest) -> PersonExport:
    """Everything that is kept of the person of `request`, for them; making it is in the audit.

    Raises `Denied`, `NotInStep` once the request is closed.
    """
    viewer.require(Permission.DATA_REQUEST_MANAGE)
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        if request.state not in {"identified", "searched"}:
            raise data_request.NotInStep(request.number, request.state, ("identified", "searched"))
        subject = await data_request.subject(tx.db, request.uuid, context.node.key)
        found = await look(tx.db, subject, context.node.key)
        said = await subject_place.words(tx.db, found.hits)
        policy = await data_policy.of_country(tx.db, request.country)
        groups = await subject_vault.recipients(tx.db, found.reports)
        texts = await asyncio.to_thread(_masked, said, subject.identifiers, subject.lang)
        tx.audit(
            AuditEntry(actor=viewer.login, action="data_request:export", object=request.number,
                       detail={"rows": found.counts})
        )  # fmt: skip
    return PersonExport(
        schema="zvon.person/1", request=request.number, made_at=now,
        controller=policy.controller.name, officer=policy.controller.dpo,
        authority=policy.controller.authority,
        classes=[_held(policy, of_class, rows, texts.get(of_class, []))
                 for of_class, rows in found.counts.items()],
        recipients=[group for group, _ in groups], pseudonyms=sum(n for _, n in groups),
    )  # fmt: skip


def _masked(said: Sequence[Said], own: Sequence[Identifier], lang: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in said:
        text = "\n".join(each.texts)[:MOST_TEXT]
        if text.strip():
            found.setdefault(each.of_class, []).append(masked(text, own, lang))
    return found


def _held(policy: DataPolicy, of_class: str, rows: int, texts: list[str]) -> Held:
    rule = policy.rule(of_class)
    return Held(id=of_class, rows=rows, purpose=list(rule.purpose), basis=list(rule.basis),
                retention=rule.retention, residency=list(rule.residency), texts=texts)  # fmt: skip


def page(export: PersonExport, policy: DataPolicy, speak: Translator) -> str:
    """The same as one HTML file in the language of `speak`: no script, nothing from elsewhere."""
    title = escape(speak.text("EXPORT_TITLE", number=export.request))
    parts = [
        f"<p>{escape(speak.text(code, **params))}</p>"
        for code, params in (
            ("EXPORT_MADE", {"day": export.made_at.date().isoformat()}),
            ("EXPORT_CONTROLLER", {"name": export.controller, "officer": export.officer}),
            ("EXPORT_AUTHORITY", {"authority": export.authority}),
            ("EXPORT_MASKED", {}),
        )
    ]
    if not export.classes:
        parts.append(f"<p>{escape(speak.text('EXPORT_NOTHING'))}</p>")
    parts += [_section(each, policy, speak) for each in export.classes]
    if export.recipients:
        groups = ", ".join(export.recipients)
        parts.append(f"<h2>{escape(speak.text('EXPORT_RECIPIENTS'))}</h2>")
        parts.append(f"<p>{escape(speak.text('EXPORT_SHARED', groups=groups))}</p>")
    parts.append(f"<h2>{escape(speak.text('EXPORT_RIGHTS'))}</h2>")
    parts.append(f"<p>{escape(speak.text('EXPORT_RIGHTS_ARE', authority=export.authority))}</p>")
    return (
        f'<!doctype html>\n<html lang="{escape(speak.lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}pre {{ white-space: pre-wrap }}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _section(held: Held, policy: DataPolicy, speak: Translator) -> str:
    rule = policy.rule(held.id)
    rows: list[tuple[str, Any]] = [
        ("EXPORT_ROWS", held.rows),
        ("EXPORT_PURPOSE", words.all_named(speak, "PLAN_PURPOSE", rule.purpose)),
        ("EXPORT_BASIS", words.bases(speak, rule)),
        ("EXPORT_RETENTION", words.length(speak, rule.retention)),
        ("EXPORT_RESIDENCY", words.countries(speak, rule.residency)),
    ]
    table = "\n".join(
        f'<tr><th scope="row">{escape(speak.text(code))}</th><td>{escape(str(text))}</td></tr>'
        for code, text in rows
    )
    texts = "\n".join(f"<pre>{escape(each)}</pre>" for each in held.texts)
    return (
        f"<h2>{escape(name(speak, rule))}</h2>\n<table><tbody>\n{table}\n</tbody></table>\n{texts}"
    )
