r"""Where in a text something may stand that is worth a closer look, in one pass of RE2 over bytes.

One alternation without groups: it finds where a candidate begins, and `grammar` says what it is
and where it ends. Each alternative asks for the least that gives a candidate away, so RE2 never
runs far ahead, and the pass is linear for any text.

RE2 knows letters only of ASCII in `\\w` and `\\b`, so letters of other alphabets are ranges of
code points. They are wider than the letters of Unicode; `grammar` is exact.
"""

from functools import cache
from typing import Any

import re2

from zvon.formats import defang

MEMORY = 64 << 20  # what the automaton may grow to; on reports it takes 8 MB

_OTHER = (
    r"\x{aa}\x{b5}\x{ba}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{1fff}\x{2c00}-\x{2dff}"
    r"\x{3005}-\x{3007}\x{3040}-\x{d7ff}\x{f900}-\x{fdff}\x{ff10}-\x{ff5e}"
)
_W = "0-9A-Za-z_" + _OTHER
_FIRST = rf"(?:\b[0-9A-Za-z_]|[{_OTHER}])"
_LABEL = rf"{_FIRST}[{_W}-]*?"
_HEX = "[0-9A-Fa-f]"
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_DASH = r"[-\x{2010}-\x{2014}_]"
_COLON = r"(?:\[:\]|:)"
_GAP = r"(?:[ \t]{1,2}\.[ \t]{0,2}|\.[ \t]{0,2})"


def _re2(pattern: str) -> str:
    """A pattern of `re` with its code points written as RE2 wants them."""
    for code in ("3002", "ff0e", "ff61", "ff20", "2022", "00b7", "0445", "0425"):
        pattern = pattern.replace(rf"\u{code}", rf"\x{{{code}}}")
    return pattern


_DOT, _BARE_DOT, _AT, _BARE_AT = map(_re2, (defang.DOT, defang.BARE_DOT, defang.AT, defang.BARE_AT))

ALTERNATIVES = (
    # Names and files: a label, a dot, and two letters or what only files end in.
    (rf"(?:{_FIRST}|\b[~$]{_FIRST})[{_W}.+~$@!()'&-]{{0,3}}?[{_W}-]*?(?:(?:{_DOT}|{_BARE_DOT})[{_W}])??(?:{_DOT}|{_BARE_DOT})"
    rf"(?:[A-Za-z_{_OTHER}][{_W}-]|7z|[0-9]{{3}})|{_LABEL}\.[chzCHZ]\b"),
    rf"{_re2(defang.WRITTEN_SCHEME)}{defang.SEPARATOR}[^\s<>\"]",
    rf"\b{_HEX}{{32}}|\b(?:{_HEX}{{2}}[: ]){{6}}|\b[0-9]{{1,7}}:[A-Za-z0-9+/]{{6}}|\b[Tt]1{_HEX}{{30}}",
    rf"\b[tqd][0-9sd][0-9][di][0-9]{{4}}[0-9a-z]{{2}}_{_HEX}",
    rf"\b(?i:cve){_DASH}? ?[0-9]{{4}}{_DASH} ?[0-9]|\b(?i:ghsa)-[0-9a-zA-Z]{{4}}-|\b(?i:cwe){_DASH}[0-9]",
    r"\b(?:AS[ -]?|(?i:asn)[ :-]?)[0-9]{2}|\bas[0-9]{3}|\bTA?[0-9]{4}|\b[GSMC][0-9]{4}\b",
    r"\b[A-Z]{2}[0-9]{2}[ -]?[0-9A-Z]{4}[ -]?[0-9A-Z]{4}",
    rf"\b(?i:bc1)[02-9ac-hj-np-zA-Z]{{11}}|\b[13]{_BASE58}{{25}}|\b0[xX]{_HEX}{{20}}|\b[48]{_BASE58}{{40}}",
    (r"\b(?i:mutex|mutant|user-?agent|mozilla/[45]|message-id|named pipe|imenovan[^\s]{1,4} c[ei]v"
    r"|(?:yara|sigma)[ -][a-z]|rule [a-z_]|service (?:name|named|called)|storit[^\s]{1,3} z imenom|ime storitve"
    r"|servis[^\s]{0,3} (?:imena|naziva|pod imenom)|naziv (?:servisa|usluge)|user ?name[ :=]"
    r"|uporabni[^\s]{1,3} im|uporabnik[ :=]|korisni[^\s]{1,3} im|korisnik[ :=]|account(?: name)?[ :=]"
    r"|hostname[ :=]|computer name[ :=]|gostitelj[^\s]{0,3}[ :=]|ime računal|(?:global|local)\\[^\s\\])"),
    r"\\\\\.\\(?i:pipe)\\",
    r"\[?\b(?i:HKEY_[A-Z_]{3,22}|HK(?:LM|CU|CR|U|CC|PD))[:\]]{0,2}[\\/]",
    rf"\b[A-Za-z]:\\{{1,2}}[^\s\\]|%[A-Za-z_()0-9]{{3,40}}%\\|\\\\[{_W}.$-]{{1,60}}\\[{_W}]",
    (r"/(?i:etc|usr|var|tmp|home|opt|bin|sbin|dev|proc|root|mnt|lib|library|users|applications|system|data|sdcard"
    r"|private|run|srv|boot|sys)/[0-9A-Za-z._~-]|~/[.0-9A-Za-z]"),
    (rf"(?:{_FIRST}|[+-])(?:[{_W}.+'%=-]|\[\.\]|\(\.\)|\{{\.\}}|\[(?i:dot)\]|\((?i:dot)\))*?"
    rf"(?:{_AT}[{_W}]|{_BARE_AT}{_LABEL}(?:{_DOT}|{_BARE_DOT})[{_W}])"),
    rf"\b{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}|\b(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}",
    rf"\b[0-9]{{1,3}}(?:(?:{_DOT}|{_BARE_DOT})[0-9]{{1,3}}){{3}}",
    (r"(?:\+|\b00)[1-9][0-9](?:[ ()/.\x{2013}-]{0,3}[0-9]){5}"
    r"|\b0[1-9][0-9]{0,2}[ /\x{2013}-]{0,2}[0-9]{2,4}[ \x{2013}-]?[0-9]{2}"),
    (rf"\b(?:{_HEX}{{1,4}}{_COLON}){{7}}{_HEX}|\b{_HEX}{{1,4}}(?:{_COLON}{_HEX}{{1,4}}){{0,6}}?{_COLON}{_COLON}"
    rf"|::[0-9A-Fa-f]"),
    (rf"(?:\b[wW]{{3}}{_GAP}{_LABEL}|{_LABEL})(?:{_GAP}{_LABEL}){{1,6}}?[ \t]?/[ \t]?[^\s<>\"]"
    rf"|\b[wW]{{3}}[ \t]?\.[ \t][{_W}]|\b[wW]{{3}}[ \t]\.[{_W}]"),
    r"\b(?:DESKTOP|LAPTOP|WIN)-[0-9A-Z]{6}|\b[A-Z]{2,10}-(?:[A-Z]{2,8}-)?[0-9]{2,4}\b",
    rf"\b{_HEX}{{8}}-{_HEX}{{4}}-",
)  # fmt: skip


@cache
def pattern() -> Any:
    """The alternation, compiled once; it is matched against UTF-8."""
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    return re2.compile("|".join(f"(?:{each})" for each in ALTERNATIVES), options)
