"""Domain names: one spelling for each (IDNA 2008 with UTS 46 mapping, RFC 5890; RFC 1035 sizes).

The canonical spelling is the A-label form in lower case without a dot at the end. Names are taken
as they occur in the wild, so an underscore, a symbol or an odd hyphen is no error; what no
resolver could load is.
"""

import re
import unicodedata
from functools import lru_cache

import idna

MAX_LABEL = 63
MAX_NAME = 253

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Long before any name is this long, it is no name; the bound keeps the mapping step cheap.
_MAX_INPUT = 4 * MAX_NAME


class BadName(ValueError):
    """The text is not a domain name that a resolver could load."""


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """Give the A-label form of `text`, in lower case, without the dot at the end.

    A single label is a name. Raises `BadName`: empty or over-long labels, characters that no name
    may hold (a right-to-left override, for example), an ill-formed `xn--` label, an address.
    """
    if len(text) > _MAX_INPUT:
        raise BadName(f"a name has at most {MAX_NAME} characters")
    labels = _mapped(text.strip()).split(".")
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    name = ".".join(_a_label(label) for label in labels)
    if len(name) > MAX_NAME:
        raise BadName(f"a name has at most {MAX_NAME} characters, this one has {len(name)}")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise BadName(f"{name!r} ends in a number, so it is an address")
    return name


def display(name: str) -> str:
    """The name as people write it, in Unicode; a label that does not decode stays as it is."""
    return ".".join(_u_label(label) for label in name.split("."))


def defang(name: str) -> str:
    """The name in a form that no program makes a link of: `posta-si.dostava[.]example`."""
    head, dot, tail = name.rpartition(".")
    return f"{head}[.]{tail}" if dot else name


def _mapped(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as problem:
        raise BadName(f"no name may hold this: {problem}") from None


def _a_label(label: str) -> str:
    if not label:
        raise BadName("a label is empty")
    if not label.isascii():
        label = "xn--" + _punycode(label)
    elif label.startswith("xn--"):
        _check_ace(label)
    if len(label) > MAX_LABEL:
        raise BadName(f"a label has at most {MAX_LABEL} characters, this one has {len(label)}")
    if not _LABEL.fullmatch(label):
        raise BadName(f"the label {label!r} holds a character that no name may hold")
    return label


def _punycode(label: str) -> str:
    try:
        return label.encode("punycode").decode("ascii")
    except UnicodeError:
        raise BadName(f"the label {label!r} is not Unicode text") from None


def _check_ace(label: str) -> None:
    """Refuse an `xn--` label that is not the encoding of its own decoding."""
    try:
        plain = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError, ValueError):
        raise BadName(f"the label {label!r} is ill-formed punycode") from None
    if plain.isascii() or _punycode(plain) != label[4:]:
        raise BadName(f"the label {label!r} is ill-formed punycode")
    try:
        mapped = idna.uts46_remap(plain, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError):
        mapped = ""
    if mapped != plain or "." in plain or unicodedata.normalize("NFC", plain) != plain:
        raise BadName(f"the label {label!r} decodes to text that no name may hold")


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        plain = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError, ValueError):
        return label
    return plain if plain.isprintable() else label
