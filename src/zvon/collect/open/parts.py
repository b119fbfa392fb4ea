"""A document of any kind as its parts: every text with its links, and what was left out and why.

This runs in the isolated process (`zvon.collect.open`); `opener.parts` is its other end. Unlike
`document`, which finds the message that a citizen means, it keeps all that stands in a document.
"""

from collections.abc import Iterator

from msgspec import structs

from zvon.collect.open import archive, office, outlook, paper, picture
from zvon.collect.open.budget import Budget, Unreadable
from zvon.formats import html, mail
from zvon.formats.charset import text_of
from zvon.formats.decode import refuse_binary
from zvon.formats.document.part import Link, Part, Parts
from zvon.formats.kind import Kind, kind_of
from zvon.formats.limit import Undecodable
from zvon.formats.plain import plain
from zvon.model.report import Message

MAX_BYTES = 50 * 1024 * 1024
MAX_TEXT = 5_000_000  # code points of all parts together
MAX_PARTS = 5_000
MAX_DEPTH = 10
MAX_LINKS = 100_000
MAX_WARNINGS = 100
CUT = "The document is longer than what is read of one; the rest was left out."

SENTENCES = {
    "charset-guessed": "Its character set is not the one that it names; it was found by its bytes.",
    "charset-broken": "Some bytes are letters in no character set; they were replaced.",
    "invisible-characters": "It holds invisible characters, which were taken out.",
    "hidden-text": "It holds text that nobody sees; that text was left out.",
    "html-too-deep": "The page is nested too deeply; its text was read without its form.",
    "html-cut": "The page is too long and was cut.",
    "text-cut": "The text is too long and was cut.",
    "attachment-not-read": "It holds a file that is no text.",
    "too-many-urls": "It holds more values than one message may.",
}


def parts(body: bytes, media_type: str = "", name: str = "") -> Parts:
    """Take a document apart. Raises nothing: a document that cannot be opened has a `reason`."""
    if len(body) > MAX_BYTES:
        return Parts(reason=f"a document has at most {MAX_BYTES >> 20} MB", cut=True)
    taken = _Taken()
    kind = kind_of(body, media_type, name)
    try:
        for part in _parts(body, kind, media_type, "", Budget(MAX_DEPTH), taken, 0):
            if not taken.add(part):
                break
    except Unreadable as problem:
        return Parts(reason=problem.reason, warnings=taken.said())
    except Undecodable as problem:
        return Parts(reason=f"{problem.position}: {problem.reason}", warnings=taken.said())
    except MemoryError:
        return Parts(reason="it needs more memory than a document may take", cut=True)
    except Exception as problem:  # noqa: BLE001 -- readers of damaged files raise anything
        return Parts(reason=f"a damaged {kind.value} file ({type(problem).__name__})")
    found = tuple(taken.parts)
    reason = "" if found else next(iter(taken.said()), "there is nothing to read in it")
    return Parts(parts=found, warnings=taken.said(), reason=reason, cut=taken.cut)


class _Taken:
    """What was read so far, within the limits of one document."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.warnings: dict[str, None] = {}
        self.files: dict[str, int] = {}
        self.room, self.links, self.cut = MAX_TEXT, MAX_LINKS, False

    def add(self, part: Part) -> bool:
        """Keep a part; False when nothing more is taken."""
        text = part.text[: self.room]
        links = part.links[: self.links]
        if len(text) < len(part.text) or len(links) < len(part.links):
            self.cut = True
        self.room -= len(text)
        self.links -= len(links)
        if text.strip() or links:
            self.parts.append(structs.replace(part, text=text, links=links))
        self.cut = self.cut or len(self.parts) >= MAX_PARTS
        if self.cut:
            self.warn(CUT)
        return not self.cut

    def number(self, at: str) -> int:
        """The number of the next file in what begins with `at`."""
        self.files[at] = self.files.get(at, 0) + 1
        return self.files[at]

    def warn(self, *codes: str) -> None:
        for code in codes:
            if code and len(self.warnings) < MAX_WARNINGS:
                self.warnings[SENTENCES.get(code, code)] = None

    def said(self) -> tuple[str, ...]:
        return tuple(self.warnings)


def _parts(body: bytes, kind: Kind, media_type: str, at: str, budget: Budget, taken: _Taken,
           depth: int) -> Iterator[Part]:  # fmt: skip
    """The parts of one file; `at` is the beginning of their ids inside the document."""
    budget.file(depth)
    match kind:
        case Kind.OUTLOOK:
            yield from _mail(outlook.as_mail(body), at, budget, taken, depth)
        case Kind.MAIL:
            yield from _mail(body, at, budget, taken, depth)
        case Kind.PDF:
            found = paper.read(body, budget)
            taken.warn(*found.notes)
            for number, page in enumerate(found.pages, 1):
                links = tuple(Link(target=target, element="annotation") for target in page.links)
                codes = tuple(Link(target=code, element="qr") for code in page.codes)
                yield Part(id=f"{at}page:{number}", kind="pdf", text=page.text,
                           links=links + codes, derived=page.derived)  # fmt: skip
            for name, content in found.inner:
                yield from _inner(content, name, at, budget, taken, depth)
        case Kind.OFFICE:
            yield from _office(body, at, budget, taken, depth)
        case Kind.ARCHIVE:
            for name, held in archive.members(body, budget):
                if isinstance(held, Unreadable):
                    taken.warn(f"{name}: {held.reason}")
                else:
                    yield from _inner(held, name, at, budget, taken, depth)
        case Kind.PICTURE:
            seen = picture.see(body, budget)
            taken.warn(seen.note)
            links = tuple(Link(target=code, element="qr") for code in seen.codes)
            yield Part(id=f"{at}text", kind="picture", text=seen.text, links=links, derived="ocr")
        case Kind.HTML:
            refuse_binary(body)
            yield from _page(body, _charset(media_type), at, taken)
        case Kind.TEXT:
            refuse_binary(body)
            raw, warnings = text_of(body, _charset(media_type))
            text, seen_in = plain(raw)
            taken.warn(*warnings, *seen_in)
            yield Part(id=f"{at}text", kind="text", text=text)
        case _:
            taken.warn(f"{at or 'It'}: a {kind.value}; it was not opened")


def _inner(body: bytes, name: str, at: str, budget: Budget, taken: _Taken,
           depth: int) -> Iterator[Part]:  # fmt: skip
    """The parts of a file inside another; one that cannot be read is a warning."""
    number = taken.number(at)
    inside = f"{at}file:{number}/"
    try:
        kind = kind_of(body, name=name)
        for part in _parts(body, kind, "", inside, budget, taken, depth + 1):
            yield structs.replace(part, name=f"{name}/{part.name}".strip("/")[:200])
    except Unreadable as problem:
        taken.warn(f"{name or inside}: {problem.reason}")
    except Undecodable as problem:
        taken.warn(f"{name or inside}: {problem.reason}")
    except (ValueError, LookupError, OSError, RuntimeError, TypeError) as problem:
        taken.warn(f"{name or inside}: damaged ({type(problem).__name__})")


def _mail(body: bytes, at: str, budget: Budget, taken: _Taken, depth: int) -> Iterator[Part]:
    """The subject, what a forwarder wrote, the message that is meant, then its files."""
    message = mail.read(body)
    taken.warn(*(code for code in message.warnings if code != mail.NOT_READ))
    if message.subject:
        yield Part(id=f"{at}subject", kind="subject", text=message.subject)
    senders = " ".join(
        dict.fromkeys(filter(None, (message.sender_name, message.sender, message.reply_to)))
    )
    if senders:
        yield Part(id=f"{at}sender", kind="sender", text=senders)
    if message.remark:
        yield Part(id=f"{at}remark", kind="remark", text=message.remark, author="reporter")
    yield Part(id=f"{at}text", kind="mail", text=message.text, links=tuple(_links(message)))
    for file in mail.files(body):
        yield from _inner(file.body, file.name, at, budget, taken, depth)


def _links(message: Message) -> Iterator[Link]:
    """Targets that do not stand in the text themselves."""
    for mention in message.mentions:
        if mention.side != "attacker" or "://" not in mention.raw[:16]:
            continue
        span = mention.span
        if span is None:
            yield Link(target=mention.raw, element="a")
        elif span.part in {"", "text"} and message.text[span.start : span.end] != mention.raw:
            yield Link(target=mention.raw, start=span.start, end=span.end, shown=mention.shown)


def _page(body: bytes, charset: str | None, at: str, taken: _Taken) -> Iterator[Part]:
    raw, warnings = text_of(body, charset)
    page = html.read(raw)
    taken.warn(*warnings, *(code for code in page.warnings if code != html.HIDDEN_TEXT))
    links = tuple(
        Link(target=each.target, element=each.element, start=each.start, end=each.end)
        for each in page.links
        if not each.target.startswith(("#", "data:image"))
    )
    yield Part(id=f"{at}text", kind="html", text=page.text, links=links)
    if page.hidden:
        taken.warn("It holds text that nobody sees; it is a part of its own.")
        yield Part(id=f"{at}hidden", kind="hidden", text=page.hidden)


def _office(body: bytes, at: str, budget: Budget, taken: _Taken, depth: int) -> Iterator[Part]:
    document = office.read(body, budget)
    taken.warn(*document.notes)
    links = tuple(Link(target=target, element="relation") for target in document.links)
    yield Part(id=f"{at}text", kind="office", text=document.text, links=links)
    for section in document.sections:
        yield Part(id=f"{at}{section.kind}:{section.name}", kind=section.kind, text=section.text)
    for name, content in document.pictures:
        yield from _inner(content, name, at, budget, taken, depth)


def _charset(media_type: str) -> str | None:
    return media_type.partition("charset=")[2].partition(";")[0].strip(" \"'") or None
