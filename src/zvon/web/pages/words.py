"""Words of the console for what the code calls by a code; every msgid stands here as a literal."""

from collections.abc import Callable

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import Translator
from zvon.model.marking import Tlp
from zvon.privacy.plan.words import country, length, named
from zvon.web.pages import message_words, obligation_words

VERDICTS = {
    "malicious": "Malicious",
    "suspicious": "Suspicious",
    "benign": "Benign",
    "undetermined": "Undetermined",
}
BLOCK_STATES = {
    "proposed": "Proposed", "validated": "Waits for approval", "approved": "Approved",
    "published": "Published", "enforced": "Enforced", "expiring": "Expiring", "lifted": "Lifted",
    "held": "Held", "rejected": "Rejected", "disputed": "Disputed", "withdrawn": "Taken back",
    "failed": "Not proved",
}  # fmt: skip
INCIDENT_STATES = {
    "new": "New", "triage": "Triage", "open": "Open", "contained": "Contained",
    "resolved": "Resolved", "closed": "Closed", "on_hold": "On hold", "rejected": "Rejected",
    "merged": "Merged",
}  # fmt: skip
SHARE_STATES = {
    "held": "Held", "waiting": "Waits for release", "released": "Released",
    "revoked": "Revoked", "refused": "Refused",
}  # fmt: skip
SCOPES = {
    "none": "no block",
    "host": "this host only",
    "host_sub": "this host and all names below",
    "registrable_sub": "the whole name and all below",
}
SCOPE_REASONS = {
    "registered_for_abuse": "the whole name was registered for abuse",
    "wildcard_abuse": "hundreds of hosts below the name are abused",
    "narrow": "a fact is missing or speaks against more, so the scope stays narrow",
    "customer_of_platform": "one customer of a shared platform",
    "compromised_site": "an old or ordinary site, probably broken into: tell its owner",
    "official": "an official name of a brand",
    "allowed": "on the list of names that are never blocked",
    "user_content": "a platform for everybody's content",
    "popular": "a name that very many people use",
    "infrastructure": "the network depends on this name",
    "public_suffix": "strangers have names under it",
    "serves_others": "many other names depend on it",
    "address": "an address, not a name",
    "not_public": "not a name of the public DNS",
    "too_long": "too long for a policy zone",
    "not_a_name": "not a name",
    "read_off_picture": "read off a picture: another report or a person confirms it first",
}
BLOCK_SHOWS = {
    "all": "All blocks", "live": "In force", "waiting": "Waiting for a person",
    "held": "Held or not proved", "ended": "Ended",
}  # fmt: skip
STAGES = {
    "approved": "approved", "published": "published", "first_enforced": "first resolver blocks",
    "all_enforced": "all mandatory resolvers block",
}  # fmt: skip
HELD_RULES = {
    "brake_batch": "more names at once than one person may block",
    "brake_ten_minutes": "more names in ten minutes than one person may block",
    "brake_day": "more names in a day than one person may block",
    "brake_source": "one source takes back too much at once",
    "order_lapsed": "the written copy of its order did not come",
}  # fmt: skip
TRIGGERS = {
    "ip": "answers with this address", "nsdname": "names served by this name server",
    "nsip": "names served from this address", "qname": "the name itself",
}  # fmt: skip
ACTIONS = {
    "given": "as the decision says", "nxdomain": "the name does not exist",
    "nodata": "the name has no address", "landing": "landing page",
}  # fmt: skip
VIEW_FIELDS = {
    "countries": "countries", "feeds": "decisions of", "categories": "categories",
    "sources": "sources", "triggers": "triggers", "min_confidence": "confidence",
}  # fmt: skip
CHANNELS = {
    "sms": "SMS", "imessage": "iMessage", "whatsapp": "WhatsApp", "email": "E-mail",
    "web": "Web page", "watch": "Watched name", "unknown": "unknown way",
}  # fmt: skip
ROLES = {
    "reporter": "reporter", "analyst": "analyst", "approver": "approver",
    "administrator": "administrator", "auditor": "auditor", "privacy_officer": "privacy officer", "desk": "brand desk",
    "party_administrator": "administrator of an organisation",
}  # fmt: skip

CATEGORIES = {
    "phishing": "Phishing", "fake_shop": "Fake shop", "scam": "Scam", "malware": "Malware",
    "compromised_site": "Hacked site", "simulation": "Exercise", "benign": "Harmless",
    "unsure": "Not clear",
}  # fmt: skip
ANSWERS = {
    "dangerous": "dangerous", "official": "official", "no_sign": "no sign of fraud found",
    "looking": "we are looking",
}  # fmt: skip
VANTAGES = {
    "plain": "Without scripts", "desktop": "As a computer", "phone": "As a phone",
}  # fmt: skip
OUTCOMES = {
    "seen": "seen", "refused": "refused by our guard", "unreachable": "not reachable",
    "limited": "stopped at a limit", "unavailable": "no browser here",
}  # fmt: skip
HOPS = {"http": "led on", "meta": "led on by the page", "script": "led on by a script",
        "frame": "in a frame"}  # fmt: skip
ASKED = {
    "password": "password", "card": "payment card", "code": "one-time code", "login": "user name",
    "bank": "bank account", "identity": "personal number", "address": "postal address",
    "phone": "phone number", "search": "search words", "other": "something else",
}  # fmt: skip
EVIDENCE_STAGES = (
    "Exact facts", "Words and names", "Registers and DNS", "The page without scripts",
    "The page in a browser",
)  # fmt: skip
FACTS = {
    "rdap.registered": "Registered on", "rdap.registrar": "Registrar",
    "rdap.abuse": "Address for complaints", "dns.addresses": "IP addresses",
    "dns.ns": "Name servers", "dns.mx": "Mail servers", "dns.absent": "Does not exist",
    "dns.asn": "Network", "tls.certificate": "Certificate", "page.refused": "Not fetched",
    "page.unreachable": "Not reachable", "page.final": "Leads to", "page.title": "Title",
    "page.lang": "Language", "page.form": "Asks for", "page.form_target": "Sends it to",
    "page.brand": "Names the brand", "page.favicon": "Icon", "page.skeleton": "Template",
    "page.resources": "Files with it", "page.kit_archive": "Archive left open",
    "page.download": "Offers a download", "page.empty": "Empty page", "page.parked": "Parked page",
    "page.owner": "Owner named", "page.business": "Facts about the business",
    "page.secret": "Token of a messenger", "visual.unavailable": "No browser",
    "visual.cloak": "Shows phones something else", "visual.screenshot": "Picture",
    "visual.phash": "Look of the page", "visual.logo": "Logo of",
}  # fmt: skip
DOCUMENTS = {
    "dmp": "Data management plan", "processing": "Record of processing",
    "dpia": "Impact assessment (draft)",
}  # fmt: skip
REQUEST_KINDS = {
    "access": "to see their data", "rectification": "to correct their data",
    "erasure": "to erase their data", "restriction": "to restrict the use",
    "objection": "to object",
}  # fmt: skip
REQUEST_STATES = {
    "received": "who asks is not identified yet", "identified": "identified, not searched yet",
    "searched": "searched, waits for the answer", "erasing": "is being erased",
    "answered": "answered", "refused": "refused",
}  # fmt: skip
REQUEST_STEPS = {
    "RECEIVED": "The request was taken in.", "IDENTIFIED": "It was made sure who asks.",
    "EXTENDED": "The time was extended.", "SEARCHED": "Every class was searched.",
    "EXPORTED": "The export for the person was made.", "ERASING": "The erasure began.",
    "ERASED": "Everything is erased.", "ANSWERED": "The person was answered.",
    "REFUSED": "The request was refused.",
}  # fmt: skip
GIVEN = {
    "name": "name and surname", "email": "mail address", "phone": "phone number",
    "national_id": "national number", "iban": "bank account", "card": "payment card",
    "plate": "vehicle plate",
}  # fmt: skip
DATA_SETS = {
    "reports": "Reports by channel", "incidents": "Incidents by sector",
    "blocks": "Blocks by category",
}  # fmt: skip
SECTOR_WORDS = {
    "bank": "banks", "payment": "payments", "post": "post", "parcel": "parcels", "tax": "tax",
    "government": "government", "telecom": "telecommunications", "utility": "utilities",
    "health": "health", "marketplace": "marketplaces", "retail": "retail",
    "crypto": "crypto assets", "streaming": "streaming", "road": "roads and tolls",
}  # fmt: skip
DOORS = {
    "peer": "sharing group", "question": "question about a pseudonym", "takedown": "takedown letter",
    "notice": "letter to the owner", "export": "export", "mail": "mail", "webhook": "webhook",
    "misp": "MISP", "taxii": "TAXII", "feed": "feed", "report": "report",
    "statistics": "statistics",
}  # fmt: skip
OUTWARD = {
    "released": "left", "held": "held", "refused": "stopped by policy",
    "residue": "stopped: a victim's value was left in it",
}  # fmt: skip
AUDIENCES = {"public": "everybody", "partners": "partners"}
OURS = {
    "domain": "names", "prefix": "networks", "asn": "autonomous systems", "bic": "banks",
    "phone": "phone numbers", "organisation": "organisations", "person": "people",
    "mail": "mailboxes", "host": "hosts by pattern", "internal": "inside endings",
}  # fmt: skip
SPAN_TYPES = {
    "NAME": "person", "ORG": "organisation", "EMAIL": "mail address", "PHONE": "phone number",
    "IP": "IP address", "CIDR": "network", "HOST": "host", "DOMAIN": "name", "URL": "address",
    "USER": "user name", "ADDR": "postal address", "IBAN": "bank account", "CARD": "payment card",
    "EMSO": "national number", "OIB": "national number", "TAX": "tax number",
    "REG": "register number", "SECRET": "secret", "PLATE": "vehicle plate", "MAC": "MAC address",
    "HASH": "hash", "WALLET": "wallet", "CVE": "vulnerability", "ASN": "autonomous system",
    "FILE": "file name", "PATH": "file path", "DOCUMENT": "document number", "DATE": "date",
    "PLACE": "place", "TRACK": "tracking code", "ENCODED": "encoded text", "BRAND": "brand",
}  # fmt: skip
TYPES = {
    "url": "address", "domain": "name", "ipv4": "IP address", "ipv6": "IP address",
    "email": "mail address", "phone": "phone number", "iban": "bank account",
    "registered-domain": "registered name", "text-template": "wording", "sender": "sender",
    "registration-batch": "registered together", "filename": "file name", "wallet": "wallet",
    "page-skeleton": "template of the page", "resource-set": "files of the page",
    "favicon": "icon", "form-target": "where forms go", "bot-token": "token of a messenger",
    "certificate-names": "certificate", "lure-host": "host", "path-shape": "shape of the path",
    "number-range": "range of phone numbers", "kit-mark": "mark of a kit", "cidr": "network",
    "asn": "autonomous system", "attack_id": "technique", "filepath": "file path",
    "regkey": "registry key", "pipe": "named pipe", "service": "service",
    "useragent": "user agent", "username": "user name", "mac": "MAC address",
    "msg_id": "message id", "yara_rule": "YARA rule", "sigma_id": "Sigma rule",
    "hostname": "machine", "fingerprint": "fingerprint of a certificate",
}  # fmt: skip
RECORD_KINDS = {
    "report": "Report", "incident": "Incident", "event": "Event", "indicator": "Indicator",
    "alert": "Alert", "log": "Log lines", "document": "Document", "object": "Object",
    "campaign": "Campaign",
}  # fmt: skip
VALUE_ROLES = {
    "said": "is what it is about", "shown": "only shown", "near": "near match",
    "reporter": "of the reporter's side", "named": "named, not accused",
}  # fmt: skip
READINGS = {
    "whole": "as a whole value", "part": "as a part of a value", "words": "as words of a record",
}  # fmt: skip
SOURCE_STATES = {
    "works": "Works", "waits": "Waits for its first delivery", "late": "Silent for long",
    "fails": "Fails", "paused": "Paused", "asks": "Asks how to read a table",
}  # fmt: skip
DELIVERY_STATES = {
    "waiting": "Waits", "reading": "Being read", "done": "Read through", "failed": "Not readable",
}  # fmt: skip
SPAN_ROLES = {
    "attacker": "the attacker's", "victim": "the victim's", "reporter": "the reporter's",
    "bystander": "a bystander's", "brand": "a brand's own", "reference": "a reference",
    "infrastructure": "shared infrastructure", "unsure": "unsure",
}  # fmt: skip
ENRICHERS = {
    "suffix": "Name", "network": "Network", "warning-list": "Warning lists",
    "sightings": "Seen in this node", "attack": "Techniques", "passive-dns": "Passive DNS",
    "rdap": "Registry of names",
}  # fmt: skip
KNOWN_FACTS = {
    "REGISTERED": "Registered name", "SUFFIX": "Under the suffix", "NETWORK": "In the network",
    "LISTED": "On the list", "SIGHTED": "Source", "TECHNIQUE": "Technique",
    "REPLACED": "Replaced by", "RESOLVED": "Resolved to", "REGISTRATION": "Registered",
    "ABUSE": "Address for complaints",
}  # fmt: skip
MEANINGS = {
    "value": "a value", "time": "when", "title": "a title", "tag": "a tag",
    "reference": "a reference", "id": "the source's own number", "tlp": "the marking",
    "keep": "kept as it is", "ignore": "left out",
}  # fmt: skip
SETTINGS = {
    "url": "Address", "user": "User", "header": "Header that carries the secret",
    "accept": "Media type to ask for", "most_mb": "Largest delivery (MiB)", "path": "Folder",
    "pattern": "File names", "mode": "What the files are", "after": "Files that were read",
    "settle_s": "Rest before a file counts as finished (seconds)", "endpoint": "Address",
    "bucket": "Bucket", "prefix": "Beginning of the names", "region": "Region",
    "access_key": "Access key", "mailbox": "Mailbox", "collection": "Collection",
    "version": "Version", "limit": "Objects of one page", "since": "Begin with",
    "style": "How it signs", "window_s": "How old a request may be (seconds)",
    "peers": "Networks that send", "transport": "Transport", "port": "Port",
    "addresses": "Addresses of recipients", "servers": "Servers", "server": "Server",
    "subject": "Subject", "stream": "Stream", "topics": "Topics", "tls": "Encrypted",
    "queue": "Queue",
}  # fmt: skip
SOURCE_KINDS = {
    "http": "a file at an address, fetched when it has changed",
    "folder": "files that somebody drops, or logs that grow",
    "s3": "objects of an S3-compatible bucket", "imap": "every message of a mailbox",
    "taxii": "a collection of a TAXII server", "misp-feed": "a feed in the layout of MISP",
    "api": "programs that send to our API with a key",
    "webhook": "programs that call an address of ours and sign what they send",
    "syslog": "machines that send syslog", "lmtp": "a mail server that delivers here",
    "nats": "a subject of NATS", "kafka": "topics of Kafka", "amqp": "a queue of AMQP",
}  # fmt: skip
ROWS = {
    "indicator": "an indicator: the same values again are the same record",
    "alert": "an alert: each counts by itself", "log": "a line of a log",
}  # fmt: skip
FACETS = {
    "type": "Type", "source": "Source", "kind": "Record", "tlp": "Marking", "tag": "Tag",
    "day": "Day",
}  # fmt: skip
NAME_KINDS = {"actor": "Actor", "malware": "Malware", "tool": "Tool"}
PART_OUTCOMES = {
    "read": "read", "listed": "only named", "broken": "broken", "locked": "needs a password",
    "refused": "over a limit", "unavailable": "no reader for it here",
}  # fmt: skip
WATCHING = {
    "watching": "Watched", "escalated": "In the queue", "ended": "Watched no more",
    "dismissed": "Dismissed", "expired": "Expired",
}  # fmt: skip
TECHNIQUES = {
    "inside": "an official name inside another", "token": "the name as a word",
    "glued": "the name glued to other words", "typo": "a typing error away",
    "path": "the name in the path",
}  # fmt: skip
KNOWN = {
    "s": "published", "d": "seen in use", "b": "believed", "c": "confirmed",
}  # fmt: skip
PICKED = {
    "uncertain": "the model is not sure", "random": "drawn by chance", "double": "second opinion",
}  # fmt: skip
STRATA = {
    "shortener": "shortened links", "platform": "free hosting", "home": "home pages",
    "account": "sign-in and search pages", "deep": "other pages",
}  # fmt: skip
DRIFT = {"stable": "as before", "warn": "changing", "alarm": "changed", "few": "too few to say"}
MODEL_STATES = {
    "candidate": "candidate", "shadow": "scores beside", "champion": "decides",
    "retired": "retired", "refused": "refused",
}  # fmt: skip
NODES = {
    "reports": "Reports", "name": "Name", "address": "Address", "host": "IP address",
    "account": "Bank account", "phone": "Phone number", "sender": "Sender",
    "template": "Wording", "registration": "Registered together", "kit": "Kit",
    "certificate": "Certificate", "path": "Path",
}  # fmt: skip
KEYS = {
    "SAME_URL": "address", "SAME_DOMAIN": "registered name", "SAME_HOST": "host",
    "SAME_SENDER": "sender", "SAME_TEXT": "wording", "SAME_REGISTRATION": "registered together",
    "SAME_ACCOUNT": "bank account", "SAME_PAGE": "template of the page",
    "SAME_RESOURCES": "files of the page", "SAME_FAVICON": "icon",
    "SAME_FORM_TARGET": "where forms go", "SAME_BOT": "token of a messenger",
    "SAME_KIT_ABROAD": "kit that a partner knows",
    "SAME_CERTIFICATE": "certificate", "SAME_PHONE": "phone number", "PHONE_RANGE": "range of phone numbers",
    "SENDER_RANGE": "range of senders",
    "SAME_PATH": "shape of the path",
    "RESOLVES_TO": "IP address",
}  # fmt: skip
STEPS = {"part": "Taken out:", "split": "Split off:", "merge": "Joined:"}
SOURCES = {
    "brand": "brand registry", "rdap": "domain register", "dns": "DNS", "mail": "the mail",
    "phone": "the number", "text": "the words", "address": "the address", "page": "the page",
    "visual": "the browser", "tls": "certificate", "cluster": "other reports",
    "analyst": "a person", "desk": "brand desk", "auth": "the mail", "campaign": "other reports",
}  # fmt: skip
REVIEW_KINDS = {
    "required": "a rule asks for a second person", "second_opinion": "a colleague asks",
    "sample": "drawn by chance, judged blind",
}  # fmt: skip
REVIEW_STATES = {
    "open": "waits for a second person", "agreed": "both agree", "disputed": "two people differ",
    "settled": "a third person settled it", "applied": "decided by two people",
    "withdrawn": "taken back",
}  # fmt: skip
ALERT_VERDICTS = {
    "true_positive": "true positive", "benign_positive": "benign positive",
    "false_positive": "false positive", "duplicate": "duplicate", "undetermined": "undetermined",
}  # fmt: skip
CONTACTS = {"registrar": "Registrar", "host": "Hosting provider"}
PARTS = {
    "message.text": "Text of the message",
    "message.subject": "Subject",
    "message.sender_name": "Name of the sender",
    "message.remark": "Remark of the reporter",
}

Word = Callable[[str | None], str]


def words(speak: Translator) -> dict[str, Word]:
    """Functions for templates: a code in, the word in the page's language out."""

    def of(table: dict[str, str], otherwise: str = "") -> Word:
        def word(code: str | None) -> str:
            msgid = table.get(code or "", otherwise)
            return speak.text(msgid) if msgid else code or ""

        return word

    def format_name(code: str | None) -> str:
        given = [each for each in (code or "").split(", ") if each]
        return ", ".join(speak.text("FORMAT_" + e.upper().replace("-", "_")) for e in given) or "–"

    return {
        **obligation_words.words(speak),
        **message_words.words(speak),
        "opinion_word": lambda word: speak.text(
            {**ALERT_VERDICTS, **VERDICTS}.get(word or "", "–")
        ),
        "format_name": format_name,
        "verdict_word": of(VERDICTS, VERDICTS["undetermined"]),
        "state_word": of(BLOCK_STATES),
        "incident_word": of(INCIDENT_STATES),
        "share_word": of(SHARE_STATES),
        "held_word": of(HELD_RULES),
        "trigger_word": of(TRIGGERS),
        "action_word": of(ACTIONS),
        "view_word": of(VIEW_FIELDS),
        "show_word": of(BLOCK_SHOWS),
        "stage_word": of(STAGES),
        "scope_word": of(SCOPES),
        "scope_reason": of(SCOPE_REASONS),
        "channel_word": of(CHANNELS),
        "part_word": of(PARTS, "Text of another report"),
        "category_word": of(CATEGORIES),
        "answer_word": of(ANSWERS),
        "vantage_word": of(VANTAGES),
        "outcome_word": of(OUTCOMES),
        "via_word": of(HOPS),
        "asked_word": of(ASKED),
        "fact_word": of(FACTS),
        "type_word": of(TYPES),
        "own_word": of(OURS),
        "door_word": of(DOORS),
        "outward_word": of(OUTWARD),
        "taken_out": lambda spans: [
            (kind, n)
            for state in ("pseudonymise", "redact", "generalise")
            for kind, n in spans.get(state, {}).items()
        ],
        "stopped": lambda counts: sum(
            n for door in counts.values() for outcome, n in door.items() if outcome != "released"
        ),
        "document_word": of(DOCUMENTS),
        "request_kind": of(REQUEST_KINDS),
        "request_state": of(REQUEST_STATES),
        "request_step": of(REQUEST_STEPS),
        "given_word": of(GIVEN),
        "set_word": of(DATA_SETS),
        "audience_word": of(AUDIENCES),
        "cell_word": of({**CHANNELS, **CATEGORIES, **SECTOR_WORDS}, "other"),
        "class_word": lambda code: named(speak, "PLAN_CLASS", code or ""),
        "clock_word": lambda code: named(speak, "PLAN_CLOCK", code or ""),
        "after_word": lambda code: named(speak, "PLAN_AFTER", code or ""),
        "country_name": lambda code: country(speak, code or ""),
        "lasts": lambda text: length(speak, text or ""),
        "span_type": of(SPAN_TYPES, "value"),
        "contact_word": of(CONTACTS),
        "rsit_word": lambda term: speak.text(
            "RSIT_" + (term or "other/undetermined").upper().replace("/", "_").replace("-", "_")
        ),
        "measure_word": lambda code: speak.text(f"MEASURE_{(code or '').upper()}"),
        "paper_word": lambda code: speak.text(f"SITUATION_{(code or '').upper()}"),
        "facet_name": lambda code: speak.text(f"FACET_{(code or '').upper()}"),
        "kind_word": lambda code: speak.text(f"KIND_{(code or '').upper()}"),
        "span_of": lambda seconds: speak.lasting(float(seconds or 0)),
        "review_kind": of(REVIEW_KINDS),
        "review_state": of(REVIEW_STATES),
        "source_word": of(SOURCES),
        "node_word": of(NODES),
        "key_word": of(KEYS),
        "step_word": of(STEPS),
        "watch_word": of(WATCHING),
        "technique_word": of(TECHNIQUES),
        "known_word": of(KNOWN),
        "picked_word": of(PICKED),
        "stratum_word": of(STRATA),
        "drift_word": of(DRIFT),
        "model_word": of(MODEL_STATES),
        "part_outcome": of(PART_OUTCOMES),
        "record_word": of(RECORD_KINDS),
        "value_role": of(VALUE_ROLES),
        "reading_word": of(READINGS),
        "source_state": of(SOURCE_STATES),
        "delivery_state": of(DELIVERY_STATES),
        "span_role": of(SPAN_ROLES),
        "name_kind": of(NAME_KINDS),
        "enricher_word": of(ENRICHERS),
        "known_fact": of(KNOWN_FACTS),
        "meaning_word": of(MEANINGS),
        "row_word": of(ROWS),
        "setting_word": of(SETTINGS),
        "kind_about": of(SOURCE_KINDS),
        "facet_word": of(FACETS),
        "evidence_stage": of({str(n): word for n, word in enumerate(EVIDENCE_STAGES)}),
    }


def role_word(code: str, speak: Translator) -> str:
    """The name of a role; one that an operator added keeps its own."""
    return speak.text(ROLES[code]) if code in ROLES else code


def tlp_label(value: int) -> str:
    """`TLP:AMBER+STRICT`."""
    return Tlp(value).label


def menu(
    speak: Translator, viewer: Viewer | None
) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """The screens that the viewer may see: path, word, the key after `g`, a count (empty: none)."""
    _ = speak.text
    screens = [
        (_("Work"), [("/", _("Overview"), "o", Permission.INCIDENT_READ),
                     ("/queue", _("Queue"), "q", Permission.INCIDENT_READ),
                     ("/alerts", _("Alerts"), "i", Permission.INCIDENT_READ),
                     ("/tasks", _("Tasks"), "j", Permission.INCIDENT_READ),
                     ("/reviews", _("Second opinions"), "x", Permission.REVIEW_READ),
                     ("/campaigns", _("Campaigns"), "k", Permission.INCIDENT_READ)]),
        (_("Response"), [("/playbooks", _("Playbooks"), "y", Permission.PLAYBOOK_READ),
                         ("/obligations", _("Obligations"), "d", Permission.OBLIGATION_READ),
                         ("/orders", _("Orders"), "r", Permission.ORDER_READ),
                         ("/contacts", _("Contacts"), "g", Permission.CONTACT_READ)]),
        (_("Blocking"), [("/blocks", _("Blocks"), "b", Permission.BLOCK_READ),
                         ("/explain", _("Why blocked?"), "w", Permission.BLOCK_READ),
                         ("/appeals", _("Appeals"), "l", Permission.APPEAL_READ),
                         ("/watch", _("Watch"), "h", Permission.WATCH_READ),
                         ("/brands", _("Brands"), "n", Permission.BRAND_READ)]),
        (_("Knowledge"), [("/search", _("Search"), "z", Permission.SEARCH_READ),
                           ("/sources", _("Sources"), "v", Permission.SOURCE_READ),
                           ("/collectors", _("Collectors"), "c", Permission.SOURCE_READ)]),
        (_("Exchange"), [("/sharing", _("Sharing"), "s", Permission.PEER_READ),
                          ("/privacy", _("Privacy"), "p", Permission.SHARE_READ),
                          ("/constituency", _("Constituency"), "u", Permission.CONSTITUENCY_READ),
                          ("/feeds", _("Feeds"), "f", Permission.SUBSCRIBER_READ)]),
        (_("Learning"), [("/labels", _("Labels"), "e", Permission.LABEL_READ),
                         ("/models", _("Models"), "m", Permission.MODEL_READ)]),
        (_("Govern"), [("/metrics", _("Metrics"), "1", Permission.METRIC_READ),
                       ("/audit", _("Audit"), "t", Permission.AUDIT_READ),
                       ("/admin", _("Administration"), "a", Permission.SUBSCRIBER_READ)]),
    ]  # fmt: skip
    seen = [
        (heading, [(path, word, key, "") for path, word, key, needs in links
                   if viewer is not None and viewer.may(needs)])
        for heading, links in screens
    ]  # fmt: skip
    return [(heading, links) for heading, links in seen if links]


def count(value: int) -> str:
    """A count that stops at a thousand."""
    return "1000+" if value > 1000 else str(value)
