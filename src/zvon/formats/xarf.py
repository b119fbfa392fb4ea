"""X-ARF 4: a report of abuse that a provider's desk reads by machine (schema 4.0, `content`)."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

VERSION = "4.0.0"
MAX_ITEM = 5 * 1024 * 1024
MAX_ITEMS = 50
MAX_DESCRIPTION = 1000
TYPES = {"phishing": "phishing", "malware": "malware", "fake_shop": "fraud", "scam": "fraud",
         "compromised_site": "phishing"}  # fmt: skip


class Desk(Struct, frozen=True):
    """Who reports: organisation, mail address and the domain of that address."""

    org: str
    contact: str

    @property
    def domain(self) -> str:
        """The domain that the contact address belongs to."""
        return self.contact.rpartition("@")[2]


class Item(Struct, frozen=True):
    """One piece of evidence; over `MAX_ITEM` bytes it is named by its hash and left out."""

    name: str
    media_type: str
    description: str
    body: bytes


class Content(Struct, frozen=True, kw_only=True):
    """What a page does. `source` is the host or address that serves it."""

    category: str
    url: str
    source: str
    seen_at: datetime
    description: str
    brand: str | None = None
    cloned: str | None = None
    asks: tuple[str, ...] = ()
    hops: tuple[str, ...] = ()
    sends_to: str | None = None
    cloaked: bool = False
    confidence: float | None = None


def encode(content: Content, desk: Desk, items: Sequence[Item], report_id: UUID) -> bytes:
    """One report as JSON. Raises `ValueError` for a category that the format has no type for."""
    if content.category not in TYPES:
        raise ValueError(f"no X-ARF type for {content.category!r}")
    who = {"org": desk.org[:200], "contact": desk.contact, "domain": desk.domain}
    found: dict[str, object] = {
        "xarf_version": VERSION,
        "report_id": str(report_id),
        "timestamp": content.seen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reporter": who,
        "sender": who,
        "source_identifier": content.source,
        "category": "content",
        "type": TYPES[content.category],
        "evidence_source": "researcher_analysis",
        "url": content.url,
        "description": content.description[:MAX_DESCRIPTION],
        "evidence": [_item(item) for item in items[:MAX_ITEMS] if len(item.body) <= MAX_ITEM],
    }
    more: dict[str, object] = {
        "confidence": content.confidence,
        "target_brand": content.brand,
        "cloned_site": content.cloned,
        "credential_fields": list(content.asks),
        "redirect_chain": list(content.hops) if len(content.hops) > 1 else [],
        "submission_url": content.sends_to,
        "detection_evasion": ["user_agent_filtering"] if content.cloaked else [],
    }
    found |= {key: value for key, value in more.items() if value not in (None, [])}
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def _item(item: Item) -> dict[str, str | int]:
    return {
        "content_type": item.media_type,
        "description": item.description[:500],
        "payload": b64encode(item.body).decode(),
        "hash": f"sha256:{sha256(item.body).hexdigest()}",
        "size": len(item.body),
    }
