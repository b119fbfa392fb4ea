"""Mail addresses and the names of accounts that look like them."""

import re

from zvon.privacy.identifiers.host import host_name, is_internal, owner
from zvon.privacy.identifiers.shape import AT, DOT, defanged, put, refang
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

EMAIL = re.compile(
    rf"(?<![\w.+@%-])[\w+%](?:[\w.+%'-]{{0,62}}[\w+%-])?{AT}(?:[\w-]{{1,63}}{DOT})+[\w-]{{2,24}}(?![\w@])",
    re.IGNORECASE,
)
_LITERAL = re.compile(
    r"(?<![\w.+@%-])[\w+%](?:[\w.+%'-]{0,62}[\w+%-])?@\[(?:\d{1,3}\.){3}\d{1,3}\](?!\w)"
)
_INSIDE = re.compile(r"(?<![\w.+@%'/-])[\w.+-]{1,63}@[\w-]{2,63}(?![\w@.])")
# As people write an address for people: `ines.vovk (at) klikshop (pika) example`.
_SPACED = re.compile(
    r"(?<![\w.+@%-])[\w+][\w.+-]{0,63} {0,2}[\[({](?:at|afna|et|@|a|manki|majmun)[\])}] {0,2}[\w-]{1,63}"
    r"(?:(?: {0,2}[\[({](?:dot|pika|točka|tocka|punkt|\.)[\])}] {0,2}|\.)[\w-]{1,63}){1,6}",
    re.IGNORECASE,
)
_SPACED_MARK = re.compile(r" ?[\[({](at|afna|et|@|a|manki|majmun)[\])}] ?", re.IGNORECASE)
_SPACED_DOT = re.compile(r" *[\[({][^\])}]{1,6}[\])}] *")
_PASSWORD = re.compile(r"[:|;]([^\s,;|]{4,64})")
_HANDLE = re.compile(r"(?<![\w@./-])@[A-Za-z][\w.]{2,38}\w(?![\w@])")
_DISCORD = re.compile(r"(?<![\w#&@])[\w.]{2,32}#\d{4}(?!\w)")


def mails(reading: Reading, zones: Zones) -> None:
    """Take every mail address; what follows one after a colon is its password."""
    for start, end in zones.at:
        for found in EMAIL.finditer(reading.text, start, end):
            _take(reading, found)
        for found in _LITERAL.finditer(reading.text, start, end):
            put(reading, found.start(), found.end(), "EMAIL", found[0].lower())


def spaced(reading: Reading) -> None:
    """Take addresses with words for their marks, and blanks around them."""
    folded = reading.folded
    if not any(mark in folded for mark in ("at)", "at]", "afna", "(@)", "[@]", "at}", "et)", "(a)", "majmun")):  # fmt: skip
        return
    for found in _SPACED.finditer(reading.text):
        plain = _SPACED_DOT.sub(".", _SPACED_MARK.sub("@", found[0].lower(), count=1))
        local, _, host = plain.rpartition("@")
        name = host_name(host)
        if name:
            put(reading, found.start(), found.end(), "EMAIL", f"{local.strip()}@{name}",
                owner=owner(name))  # fmt: skip


def _take(reading: Reading, found: re.Match[str]) -> None:
    local, _, host = refang(found[0]).lower().rpartition("@")
    name = host_name(host) or host
    fixed = "remove" if is_internal(name) else ""
    start, end = found.span()
    if not put(reading, start, end, "EMAIL", f"{local}@{name}", owner=owner(name),
               defanged=defanged(found[0]), fixed=fixed):  # fmt: skip
        return
    secret = _PASSWORD.match(reading.text, end)
    if secret and not secret[1].startswith("//"):
        stop = secret.end() - (secret[1][-1] in ".)")
        put(reading, end + 1, stop, "SECRET", secret[1], fixed="remove")


def handles(reading: Reading, zones: Zones) -> None:
    """Accounts as services show them: `@mia.kresic07`, `Lankec#4471`, `root@dc1`."""
    text = reading.text
    for start, end in zones.at:
        for found in _HANDLE.finditer(text, start, end):
            put(reading, found.start(), found.end(), "USER", found[0].lower())
        for found in _INSIDE.finditer(text, start, end):
            local, _, host = found[0].rpartition("@")
            at = found.start() + len(local) + 1
            if any(map(str.isdigit, host)) or "-" in host:
                put(reading, found.start(), at - 1, "USER", local.lower())
                put(reading, at, found.end(), "HOST", host.lower(), fixed="remove")
    for start, end in zones.hash:
        for found in _DISCORD.finditer(text, start, end):
            put(reading, found.start(), found.end(), "USER", found[0].lower())
