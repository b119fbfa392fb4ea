"""What the types of MISP's attributes hold (misp-standard.org core format, `describeTypes`)."""

import re

from zvon.formats.found import NAMED, Found, Take, of, take_file
from zvon.model.item import ValueRole
from zvon.model.observable import ObservableType

_T = ObservableType


def _weakness(found: Found, text: str, role: ValueRole) -> bool:
    return found.add(_T.GHSA if text.upper().startswith("GHSA") else _T.CVE, text, role)


def take_rules(found: Found, text: str, role: ValueRole) -> bool:
    """Add the names of the YARA rules in a text."""
    return found.add(_T.YARA_RULE, _YARA.findall(text), role)


def _sigma(found: Found, text: str, role: ValueRole) -> bool:
    return found.add(_T.SIGMA_ID, _SIGMA.findall(text), role)


_YARA = re.compile(r"(?m)^\s*(?:private\s+|global\s+)*rule\s+([A-Za-z_][A-Za-z0-9_]{0,127})")
_SIGMA = re.compile(r"(?m)^id:\s*([0-9a-fA-F-]{36})\s*$")
_HASHES = {each: of(_T(each)) for each in
           ("md5", "sha1", "sha256", "sha512", "ssdeep", "tlsh", "imphash")}  # fmt: skip

# Each part of a value that is joined with `|`; a part without an entry is no value by itself.
PARTS: dict[str, tuple[Take | None, ...]] = {
    **{kind: (take,) for kind, take in _HASHES.items()},
    **{f"filename|{kind}": (take_file, take) for kind, take in _HASHES.items()},
    **dict.fromkeys(("ip-src", "ip-dst"), (Found.address,)),
    **{f"{kind}|port": (Found.address, None) for kind in ("ip-src", "ip-dst")},
    **{kind: (of(_T.DOMAIN),) for kind in ("domain", "hostname")},
    "domain|ip": (of(_T.DOMAIN), Found.address),
    "hostname|port": (Found.host, None),
    **{kind: (of(_T.EMAIL),) for kind in (
        "email", "email-src", "email-dst", "email-reply-to", "target-email",
        "whois-registrant-email", "dns-soa-email")},
    **{kind: (of(_T.URL),) for kind in ("url", "link", "uri")},
    "filename": (take_file,),
    "attachment": (take_file,),
    "malware-sample": (take_file, of(_T.MD5)),
    "pdb": (of(_T.FILEPATH),),
    "regkey": (of(_T.REGKEY),),
    "regkey|value": (of(_T.REGKEY), None),
    "mutex": (of(_T.MUTEX),),
    "named pipe": (of(_T.PIPE),),
    "windows-service-name": (of(_T.SERVICE),),
    "user-agent": (of(_T.USERAGENT),),
    "AS": (of(_T.ASN),),
    "vulnerability": (_weakness,),
    "weakness": (of(_T.CWE),),
    **{kind: (of(_T.WALLET),) for kind in ("btc", "xmr", "dash")},
    "iban": (of(_T.IBAN),),
    **{kind: (of(_T.PHONE),) for kind in ("phone-number", "prtn", "whois-registrant-phone")},
    "mac-address": (of(_T.MAC),),
    "ja3-fingerprint-md5": (of(_T.JA3),),
    "jarm-fingerprint": (of(_T.JARM),),
    **{f"x509-fingerprint-{kind}": (of(_T.FINGERPRINT),) for kind in ("sha1", "sha256")},
    "email-message-id": (of(_T.MSG_ID),),
    "target-user": (of(_T.USERNAME),),
    "target-machine": (Found.machine,),
    "yara": (take_rules,),
    "sigma": (_sigma,),
}  # fmt: skip

# Never what somebody is accused of, whatever the flag says: references and victims.
_NEVER_SAID = frozenset({"link", "target-email", "target-user", "target-machine"})
# Hold text for people, and no value even where the words look like one.
PROSE = frozenset({"text", "comment", "other", "email-subject", "email-body"})


def take(found: Found, kind: str, value: str, role: ValueRole) -> bool:
    """Add what an attribute of type `kind` holds; true when there was something."""
    takes = PARTS.get(kind)
    if takes is None:
        return False
    if kind in _NEVER_SAID:
        role = NAMED
    if len(takes) == 1:
        return bool(takes[0] and takes[0](found, value, role))
    parts = value.split("|") if "|" in value else value.rsplit(":", 1)
    pairs = zip(takes, parts, strict=False)
    return sum(take_of(found, part, role) for take_of, part in pairs if take_of) > 0
