"""Secrets that are known by their shape: keys of services, private keys, passwords in addresses."""

import re

from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----BEGIN ).)*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_SHAPES = re.compile(
    r"(?<![\w-])(?:(?:AKIA|ASIA|AIDA|AROA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,255}"
    r"|github_pat_\w{22,255}|glpat-[\w-]{20,64}|xox[abeprs]-[\w-]{10,255}"
    r"|sk-(?:ant-|proj-)?[\w-]{20,255}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|AIza[\w-]{35}"
    r"|ya29\.[\w-]{20,255}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{16,64}\.[\w-]{16,64}"
    r"|dop_v1_[0-9a-f]{64}|hf_[A-Za-z0-9]{30,64}|pypi-[\w-]{50,255}|\d{8,10}:AA[\w-]{33}"
    r"|eyJ[\w-]{10,8192}\.[\w-]{10,8192}\.[\w-]{0,1024}|AGE-SECRET-KEY-1[A-Z0-9]{58})(?![\w-])"
)
# Digests of passwords, as tools that steal them write them.
_DIGESTS = re.compile(
    r"(?<![\w$])(?:\$(?:2[abxy]|1|5|6|y|argon2(?:id|i|d)|krb5tgs|krb5asrep|apr1|P|H)\$[\w./$=,+@*:-]{16,2048}"
    r"|[0-9a-fA-F]{32}:[0-9a-fA-F]{32}(?=:::|$|\s)|\{S?SHA\d{0,3}\}[\w+/=]{24,128})"
)
_HEADER = re.compile(
    r"(?i)\b(?:authorization\s*:\s*(?:bearer|basic|digest|negotiate)|x-api-key\s*:|(?:set-)?cookie\s*:"
    r"|proxy-authorization\s*:\s*\w+)\s+([^\r\n]{4,4096})"
)
_PAIR = re.compile(
    r"(?i)(?:^|[\s?&;,{\"'(<])(?:\w{0,24}[_.-])?(?:pass(?:word|wd|phrase)?|pwd|secret|api[_-]?key|apikey"
    r"|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|client[_-]?secret"
    r"|geslo|lozinka|zaporka)[\"']?\s*[=:]\s*[\"']?([^\s\"'&;,<>)}]{4,256})"
)
# The name of a session is of no use without its value, so both go.
_SESSION = re.compile(r"(?i)(?<![\w-])(?:phpsessid|jsessionid|asp\.net_sessionid|connect\.sid|session_?id|sessid|sid)=[^\s;\"'&,<>)]{8,4096}")  # fmt: skip
_WORDS = ("pass", "pwd", "secret", "key", "token", "sess", "sid=", "geslo", "lozink", "zapork", "cookie",
          "authorization")  # fmt: skip


def blocks(reading: Reading) -> None:
    """Private keys: everything between the lines that frame one."""
    if "PRIVATE KEY" in reading.text:
        for found in _KEY_BLOCK.finditer(reading.text):
            put(reading, found.start(), found.end(), "SECRET", found[0], fixed="remove")


def secrets(reading: Reading, zones: Zones) -> None:
    """Keys of services, digests of passwords, headers that log in, `password=`."""
    text = reading.text
    for start, end in zones.long:
        for found in _SHAPES.finditer(text, start, end):
            put(reading, found.start(), found.end(), "SECRET", found[0], fixed="remove")
        for found in _DIGESTS.finditer(text, start, end):
            put(reading, found.start(), found.end(), "SECRET", found[0], fixed="remove")
    if not zones.colon or not any(word in reading.folded for word in _WORDS):
        return
    for found in _HEADER.finditer(text):
        put(reading, found.start(1), found.end(1), "SECRET", found[1], fixed="remove")
    for found in _SESSION.finditer(text):
        put(reading, found.start(), found.end(), "SECRET", found[0], fixed="remove")
    for found in _PAIR.finditer(text):
        end = found.end(1) - (found[1][-1] in ".!?" and not found[1][-2].isalnum())
        if "\\" not in found[1] and "://" not in found[1]:
            put(reading, found.start(1), end, "SECRET", found[1], fixed="remove")
