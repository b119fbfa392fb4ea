"""Names under which the field keeps what it knows: advisories, weaknesses, techniques, rules."""

import re
from uuid import UUID

_GHSA = re.compile(r"ghsa(?:-[23456789cfghjmpqrvwx]{4}){3}")
_CWE = re.compile(r"CWE-0*([0-9]{1,5})")
_ATTACK = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?|TA[0-9]{4}|[GSMC][0-9]{4}")
_RULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def cve(text: str) -> str:
    """`CVE-2026-12345` (CVE numbering rules: at least four digits)."""
    value = text.upper()
    if not re.fullmatch(r"CVE-[0-9]{4}-[0-9]{4,19}", value):
        raise ValueError("expected CVE-year-number")
    return value


def ghsa(text: str) -> str:
    """`GHSA-jfh8-c2jp-5v3q`: letters that cannot be mistaken, small behind the prefix."""
    value = text.lower()
    if not _GHSA.fullmatch(value):
        raise ValueError("expected GHSA and three groups of four")
    return "GHSA" + value[4:]


def cwe(text: str) -> str:
    """`CWE-79`, without leading zeros."""
    found = _CWE.fullmatch(text.upper())
    if found is None:
        raise ValueError("expected CWE-number")
    return f"CWE-{found[1]}"


def attack(text: str) -> str:
    """The id of a technique, tactic, group, software, mitigation or campaign of ATT&CK."""
    value = text.upper()
    if not _ATTACK.fullmatch(value):
        raise ValueError("expected an ATT&CK id such as T1566.001")
    return value


def rule(text: str) -> str:
    """The name of a YARA rule: letters, digits and underscores, at most 128."""
    if not _RULE.fullmatch(text):
        raise ValueError("expected the identifier of a rule")
    return text


def sigma(text: str) -> str:
    """The id of a Sigma rule, a UUID."""
    if not re.fullmatch(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise ValueError("expected a UUID")
    return str(UUID(text))
