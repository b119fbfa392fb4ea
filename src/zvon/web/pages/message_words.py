"""The words of messages, contacts and notices on pages: a code in, its word in the reader's language out."""

from collections.abc import Callable

from zvon.locale import Translator

Word = Callable[[str | None], str]

STATES = {
    "draft": "Draft", "queued": "Waits to be sent", "sending": "Being sent", "sent": "Sent",
    "delivered": "Delivered", "bounced": "Came back", "failed": "Could not be sent",
    "held": "Held at the gate", "unsure": "Handed over, not confirmed", "cancelled": "Not sent",
    "received": "Being read", "threaded": "Received", "unthreaded": "Belongs nowhere yet",
    "quarantined": "Kept apart", "handled": "Done",
}  # fmt: skip
LOOKS = {
    "delivered": ("good", "done"), "sent": ("good", "done"), "bounced": ("bad", "failed"),
    "failed": ("bad", "failed"), "held": ("warn", "held"), "unsure": ("warn", "late"),
    "quarantined": ("warn", "held"), "unthreaded": ("warn", "open"), "sending": ("idle", "half"),
    "queued": ("idle", "clock"),
}  # fmt: skip
TRUST = {
    "signed": "signed with a known key", "authenticated": "confirmed by the sender's domain",
    "claimed": "the address fits, nobody confirms it", "stranger": "the thread was not written to this address",
    "disowned": "the sender's domain says that it is forged",
}  # fmt: skip
MACHINES = {"auto": "automatic answer", "list": "mailing list", "bounce": "report of delivery",
            "complaint": "complaint"}  # fmt: skip
PROTECTION = {"pgp_signed": "PGP, signed", "pgp_encrypted": "PGP, encrypted",
              "pgp_both": "PGP, signed and encrypted", "smime_signed": "S/MIME, signed"}  # fmt: skip
SIGNATURES = {"good": "signature holds", "unknown": "signed with an unknown key",
              "bad": "signature does not hold"}  # fmt: skip
KINDS = {
    "constituent": "constituent", "provider": "provider", "registrar": "registrar",
    "registry": "registry", "cert": "CERT", "bank": "bank", "duty": "our own desk on duty", "other": "other",
}  # fmt: skip
CONTACT_STATES = {
    "active": "in use",
    "bounced": "mail comes back",
    "ended": "not written to any more",
}
SOURCES = {"own": "entered here", "file": "from a file", "rdap": "named by a registrar",
           "rir": "named by a regional registry", "typed": "entered in a message"}  # fmt: skip
WHYS = {"owner": "it is theirs", "rdap": "named by a registrar", "rir": "named by a regional registry",
        "registry": "registry of the domain", "cert": "national CERT"}  # fmt: skip
CLASSES = {
    "compromised_site": "hacked sites", "phishing": "phishing pages", "malware": "malware",
    "infected_host": "infected computers", "vulnerable_service": "vulnerable services",
    "attack_source": "sources of attacks", "leaked_account": "leaked accounts",
}  # fmt: skip
NOTICE_STATES = {
    "gathering": "is gathered", "review": "waits for your look", "sent": "sent",
    "answered": "answered", "closed": "closed", "dropped": "not sent",
}  # fmt: skip
REASONS = {
    "RATE": "too many from one sender in an hour", "SERVER_AWAY": "the mail server does not answer",
    "NO_ANSWER": "the mail server did not say whether it took it",
    "NO_KEY": "they are never written to in the clear, and there is no key",
    "BAD_KEY": "their key cannot be used", "BAD_TEMPLATE": "the wording of the letter cannot be filled",
    "CANNOT_OPEN": "encrypted for a key that is not ours", "UNREADABLE": "the mail cannot be read",
}  # fmt: skip
CHANNELS = {"mail": "table (CSV)", "xarf": "table and X-ARF"}
TEMPLATES = {
    "letter": "free letter", "incident_notice": "notice of an incident",
    "compromised_site": "to the owner of a hacked site", "bank_notice": "notice to a bank",
}  # fmt: skip
# Those of `TEMPLATES` a person writes with; the others our own jobs fill.
ALL_TEMPLATES = {
    **TEMPLATES, "grouped_notice": "notice of many things", "reminder": "reminder",
    "takedown": "letter for a takedown", "apology": "apology for a wrong block", "duty": "letter to our own desk",
}  # fmt: skip
LANGUAGES = {"sl": "Slovenian", "hr": "Croatian", "en": "English"}
TABLES = {
    "message_state": STATES, "trust_word": TRUST, "machine_word": MACHINES,
    "protection_word": PROTECTION, "signature_word": SIGNATURES, "contact_kind": KINDS,
    "contact_state": CONTACT_STATES, "contact_source": SOURCES, "contact_why": WHYS,
    "notice_class": CLASSES, "notice_state": NOTICE_STATES, "contact_channel": CHANNELS,
    "template_word": ALL_TEMPLATES, "letter_lang": LANGUAGES,
}  # fmt: skip


def words(speak: Translator) -> dict[str, Word]:
    """Functions for templates; a code without a word stays as it is."""

    def of(table: dict[str, str]) -> Word:
        def word(code: str | None) -> str:
            msgid = table.get(code or "")
            return speak.text(msgid) if msgid else code or ""

        return word

    def reason(code: str | None) -> str:
        """Ours have a word; those of the gate are its own; a mail server's words stay."""
        first, _, rest = (code or "").partition(" ")
        if first in REASONS:
            return f"{speak.text(REASONS[first])}{': ' + rest if rest else ''}"
        return speak.text(code) if code and code in speak else code or ""

    return {**{name: of(table) for name, table in TABLES.items()}, "message_reason": reason}
