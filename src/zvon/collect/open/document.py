"""What a report's bytes say, whatever they are: a message, or the reason why there is none.

This runs in the isolated process (`zvon.collect.open`); `opener.read` is its other end.
"""

from collections.abc import Iterator

from msgspec import structs

from zvon.collect.open import archive, office, outlook, pdf, picture
from zvon.collect.open.budget import Budget, Unreadable
from zvon.formats import mail
from zvon.formats.decode import EMPTY, decode, without_cards
from zvon.formats.kind import OPENED, Kind, kind_of
from zvon.formats.limit import MAX_BYTES, Undecodable
from zvon.formats.opened import Finding, alone, joined
from zvon.model.report import Channel, Message, Part, PartOutcome

MAX_NAME = 200


def read(body: bytes, media_type: str, channel: Channel, *, to_us: bool = False) -> Message:
    """Read a report of any kind. Raises `Undecodable`, and nothing else, for any bytes.

    `to_us` says that a mail was written to this node's own mailbox.
    """
    if len(body) > MAX_BYTES:
        raise Undecodable(f"byte {MAX_BYTES}", f"a report has at most {MAX_BYTES} bytes")
    budget = Budget()
    kind = kind_of(body, media_type)
    if kind is Kind.OUTLOOK:
        try:
            body, kind = outlook.as_mail(body), Kind.MAIL
        except Unreadable as problem:
            raise Undecodable("byte 0", problem.reason) from None
        except Exception as problem:  # noqa: BLE001 -- readers of damaged files raise anything
            raise _damaged(kind, problem) from None
        media_type = "message/rfc822"
    if kind is Kind.MAIL:
        return _mail(body, media_type, channel, budget, to_us=to_us)
    if kind not in OPENED:
        return decode(body, media_type, channel)
    findings = list(_findings(body, "", kind, budget, 0))
    return without_cards(_chosen(findings, channel))


def _mail(
    body: bytes, media_type: str, channel: Channel, budget: Budget, *, to_us: bool
) -> Message:
    try:
        message = decode(body, media_type, channel, to_us=to_us)
    except Undecodable as problem:
        if problem.reason != EMPTY:
            raise
        message = mail.read(
            body, to_us=to_us, channel=channel
        )  # its files may say what it does not
    findings: list[Finding] = []
    for file in mail.files(body):
        kind = kind_of(file.body, file.media_type, file.name)
        findings += _findings(file.body, file.name, kind, budget, 1)
    if to_us:
        message, findings = _passed_on(message, findings)
    message = joined(message, findings)
    if not message.text.strip() and not message.mentions and not message.attachments:
        raise Undecodable("byte 0", EMPTY)
    left = {part.outcome for part in message.parts} - {PartOutcome.READ, PartOutcome.LISTED}
    warnings = [each for each in message.warnings if each != mail.NOT_READ or left]
    return without_cards(structs.replace(message, warnings=tuple(warnings)))


def _passed_on(message: Message, findings: list[Finding]) -> tuple[Message, list[Finding]]:
    """A mail in a file of somebody who writes to us is the object, as one attached as such is."""
    whole = next((f for f in findings if f.message and f.message.channel is Channel.EMAIL), None)
    if whole is None or whole.message is None:
        return message, findings
    inner = whole.message
    people = [structs.replace(m, span=None) for m in message.mentions if m.side == "reporter"]
    carried = structs.replace(
        inner,
        remark="\n\n".join(filter(None, (message.text.strip(), inner.remark))),
        mentions=tuple(dict.fromkeys((*inner.mentions, *people))),
        parts=(*inner.parts, whole.part),
        attachments=(*message.attachments, *inner.attachments),
    )
    return carried, [f for f in findings if f is not whole]


def _chosen(findings: list[Finding], channel: Channel) -> Message:
    """A file alone is the message. Of several, the first mail or page is, or the first with text;
    the others came with it.
    """
    if not findings:
        raise Undecodable("byte 0", "an archive without a file")
    whole = next((f for f in findings if f.message is not None), None)
    best = whole or next(
        (f for f in findings if f.part.outcome is PartOutcome.READ and (f.part.text or f.codes)),
        None,
    )
    if best is None:
        reasons = dict.fromkeys(
            f"{f.part.name}: {f.part.reason}".removeprefix(": ") for f in findings if f.part.reason
        )
        raise Undecodable(
            "byte 0", "; ".join(list(reasons)[:3]) or f"nothing to read in {findings[0].part.kind}"
        )
    if best.message is not None:
        message = structs.replace(best.message, parts=(*best.message.parts, best.part))
    else:
        message = alone(best, channel)
    return joined(message, [f for f in findings if f is not best])


def _findings(body: bytes, name: str, kind: Kind, budget: Budget, depth: int) -> Iterator[Finding]:
    """What is in one file: one finding, or for an archive one for each of its files."""
    part = Part(name=name[-MAX_NAME:], kind=kind.value)
    try:
        budget.file(depth)
        match kind:
            case Kind.PICTURE:
                seen = picture.see(body, budget)
                yield Finding(part=_read(part, seen.text, "ocr", seen.note), codes=seen.codes)
            case Kind.PDF:
                yield from _pdf(body, part, budget, depth)
            case Kind.OFFICE:
                document = office.read(body, budget)
                noted = "; ".join(document.notes)
                yield Finding(part=_read(part, document.all_text, note=noted), links=document.links)
                for inner, content in document.pictures:
                    yield from _findings(content, f"{name}/{inner}".lstrip("/"),
                                         kind_of(content), budget, depth + 1)  # fmt: skip
            case Kind.ARCHIVE:
                yield from _archive(body, part, budget, depth)
            case Kind.OUTLOOK:
                yield _mail_inside(outlook.as_mail(body), part, budget, depth)
            case Kind.MAIL:
                yield _mail_inside(body, part, budget, depth)
            case Kind.HTML | Kind.TEXT:
                yield _message(body, _TYPES[kind], part)
            case _:
                raise Unreadable(PartOutcome.LISTED, f"a {kind.value}; it was not opened")
    except Unreadable as problem:
        yield Finding(part=structs.replace(part, outcome=problem.outcome, reason=problem.reason))
    except Undecodable as problem:
        yield Finding(part=structs.replace(part, outcome=PartOutcome.BROKEN, reason=problem.reason))
    except MemoryError:
        yield Finding(
            part=structs.replace(part, outcome=PartOutcome.REFUSED,
                                 reason="it needs more memory than a report may take")
        )  # fmt: skip
    except Exception as problem:  # noqa: BLE001 -- readers of damaged files raise anything
        yield Finding(
            part=structs.replace(part, outcome=PartOutcome.BROKEN,
                                 reason=_damaged(kind, problem).reason)
        )  # fmt: skip


def _pdf(body: bytes, part: Part, budget: Budget, depth: int) -> Iterator[Finding]:
    document = pdf.read(body, budget)
    yield Finding(
        part=_read(part, document.text, document.derived, document.note),
        links=document.links,
        codes=document.codes,
    )
    for name, content in document.inner:
        yield from _findings(content, f"{part.name}/{name}".lstrip("/"),
                             kind_of(content, name=name), budget, depth + 1)  # fmt: skip


def _archive(body: bytes, part: Part, budget: Budget, depth: int) -> Iterator[Finding]:
    for name, content in archive.members(body, budget):
        path = f"{part.name}/{name}".strip("/")
        if isinstance(content, Unreadable):
            yield Finding(part=Part(name=path[-MAX_NAME:], kind=Kind.OTHER.value,
                                    outcome=content.outcome, reason=content.reason))  # fmt: skip
            continue
        yield from _findings(content, path, kind_of(content, name=name), budget, depth + 1)


def _mail_inside(body: bytes, part: Part, budget: Budget, depth: int) -> Finding:
    """A mail among the files, with what its own files say."""
    found = _message(body, "message/rfc822", part)
    assert found.message is not None
    inner: list[Finding] = []
    for file in mail.files(body):
        kind = kind_of(file.body, file.media_type, file.name)
        inner += _findings(file.body, file.name, kind, budget, depth + 1)
    return structs.replace(found, message=joined(found.message, inner))


def _message(body: bytes, media_type: str, part: Part) -> Finding:
    message = decode(body, media_type, Channel.UNKNOWN)
    return Finding(part=structs.replace(part, text=message.text), message=message)


def _read(part: Part, text: str, derived: str = "", note: str = "") -> Part:
    return structs.replace(part, text=text, derived=derived if text else "", reason=note)


def _damaged(kind: Kind, problem: Exception) -> Undecodable:
    return Undecodable("byte 0", f"a damaged {kind.value} file ({type(problem).__name__})")


_TYPES = {Kind.HTML: "text/html", Kind.TEXT: "text/plain"}
