"""Files that are one document each: mails, pages, PDF, Office and Outlook files, pictures, prose.

They are recognised here and opened elsewhere, in a process of its own: the item holds the bytes in
its payload as `body`, beside `kind` (a word of `formats.kind`) and `name`.
"""

import re
from collections.abc import Iterable, Iterator

from zvon.formats.kind import Kind, is_html, is_mail, magic
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

MAX_BYTES = 50 * 1024 * 1024
SURE, BY_NAME, LAST_RESORT = 90, 40, 6

_ENDINGS = {Kind.MAIL: ("eml",), Kind.HTML: ("html", "htm", "xhtml", "shtml", "mht")}
_MARKUP = re.compile(rb"(?is)^\s*<(?:!--.{0,2000}?-->\s*)?(?:!doctype\s+html|html|head|body|table|div"
                     rb"|p|center|meta|title|h[1-6]|span|article|section)\b")  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NOISE = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_LINES = (b"{", b"[", b"<")


def _binary(kind: Kind, name: str, media_type: str) -> Format:
    def sniff(sample: bytes, _name: str) -> Guess | None:
        found = magic(sample)
        if found is None or found[0] is not kind:
            return None
        return Guess(SURE, "MAGIC", {"what": found[1]})

    return _format(kind, name, media_type, sniff)


def _format(kind: Kind, name: str, media_type: str, sniff: object) -> Format:
    def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
        yield document(chunks, kind, options.name)

    assert callable(sniff)
    return Format(name=name, sniff=sniff, decode=decode, media_type=media_type)


def document(
    chunks: Iterable[bytes], kind: Kind, name: str, position: str = "byte 0"
) -> Item | Bad:
    """The whole of `chunks` as one document of that kind."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BYTES:
            reason = f"A document has at most {MAX_BYTES >> 20} MB."
            return Bad(position, reason, bytes(body[:4096]))
    if not body.strip():
        return Bad(position, "There is nothing in it.", b"")
    return Item(
        kind=ItemKind.DOCUMENT,
        position=position,
        payload={"kind": kind.value, "name": name[:200], "body": bytes(body)},
        title=name[:200],
    )


def _sniff_mail(sample: bytes, name: str) -> Guess | None:
    if magic(sample) is not None or not is_mail(sample):
        return None
    return Guess(SURE - 5, "MAGIC", {"what": "a mail (RFC 5322)"})


def _sniff_page(sample: bytes, name: str) -> Guess | None:
    head = sample.removeprefix(b"\xef\xbb\xbf")
    if is_html(head) or _MARKUP.match(head):
        return Guess(SURE - 20, "MAGIC", {"what": "a page (HTML)"})
    if name.lower().rpartition(".")[2] in _ENDINGS[Kind.HTML] and b"<" in sample:
        return Guess(BY_NAME, "NAME", {"name": name[-80:]})
    return None


def _sniff_prose(sample: bytes, name: str) -> Guess | None:
    """Text that nothing else reads: mostly words."""
    if magic(sample) is not None or not sample.strip():
        return None
    text = sample.decode("utf-8", "ignore") if b"\x00" not in sample[:1000] else ""
    if len(_NOISE.findall(text)) > 0.01 * len(text) or not text.strip():
        return None
    if text.lstrip().encode()[:1] in _LINES:
        return None
    letters = sum(map(len, _WORDS.findall(text)))
    if letters < 0.4 * len(text):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    spoken = sum(len(_WORDS.findall(line)) >= 4 for line in lines)
    return Guess(LAST_RESORT + (10 if spoken * 2 >= len(lines) else 0), "LINES",
                 {"matched": spoken, "of": len(lines)})  # fmt: skip


FORMATS = (
    _format(Kind.MAIL, "mail", "message/rfc822", _sniff_mail),
    _format(Kind.HTML, "html", "text/html", _sniff_page),
    _binary(Kind.OFFICE, "office", ""),
    _binary(Kind.OUTLOOK, "outlook", "application/vnd.ms-outlook"),
    _binary(Kind.PDF, "pdf", "application/pdf"),
    _binary(Kind.PICTURE, "picture", ""),
    _format(Kind.TEXT, "prose", "text/plain", _sniff_prose),
)
