"""Which data a node holds, class by class: the tables and folders of each, and what its age counts from.

A class is what a data policy gives a purpose, a legal basis and an end. Every table is in at
least one class, or in `model.data_machinery` with the reason why nothing in it has to end; a test
compares both with the database.
"""

from msgspec import Struct

REPORTS = ("report",)
EVENTS = ("event", "object", "document")
INDICATORS = ("indicator",)
SIGHTINGS = ("alert", "log")
INCIDENTS = ("incident",)
WRITTEN = "written_at"
ENDED = "ended_at"


class Held(Struct, frozen=True):
    """One table of a class.

    `clock` is the column that its age counts from; empty: its rows are as old as the row of
    `parent` that its column `key` points to. `kinds` limits rows to those whose `record.kind` is
    among them (in the table `record`, or in the record that the row leads to).
    """

    table: str
    clock: str = ""
    key: str = ""
    parent: str = ""
    kinds: tuple[str, ...] = ()


class DataClass(Struct, frozen=True, kw_only=True):
    """One class of data. `folders` are below the node's own; `*` stands for any folder name there.

    `personal` says that rows may name or lead to a person. `raw` marks what came in as it came:
    it is sealed under a key of its day, and residency holds for each reading of it. `used` marks what
    serves for as long as somebody uses it (an account, a subscriber): its age counts from the end.
    """

    id: str
    tables: tuple[Held, ...]
    folders: tuple[str, ...] = ()
    personal: bool = True
    raw: bool = False
    used: bool = False

    @property
    def clock(self) -> str:
        """What its age counts from, as a policy says it; of files it is when they were written."""
        if self.used:
            return ENDED
        return next((each.clock for each in self.tables if each.clock), WRITTEN)


def _of_record(*tables: str, kinds: tuple[str, ...]) -> tuple[Held, ...]:
    return tuple(Held(each, key="record_id", parent="record", kinds=kinds) for each in tables)


# What every record has beside its own row, whatever its kind.
_ALONG = ("record_audience", "record_version", "occurrence", "edge", "tag_use", "search_record",
          "subject_key")  # fmt: skip

CLASSES: tuple[DataClass, ...] = (
    DataClass(
        id="report.raw", raw=True, folders=("inbox",),
        tables=(Held("raw_input", "received_at"),
                Held("quarantine", "at")),
    ),
    DataClass(
        id="report.text",
        tables=(Held("report", "received_at"),
                Held("record", "received_at", kinds=REPORTS),
                Held("receipt_again", key="record_id", parent="report"),
                Held("report_key", key="record_id", parent="report"),
                *_of_record(*_ALONG, kinds=REPORTS)),
    ),
    DataClass(id="mail", tables=(Held("mail_reply", "asked_at"),)),
    DataClass(
        id="delivery.raw", raw=True,
        tables=(Held("delivery_chunk", key="delivery_id", parent="delivery"),
                Held("delivery", "received_at")),
    ),
    DataClass(id="spool", folders=("collector",),
              tables=(Held("collector_spool", key="collector_id", parent="collector"),)),
    DataClass(
        id="event",
        tables=(Held("record", "received_at", kinds=EVENTS),
                Held("document", key="record_id", parent="record"),
                *_of_record(*_ALONG, kinds=EVENTS)),
    ),
    DataClass(
        id="sighting",
        tables=(Held("record", "received_at", kinds=SIGHTINGS),
                Held("alert", "received_at"),
                *_of_record(*_ALONG, kinds=SIGHTINGS)),
    ),
    DataClass(
        id="indicator",
        tables=(Held("record", "received_at", kinds=INDICATORS),
                *_of_record(*_ALONG, kinds=INDICATORS),
                Held("observable", key="id", parent="occurrence"),
                Held("search_value", key="observable_id", parent="observable"),
                Held("enrichment", "at"),
                Held("abuse_contact", "seen_at")),
    ),
    DataClass(
        id="evidence",
        tables=(Held("evidence", "seen_at"), Held("verdict", "at")),
    ),
    DataClass(
        id="capture",
        tables=(Held("capture", "at"), Held("evidence_file", "at")),
    ),
    DataClass(
        id="incident",
        tables=(Held("incident", "last_at"),
                Held("record", "received_at", kinds=INCIDENTS),
                Held("incident_name", key="incident_id", parent="incident"),
                Held("timeline", "at"),
                Held("incident_time", "set_at"),
                Held("task", "made_at"),
                Held("task_after", key="task_id", parent="task"),
                Held("alert_group", "last_at"),
                Held("alert_link", "at"),
                Held("alert_apart", key="step_id", parent="incident_step"),
                Held("alert_together", key="step_id", parent="incident_step"),
                Held("alert_hub", "last_at"),
                Held("alert_realm", "last_at"),
                Held("alert_memory", "at"),
                Held("incident_step", "at"),
                Held("thread", "last_at"),
                Held("message", "at"),
                Held("message_attempt", "begun_at"),
                Held("notice", "last_at"),
                Held("notice_fact", "last_at"),
                Held("run", "changed_at"),
                Held("dry_run", "asked_at"),
                Held("handover", "begun_at"),
                Held("handover_note", "at"),
                Held("handover_item", key="handover_id", parent="handover"),
                Held("comment", "at"),
                *(Held(each, key="comment_id", parent="comment")
                  for each in ("comment_past", "comment_share", "mention")),
                *(Held(each, key="run_id", parent="run")
                  for each in ("run_token", "step_run", "run_log")),
                *(Held(each, key="step_run_id", parent="step_run")
                  for each in ("run_wait", "run_answer", "run_effect", "run_call")),
                *_of_record(*_ALONG, kinds=INCIDENTS)),
    ),
    DataClass(
        id="exhibit", raw=True,
        tables=(Held("exhibit_piece", key="exhibit_id", parent="exhibit"),
                Held("exhibit", "at")),
    ),
    DataClass(
        id="campaign",
        tables=(Held("campaign", "last_at"),
                Held("campaign_member", "at"),
                Held("campaign_key", key="campaign_id", parent="campaign"),
                Held("campaign_key_seen", key="observable_id", parent="campaign_key"),
                Held("campaign_key_common", "at"),
                Held("campaign_apart", "at"),
                Held("campaign_step", "at"),
                Held("template", key="id", parent="report_key"),
                Held("template_band", key="template_id", parent="template")),
    ),
    DataClass(
        id="label",
        tables=(Held("label", "at"), Held("label_task", "made_at"), Held("span_label", "at")),
    ),
    DataClass(
        id="watch",
        tables=(Held("watch", "first_at"), Held("watch_rule", "made_at"), Held("brand_word", "at")),
    ),
    DataClass(
        id="takedown",
        tables=(Held("takedown", "made_at"), Held("url_notice", "made_at")),
    ),
    DataClass(
        id="decision",
        tables=(Held("incident_decision", "at"),
                Held("review", "at"),
                Held("classification", "at"),
                Held("suggestion", "at"),
                Held("opinion", "at"),
                Held("review_rule", "at"),
                Held("alert_verdict", "at"),
                Held("countersign", "asked_at"),
                Held("promotion", "at"),
                Held("block", "proposed_at"),
                Held("approval", "at"),
                Held("block_step", "at"),
                Held("block_feed", "published_at"),
                Held("block_before", "at"),
                Held("receipt", "at"),
                Held("url_rule", "proposed_at"),
                Held("authority_order", "received_at"),
                Held("rule_pack", "loaded_at"),
                Held("obligation", "started_at"),
                Held("obligation_event", "noted_at"),
                Held("obligation_step", key="obligation_id", parent="obligation"),
                Held("obligation_submission", "at"),
                Held("obligation_alarm", "at"),
                Held("obligation_reminder", "at"),
                Held("incident_fact", "at"),
                Held("feed_justification", "proposed_at"),
                Held("neverblock_change", "proposed_at"),
                Held("undo_request", "asked_at"),
                Held("bulk", "asked_at"),
                Held("bulk_item", key="bulk_id", parent="bulk"),
                Held("snooze", "at"),
                Held("claim", "until"),
                Held("queue_sample", "drawn_at"),
                Held("rank_change", "proposed_at"),
                Held("feed_thaw", "at"),
                Held("brand_edit", "at")),
    ),
    DataClass(id="appeal", tables=(Held("appeal", "filed_at"),)),
    DataClass(
        id="hit", personal=False,
        tables=(Held("hit_minute", "minute"), Held("landing_hour", "hour")),
    ),
    DataClass(
        id="transparency", personal=False, tables=(Held("transparency_entry", "at"),)
    ),
    DataClass(
        id="audit", tables=(Held("audit", "at"), Held("change", "at"), Held("custody", "at")),
    ),
    DataClass(
        id="account", used=True,
        tables=(Held("person", "created_at"),
                Held("person_role", key="person_id", parent="person"),
                Held("party", key="id", parent="person"),
                Held("session", "expires_at"),
                Held("identity", "made_at"),
                Held("passkey", "made_at"),
                Held("access_change", "proposed_at"),
                Held("api_key", "expires_at"),
                Held("login_link", "expires_at"),
                Held("search_view", "made_at"),
                Held("queue_view", "made_at"),
                Held("queue_default", key="view_id", parent="queue_view"),
                Held("subscriber_account", key="person_id", parent="person")),
    ),
    DataClass(
        id="subscriber", used=True,
        tables=(Held("subscriber", "created_at"),
                Held("subscription", key="subscriber_id", parent="subscriber"),
                Held("subscriber_name", key="subscriber_id", parent="subscriber"),
                Held("tsig_key", "created_at"),
                Held("outpost", "created_at"),
                Held("usage_day", "day"),
                Held("dns_alert", "opened_at")),
    ),
    DataClass(
        id="source", used=True,
        tables=(Held("source", "created_at"),
                Held("source_setup", "made_at"),
                Held("mapping", "made_at"),
                Held("collector", "made_at"),
                Held("mailbox", "read_at"),
                Held("name_source", "made_at"),
                Held("source_day", "day"),
                Held("source_quality", "made_at")),
    ),
    DataClass(
        id="partner", used=True,
        tables=(Held("peer", "created_at"),
                Held("invitation", "expires_at"),
                Held("share_group", key="uuid", parent="share_membership"),
                Held("share_membership", "at"),
                Held("share_member", key="group_uuid", parent="share_group"),
                Held("peer_nonce", "at")),
    ),
    DataClass(
        id="disclosure",
        tables=(Held("disclosure", "at"),
                Held("share", "prepared_at"),
                Held("share_approval", "at"),
                Held("share_feed", "checkpoint_at"),
                Held("feed_entry", "at"),
                Held("checkpoint", "at"),
                Held("ack", "at"),
                Held("equivocation", "at")),
    ),
    DataClass(
        id="pseudonym",
        tables=(Held("pseudonym", key="epoch", parent="pseudonym_key"),
                Held("pseudonym_key", "created_at"),
                Held("pseudonym_reversal", "at"),
                Held("pseudonym_question", "at")),
    ),
    DataClass(
        id="constituency", used=True,
        tables=(Held("constituency", "added_at"),
                Held("contact", "made_at"),
                Held("contact_network", key="contact_id", parent="contact"),
                Held("contact_domain", key="contact_id", parent="contact"),
                Held("contact_feed", key="contact_id", parent="contact"),
                Held("notice_consent", "at")),
    ),
    DataClass(
        id="data_request",
        tables=(Held("data_request", "received_at"),
                Held("data_request_step", "at"),
                Held("legal_hold", "at")),
    ),
    DataClass(
        id="accountability", personal=False,
        tables=(Held("purge", "started_at"),
                Held("data_policy", "at"),
                Held("data_key", "created_at"),
                Held("class_day", "day")),
    ),
    DataClass(
        id="statistics", personal=False,
        tables=(Held("statistics_release", "at"),
                Held("statistics_budget", key="data_set", parent="statistics_release"),
                Held("situation_job", "made_at"),
                Held("situation_receiver", key="job_id", parent="situation_job"),
                Held("situation_made", "made_at"),
                Held("situation_sent", key="made_id", parent="situation_made")),
    ),
    DataClass(
        id="model", used=True, personal=False,
        tables=(Held("model_version", "made_at"), Held("model_day", "day")),
    ),
    DataClass(
        id="job",
        tables=(Held("pgqueuer", "updated"), Held("pgqueuer_log", "created")),
    ),
    DataClass(id="log", folders=("logs", "postgres.log"), tables=()),
    DataClass(id="backup", folders=("backup",), tables=()),
)  # fmt: skip

IDS: tuple[str, ...] = tuple(each.id for each in CLASSES)


def data_class(id: str) -> DataClass:
    """The class called `id`. Raises `LookupError`."""
    for each in CLASSES:
        if each.id == id:
            return each
    raise LookupError(f"no class of data is called {id!r}")
