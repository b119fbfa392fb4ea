"""The words of duties, rules and orders on pages: a code in, its word in the reader's language out."""

from collections.abc import Callable

from zvon.locale import Translator

Word = Callable[[str | None], str]

STEP_STATES = {
    "not_due": "not due", "armed": "to be written", "drafting": "draft", "in_review": "to be sent",
    "submitted": "sent", "accepted": "confirmed", "not_applicable": "does not apply",
}  # fmt: skip
STEP_WHYS = {
    "waits": "waits for what it runs from", "ongoing": "not while the incident lasts",
    "not_ongoing": "only if the incident lasts", "not_sent": "only after another report",
    "sent": "another report was sent instead",
}  # fmt: skip
SIGNIFICANCE = {"yes": "significant", "no": "not significant", "unknown": "not known yet"}
AUDIENCES = {"owner": "the owner of the incident", "approver": "approvers",
             "administrator": "administrators", "analyst": "analysts"}  # fmt: skip
ENTITY_KINDS = {
    "dns_provider": "DNS provider", "tld_registry": "registry of a top-level domain",
    "cloud": "cloud provider", "data_centre": "data centre", "cdn": "content delivery network",
    "managed_service": "managed service provider",
    "managed_security": "managed security service provider", "marketplace": "online marketplace",
    "search_engine": "search engine", "social_network": "social network",
    "trust_service_provider": "trust service provider", "energy": "energy",
    "transport": "transport", "banking": "banking", "health": "health", "water": "water",
    "digital": "digital infrastructure", "administration": "public administration",
    "postal": "postal and courier services", "other": "other sector",
    "controller": "controller of personal data",
}  # fmt: skip
EVENTS = {
    "requested": "a report was requested", "received:early_warning": "the early warning was received",
    "decision:cross_border": "decided: it is cross-border",
    "decision:high_risk": "decided: high risk for people", "classified": "it was classified",
    "period_ended": "a quarter ended", "ordered": "an order was given",
    "awareness": "awareness", "aware": "awareness", "detected": "detection", "handled": "end of handling",
    "sent:notification": "the notification as it was sent", "sent:initial": "the first report as it was sent",
    "sent:intermediate": "the intermediate report as it was sent",
}  # fmt: skip
WAYS = {"mail": "by mail", "file": "as a file", "portal": "through a portal", "phone": "by phone",
        "other": "otherwise"}  # fmt: skip
PACK_STATES = {"loaded": "loaded", "proposed": "waits for a second person", "active": "active",
               "retired": "retired"}  # fmt: skip
JUSTIFICATION = {
    "threat": "Which threat", "protects": "Whom and which services it protects",
    "necessity": "Why it is necessary", "effectiveness": "Why it works",
    "proportionality": "Why it is proportionate", "alternatives": "Milder means, and why they are not enough",
    "scope": "What is blocked, and what is not", "duration": "For how long",
    "opt_out": "How one opts out", "transparency": "Where one sees what is blocked and why",
}  # fmt: skip
CAUSES = {"misconfiguration": "misconfiguration", "malicious": "malicious act",
          "failure": "failure of a system", "natural": "natural event", "other": "other cause"}  # fmt: skip
ORDER_STATES = {
    "announced": "given by word of mouth", "confirmed": "confirmed in writing",
    "in_force": "in force", "ended": "over", "lapsed": "lapsed",
}  # fmt: skip
TABLES = {
    "step_state": STEP_STATES, "step_why": STEP_WHYS, "significance_word": SIGNIFICANCE,
    "alarm_audience": AUDIENCES, "entity_word": ENTITY_KINDS, "event_word": EVENTS,
    "way_word": WAYS, "pack_state": PACK_STATES, "justification_word": JUSTIFICATION,
    "cause_word": CAUSES, "order_state": ORDER_STATES,
}  # fmt: skip


def words(speak: Translator) -> dict[str, Word]:
    """Functions for templates. A code of an operator's own pack that has no word stays as it is."""

    def of(table: dict[str, str]) -> Word:
        def word(code: str | None) -> str:
            msgid = table.get(code or "")
            return speak.text(msgid) if msgid else code or ""

        return word

    return {name: of(table) for name, table in TABLES.items()}
