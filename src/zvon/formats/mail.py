"""A reported mail (RFC 5322, RFC 2045): which message is meant, what it shows and where it leads.

A mail attached to a mail is the object; so is one quoted as a forward. What stands around it is
the reporter's. Fields of the object say who sent it; its recipients are the victim's side.
"""

import re
from email import message_from_bytes
from email.message import Message as Mail

from msgspec import Struct, structs

from zvon.formats import authentication, forward, header, html, language, link, plain, received
from zvon.formats.charset import text_of
from zvon.formats.extract import extract
from zvon.formats.limit import MAX_DEPTH, MAX_LINES, MAX_PARTS, MAX_TEXT, Undecodable
from zvon.formats.text import REGION, TEXT_CUT, bounded, reporter_side, with_inner
from zvon.formats.text import read as pasted
from zvon.model import suffix
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.model.report import AuthResult, Channel, Mention, Message
from zvon.model.verdict import Span

NOT_READ = "attachment-not-read"

_CONTAINER = re.compile(rb"(?im)^content-type:[ \t]*(?:\r?\n[ \t]+)?(?:multipart|message)/")
_RECIPIENTS = ("to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to")
_SENDERS = ("from", "reply-to", "return-path", "sender")


class _Body(Struct):
    """The readable text of one mail, and what was found in it."""

    text: str
    mentions: list[Mention]
    attachments: list[str]
    warnings: list[str]
    plain_only: bool


class File(Struct, frozen=True):
    """A file in a mail: its name and type as the sender states them, and its bytes."""

    name: str
    media_type: str
    body: bytes


def files(body: bytes) -> list[File]:
    """The files of the reported mail that `read` does not read: pictures, documents, archives.

    Those shown in the text count too. Raises `Undecodable` as `read` does.
    """
    _, mail = _object(parsed(body))
    found: list[File] = []
    for part in _leaves(mail):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html", "message/rfc822"}:
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload:
            found.append(File(_file_name(part), kind, payload))
    return found


def read(body: bytes, *, to_us: bool = False, channel: Channel = Channel.EMAIL) -> Message:
    """Read a mail. Raises `Undecodable` when it holds more than the limits allow.

    A mail that was written `to_us` and forwards nothing is its sender's own report, about what
    came to them by `channel` (by mail they tell of anything).
    """
    top = parsed(body)
    outer, mail = _object(top)
    parts = _body(mail)
    subject = header.one(mail, "subject")
    if not outer:
        inline = forward.find(parts.text, subject=subject)
        if inline is not None:
            return _forwarded(mail, parts, inline)
        if to_us:
            return _told(mail, parts, Channel.UNKNOWN if channel is Channel.EMAIL else channel)
    region = REGION[language.detect(f"{subject}\n{parts.text}")]
    remark = "\n\n".join(filter(None, (_body(m).text for m in outer)))
    senders = header.addresses(mail, "from")
    mentions = [*header_mentions(mail, outer), *with_inner(parts.mentions)]
    mentions += extract(subject, region=region, part="subject")
    for m in outer:
        mentions += _people(m, (*_SENDERS, *_RECIPIENTS), "reporter")
    mentions += reporter_side(remark, "remark", region)
    kept, crowded = bounded(mentions)
    return Message(
        channel=Channel.EMAIL,
        text=parts.text,
        lang=language.detect(f"{subject}\n{parts.text}"),
        subject=subject,
        sender=senders[0][1] if senders else None,
        sender_name=(senders[0][0] or None) if senders else None,
        reply_to=next((a for _, a in header.addresses(mail, "reply-to")), None),
        sent_at=header.date(header.one(mail, "date")),
        remark=remark,
        headers=header.fields(mail),
        auth=authenticity(mail, outer),
        mentions=kept,
        attachments=tuple(parts.attachments),
        warnings=tuple(dict.fromkeys((*parts.warnings, *crowded))),
    )


def _told(mail: Mail, parts: _Body, channel: Channel) -> Message:
    """What somebody wrote to us, or pasted into their mail; all fields are the reporter's."""
    message = pasted(parts.text, channel)
    linked = [m for m in parts.mentions if m.shown or m.side == "link_text"]
    known = {m.observable for m in (*linked, *message.mentions)}
    rest = [structs.replace(m, span=None) for m in parts.mentions if m.observable not in known]
    linked = [m for m in linked if m.span is None or m.span.end <= len(message.text)]
    placed = {m.observable for m in linked}
    people = _people(mail, (*_SENDERS, *_RECIPIENTS), "reporter")
    told = [m for m in message.mentions if m.observable not in placed]
    kept, crowded = bounded([*linked, *told, *rest, *people])
    return structs.replace(
        message,
        sent_at=header.date(header.one(mail, "date")),
        mentions=kept,
        attachments=tuple(parts.attachments),
        warnings=tuple(dict.fromkeys((*message.warnings, *parts.warnings, *crowded))),
    )


def _forwarded(mail: Mail, parts: _Body, at: forward.Forward) -> Message:
    """The mail that stands quoted in the text of `mail`; all fields of `mail` are the reporter's."""
    remark = parts.text[: at.remark_end].strip()
    text = parts.text[at.start :]
    lang = language.detect(text)
    region = REGION[lang]
    if parts.plain_only:
        text = re.sub(r"(?m)^(?:> ?)+", "", text)
        mentions = extract(text, region=region)
    else:
        mentions = [
            structs.replace(m, span=Span(m.span.start - at.start, m.span.end - at.start))
            if m.span is not None
            else m
            for m in parts.mentions
            if m.span is None or m.span.start >= at.start
        ]
    senders = extract(at.fields["from"], region=region, part="sender")
    name = re.sub(r"[<\[(].*|\S+@\S+", "", at.fields["from"]).strip(" \"'") or None
    people = [m for key in ("to", "cc") for m in extract(at.fields.get(key, ""), part=key)]
    mentions = [
        *senders,
        *with_inner(mentions),
        *(structs.replace(m, side="reporter", span=None) for m in people),
        *_people(mail, (*_SENDERS, *_RECIPIENTS), "reporter"),
        *reporter_side(remark, "remark", region),
    ]
    kept, crowded = bounded(mentions)
    return Message(
        channel=Channel.EMAIL,
        text=text.strip("\n") if parts.plain_only else text,
        lang=lang,
        subject=at.fields.get("subject", ""),
        sender=senders[0].observable.value if senders else at.fields["from"] or None,
        sender_name=name,
        reply_to=at.fields.get("reply-to"),
        sent_at=header.date(at.fields.get("date", "")),
        remark=remark,
        mentions=kept,
        attachments=tuple(parts.attachments),
        warnings=tuple(dict.fromkeys((*parts.warnings, *crowded))),
    )


def parsed(body: bytes) -> Mail:
    """Parse after counting what costs time to nest. The stdlib parser recurses per container."""
    containers = sum(1 for _ in _CONTAINER.finditer(body))
    if containers > MAX_PARTS:
        raise Undecodable(f"part {MAX_PARTS + 1}", f"the mail has more than {MAX_PARTS} parts")
    lines = body.count(b"\n")
    if lines > MAX_LINES:
        raise Undecodable(f"line {MAX_LINES + 1}", f"the mail has more than {MAX_LINES} lines")
    return message_from_bytes(body, policy=header.Bounded())


def _object(top: Mail) -> tuple[list[Mail], Mail]:
    """The mails around the innermost attached one, and that one."""
    outer: list[Mail] = []
    mail = top
    for _ in range(MAX_DEPTH + 1):
        inner = next((p for p in _leaves(mail) if p.get_content_type() == "message/rfc822"), None)
        payload = inner.get_payload() if inner is not None else None
        if not isinstance(payload, list) or not payload or not isinstance(payload[0], Mail):
            return outer, mail
        outer.append(mail)
        mail = payload[0]
    raise Undecodable(f"level {MAX_DEPTH + 1}", f"mails are nested deeper than {MAX_DEPTH}")


def _leaves(mail: Mail) -> list[Mail]:
    """The parts that are not containers, in order; attached mails are leaves."""
    leaves: list[Mail] = []
    stack = [(mail, 0)]
    while stack:
        part, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise Undecodable(f"level {depth}", f"parts are nested deeper than {MAX_DEPTH}")
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            stack += [(child, depth + 1) for child in reversed(payload) if isinstance(child, Mail)]
        else:
            leaves.append(part)
        if len(leaves) > MAX_PARTS:
            raise Undecodable(f"part {len(leaves)}", f"the mail has more than {MAX_PARTS} parts")
    return leaves


def _body(mail: Mail) -> _Body:
    """The text of all shown parts, in order; of plain text beside HTML only what is new."""
    out = _Body("", [], [], [], plain_only=True)
    leaves = _leaves(mail)
    rich = any(p.get_content_type() == "text/html" and not _attached(p) for p in leaves)
    known: set[object] = set()
    for part in leaves:
        kind = part.get_content_type()
        if _attached(part):
            out.attachments.append(_file_name(part))
        if kind == "message/rfc822":
            continue
        if kind not in {"text/plain", "text/html"}:
            if part.get_content_maintype() != "text" or _attached(part):
                out.warnings.append(NOT_READ)
            continue
        text, warnings = _decoded(part)
        out.warnings += warnings
        if kind == "text/html":
            page = html.read(text)
            region = REGION[language.detect(page.text)]
            mentions, crowded = link.mentions(page, region)
            out.warnings += [*page.warnings, *crowded]
            out.plain_only = False
            shown = "" if _attached(part) else page.text
        else:
            shown, hidden = plain.plain(text)
            out.warnings += hidden
            mentions = extract(shown, region=REGION[language.detect(shown)])
            if rich or _attached(part):
                shown = ""
        if not shown:
            mentions = [
                structs.replace(m, span=None) for m in mentions if m.observable not in known
            ]
        known |= {m.observable for m in mentions}
        _append(out, shown, mentions)
    return out


def _append(out: _Body, text: str, mentions: list[Mention]) -> None:
    if text and out.text:
        out.text += "\n\n"
    shift = len(out.text)
    room = max(0, MAX_TEXT - shift)
    if len(text) > room:
        text = text[:room]
        out.warnings.append(TEXT_CUT)
    out.text += text
    for mention in mentions:
        span = mention.span
        if span is not None:
            if span.end > len(text):
                continue
            mention = structs.replace(mention, span=Span(span.start + shift, span.end + shift))
        out.mentions.append(mention)


def _decoded(part: Mail) -> tuple[str, list[str]]:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return "", []
    try:
        charset = part.get_content_charset()
    except (LookupError, UnicodeError, ValueError):
        charset = None
    text, warnings = text_of(payload, charset)
    return text, list(warnings)


def _attached(part: Mail) -> bool:
    return part.get_content_disposition() == "attachment"


def _file_name(part: Mail) -> str:
    try:
        name = part.get_filename() or ""
    except (LookupError, UnicodeError, ValueError, TypeError):
        name = ""
    return header.decoded(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def header_mentions(mail: Mail, outer: list[Mail]) -> list[Mention]:
    """Who sent the mail and over which host; its recipients and their hosts are the reporter's."""
    hops = [received.hop(field) for field in header.all_of(mail, "received")]
    victims = _victims(mail, outer, hops)
    network = _network(victims)
    found = [
        m if m.observable.value not in victims else structs.replace(m, side="reporter")
        for m in _people(mail, _SENDERS, "attacker")
    ]
    border = True
    for hop in hops:
        ours = any(received.own(n, network) for n in hop.names) or any(
            map(received.private, hop.ips)
        )
        inside = bool(hop.by) and any(_same_network(n, hop.by or "") for n in hop.names)
        if ours or (border and not inside):
            found += _hosts(hop, "reporter" if ours else "attacker")
        if hop.by and (border or received.own(hop.by, network)):
            found += _values(ObservableType.DOMAIN, [hop.by], "reporter")
        border = border and (ours or inside)
    found += _values(ObservableType.EMAIL, sorted(victims), "reporter")
    return list({(m.observable, m.side): m for m in found}.values())


def _victims(mail: Mail, outer: list[Mail], hops: list[received.Hop]) -> set[str]:
    """The addresses that the mail was sent to, and those who passed it on."""
    found = {a.lower() for _, a in header.addresses(mail, *_RECIPIENTS)}
    found |= {hop.to for hop in hops if hop.to}
    for m in outer:
        found |= {a.lower() for _, a in header.addresses(m, "from")}
    return found


def _network(addresses: set[str]) -> set[str]:
    return {
        suffix.registered(name) or name
        for address in addresses
        if (name := _domain(address)) is not None
    }


def authenticity(mail: Mail, outer: list[Mail]) -> tuple[AuthResult, ...]:
    """What the recipient's server found; the topmost `Received` with a name names it too."""
    hops = [received.hop(field) for field in header.all_of(mail, "received")]
    trusted = _network(_victims(mail, outer, hops))
    taken = next((hop.by for hop in hops if hop.by), None)
    if taken:
        trusted.add(suffix.registered(taken) or taken)
    return authentication.results(
        header.all_of(mail, "authentication-results"), header.all_of(mail, "received-spf"), trusted
    )


def _hosts(hop: received.Hop, side: str) -> list[Mention]:
    addresses = [
        m
        for ip in hop.ips
        for m in _values(ObservableType.IPV6 if ":" in ip else ObservableType.IPV4, [ip], side)
    ]
    return [*_values(ObservableType.DOMAIN, hop.names, side), *addresses]


def _same_network(a: str, b: str) -> bool:
    return (suffix.registered(a) or a) == (suffix.registered(b) or b)


def _domain(address: str) -> str | None:
    try:
        return canonical(ObservableType.DOMAIN, address.rpartition("@")[2]).value
    except BadValue:
        return None


def _people(mail: Mail, names: tuple[str, ...], side: str) -> list[Mention]:
    return _values(ObservableType.EMAIL, [a for _, a in header.addresses(mail, *names)], side)


def _values(kind: ObservableType, texts: list[str] | tuple[str, ...], side: str) -> list[Mention]:
    found: list[Mention] = []
    for text in texts:
        try:
            found.append(Mention(observable=canonical(kind, text), raw=text, side=side))
        except BadValue:
            continue
    return found
