"""A message as a person pastes it: an SMS, a chat line, a copied mail, or a question of their own."""

import re

from msgspec import structs

from zvon.formats import language, remark
from zvon.formats.extract import extract
from zvon.formats.limit import MAX_TEXT, MAX_URLS
from zvon.formats.link import TOO_MANY, inside
from zvon.formats.plain import plain
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.model.report import Channel, Lang, Mention, Message
from zvon.model.verdict import Span

TEXT_CUT = "text-cut"
REGION = {Lang.SL: "SI", Lang.HR: "HR", Lang.EN: "SI", None: "SI"}

# "(+44 7700 900123) Your parcel …": the sender as telephones show it.
_IN_FRONT = re.compile(r"^\s*\((?P<sender>[^()\n]{2,60})\)[ \t:]*\n?")
_FROM = re.compile(r"(?i)^\s*(?:od|pošiljatelj|posiljatelj|šalje|salje|pošiljalac|from|sender)[ \t]*:[ \t]*(?P<sender>[^\n]{2,80})\n")  # fmt: skip
_NUMBER = re.compile(r"[+0-9 ()/.-]{5,24}")
_NAME_ID = re.compile(r"[^\s].{1,30}")
# Said just before an address, it makes the address the sender's and not the reporter's.
_BLAMED = re.compile(r"(?i)(?:\bod|\bs|\bz|\biz|klical\w*|zval\w*|zove|poslal\w*|poslao|s številke|s broja|s naslova|z naslova|sa adrese|s adrese|pošiljatelj\w*|from|by|called|sender|piši\w*|javi\w*)[\s:]*$")  # fmt: skip

# Around a number that is all there is to report.
MOST_WORDS = 8
_PERSONAL = {ObservableType.EMAIL, ObservableType.PHONE, ObservableType.IBAN}


def read(raw: str, channel: Channel) -> Message:
    """Read a pasted message; never fails. What the reporter added is the remark."""
    text, warnings = plain(raw)
    if len(text) > MAX_TEXT:
        text, warnings = text[:MAX_TEXT], (*warnings, TEXT_CUT)
    sender, rest = _sender(text)
    if channel is Channel.WEB and sender is None:
        body, note = text.strip(), ""  # all of it is the reporter's own words
    else:
        body, note = remark.split(rest)
    lang = language.detect(body)
    region = REGION[lang]
    told = extract(body, region=region)
    own = channel is Channel.WEB and not _only_number(told, body)
    mentions = [_side(m, body) for m in told] if own else told
    mentions = [*_sender_mention(sender, region), *with_inner(mentions)]
    mentions += reporter_side(note, "remark", region)
    kept, crowded = bounded(mentions)
    return Message(
        channel=_guess(channel, sender),
        text=body,
        lang=lang,
        sender=sender,
        remark=note,
        mentions=kept,
        warnings=(*warnings, *crowded),
    )


def reporter_side(text: str, part: str, region: str) -> list[Mention]:
    """The mentions of a text that the reporter wrote."""
    return [structs.replace(m, side="reporter") for m in extract(text, region=region, part=part)]


def with_inner(mentions: list[Mention]) -> list[Mention]:
    """Add behind each address the addresses that it carries inside."""
    out: list[Mention] = []
    for mention in mentions:
        out.append(mention)
        out += inside(mention)
    return out


def bounded(mentions: list[Mention]) -> tuple[tuple[Mention, ...], tuple[str, ...]]:
    """At most `MAX_URLS` different addresses of the web; the rest stays in the raw bytes."""
    seen: set[str] = set()
    kept: list[Mention] = []
    for mention in mentions:
        if mention.observable.type is ObservableType.URL:
            if mention.observable.value not in seen and len(seen) == MAX_URLS:
                continue
            seen.add(mention.observable.value)
        kept.append(mention)
    return tuple(kept), (TOO_MANY,) if len(kept) < len(mentions) else ()


def _sender(text: str) -> tuple[str | None, str]:
    """The sender that stands in front of the message, and the text behind it."""
    for pattern in (_IN_FRONT, _FROM):
        found = pattern.match(text)
        if found is None:
            continue
        sender = found["sender"].strip()
        if "@" in sender or _NUMBER.fullmatch(sender) or _NAME_ID.fullmatch(sender):
            return sender, text[found.end() :]
    return None, text


def _sender_mention(sender: str | None, region: str) -> list[Mention]:
    if sender is None:
        return []
    for kind in (ObservableType.EMAIL, ObservableType.PHONE, ObservableType.SENDER):
        try:
            value = canonical(kind, sender, region=region)
        except BadValue:
            continue
        return [Mention(observable=value, span=Span(0, len(sender), "sender"), raw=sender)]
    return []


def _side(mention: Mention, text: str) -> Mention:
    """In a person's own words, a number or mail address is theirs unless they blame it."""
    if mention.observable.type not in _PERSONAL or mention.span is None:
        return mention
    before = text[max(0, mention.span.start - 30) : mention.span.start]
    return mention if _BLAMED.search(before) else structs.replace(mention, side="reporter")


def _only_number(told: list[Mention], text: str) -> bool:
    """True for "+386 …", or "kdo kliče s +386 …?": the number is what is reported."""
    if [m.observable.type for m in told] != [ObservableType.PHONE]:
        return False
    return len(text.split()) - len(told[0].raw.split()) <= MOST_WORDS


def _guess(channel: Channel, sender: str | None) -> Channel:
    if channel is not Channel.UNKNOWN or sender is None:
        return channel
    return Channel.EMAIL if "@" in sender else Channel.SMS
