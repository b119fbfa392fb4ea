"""Classes with a step of their own beside records and raw data: what is emptied, what just goes."""

from typing import LiteralString

from msgspec import Struct

from zvon.store.retention import Gone, Scope, count_days
from zvon.store.transaction import Tx


class Aged(Struct, frozen=True):
    """A table whose rows go when `clock` is past: nothing points to them.

    `key` names a row in the proof. `only` is a further condition.
    """

    table: LiteralString
    key: LiteralString
    clock: LiteralString
    only: LiteralString = "true"


class Emptied(Struct, frozen=True):
    """A table whose rows stay, without the words in them.

    `done` holds for rows that were emptied already, `set` empties one.
    """

    table: LiteralString
    key: LiteralString
    clock: LiteralString
    done: LiteralString
    set: LiteralString
    only: LiteralString = "true"


AGED: dict[str, tuple[Aged, ...]] = {
    "mail": (Aged("mail_reply", "record_id", "asked_at"),),
    "indicator": (Aged("enrichment", "observable_id", "at"), Aged("abuse_contact", "subject", "seen_at")),
    "incident": (Aged("run", "id", "changed_at", "ended_at is not null"),
                 Aged("dry_run", "id", "asked_at", "ended_at is not null"),
                 Aged("alert_hub", "id", "last_at")),
    "takedown": (Aged("takedown", "id", "made_at"), Aged("url_notice", "id", "made_at")),
    "watch": (Aged("watch", "id", "first_at", "ended_at is not null"),
              Aged("watch_rule", "id", "expires_at"), Aged("brand_word", "brand", "at")),
    "hit": (Aged("hit_minute", "minute", "minute"), Aged("landing_hour", "hour", "hour")),
    "job": (Aged("pgqueuer_log", "id", "created"),
            Aged("pgqueuer", "id", "updated", "status not in ('queued', 'picked')")),
    "account": (Aged("session", "created_at", "expires_at"),
                Aged("login_link", "expires_at", "expires_at")),
    "partner": (Aged("invitation", "created_by", "expires_at"), Aged("peer_nonce", "at", "at")),
    "source": (Aged("source_day", "day", "day"), Aged("source_quality", "week", "made_at")),
    "subscriber": (Aged("usage_day", "day", "day"),
                   Aged("dns_alert", "id", "opened_at", "closed_at is not null")),
    "constituency": (Aged("constituency", "id", "valid_to"),),
    "pseudonym": (Aged("pseudonym_question", "id", "at", "state <> 'open'"),
                  Aged("pseudonym_reversal", "id", "at")),
    "model": (Aged("model_day", "day", "day"),
              Aged("model_version", "id", "changed_at", "state in ('retired', 'refused')")),
    "label": (Aged("span_label", "id", "at"),),
}  # fmt: skip

EMPTIED: dict[str, tuple[Emptied, ...]] = {
    "evidence": (
        Emptied("evidence", "id", "seen_at", "value = '' and params = '{}'",
                "value = '', params = '{}'"),
        Emptied("verdict", "id", "at", "reasons = '[]' and advice = '[]'",
                "reasons = '[]', advice = '[]'"),
    ),
    "incident": (
        Emptied("timeline", "id", "at", "params = '{}' and code <> 'NOTE'", "params = '{}'",
                "incident_id in (select i.id from incident i where i.last_at < %(cut)s"
                " and i.state in ('closed', 'resolved', 'rejected', 'merged'))"
                " and params <> '{}'"),
        Emptied("incident_name", "incident_id", "(select last_at from incident i where i.id = incident_id)",
                "url is null", "url = null, reason = ''",
                "incident_id in (select i.id from incident i"
                " where i.state in ('closed', 'resolved', 'rejected', 'merged'))"),
        Emptied("incident_time", "id", "set_at", "reason = ''", "reason = ''"),
        Emptied("task", "id", "made_at", "text in ('', '…') and result = '' and params = '{}'",
                "text = case when code is null then '…' else '' end, result = '', params = '{}'",
                "state in ('done', 'dropped')"),
        Emptied("handover_note", "id", "at", "text = '…'", "text = '…'"),
        Emptied("handover", "id", "begun_at", "remark = ''", "remark = ''", "state = 'taken'"),
        Emptied("comment", "id", "at", "text in ('', '…')", "text = '…'",
                "incident_id in (select i.id from incident i"
                " where i.state in ('closed', 'resolved', 'rejected', 'merged'))"),
        Emptied("comment_past", "comment_id", "until", "text = ''", "text = ''"),
        Emptied("comment_share", "id",
                "(select c.at from comment c where c.id = comment_id)", "said = ''", "said = ''"),
        Emptied("alert_link", "id", "at", "params = '{}'", "params = '{}'"),
        # The counts stay: the sum of the groups is what was accepted.
        Emptied("alert_group", "id", "last_at", "host = '' and actor = '' and values = '[]'",
                "host = '', actor = '', values = '[]'",
                "coalesce(incident_id not in (select i.id from incident i"
                " where i.state not in ('closed', 'resolved', 'rejected', 'merged')), true)"),
        Emptied("message", "id", "at", "text = '' and sender = '' and files = '[]'",
                "text = '', subject = '', sender = '', sender_name = '', recipients = '{}',"
                " files = '[]', said = '{}', verdicts = '{}', fields = '{}', raw_sha256 = null",
                "state not in ('draft', 'queued', 'sending', 'unsure', 'unthreaded', 'quarantined')"
                " and coalesce(record_id not in (select i.record_id from incident i"
                " where i.state not in ('closed', 'resolved', 'rejected', 'merged')), true)"),
        Emptied("notice_fact", "id", "last_at", "value like 'gone:%%'", "value = 'gone:' || id",
                "notice_id in (select n.id from notice n where n.state in ('closed', 'dropped'))"),
    ),
    "decision": (
        Emptied("alert_verdict", "id", "at", "reason = ''", "reason = ''"),
        Emptied("promotion", "id", "at", "reason = ''", "reason = ''"),
        Emptied("incident_decision", "id", "at", "reason = ''", "reason = '', before = '{}'"),
        # The hash of what was sent stays, and when and to whom.
        Emptied("obligation_submission", "id", "at", "body = '{}'", "body = '{}'"),
        Emptied("obligation_step", "id",
                "(select o.closed_at from obligation o where o.id = obligation_id)",
                "fields = '{}'", "fields = '{}'"),
    ),
    "label": (
        Emptied("label", "id", "at", "by_person is null and url = registered",
                "by_person = null, url = registered, features = '{}'"),
    ),
    "appeal": (
        Emptied("appeal", "id", "filed_at", "contact_sealed is null and text = '' and reason = ''",
                "contact_sealed = null, text = '', reason = ''", "state <> 'open'"),
    ),
    "disclosure": (
        Emptied("share", "id", "prepared_at", "before = '{}'", "before = '{}', decisions = '[]'",
                "state in ('released', 'revoked', 'refused')"),
        Emptied("disclosure", "id", "at", "by_login = ''", "by_login = ''"),
    ),
    "data_request": (
        Emptied("data_request", "id", "received_at", "subject_sealed is null",
                "subject_sealed = null", "state in ('answered', 'refused')"),
    ),
}  # fmt: skip

# What a legal hold on a record keeps in these tables.
_OF_RECORD = frozenset(
    {"mail_reply", "takedown", "evidence", "verdict", "label", "share", "disclosure"}
)
_FREE: LiteralString = " and not coalesce(record_id = any(%(held)s::bigint[]), false)"

# Classes that no purge takes rows of, and why. Their folders are looked through all the same.
KEPT: dict[str, str] = {
    "campaign": "rows of campaigns go with the reports that they are made of",
    "transparency": "the public record is append-only",
    "audit": "the audit is append-only and holds no identifier of a reporter",
    "accountability": "the proof of purges is what an authority asks for",
    "statistics": "what was printed stays printed",
    "spool": "a folder of a collector",
    "log": "a folder of files",
    "backup": "a folder of files",
}


async def aged(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Delete one batch of rows of the tables of a class that nothing points to; how many."""
    count = 0
    for each in AGED.get(scope.of_class, ()):
        free = _FREE if each.table in _OF_RECORD else ""
        cursor = await tx.execute(
            "delete from " + each.table + " t where t.ctid = any (array(select ctid from "  # noqa: S608 -- literals only
            + each.table + " where " + each.clock + " < %(cut)s and " + each.only
            + free + " limit %(most)s)) returning " + each.key + "::text, " + each.clock,
            {"cut": scope.cut_off, "most": scope.most, "held": list(scope.held)},
        )  # fmt: skip
        found = sorted((row[0], row[1]) for row in await cursor.fetchall())
        await count_days(tx, scope, [row[1] for row in found])
        count += gone.took(each.table, [row[0] for row in found])
    return count


async def emptied(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Empty one batch of rows of a class; how many. Emptied rows are not met again."""
    count = 0
    for each in EMPTIED.get(scope.of_class, ()):
        free = _FREE if each.table in _OF_RECORD else ""
        cursor = await tx.execute(
            "update " + each.table + " t set " + each.set  # noqa: S608 -- literals only
            + " where t.ctid = any (array(select ctid from " + each.table + " where " + each.clock
            + " < %(cut)s and not (" + each.done + ") and " + each.only + free
            + " limit %(most)s)) returning " + each.key + "::text",
            {"cut": scope.cut_off, "most": scope.most, "held": list(scope.held)},
        )  # fmt: skip
        count += gone.emptied(each.table, sorted(row[0] for row in await cursor.fetchall()))
    return count
