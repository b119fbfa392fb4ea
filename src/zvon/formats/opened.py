"""From the files that came with a report to its message: each value says where it was read."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from zvon.formats import language, qr_payload, text
from zvon.formats.extract import extract
from zvon.formats.limit import MAX_TEXT, Undecodable
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.model.report import Channel, Mention, Message, Part, PartOutcome
from zvon.model.verdict import Span

OCR, QR = "ocr", "qr"

MAX_PART_TEXT = 20_000
# With fewer letters than this a mail says nothing itself: what its picture says is the message.
THIN = 40

_NUMBER_LINE = re.compile(r"^[<‹«(\s]*(?P<number>(?:\+|00)[0-9][0-9 ()/.-]{6,20})[>›»)\s]*$")


class Finding(Struct, frozen=True, kw_only=True):
    """What a reader got out of one file. `links` are targets that the file leads to when clicked.

    `codes` are the contents of its printed codes, undecoded. `message` is what a mail, a page or
    a text among the files reads as.
    """

    part: Part
    links: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    message: Message | None = None


def alone(finding: Finding, channel: Channel) -> Message:
    """The message when one file is the whole report. Raises `Undecodable` when it says nothing."""
    part = finding.part
    if finding.message is not None:
        return finding.message
    if part.outcome is not PartOutcome.READ:
        raise Undecodable("byte 0", part.reason or f"a file of kind {part.kind}: {part.outcome}")
    # A picture of a page shows what the page says, not what the reporter says of it.
    came = Channel.UNKNOWN if channel is Channel.WEB else channel
    message = text.read(part.text, came)
    if message.sender is None:
        message = _with_sender(message)
    message = structs.replace(
        message,
        mentions=tuple(structs.replace(m, derived=part.derived) for m in message.mentions),
    )
    message = joined(structs.replace(message, remark=message.remark), [finding])
    if not message.text.strip() and not message.mentions:
        raise Undecodable("byte 0", f"there is nothing to read in this {part.kind}")
    return message


def joined(message: Message, findings: Sequence[Finding]) -> Message:
    """`message` with what was found in the files beside it.

    Their values have no place in the text but the part that they were read in. The text of a
    mail that says next to nothing is what its files say.
    """
    parts = list(message.parts)
    mentions = list(message.mentions)
    warnings = list(message.warnings)
    for finding in findings:
        parts.append(_cut(finding))
        mentions += _mentions(finding, f"attachment:{len(parts)}", message)
        if finding.message is not None:
            warnings += finding.message.warnings
    shown = "\n\n".join(f.part.text for f in findings if f.part.text.strip())
    own = message.text
    if len(re.sub(r"\W", "", own)) < THIN and shown not in own:
        body = f"{own}\n\n{shown}".strip() if own.strip() else shown
        message = structs.replace(
            message, text=body[:MAX_TEXT], lang=language.detect(f"{message.subject}\n{body}")
        )
    kept, crowded = text.bounded(list(dict.fromkeys(mentions)))
    return structs.replace(
        message,
        mentions=kept,
        parts=tuple(parts),
        warnings=tuple(dict.fromkeys((*warnings, *crowded))),
    )


def _cut(finding: Finding) -> Part:
    """The part as it is kept: its text cut, its codes as people may see them."""
    shown = tuple(qr_payload.read(code).shown for code in finding.codes)
    return structs.replace(finding.part, text=finding.part.text[:MAX_PART_TEXT], codes=shown)


def _mentions(finding: Finding, place: str, message: Message) -> Iterator[Mention]:
    """What the sender put into a file, without what the message already says in its text."""
    region = text.REGION[message.lang]
    known = {m.observable for m in message.mentions if not m.part}
    found: list[Mention] = []
    for code in finding.codes:
        payload = qr_payload.read(code)
        found += [Mention(observable=v, raw=v.value, derived=QR) for v in payload.values]
        found += [structs.replace(m, derived=QR) for m in extract(payload.text, region=region)]
    for link in finding.links:
        found += _target(link)
    if finding.message is not None:
        found += finding.message.mentions
    else:
        derived = finding.part.derived
        found += [
            structs.replace(m, derived=derived)
            for m in text.with_inner(extract(finding.part.text, region=region))
        ]
    seen: set[object] = set()
    for mention in text.with_inner(found):
        key = (mention.observable, mention.side)
        # A letter-perfect copy of an address beats the one that was read off the picture.
        if key in seen or (mention.observable in known and mention.derived != QR):
            continue
        seen.add(key)
        yield structs.replace(mention, span=None, part=place)


def _target(link: str) -> Iterator[Mention]:
    kind = ObservableType.URL
    if link.lower().startswith("mailto:"):
        kind, link = ObservableType.EMAIL, link.partition("?")[0]
    elif link.lower().startswith("tel:"):
        kind, link = ObservableType.PHONE, link[4:]
    try:
        yield Mention(observable=canonical(kind, link), raw=link[:2000])
    except BadValue:
        return


def _with_sender(message: Message) -> Message:
    """A telephone shows the number of the sender in a line of its own, above the message."""
    for line in message.text.split("\n")[:6]:
        found = _NUMBER_LINE.match(line)
        if found is None:
            continue
        try:
            value = canonical(ObservableType.PHONE, found["number"])
        except BadValue:
            continue
        number = found["number"].strip()
        mention = Mention(observable=value, span=Span(0, len(number), "sender"), raw=number)
        rest = tuple(m for m in message.mentions if m.observable != value)
        came = Channel.SMS if message.channel is Channel.UNKNOWN else message.channel
        return structs.replace(message, sender=number, channel=came, mentions=(mention, *rest))
    return message
