"""Paths, the people's names inside them, and accounts as directories write them."""

import re

from zvon.privacy.fold import fold
from zvon.privacy.identifiers.shape import put, trimmed
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:|\\)\\[^\s\"<>|]+")
_UNIX = re.compile(r"(?<![\w/.:@~-])(?:~[\w.-]{0,32})?/(?:[\w.@~+%-]{1,255}/)+[\w.@~+%-]{0,255}")
_ACCOUNT = re.compile(r"(?<![\w\\:.-])[A-Za-z][\w.-]{1,20}\\{1,2}[\w.-]{1,40}[\w$](?![\\\w])")
_HOME = re.compile(
    r"(?i)(?:[/\\]{1,2}(?:users|home|documents and settings|profiles|mail|vmail)[/\\]{1,2}"
    r"|^~)([\w.@-]{2,64})"
)
_PATIENT = re.compile(
    r"(?i)(?<![a-z])(?:mrn|pid|patient|pacient|pacijent|oib|emso)[_-]?(\d{5,13})(?!\d)"
)
_UNC = re.compile(r"\\\\([\w.-]{2,63})")
_SID = re.compile(r"(?<![\w-])S-1-(?:5-21|12-1)(?:-\d{1,10}){3,5}(?![\w-])")
_DN = re.compile(
    r"(?i)(?<![\w=])(?:CN|UID|OU|O|DC|L|C)=[^,;\n\"<>]{1,128}(?:,\s?(?:CN|UID|OU|O|DC|L|ST|C)=[^,;\n\"<>]{1,128})+"
)
_DN_END = re.compile(r"[\s.)\]']+$")
# Homes that every machine has; they name nobody.
_NOBODY = frozenset({"public", "default", "all users", "default user", "administrator", "admin",
                     "user", "users", "root", "ubuntu", "debian", "defaultapppool", "runneradmin",
                     "shared", "guest", "www", "www-data", "linuxbrew", "appdata", "public_html",
                     "username", "uporabnik", "korisnik"})  # fmt: skip
_DRIVES = frozenset({"hklm", "hkcu", "hkey_local_machine", "hkey_current_user", "hku", "hkcr", "global", "local",
                     "nt", "builtin", "workgroup", "software", "system32"})  # fmt: skip


def accounts(reading: Reading, zones: Zones) -> None:
    r"""`DOMAIN\user`, identifiers of accounts, and names in a directory."""
    text = reading.text
    for start, end in zones.back:
        for found in _ACCOUNT.finditer(text, start, end):
            domain, _, user = found[0].rpartition("\\")
            if domain.rstrip("\\").lower() not in _DRIVES:
                put(reading, found.start(), found.end(), "USER", fold(user))
    for start, end in zones.dash:
        for found in _SID.finditer(text, start, end):
            put(reading, found.start(), found.end(), "USER", found[0], fixed="remove")
    if zones.colon and "=" in text:
        for found in _DN.finditer(text):
            end = found.end() - len(tail[0] if (tail := _DN_END.search(found[0])) else "")
            if "dc=" in found[0].lower() or "ou=" in found[0].lower():
                put(reading, found.start(), end, "USER", fold(text[found.start() : end]), fixed="remove")  # fmt: skip


def paths(reading: Reading, zones: Zones) -> None:
    """Paths of both kinds; a home names its owner, a share names its machine."""
    for start, end in zones.back:
        for found in _WINDOWS.finditer(reading.text, start, end):
            _take(reading, found)
    for start, end in zones.slash:
        for found in _UNIX.finditer(reading.text, start, end):
            _take(reading, found)


def _take(reading: Reading, found: re.Match[str]) -> None:
    start, end = found.start(), trimmed(reading.text, found.start(), found.end())
    raw = reading.text[start:end]
    if not put(reading, start, end, "PATH", raw):
        return
    reading.mentions[-1].inside = insides(raw)


def insides(raw: str) -> tuple[tuple[int, int, str, str], ...]:
    r"""What a path says of people and machines: start, end, type and value of each.

    A home names its owner; the server of `\\server\share` is a machine of the organisation.
    """
    found: list[tuple[int, int, str, str]] = []
    for number in _PATIENT.finditer(raw):
        found.append((number.start(1), number.end(1), "REG", number[1]))
    share = _UNC.match(raw)
    if share and share[1] not in {".", "?"}:
        found.append((share.start(1), share.end(1), "HOST", share[1].lower()))
    home = _HOME.search(raw)
    if home and home[1].lower() not in _NOBODY:
        found.append((home.start(1), home.end(1), "USER", fold(home[1])))
    return tuple(found)
