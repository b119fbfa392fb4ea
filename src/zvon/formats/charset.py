"""Bytes to text when nobody, or a liar, says which character set it is."""

import codecs

GUESSED = "charset-guessed"
REPLACED = "charset-broken"

# Tried in this order after UTF-8: what Windows wrote in our countries.
FALLBACK = "cp1250"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs of Python that are no character sets, or that expand without bound.
_NO_CHARSET = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined",
                         "mbcs", "oem"})  # fmt: skip


def text_of(body: bytes, charset: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Decode `body`; never fails, and says in the warnings what was guessed or replaced."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _decoded(body[len(bom) :], name)
    named = _known(charset)
    if named is not None:
        try:
            return body.decode(named), ()
        except (UnicodeError, ValueError):
            pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        pass
    else:
        wrong = charset is not None and named != "utf-8" and not body.isascii()
        return text, (GUESSED,) if wrong else ()
    try:
        return body.decode(FALLBACK), (GUESSED,)
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace"), (REPLACED,)


def _decoded(body: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    text = body.decode(name, "replace")
    return text, (REPLACED,) if "\ufffd" in text else ()


def _known(charset: str | None) -> str | None:
    if not charset:
        return None
    try:
        found = codecs.lookup(charset.strip().strip("\"'"))
    except (LookupError, ValueError):
        return None
    # `_is_text_encoding` tells base64 and zip, which are codecs too, from character sets.
    if found.name.replace("-", "_") in _NO_CHARSET or not getattr(found, "_is_text_encoding", True):
        return None
    return found.name
