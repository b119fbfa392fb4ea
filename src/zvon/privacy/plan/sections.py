"""The parts that more than one document has: who answers, how long, who reads, what protects."""

from zvon.formats.paper.block import Writer
from zvon.locale import Translator
from zvon.model.data_class import data_class
from zvon.model.data_policy import DataPolicy, Rule
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.words import (
    acts,
    all_named,
    bases,
    countries,
    country,
    length,
    named,
    readers,
)  # fmt: skip

NONE = "–"
MEASURES = ("SEALED", "ROWS", "GATE", "RESIDUE", "PSEUDONYM", "PURGE", "AUDIT", "EYES", "HOSTILE",
            "SMALL")  # fmt: skip


def opening(w: Writer, speak: Translator, policy: DataPolicy, facts: Facts | None) -> None:
    """What the document is, whether it is a draft, and which state of which node it shows."""
    if not policy.confirmed:
        w.say(speak.text("PLAN_DRAFT"), warns=True)
    w.say(speak.text("PLAN_MADE_FROM"))
    if facts is None:
        w.say(speak.text("PLAN_NO_NODE"), live=True)
    else:
        w.say(
            speak.text("PLAN_NODE", node=facts.node, moment=speak.moment(facts.at),
                       version=facts.version), live=True,
        )  # fmt: skip


def responsible(w: Writer, speak: Translator, policy: DataPolicy) -> None:
    """The controller, the officer, the authority, and processors."""
    w.head(speak.text("PLAN_H_RESPONSIBLE"))
    who = policy.controller
    rows = [
        (speak.text("PLAN_CONTROLLER"), ", ".join(filter(None, (who.name, who.address)))),
        (speak.text("PLAN_DPO"), who.dpo),
        (speak.text("PLAN_AUTHORITY"),
         ", ".join(filter(None, (who.authority, who.authority_url)))),
        (speak.text("PLAN_COUNTRY"), country(speak, policy.country)),
    ]  # fmt: skip
    w.table(
        speak.text("PLAN_T_RESPONSIBLE"), (speak.text("PLAN_ROLE"), speak.text("PLAN_WHO")), rows
    )
    if policy.processors:
        w.table(
            speak.text("PLAN_T_PROCESSORS"),
            [speak.text(code) for code in
             ("PLAN_PROCESSOR", "PLAN_TASK", "PLAN_COUNTRY", "PLAN_CONTRACT")],
            [(p.name, p.task, country(speak, p.country), p.contract or NONE)
             for p in policy.processors],
        )  # fmt: skip
    else:
        w.say(speak.text("PLAN_NO_PROCESSORS"))


def what_and_why(w: Writer, speak: Translator, policy: DataPolicy) -> None:
    """Each class: what it holds, of whom, for what."""
    w.head(speak.text("PLAN_H_DATA"))
    w.say(speak.text("PLAN_DATA_INTRO"))
    w.table(
        speak.text("PLAN_T_DATA"),
        [speak.text(code) for code in
         ("PLAN_CLASS", "PLAN_HOLDS", "PLAN_SUBJECTS", "PLAN_PURPOSE")],
        [(name(speak, rule), named(speak, "PLAN_HOLDS", rule.id), subjects(speak, rule),
          all_named(speak, "PLAN_PURPOSE", rule.purpose)) for rule in policy.classes],
    )  # fmt: skip


def legal(w: Writer, speak: Translator, policy: DataPolicy) -> None:
    """The legal basis of each class, and the acts in full."""
    w.head(speak.text("PLAN_H_LEGAL"))
    w.say(speak.text("PLAN_LEGAL_INTRO"))
    w.items(acts(policy))
    w.table(
        speak.text("PLAN_T_LEGAL"), (speak.text("PLAN_CLASS"), speak.text("PLAN_BASIS")),
        [(name(speak, rule), bases(speak, rule)) for rule in policy.classes],
    )  # fmt: skip


def retention(w: Writer, speak: Translator, policy: DataPolicy, facts: Facts | None) -> None:
    """How long each class is kept, what becomes of it, and what is there now."""
    w.head(speak.text("PLAN_H_RETENTION"))
    w.say(speak.text("PLAN_RETENTION_INTRO"))
    w.table(
        speak.text("PLAN_T_RETENTION"),
        [speak.text(code) for code in
         ("PLAN_CLASS", "PLAN_KEPT", "PLAN_FROM", "PLAN_AFTER", "PLAN_HOLD")],
        [(name(speak, rule), length(speak, rule.retention),
          named(speak, "PLAN_CLOCK", rule.clock), named(speak, "PLAN_AFTER", rule.after),
          hold(speak, rule)) for rule in policy.classes],
    )  # fmt: skip
    if facts is not None:
        rows = []
        for rule in policy.classes:
            now = facts.classes.get(rule.id)
            if now is None:
                continue
            rows.append((
                name(speak, rule), speak.number(now.rows),
                NONE if now.oldest is None else speak.date(now.oldest),
                speak.text("PLAN_NEVER_PURGED") if now.purged_at is None
                else speak.moment(now.purged_at),
            ))  # fmt: skip
        w.table(
            speak.text("PLAN_T_STATE"),
            [speak.text(code) for code in
             ("PLAN_CLASS", "PLAN_ROWS", "PLAN_OLDEST", "PLAN_LAST_PURGE")],
            rows, live=True,
        )  # fmt: skip


def access(w: Writer, speak: Translator, policy: DataPolicy) -> None:
    """Where data stays and who reads it."""
    w.head(speak.text("PLAN_H_ACCESS"))
    w.say(speak.text("PLAN_ACCESS_INTRO"))
    w.table(
        speak.text("PLAN_T_ACCESS"),
        [speak.text(code) for code in
         ("PLAN_CLASS", "PLAN_RESIDENCY", "PLAN_READERS", "PLAN_TRANSFER")],
        [(name(speak, rule), countries(speak, rule.residency), readers(speak, rule),
          named(speak, "PLAN_TRANSFER", rule.transfer)) for rule in policy.classes],
    )  # fmt: skip


def recipients(w: Writer, speak: Translator, facts: Facts | None) -> None:
    """To whom data goes through the gate, and the keys of their pseudonyms."""
    w.head(speak.text("PLAN_H_SHARING"))
    w.say(speak.text("PLAN_SHARING_INTRO"))
    if facts is None:
        return
    if not facts.recipients:
        w.say(speak.text("PLAN_NO_RECIPIENTS"), live=True)
    w.table(
        speak.text("PLAN_T_RECIPIENTS"),
        [speak.text(code) for code in ("PLAN_RECIPIENT", "PLAN_KIND", "PLAN_DETAIL")],
        [(r.name, speak.text("PLAN_KIND_GROUP" if r.group else "PLAN_KIND_PARTNER"),
          speak.plural("PLAN_MEMBERS", "PLAN_MEMBERS", r.members) if r.group
          else country(speak, r.country)) for r in facts.recipients],
        live=True,
    )  # fmt: skip
    w.table(
        speak.text("PLAN_T_KEYS"),
        [speak.text(code) for code in
         ("PLAN_GROUP", "PLAN_KEYS_LIVING", "PLAN_KEYS_DESTROYED", "PLAN_KEYS_NEWEST")],
        [(k.group, speak.number(k.living), speak.number(k.destroyed), k.newest or NONE)
         for k in facts.keys],
        live=True,
    )  # fmt: skip
    w.say(
        speak.text("PLAN_DISCLOSURES", released=speak.number(facts.released),
                   stopped=speak.number(facts.stopped)), live=True,
    )  # fmt: skip


def security(w: Writer, speak: Translator) -> None:
    """Technical and organisational measures (GDPR, Article 32)."""
    w.head(speak.text("PLAN_H_SECURITY"))
    w.items([speak.text(f"PLAN_MEASURE_{code}") for code in MEASURES])


def rights(w: Writer, speak: Translator, policy: DataPolicy, facts: Facts | None) -> None:
    """What people can ask, and how it is answered."""
    w.head(speak.text("PLAN_H_RIGHTS"))
    w.say(speak.text("PLAN_RIGHTS", dpo=policy.controller.dpo))
    w.say(speak.text("PLAN_RIGHTS_ERASURE"))
    w.say(speak.text("PLAN_RIGHTS_COMPLAINT", authority=policy.controller.authority))
    if facts is not None:
        w.say(
            speak.plural("PLAN_REQUESTS_OPEN", "PLAN_REQUESTS_OPEN", facts.open_requests),
            live=True,
        )


def origins(w: Writer, speak: Translator, facts: Facts | None) -> None:
    """Where data comes from."""
    w.head(speak.text("PLAN_H_SOURCES"))
    w.say(speak.text("PLAN_SOURCES_INTRO"))
    if facts is not None:
        w.table(
            speak.text("PLAN_T_SOURCES"), (speak.text("PLAN_SOURCE"), speak.text("PLAN_KIND")),
            [(s.name, s.kind) for s in facts.sources], live=True,
        )  # fmt: skip


def finish(
    w: Writer, speak: Translator, policy: DataPolicy, kind: Kind, *, title: str, made: str
) -> Document:
    """The document with its foot: which policy it was made from, and when."""
    return Document(
        kind=kind, country=policy.country, lang=speak.lang, title=title, blocks=tuple(w.blocks),
        live=frozenset(w.live), policy_sha256=policy.sha256,
        policy_line=speak.text("PLAN_FOOT_POLICY", country=policy.country, sha256=policy.sha256),
        made_line=speak.text("PLAN_FOOT_MADE", moment=made),
    )  # fmt: skip


def name(speak: Translator, rule: Rule) -> str:
    """What a class is called, and its identifier."""
    return f"{named(speak, 'PLAN_CLASS', rule.id)} ({rule.id})"


def subjects(speak: Translator, rule: Rule) -> str:
    """Whose data it may be; a class without personal data says so."""
    if rule.subjects:
        return all_named(speak, "PLAN_SUBJECT", rule.subjects)
    return speak.text("PLAN_SUBJECTS_NONE" if not data_class(rule.id).personal
                      else "PLAN_SUBJECTS_OPEN")  # fmt: skip


def hold(speak: Translator, rule: Rule) -> str:
    """How long a hold may keep it, and how many people that takes."""
    if rule.legal_hold is None:
        return speak.text("PLAN_HOLD_NONE")
    return speak.text("PLAN_HOLD_MOST", length=length(speak, rule.legal_hold.max),
                      people=speak.number(rule.legal_hold.approve))  # fmt: skip
