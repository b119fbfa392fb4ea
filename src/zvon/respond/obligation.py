"""Filling a form of the law from what the node knows, in the language of whoever takes it in."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.locale import Translator, translator
from zvon.locale.sentence import sentence
from zvon.model.obligation_form import Field, Filled, Form, Misfit, check
from zvon.model.rule_pack import Pack
from zvon.model.significance import Answer
from zvon.store import obligation, obligation_fact, obligation_prefill, obligation_step, rule_pack
from zvon.store.obligation import Step
from zvon.store.obligation_fact import Asked
from zvon.store.obligation_prefill import Sources
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting


async def prefill(context: Context, viewer: Viewer, step: UUID, version: int) -> Step:
    """Fill the fields that no person wrote, each with its source; nothing is sent.

    Raises what `store.obligation_step.fill` raises.
    """
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        one = await obligation.step(tx.db, viewer, step)
        found = await obligation_prefill.of_step(tx.db, one, now)
        pack = (await obligation.pack_of(tx.db, found.duty)).rules
        values: dict[str, Filled] = {}
        if one.form:
            judged = [] if found.duty.incident is None else await obligation_fact.judge(
                tx.db, viewer, found.duty.incident, None, now)  # fmt: skip
            form = await rule_pack.form(tx.db, one.form)
            values = fill(form, found, judged, translator(language(pack, one)))
        return await obligation_step.prefill(tx, viewer, step, values, version, now)


def language(pack: Pack, step: Step) -> str:
    """In which language the receiver reads: that of its entry point, else of the country."""
    receivers = next((each.to for each in pack.steps if each.id == step.step), ())
    for entry in pack.entries:
        if entry.to in receivers:
            return entry.lang
    return {"SI": "sl", "HR": "hr"}.get(pack.country, "en")


def fill(form: Form, found: Sources, judged: list[Asked], speak: Translator) -> dict[str, Filled]:
    """The fields of a form that have a source of which something is known."""
    made: dict[str, Filled] = {}
    for field in form.fields:
        value = _value(field, found, judged, speak)
        if value is None:
            continue
        try:
            checked = check(field, value.value)
        except Misfit:  # what stands there does not fit this field: a person writes it
            continue
        if checked is not None:
            made[field.id] = Filled("given", checked, value.source)
    return made


def _value(field: Field, found: Sources, judged: list[Asked], speak: Translator) -> Filled | None:
    source = field.source
    prefix, _, rest = source.partition(":")
    if prefix == "fact":
        fact = found.facts.get(rest)
        return None if fact is None else Filled("given", fact.value, f"{source} ({fact.source})")
    if prefix == "sent":
        at = found.sent.get(rest)
        return None if at is None else Filled("given", at.isoformat(), source)
    if prefix == "field":
        step, _, name = rest.partition(".")
        before = found.drafts.get(step, {}).get(name)
        return before if before is not None and before.state == "given" else None
    value = _plain(source, found, judged, speak)
    return None if value is None else Filled("given", value, source)


def _plain(
    source: str, found: Sources, judged: list[Asked], speak: Translator
) -> str | tuple[str, ...] | float | None:
    group, _, name = source.partition(".")
    if group == "time":
        return _moment(found.times.get(name))
    if group == "entity":
        return {"name": found.duty.entity, "kind": found.duty.entity_kind,
                "country": found.duty.pack_country}.get(name)  # fmt: skip
    if group == "significance":
        return _significance(name, judged, speak)
    plain: Mapping[str, object] = {
        "obligation.number": found.duty.number, "node.name": found.node,
        "incident.number": found.incident.get("number"), "incident.state": found.incident.get("state"),
        "incident.severity": found.incident.get("severity"),
        "incident.category": found.incident.get("category"),
    }  # fmt: skip
    if source in plain:
        said = plain[source]
        return None if said is None else str(said)
    match source:
        case "incident.title" if found.incident:
            return sentence(speak, found.incident["title"], found.incident["title_params"])
        case "incident.reports" if found.incident:
            return float(found.incident["reports"])
        case "incident.first_at" if found.incident:
            return _moment(found.incident["first_at"])
        case "incident.names":
            return found.names or None
        case "incident.values":
            return found.values or None
        case "incident.blocks" if found.blocks:
            return "\n".join(_block(each, speak) for each in found.blocks)
    return None


def _block(block: tuple[str, str, datetime | None], speak: Translator) -> str:
    name, state, published = block
    if published is None:
        return speak.text("OBLIGATION_BLOCK_PLANNED", name=name)
    over = state in {"lifted", "withdrawn", "rejected"}
    code = "OBLIGATION_BLOCK_LIFTED" if over else "OBLIGATION_BLOCK"
    return speak.text(code, name=name, at=published.strftime("%Y-%m-%d %H:%M UTC"))


def _significance(name: str, judged: list[Asked], speak: Translator) -> str | None:
    yes = [each for each in judged if each.result.answer is Answer.YES]
    if name == "answer":
        return None if not judged else Answer.YES.value if yes else judged[0].result.answer.value
    lines = [
        f"{criterion.id} ({criterion.cite}): "
        + ", ".join(f"{pack.fact_name(c.fact, speak.lang)} = {c.value} {c.sign} {c.limit}"
                    for c in criterion.checked if c.value is not None)
        for each in yes
        for pack in [each.pack.rules]
        for criterion in each.result.criteria
        if criterion.answer is Answer.YES and criterion.kind != "never"
    ]  # fmt: skip
    return "\n".join(lines) or None


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
