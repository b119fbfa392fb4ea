"""Mails forwarded inside the text of another mail, as the mail programs of our countries do it."""

import re

from msgspec import Struct

# Field names at the head of the quoted mail, in sl, hr and en (and what Outlook makes of them).
_FIELDS = {
    "from": ("od", "pošiljatelj", "šalje", "pošiljalac", "from", "von"),
    "to": ("za", "prejemnik", "prima", "to", "komu", "kome", "an"),
    "cc": ("kp", "cc", "kopija"),
    "date": ("datum", "poslano", "sent", "date", "gesendet"),
    "subject": ("zadeva", "predmet", "subject", "betreff"),
    "reply-to": ("odgovori na", "odgovor na", "reply-to"),
}
_BY_WORD = {word: field for field, words in _FIELDS.items() for word in words}
_FIELD = re.compile(
    rf"(?i)^[>\s*_]*(?P<word>{'|'.join(sorted(map(re.escape, _BY_WORD), key=len, reverse=True))})"
    r"[*_]*[ \t]*:[*_]*[ \t]*(?P<value>[^\n]*)$"
)
_MARKER = re.compile(
    r"(?i)^[>\s]*(?:-{2,}[^\n\-]{0,60}(?:forwarded|posredovan|proslijeđen|prosljeđen|original|"
    r"izvorn|weitergeleitet)[^\n\-]{0,60}-{2,}|begin forwarded message:|"
    r"začetek posredovanega sporočila:|početak prosl\w+ poruke:)\s*$"
)
_FORWARD_SUBJECT = re.compile(
    r"(?i)^\s*(?:fwd?|fw|posr|pos|prosl|proslij|pd|vs|wg)\s*(?:\[\d+\])?\s*:"
)

_MAX_BLOCK = 12


class Forward(Struct, frozen=True, kw_only=True):
    """Where the forwarded mail begins: `remark_end` ends the forwarder's words, `start` its text."""

    remark_end: int
    start: int
    fields: dict[str, str]


def is_forward(subject: str) -> bool:
    """True when a subject says that the mail was passed on."""
    return bool(_FORWARD_SUBJECT.match(subject))


def find(text: str, *, subject: str = "") -> Forward | None:
    """The mail that `text` forwards, or `None`.

    Without a marker line, three or more fields count only when the subject says "forwarded";
    otherwise they are a conversation that the sender quotes. A mail forwarded twice gives the
    inner one when nothing stands between the heads.
    """
    found = _find(text, 0, need_marker=not is_forward(subject))
    while found is not None:
        inner = _find(text, found.start, need_marker=False)
        if inner is None or text[found.start : inner.remark_end].strip(" >\n*_-"):
            break
        found = inner
    return found


def _find(text: str, begin: int, *, need_marker: bool) -> Forward | None:
    at, marker = begin, None
    for line in text[begin:].splitlines(keepends=True)[:4000]:
        if _MARKER.match(line.rstrip("\n")):
            marker = at
        elif _FIELD.match(line.rstrip("\n")) and (marker is not None or not need_marker):
            start, fields = _block(text, at)
            if len(fields) >= (2 if marker is not None else 3) and "from" in fields:
                return Forward(
                    remark_end=at if marker is None else marker, start=start, fields=fields
                )
        elif line.strip(" >\n"):
            marker = None
        at += len(line)
    return None


def _block(text: str, at: int) -> tuple[int, dict[str, str]]:
    fields: dict[str, str] = {}
    for line in text[at : at + 8000].splitlines(keepends=True)[:_MAX_BLOCK]:
        match = _FIELD.match(line.rstrip("\n"))
        if match is None:
            if line.strip(" >\n") or len(fields) < 2:
                break
            at += len(line)
            if len(fields) > 2:
                break
            continue
        fields.setdefault(_BY_WORD[match["word"].lower()], match["value"].strip(" *_"))
        at += len(line)
    return at, fields
