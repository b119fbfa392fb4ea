"""The patterns of what `formats.extract` looks for, in one alternation for one pass.

Every repetition is bounded, and a match may only begin where a word begins, so that text made to
be slow is not. What a pattern finds is a candidate; `extract` decides.
"""

import re

from zvon.formats.defang import AT, BARE_AT, BARE_DOT, DOT, SCHEME, SEPARATOR, SLASH

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
LAST = r"(?:[xX][nN]--[a-zA-Z0-9-]{1,59}|[^\W\d_]{2,63})"
HOST = rf"(?:(?:{LABEL}|_[\w-]{{1,60}}){DOT}){{0,40}}{LABEL}"
BARE_HOST = rf"(?:{LABEL}(?:{DOT}|{BARE_DOT})){{1,12}}{LAST}"
LOCAL = r"[\w+-](?:[\w.+'-]|\[\.\]|\(\.\)|\[dot\]){0,63}"
# A path ends at a blank, a quotation mark or an angle bracket.
REST = r"[^\s<>\"„“”«»‹›`\u0000]"
PORT = r"(?:(?:\[:\]|:)[0-9]{1,5})"

_URL = (
    rf"(?P<url>(?P<scheme>{SCHEME}){SEPARATOR}"
    rf"(?P<authority>(?:{REST}{{0,200}}?@)?(?:\[[0-9A-Fa-f:.\[\]]{{2,60}}\]|{HOST})\.?){PORT}?"
    rf"(?P<rest>(?:{SLASH}|[?#\\]){REST}{{0,4000}})?)"
)
_EMAIL = rf"(?P<email>{LOCAL}(?:{AT}|{BARE_AT})(?:{LABEL}(?:{DOT}|{BARE_DOT})){{1,12}}{LAST})"
_HASH = (
    r"(?P<hash>(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![\w+/=-]))"
)
_CVE = r"(?P<cve>[cC][vV][eE]-[0-9]{4}-[0-9]{4,19}(?!\w))"
_IBAN = r"(?P<iban>[A-Z]{2}[0-9]{2}(?:[ -]?[0-9A-Z]{4}){2,7}(?:[ -]?[0-9A-Z]{1,4})?(?!\w))"
_OCTET = r"[0-9]{1,3}"
_IPV4 = rf"(?P<ipv4>{_OCTET}(?:{DOT}{_OCTET}){{3}}(?P<mask>/[0-9]{{1,2}})?(?P<ipv4rest>{PORT}?{SLASH}{REST}{{1,2000}})?(?![\w.-]*[0-9]))"
_IPV6 = r"(?P<ipv6>(?:[0-9a-fA-F]{0,4}(?:\[:\]|:)){2,7}[0-9a-fA-F]{0,4}(?![\w:.]))"
_PHONE = r"(?P<phone>(?:\+|00)[1-9][0-9](?:[ ()/.\-–]{0,3}[0-9]){5,13}(?![\w])|0[1-9][0-9]{0,2}[ /\-–]{0,2}[0-9]{2,4}(?:[ \-–]?[0-9]{2,4}){1,3}(?![\w]))"
_WALLET = r"(?P<wallet>(?:bc1[02-9ac-hj-np-z]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40})(?!\w))"
_NAME = rf"(?P<name>{BARE_HOST}(?P<nameport>{PORT})?(?P<namerest>{SLASH}{REST}{{0,4000}}|\?{REST}{{1,4000}})?)"

# `posta-si . paket. example / i`: blanks around dots, so that nothing makes a link of it. Only with
# a path or `www`, or every sentence end would be one.
_GAP_DOT = r"(?:[ \t]{1,2}\.[ \t]{0,2}|\.[ \t]{0,2})"
_APART = rf"{LABEL}(?:{_GAP_DOT}{LABEL}){{1,6}}"
_SPACED = (
    rf"(?P<spaced>(?=[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,5}}(?:\.[ \t]|[ \t]{{1,2}}\.[ \t]{{0,2}}\w))"
    rf"(?:(?P<web>[wW]{{3}}){_GAP_DOT}{_APART}(?:[ \t]?/[ \t]?{REST}{{1,2000}})?"
    rf"|{_APART}[ \t]?/[ \t]?{REST}{{1,2000}})(?!\w))"
)

CANDIDATE = re.compile(
    # Not inside a word; a number not inside a longer number with separators.
    rf"(?<![\w@.\\+-])(?:{_URL}|{_CVE}|{_HASH}|{_IBAN}|{_WALLET}|{_EMAIL}"
    rf"|{_IPV4}|{_PHONE}|{_IPV6}|{_SPACED}|{_NAME})"
)

NAME = re.compile(_NAME)

# One more label after blanks: `https://posta-si .dostava-paketa. example/i`.
SPACED_LABEL = re.compile(rf"[ \t]{{0,2}}{DOT}[ \t]{{0,2}}(?P<label>{LABEL})")
SPACED_REST = re.compile(rf"{PORT}?[ \t]?(?:{SLASH}[ \t]?|[?#]){REST}{{0,4000}}")
