"""Chats as people save or paste them: WhatsApp, Telegram, Signal, Viber, messages of Android.

Every conversation is one document: its messages in order, each a paragraph with its speaker, so
that a place in it leads back to who said it and when.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from msgspec import Struct

from zvon.formats.intel.moment import believable, zone_of
from zvon.formats.lines import text_of
from zvon.formats.plain import plain
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

MAX_BYTES = 50 * 1024 * 1024
MAX_TEXT = 2_000_000  # code points of one conversation
FIRST_LINES = 20

# What writing systems put around names and times: marks of direction, narrow blanks.
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANKS = re.compile("[\u00a0\u202f\u2009]")
_DATE = r"(?P<date>\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}\.?)"
_TIME = r"(?P<time>\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?(?:[AaPp]\.?\s?[Mm]\.?|dop\.|pop\.))?)"
_SPEAKER = r"(?P<who>[^:\n]{1,80}?):\s(?P<text>.*)"
_FORMS = (
    re.compile(rf"\[{_DATE},?\s+(?:u |ob )?{_TIME}\]\s+{_SPEAKER}"),  # WhatsApp on iOS, Viber
    re.compile(rf"{_DATE},?\s+(?:u |ob )?{_TIME}\s+[-–]\s+{_SPEAKER}"),  # WhatsApp on Android
    re.compile(rf"\[{_TIME},?\s+{_DATE}\]\s+{_SPEAKER}"),  # copied from WhatsApp Web, Viber
    re.compile(
        rf"(?P<who>[^,\[\]\n]{{1,60}}), \[{_DATE},?\s+{_TIME}\]:?\s*(?P<text>.*)"
    ),  # Telegram
    re.compile(rf"{_DATE},?\s+{_TIME}\s+{_SPEAKER}"),  # Signal, plain
)
_SERVICE = re.compile(rf"\[?{_DATE},?\s+(?:u |ob )?{_TIME}(?:\]|\s[-–])\s")


class Said(Struct, frozen=True, kw_only=True):
    """A message: who (name or number), when in UTC where that is known, and what."""

    who: str
    text: str
    at: datetime | None = None


def lines_of(text: str, options: Options) -> list[Said]:
    """The messages of a pasted or exported conversation; empty when it is none."""
    lines = _BLANKS.sub(" ", _MARKS.sub("", text)).splitlines()
    form = _form(lines)
    if form is None:
        return []
    day_first, year_first = _order(lines, form)
    out: list[tuple[str, datetime | None, list[str]]] = []
    for line in lines:
        found = form.match(line)
        if found is not None:
            at = _when(found["date"], found["time"], options, day_first=day_first,
                       year_first=year_first)  # fmt: skip
            out.append((found["who"].strip(" ~"), at, [found["text"]]))
        elif _SERVICE.match(line):
            continue  # somebody joined, changed a picture, …
        elif out:
            out[-1][2].append(line)
    return [Said(who=who, at=at, text="\n".join(said).strip()) for who, at, said in out]


def _form(lines: Sequence[str]) -> re.Pattern[str] | None:
    """The form that most of the first lines have."""
    first = [line for line in lines if line.strip()][:FIRST_LINES]
    best = max(_FORMS, key=lambda form: sum(form.match(line) is not None for line in first))
    fits = sum(best.match(line) is not None for line in first)
    return best if fits >= 2 or (fits and len(first) <= 2) else None


def _order(lines: Sequence[str], form: re.Pattern[str]) -> tuple[bool, bool]:
    """Whether the day comes before the month, and the year before both: as the dates show it."""
    american = False
    for line in lines[:5_000]:
        found = form.match(line)
        if found is None:
            continue
        numbers = [int(n) for n in re.findall(r"\d+", found["date"])]
        if len(numbers) != 3:
            continue
        if numbers[0] > 31:
            return True, True
        if numbers[0] > 12:
            return True, False
        if numbers[1] > 12:
            return False, False
        american |= "/" in found["date"] and bool(re.search(r"(?i)[ap]\.?\s?m", found["time"]))
    return not american, False


def _when(
    date: str, time: str, options: Options, *, day_first: bool, year_first: bool
) -> datetime | None:
    numbers = [int(n) for n in re.findall(r"\d+", date)]
    clock = [int(n) for n in re.findall(r"\d+", time)]
    if len(numbers) != 3 or len(clock) < 2:
        return None
    if year_first:
        year, month, day = numbers
    elif day_first:
        day, month, year = numbers
    else:
        month, day, year = numbers
    year += 2000 if year < 100 else 0
    hour = clock[0] % 12 if re.search(r"(?i)[ap]\.?\s?m|dop|pop", time) else clock[0]
    if re.search(r"(?i)p\.?\s?m|pop", time):
        hour += 12
    try:
        at = datetime(year, month, day, hour, clock[1], clock[2] if len(clock) > 2 else 0,
                      tzinfo=zone_of(options.zone))  # fmt: skip
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def conversation(
    messages: Sequence[Said], title: str, place: str, options: Options, kind: str
) -> Item | Bad:
    """A conversation as a document: one paragraph a message, `speaker: text`."""
    kept: list[dict[str, Any]] = []
    text: list[str] = []
    length = 0
    for each in messages:
        words = plain(each.text)[0].strip()
        if not words:
            continue
        who = plain(each.who)[0]
        paragraph = f"{who}: {words}" if who else words
        if length + len(paragraph) > MAX_TEXT:
            break
        kept.append({"who": who, "at": None if each.at is None else each.at.isoformat(),
                     "start": length, "end": length + len(paragraph)})  # fmt: skip
        text.append(paragraph)
        length += len(paragraph) + 2
    if not kept:
        return Bad(place, "No message in the conversation says anything.")
    times = [m.at for m in messages if m.at is not None and believable(m.at, options.received_at)]
    return Item(
        kind=ItemKind.DOCUMENT, position=place, title=title[:200],
        payload={"kind": kind, "name": options.name[:200], "messages": kept[:5_000],
                 "count": len(kept)},
        text="\n\n".join(text), at=max(times, default=None),
    )  # fmt: skip


def _whole(chunks: Iterable[bytes]) -> bytes | None:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


TOO_LARGE = Bad("byte 0", f"A chat has at most {MAX_BYTES >> 20} MB.")


def _sniff_pasted(sample: bytes, name: str) -> Guess | None:
    if b"\x00" in sample[:1000]:
        return None
    lines = _BLANKS.sub(" ", _MARKS.sub("", text_of(sample))).splitlines()
    first = [line for line in lines if line.strip()][:FIRST_LINES]
    form = _form(first)
    if form is None:
        return None
    matched = sum(form.match(line) is not None for line in first)
    if matched < 2 or matched * 4 < len(first):
        return None
    if form is _FORMS[-1] and not re.search(r"(?i)whats|viber|signal|chat|klepet|razgovor", name):
        return Guess(30, "LINES", {"matched": matched, "of": len(first)})
    return Guess(76, "LINES", {"matched": matched, "of": len(first)})


def _decode_pasted(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    body = _whole(chunks)
    if body is None:
        yield TOO_LARGE
        return
    messages = lines_of(text_of(body), options)
    if not messages:
        if body.strip():
            yield Bad("byte 0", "It is no conversation in a form that is known.", body[:4096])
        return
    yield conversation(messages, options.name, "line 1", options, "chat")


def _sniff_telegram(sample: bytes, name: str) -> Guess | None:
    head = sample[:4096]
    if b'"messages"' not in sample or (b'"chats"' not in head and b'"type"' not in head):
        return None
    if b'"from_id"' not in sample and b'"date_unixtime"' not in sample:
        return None
    return Guess(93, "KEYS", {"keys": "messages, from_id"})


def _decode_telegram(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """`result.json`: one chat, or all of them under `chats.list`."""
    body = _whole(chunks)
    if body is None:
        yield TOO_LARGE
        return
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as problem:
        yield Bad("byte 0", f"It is no JSON: {problem}.", body[:4096])
        return
    chats, path = [said], "$"
    held = said.get("chats") if isinstance(said, dict) else None
    if isinstance(held, dict) and isinstance(held.get("list"), list):
        chats, path = held["list"], "$.chats.list"
    for number, chat in enumerate(chats):
        place = path if path == "$" else f"{path}[{number}]"
        listed = chat.get("messages") if isinstance(chat, dict) else None
        if not isinstance(listed, list):
            yield Bad(place, "There are no messages in it.", str(chat).encode()[:4096])
            continue
        messages = [_telegram(each) for each in listed if isinstance(each, dict)]
        yield conversation(messages, str(chat.get("name") or options.name), place, options, "chat")


def _telegram(message: dict[str, Any]) -> Said:
    said = message.get("text", "")
    pieces = said if isinstance(said, list) else [said]
    words = ""
    for piece in pieces:
        if isinstance(piece, dict):
            words += str(piece.get("text", ""))
            href = piece.get("href")
            if isinstance(href, str) and href not in words:
                words += f" ({href})"
        else:
            words += str(piece)
    at = None
    seconds = str(message.get("date_unixtime", ""))
    if seconds.isascii() and seconds.isdigit() and len(seconds) <= 11:
        at = datetime.fromtimestamp(int(seconds), UTC)
    return Said(who=str(message.get("from") or message.get("actor") or ""), text=words, at=at)


def _sniff_sms(sample: bytes, name: str) -> Guess | None:
    if b"<smses" not in sample and not (b"<sms " in sample and b"body=" in sample):
        return None
    return Guess(93, "KEYS", {"keys": "smses, sms"})


def _decode_sms(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """The backup of Android (SMS Backup & Restore): one document a correspondent."""
    body = _whole(chunks)
    if body is None:
        yield TOO_LARGE
        return
    talks: dict[str, list[Said]] = {}
    try:
        root = ElementTree.fromstring(_PAIR.sub(_joined, body), forbid_dtd=False)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, RecursionError) as problem:
        yield Bad("byte 0", f"It is no XML that is read: {type(problem).__name__}: {problem}."[:500],
                  body[:4096])  # fmt: skip
        return
    for each in root.iter("sms"):
        number = each.get("address") or ""
        name = each.get("contact_name") or ""
        known = name if name not in {"", "(Unknown)", "null"} else number
        ours = each.get("type") == "2"
        talks.setdefault(number, []).append(
            Said(who="" if ours else known, text=each.get("body") or "", at=_ms(each.get("date")))
        )
    if not talks:
        yield Bad("byte 0", "There are no messages in it.", body[:4096])
    for number, messages in talks.items():
        who = next((each.who for each in messages if each.who), number)
        yield conversation(messages, who, f"sms {number}", options, "sms")


# The program writes a letter beyond U+FFFF as two references, which is no XML.
_PAIR = re.compile(rb"&#(5[5-6]\d{3});&#(5[6-7]\d{3});")


def _joined(pair: re.Match[bytes]) -> bytes:
    high, low = int(pair[1]), int(pair[2])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return b"&#65533;"
    return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _ms(text: str | None) -> datetime | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 14:
        return None
    return datetime.fromtimestamp(int(text) / 1000, UTC)


FORMATS = (
    Format(name="chat", sniff=_sniff_pasted, decode=_decode_pasted),
    Format(name="sms-backup", sniff=_sniff_sms, decode=_decode_sms),
    Format(name="telegram", sniff=_sniff_telegram, decode=_decode_telegram),
)
