"""Proof on the final text: no original is left in it, under any usual spelling or coding.

A hit stops the release. `forms` is how many spellings of text and values were compared.
"""

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from msgspec import Struct

from zvon.privacy.fold import fold, view

MIN_ENCODED = 5
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s./()\-\u2011]+(?=\d)")


class Original(Struct, frozen=True):
    """A value that must not leave. `whole_word` for short or ordinary words."""

    text: str
    kind: str
    whole_word: bool = False


class Hit(Struct, frozen=True):
    """An original that is still there; names the entity's type and the form, never the value."""

    kind: str
    form: str


class Residue(Struct, frozen=True):
    """The result of a scan."""

    transforms: int
    hits: tuple[Hit, ...]


def scan(output: str, originals: Iterable[Original]) -> Residue:
    """Look for each original in `output` under every form."""
    forms = _forms(output)
    compact = re.sub(r"\s+", "", output)
    hits: list[Hit] = []
    for original in set(originals):
        plain = fold(original.text).strip()
        if len(plain) < 3:
            continue
        hits.extend(Hit(original.kind, name) for name in _plain_hits(original, plain, forms))
        if len(plain) >= MIN_ENCODED:
            hits.extend(Hit(original.kind, name) for name in _coded_hits(original.text, compact))
    return Residue(
        len(forms) + len(CODED), tuple(sorted(set(hits), key=lambda h: (h.kind, h.form)))
    )


def _forms(output: str) -> dict[str, str]:
    plain = fold(output)
    forms = {"plain": plain, "visible": fold(view(output).text)}
    forms["entities"] = fold(html.unescape(output))
    forms["percent"] = fold(unquote(output))
    forms["percent twice"] = fold(unquote(unquote(output)))
    forms["quoted-printable"] = fold(
        quopri.decodestring(output.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    )
    forms["joined lines"] = re.sub(r"\s*\n\s*", "", plain)
    forms["digits"] = _BETWEEN_DIGITS.sub("", plain)
    forms["refanged"] = re.sub(r"[\[({](\.|dot|at|@)[\])}]", lambda m: {"dot": ".", "at": "@"}.get(m[1], m[1]), plain)  # fmt: skip
    forms["punycode"] = fold(_idna(output)) if "xn--" in plain else ""
    return forms


def _idna(text: str) -> str:
    def label(found: re.Match[str]) -> str:
        try:
            return found[0][4:].encode().decode("punycode")
        except (UnicodeError, ValueError):
            return found[0]

    return re.sub(r"xn--[a-z0-9-]+", label, text, flags=re.IGNORECASE)


def _plain_hits(original: Original, plain: str, forms: dict[str, str]) -> Iterator[str]:
    bare = re.sub(r"\D", "", plain)
    number = len(bare) >= 6 and len(bare) >= len(re.sub(r"[\W_]", "", plain)) - 2
    for name, text in forms.items():
        if (plain in text and (not original.whole_word or _word_in(plain, text))) or (
            number and name == "digits" and bare in text
        ):
            yield name
    if len(plain) >= MIN_ENCODED and not original.whole_word and plain[::-1] in forms["plain"]:
        yield "reversed"


def _word_in(plain: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(plain)}(?![^\W_])", text) is not None


CODED = ("base64", "hexadecimal", "percent bytes", "reversed")


def _coded_hits(text: str, compact: str) -> Iterator[str]:
    for spelling in {text, text.lower(), fold(text)}:
        raw = spelling.encode("utf-8", "surrogatepass")
        if any(piece in compact for piece in _base64(raw)):
            yield "base64"
        code = binascii.hexlify(raw).decode()
        if code in compact or code.upper() in compact:
            yield "hexadecimal"
        escaped = quote(raw, safe="")
        if escaped != spelling and (escaped in compact or escaped.lower() in compact):
            yield "percent bytes"


def _base64(raw: bytes) -> Iterator[str]:
    """The part of the base64 form that does not depend on what stands beside it, thrice."""
    for lead in range(3):
        code = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        first = (lead * 8 + 5) // 6
        last = (lead + len(raw)) * 8 // 6
        piece = code[first:last]
        if len(piece) >= MIN_ENCODED:
            yield piece
            if "+" in piece or "/" in piece:
                yield piece.replace("+", "-").replace("/", "_")
