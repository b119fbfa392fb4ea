"""A mail that somebody wrote to us in answer to ours: who, where it belongs, and what it says.

Unlike a reported mail (`formats.mail`) the outermost message is meant. Nothing malformed raises
but `Undecodable`, and nothing that it leads to is fetched.
"""

import hashlib
import re
from collections.abc import Collection
from datetime import datetime
from email.message import Message as Mail
from typing import Literal

from msgspec import Struct

from zvon.formats import authentication, header, html, language, mail_reply
from zvon.formats.charset import text_of
from zvon.formats.limit import MAX_DEPTH, MAX_PARTS, MAX_TEXT, Undecodable
from zvon.formats.mail import File, parsed
from zvon.formats.plain import plain
from zvon.model import suffix
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.model.report import AuthResult, Lang

Machine = Literal["", "auto", "list", "bounce", "complaint"]
MOST_IDS = 100
_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_LISTS = ("list-id", "list-unsubscribe", "list-post", "feedback-id", "x-loop")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")


class Letter(Struct, frozen=True, kw_only=True):
    """One mail as it was written to us.

    `answers` are the identifiers that it answers to, the nearest first. `delivered` are all
    addresses that it was sent to. `vouched` says what the sender's own domain says of it, as our
    mail server found: `pass`, `fail`, or nothing; `authentication` is all that it found. `machine` tells who wrote it when nobody did.
    """

    message_id: str
    answers: tuple[str, ...]
    sender: str
    sender_name: str
    return_path: str
    delivered: tuple[str, ...]
    subject: str
    text: str
    lang: Lang | None
    sent_at: datetime | None
    vouched: Literal["", "pass", "fail"]
    authentication: tuple[AuthResult, ...]
    machine: Machine
    files: tuple[File, ...]
    kind: str


def read(body: bytes, own: str) -> Letter:
    """Read a mail to `own`, our address. Raises `Undecodable` when it holds more than may be."""
    top = parsed(body)
    leaves = _leaves(top)
    senders = header.addresses(top, "from")
    subject = header.one(top, "subject")
    text, found = _text(leaves), _found(top, own)
    return Letter(
        message_id=_first_id(header.one(top, "message-id")),
        answers=_answers(top),
        sender=_address(senders[0][1]) if len(senders) == 1 else "",
        sender_name=senders[0][0][:200] if len(senders) == 1 else "",
        return_path=header.one(top, "return-path").strip(" <>"),
        delivered=tuple(dict.fromkeys(a.lower() for _, a in header.addresses(top, *_DELIVERED))),
        subject=subject[:1000],
        text=text,
        lang=language.detect(f"{subject}\n{text}"),
        sent_at=header.date(header.one(top, "date")),
        vouched=_vouched(found, senders[0][1] if len(senders) == 1 else ""),
        authentication=found,
        machine=machine(top),
        files=tuple(_files(leaves)),
        kind=_kind(top),
    )


def place_of(mail: Mail) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """What decides where a mail belongs: what it answers to, where it went, and its subject."""
    delivered = tuple(dict.fromkeys(a.lower() for _, a in header.addresses(mail, *_DELIVERED)))
    return _answers(mail), delivered, header.one(mail, "subject")


def sha256(file: File) -> str:
    """What a file is known by."""
    return hashlib.sha256(file.body).hexdigest()


def machine(mail: Mail) -> Machine:
    """What kind of machine wrote it (RFC 3834, RFC 3464, RFC 5965, RFC 2919), or nothing."""
    kind = _kind(mail)
    if kind == "multipart/report":
        said = header.one(mail, "content-type").lower()
        return "complaint" if "feedback-report" in said else "bounce" if "delivery-status" in said else "auto"  # fmt: skip
    if header.one(mail, "return-path").strip() == "<>":
        return "bounce"
    if any(header.all_of(mail, name) for name in _LISTS):
        return "list"
    if header.one(mail, "precedence").strip().lower() in _BULK:
        return "list"
    if mail_reply.automatic(mail) or any(
        header.all_of(mail, name) for name in ("x-autoreply", "x-autorespond")
    ):
        return "auto"
    return ""


def _kind(mail: Mail) -> str:
    return header.one(mail, "content-type").partition(";")[0].strip().lower()


def _answers(mail: Mail) -> tuple[str, ...]:
    near = _ID.findall(header.one(mail, "in-reply-to"))
    far = _ID.findall(" ".join(header.all_of(mail, "references")))
    return tuple(dict.fromkeys([*near, *reversed(far)]))[:MOST_IDS]


def _first_id(text: str) -> str:
    found = _ID.search(text)
    return found[0] if found else ""


def _address(text: str) -> str:
    try:
        return canonical(ObservableType.EMAIL, text).value
    except BadValue:
        return ""


def _found(mail: Mail, own: str) -> tuple[AuthResult, ...]:
    """What our own mail server found, in its topmost field alone (RFC 8601 section 5)."""
    domain = own.rpartition("@")[2]
    trusted: Collection[str] = {suffix.registered(domain) or domain}
    fields = header.all_of(mail, "authentication-results")[:1]
    return authentication.results(fields, [], trusted)


def _vouched(results: Collection[AuthResult], sender: str) -> Literal["", "pass", "fail"]:
    """What DMARC says of the sender; that DKIM or SPF passed for some domain does not vouch."""
    for found in results:
        if found.method != "dmarc":
            continue
        same = found.domain is not None and _same(found.domain, sender.rpartition("@")[2])
        if found.result == "fail":
            return "fail"
        if found.result == "pass" and same:
            return "pass"
    return ""


def _same(a: str, b: str) -> bool:
    b = b.lower().rstrip(".")
    return (suffix.registered(a) or a) == (suffix.registered(b) or b)


def _leaves(top: Mail) -> list[Mail]:
    """The parts that are not containers, in order; attached mails are leaves."""
    leaves: list[Mail] = []
    stack = [(top, 0)]
    while stack:
        part, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise Undecodable(f"level {depth}", f"parts are nested deeper than {MAX_DEPTH}")
        # Only of a container: the stdlib decodes a text here, with whatever codec it names.
        payload = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(payload, list):
            stack += [(child, depth + 1) for child in reversed(payload) if isinstance(child, Mail)]
        else:
            leaves.append(part)
        if len(leaves) > MAX_PARTS:
            raise Undecodable(f"part {len(leaves)}", f"the mail has more than {MAX_PARTS} parts")
    return leaves


def _text(leaves: list[Mail]) -> str:
    """The plain text; of HTML alone what it shows, without what it leads to."""
    shown = [p for p in leaves if p.get_content_disposition() != "attachment"]
    found = [_decoded(p) for p in shown if p.get_content_type() == "text/plain"]
    if not any(each.strip() for each in found):
        found = [html.read(_decoded(p)).text for p in shown if p.get_content_type() == "text/html"]
    return plain("\n\n".join(each.strip("\n") for each in found))[0].strip()[:MAX_TEXT]


def _decoded(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        charset = part.get_content_charset()
    except (LookupError, UnicodeError, ValueError):
        charset = None
    return text_of(payload, charset)[0]


def _files(leaves: list[Mail]) -> list[File]:
    """All that is not shown as text, packed as it came; attached mails as bytes too."""
    files: list[File] = []
    for part in leaves:
        kind = part.get_content_type()
        attached = part.get_content_disposition() == "attachment"
        if kind in {"text/plain", "text/html"} and not attached:
            continue
        if kind.startswith("message/"):
            inner = part.get_payload()
            body = (
                b"\n".join(bytes(m) for m in inner if isinstance(m, Mail))
                if isinstance(inner, list)
                else str(inner).encode("utf-8", "replace")
            )
        else:
            payload = part.get_payload(decode=True)
            body = payload if isinstance(payload, bytes) else b""
        if body:
            files.append(File(_name(part), kind, body))
    return files


def _name(part: Mail) -> str:
    try:
        name = part.get_filename() or ""
    except (LookupError, UnicodeError, ValueError, TypeError):
        name = ""
    return header.decoded(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))[:200]
