"""One door for every report: choose the reader by what the bytes are, not by what they claim."""

import re

from msgspec import structs

from zvon.formats import card, html, language, link, mail, text
from zvon.formats.charset import text_of
from zvon.formats.extract import protected
from zvon.formats.kind import SAMPLE, is_html, is_mail, magic
from zvon.formats.limit import MAX_BYTES, MAX_TEXT, Undecodable
from zvon.model.report import Channel, Mention, Message, Part

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_UNICODE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

EMPTY = "there is nothing to read in it"

# More control characters than this in the first bytes, and it is no text.
MAX_CONTROL = 0.02


def decode(body: bytes, media_type: str, channel: Channel, *, to_us: bool = False) -> Message:
    """Read a mail, a page or a text. Raises `Undecodable`, and nothing else, for any bytes.

    `to_us` says that a mail was written to us: whoever sent it is the reporter.
    Card numbers are masked to their last four digits in all that is returned.
    """
    if not body.strip():
        raise Undecodable("byte 0", "the report is empty")
    if len(body) > MAX_BYTES:
        raise Undecodable(f"byte {MAX_BYTES}", f"a report has at most {MAX_BYTES} bytes")
    kind = media_type.partition(";")[0].strip().lower()
    if kind.startswith(("message/", "multipart/")) or is_mail(body):
        refuse_binary(body)
        try:
            message = mail.read(body, to_us=to_us, channel=channel)
        except RecursionError:  # a reader of the standard library that we did not foresee
            raise Undecodable("byte 0", "it is nested too deeply") from None
    else:
        refuse_binary(body)
        raw, warnings = text_of(body, _charset(media_type))
        if kind == "text/html" or is_html(body):
            message = _page(raw, channel)
        else:
            message = text.read(raw, channel)
        message = structs.replace(message, warnings=(*message.warnings, *warnings))
    if not message.text.strip() and not message.mentions and not message.attachments:
        raise Undecodable("byte 0", EMPTY)
    return without_cards(message)


def refuse_binary(body: bytes) -> None:
    """Raise `Undecodable` when the bytes are no text, naming what they are where that is known."""
    found = magic(body)
    if found is not None:
        raise Undecodable("byte 0", f"this is {found[1]}, which is no text")
    if body.startswith(_UNICODE_BOMS):
        return
    sample = body[:SAMPLE]
    noise = _CONTROL.findall(sample)
    if len(noise) > MAX_CONTROL * len(sample):
        first = _CONTROL.search(sample)
        assert first is not None
        raise Undecodable(f"byte {first.start()}", "binary data where text was expected")


def _charset(media_type: str) -> str | None:
    found = re.search(r"(?i)charset\s*=\s*\"?([\w.:-]{1,40})", media_type)
    return found[1] if found else None


def _page(raw: str, channel: Channel) -> Message:
    page = html.read(raw)
    lang = language.detect(page.text)
    mentions, crowded = link.mentions(page, text.REGION[lang])
    shown = page.text[:MAX_TEXT]
    cut = (text.TEXT_CUT,) if len(shown) < len(page.text) else ()
    kept, more = text.bounded([m for m in mentions if m.span is None or m.span.end <= MAX_TEXT])
    return Message(
        channel=channel,
        text=shown,
        lang=lang,
        mentions=kept,
        warnings=tuple(dict.fromkeys((*page.warnings, *crowded, *more, *cut))),
    )


def without_cards(message: Message) -> Message:
    """Mask card numbers wherever text is kept; an address or an account number is not one."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for mention in message.mentions:
        if mention.span is not None:
            spans.setdefault(mention.span.part, []).extend(protected([mention]))

    def masked(words: str | None, part: str = "") -> str | None:
        return None if words is None else card.mask(words, spans.get(part, ()))

    clear = structs.replace(
        message,
        text=masked(message.text, "text"),
        subject=masked(message.subject, "subject"),
        remark=masked(message.remark, "remark"),
        sender=masked(message.sender, "sender"),
        sender_name=masked(message.sender_name),
        reply_to=masked(message.reply_to),
        headers=tuple((name, card.mask(value)) for name, value in message.headers),
        attachments=tuple(card.mask(name) for name in message.attachments),
        parts=tuple(_part_without_card(part) for part in message.parts),
        mentions=tuple(_mention_without_card(m) for m in message.mentions),
    )
    if any(map(card.was_masked, (clear.text, clear.subject, clear.remark))):
        return structs.replace(clear, warnings=(*clear.warnings, card.MASKED))
    return clear


def _part_without_card(part: Part) -> Part:
    if not any(map(card.has_card, (part.name, part.text, *part.codes))):
        return part
    return structs.replace(part, name=card.mask(part.name), text=card.mask(part.text),
                           codes=tuple(map(card.mask, part.codes)))  # fmt: skip


def _mention_without_card(mention: Mention) -> Mention:
    if mention.shown is None or not card.has_card(mention.shown):
        return mention
    return structs.replace(mention, shown=card.mask(mention.shown))
