"""What mail servers report: that a mail did not arrive (RFC 3464), or was complained of (RFC 5965).

Both are the second part of a `multipart/report` (RFC 6522): fields in blocks.
"""

import re
from email.message import Message as Mail
from typing import Literal

from msgspec import Struct

from zvon.formats import header
from zvon.formats.limit import Undecodable
from zvon.formats.mail import parsed

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]
_ACTIONS: dict[str, Action] = {each: each for each in ("failed", "delayed", "delivered", "relayed", "expanded")}  # fmt: skip
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ID = re.compile(r"<[!-;=?-~]{3,250}>")
MOST_RECIPIENTS = 50
MAX_REASON = 500


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of one recipient. `lasting` is true for what trying again would not change."""

    recipient: str
    action: Action
    status: str
    reason: str

    @property
    def lasting(self) -> bool:
        """A permanent failure (RFC 3463, class 5)."""
        return self.action == "failed" and not self.status.startswith("4")


class Report(Struct, frozen=True, kw_only=True):
    """A report about a mail of ours: its identifier, where the report names it."""

    kind: Literal["delivery", "complaint"]
    original_id: str
    deliveries: tuple[Delivery, ...] = ()
    feedback: str = ""


def read(body: bytes) -> Report | None:
    """The report in a mail, or `None` when it is none. Raises `Undecodable` as `mail.parsed` does."""
    top = parsed(body)
    if top.get_content_type() != "multipart/report":
        return None
    payload = top.get_payload()
    parts = [p for p in payload if isinstance(p, Mail)] if isinstance(payload, list) else []
    original = next((i for p in parts if (i := _original(p))), "")
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status":
                return Report(kind="delivery", original_id=original, deliveries=_deliveries(part))
            case "message/feedback-report":
                kind = next((header.one(b, "feedback-type") for b in _blocks(part)), "")
                return Report(kind="complaint", original_id=original, feedback=kind.lower()[:40])
    return None


def _deliveries(part: Mail) -> tuple[Delivery, ...]:
    found: list[Delivery] = []
    for block in _blocks(part)[: MOST_RECIPIENTS + 1]:
        action = _ACTIONS.get(header.one(block, "action").strip().lower())
        recipient = header.one(block, "final-recipient") or header.one(block, "original-recipient")
        if action is None or not recipient:
            continue
        status = _STATUS.search(header.one(block, "status"))
        said = header.one(block, "diagnostic-code").partition(";")
        found.append(
            Delivery(
                recipient=recipient.rpartition(";")[2].strip(" <>").lower()[:254],
                action=action,
                status=status[0] if status else "",
                reason=(said[2] or said[0]).strip()[:MAX_REASON],
            )
        )
    return tuple(found)


def _blocks(part: Mail) -> list[Mail]:
    """The blocks of fields; the parser makes each a message of its own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [each for each in payload if isinstance(each, Mail)]
    try:
        return [parsed(str(payload).encode("utf-8", "replace"))]
    except Undecodable:
        return []


def _original(part: Mail) -> str:
    """The identifier of the mail that is reported on; its head or the whole is attached."""
    kind, payload = part.get_content_type(), part.get_payload()
    if kind == "message/rfc822" and isinstance(payload, list) and payload:
        first = payload[0]
        return _id(header.one(first, "message-id")) if isinstance(first, Mail) else ""
    if kind == "text/rfc822-headers":
        raw = part.get_payload(decode=True)
        if isinstance(raw, bytes):
            return _id(header.one(parsed(raw[:65536] + b"\n\n"), "message-id"))
    return ""


def _id(text: str) -> str:
    found = _ID.search(text)
    return found[0] if found else ""
