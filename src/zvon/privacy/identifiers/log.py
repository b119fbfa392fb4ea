"""Lines of logs, where the place says what a value is: machines and accounts of who wrote the log."""

import re

from zvon.privacy.fold import fold
from zvon.privacy.identifiers.shape import put
from zvon.privacy.mentions import Reading

# RFC 3164 and RFC 5424: time, machine, program.
_SYSLOG = re.compile(
    r"^(?:<\d{1,3}>\d? ?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d)?)"
    r" ([A-Za-z][\w.-]{1,62}) (?=[\w./-]{2,48}(?:\[\d{1,9}\])?:|[\w.-]{2,48} \d{1,9} |\w{2,24}=)",
    re.MULTILINE,
)
# The common log format of web servers: address, ident, account, time.
_ACCESS = re.compile(
    r"^\S{3,45} \S{1,32} ([\w.@\\-]{2,64}) \[\d{1,2}/[A-Z][a-z]{2}/\d{4}:", re.MULTILINE
)
_LOGIN = re.compile(
    r"(?:password|publickey|keyboard-interactive(?:/pam)?|session (?:opened|closed)|gssapi-with-mic)"
    r" for (?:invalid user |user )?([\w.@\\$-]{2,64})|\b(?:invalid user|Invalid user) ([\w.@\\$-]{2,64}) from"
    r"|\b(?:sasl_username|user(?:name)?|uid|login|account|acct|usr|suser|duser|TargetUserName|SubjectUserName"
    r"|AccountName|samaccountname|userPrincipalName)=\"?<?([\w.@\\$-]{2,64})",
)
# Squid's own format: address, account, how the answer came.
_PROXY = re.compile(r"(?<!\S)([\w.@\\-]{2,64}) (?:HIER|DEFAULT|FIRSTUP|ROUNDROBIN)_[A-Z_]+/")
_OPENVPN = re.compile(r"\[([\w.@-]{2,64})\] Peer Connection Initiated|openvpn\[\d+\]: ([\w.@-]{2,64})/\d{1,3}\.")  # fmt: skip
# Windows events as XML, and records as JSON.
_FIELD = re.compile(
    r"(?i)\bName=[\"'](?:Subject|Target)?User(?:Name|PrincipalName)?[\"']>([^<>\s]{2,64})<"
    r"|[\"'](?:user|user_?name|account|account_?name|login|suser|duser|srcuser|dstuser|user_?principal_?name"
    r"|samaccountname|target_?user_?name|subject_?user_?name)[\"']\s?:\s?[\"']([^\"'\s]{2,64})[\"']"
)
_MACHINE = re.compile(
    r"\b(?:Computer(?:Name)?|Workstation(?:Name)?|WorkstationName|hostname|dvchost|DeviceName|device_name|shost|dhost|host_name|computer_name)"
    r"[\"']?\s?[=:]\s?[\"']?([A-Za-z][\w.-]{2,62}[\w])"
)
_DEVICE = re.compile(r"\b(?:devid|devname|dvchost|serial)=[\"']?([A-Za-z][\w.-]{2,62}[\w])")
_SYSTEM = frozenset({"root", "system", "nobody", "anonymous", "guest", "unknown", "null", "none",
                     "user", "localhost", "local", "true", "false", "from", "local service",
                     "network", "invalid", "any"})  # fmt: skip
_KEYS = ("user", "uid", "login", "account", "acct", "usr", "password", "publickey", "session")
_MACHINES = ("computer", "workstation", "host", "devicename", "device_name", "devid", "devname", "serial=")  # fmt: skip
_FEWEST_COLONS = 2
_FIELDS = ("user", "account", "login")
_MARKS = ("=", "password for", "session opened", "session closed", "publickey", "nvalid user")


def lines(reading: Reading) -> None:
    """Take the machine of a system log, and accounts where log formats have them."""
    text = reading.text
    timed = text.count(":") > _FEWEST_COLONS  # a line of a log has a time
    for found in _SYSLOG.finditer(text) if timed else ():
        if "." not in found[1]:
            put(reading, found.start(1), found.end(1), "HOST", found[1].lower(), fixed="remove")
    for found in _ACCESS.finditer(text) if timed and " [" in text else ():
        _user(reading, found.start(1), found[1])
    if "_DIRECT/" in text or "_PARENT/" in text:
        for found in _PROXY.finditer(text):
            _user(reading, found.start(1), found[1])
    if "openvpn" in text:
        for found in _OPENVPN.finditer(text):
            _user(reading, found.start(found.lastindex or 1), found[found.lastindex or 1])
    folded = reading.folded
    if any(mark in text for mark in _MARKS) and any(word in folded for word in _KEYS):
        for found in _LOGIN.finditer(text):
            _user(reading, found.start(found.lastindex or 1), found[found.lastindex or 1])
    if any(word in folded for word in _MACHINES):
        for found in _MACHINE.finditer(text):
            if "." not in found[1]:
                put(reading, found.start(1), found.end(1), "HOST", found[1].lower())
        for found in _DEVICE.finditer(text):
            put(reading, found.start(1), found.end(1), "HOST", found[1].lower(), fixed="remove")
    if '"' in text and any(mark in folded for mark in _FIELDS):
        for found in _FIELD.finditer(text):
            _user(reading, found.start(found.lastindex or 1), found[found.lastindex or 1])


def _user(reading: Reading, start: int, raw: str) -> None:
    name = raw.rstrip(".-\\")
    if name.lower() in _SYSTEM or "@" in name or name.isdigit():
        return
    put(reading, start, start + len(name), "USER", fold(name.rpartition("\\")[2]))
