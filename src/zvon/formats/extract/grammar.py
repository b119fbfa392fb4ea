"""The exact patterns of what is looked for, in one alternation that is tried at each candidate.

Every repetition is bounded, and a match may only begin where a word begins. What a pattern finds
is still a candidate; the readers decide.
"""

import re

from zvon.formats.defang import (
    AT,
    BARE_AT,
    BARE_DOT,
    DOT,
    PATH_DOT,
    SEPARATOR,
    SLASH,
    WRITTEN_SCHEME,
)

LABEL = r"[^\W_][\w-]{0,62}+(?<![-_])"  # possessive: a shorter label ends before no dot
LAST = r"(?:[xX][nN]--[a-zA-Z0-9-]{1,59}|[^\W\d_]{2,63})"
HOST = rf"(?:(?:{LABEL}|_[\w-]{{1,60}})(?:{DOT}|{BARE_DOT})){{0,40}}{LABEL}"
BARE_HOST = rf"(?:(?:{LABEL}|_[\w-]{{1,60}})(?:{DOT}|{BARE_DOT})){{1,12}}{LAST}"
LOCAL = r"[\w+-](?:[\w.+'=-]|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\[DOT\]){0,63}+"
# A path ends at a blank, a quotation mark or an angle bracket, but for a `<placeholder>`.
REST = r"[^\s<>\"„“”«»‹›`\u0000]"
HOLE = r"<[A-Za-z][A-Za-z0-9_ .-]{2,30}>"
PORT = r"(?:(?:\[:\]|:)[0-9]{1,5})"
_HEX = "[0-9a-fA-F]"
_DASH = r"[-\u2010-\u2014_]"
COLON = r"(?:\[:\]|:)"

FILE_ENDINGS = (
    "7z|a3x|accdb|ace|aes|apk|appx|arj|asp|aspx|asx|au3|bak|bat|bin|bmp|bz2|cab|cfg|chm|class|cmd|cpl|"
    "crt|csv|dat|db|dbf|dex|dit|dll|dmg|doc|docb|docm|docx|dot|dotm|dotx|drv|dylib|ear|elf|eml|eps|exe|flv|gif|"
    "go|gz|hlp|hta|htm|html|hwp|hwpx|ico|img|inf|ini|ipa|iqy|iso|jar|jpeg|jpg|js|jse|json|jsp|jspx|key|ko|lnk|"
    "log|lua|lzh|m3u8|m4a|mdb|mht|mhtml|mov|mp3|mp4|msc|msg|msi|msp|nfo|ocx|odt|one|onepkg|ost|pdb|pdf|pem|"
    "pfx|php|php3|phtml|pif|pkg|plist|png|pot|potm|potx|ppa|ppam|pps|ppsm|ppsx|ppt|pptm|pptx|ps|ps1|psd1|psm1|pst|py|"
    "pyc|pyd|pyw|rar|rb|reg|rpm|rsp|rtf|scr|sct|settingcontent-ms|sfx|sh|slk|sln|sql|sqlite|swf|sys|tar|tgz|"
    "tif|tiff|tmp|torrent|ttf|txt|url|vb|vba|vbe|vbs|vcf|vhd|vhdx|vmdk|war|wav|wim|wll|wmv|ws|wsc|wsf|wsh|"
    "xhtml|xla|xlam|xll|xls|xlsb|xlsm|xlsx|xlt|xltm|xml|xps|xsl|xz|yar|yara|yml|yaml|z|zip|zst|md|conf|so"
)

URL = (
    rf"(?P<url>{WRITTEN_SCHEME}{SEPARATOR}"
    rf"(?P<authority>(?:{REST}{{0,200}}?@)?(?:\[[0-9A-Fa-f:.\[\]]{{2,60}}\]|{HOST})\.?){PORT}?"
    rf"(?P<rest>(?:{SLASH}|[?#\\])(?:{REST}|{HOLE}|{PATH_DOT}|{BARE_DOT}){{0,4000}})?)"
)
_ID = (
    rf"(?P<id>[cC][vV][eE]{_DASH}? ?[0-9]{{4}}{_DASH} ?[0-9]{{4,19}}(?!\w)"
    r"|(?:ghsa|GHSA)(?:-[0-9A-Za-z]{4}){3}(?!\w)"
    rf"|(?:cwe|CWE){_DASH}[0-9]{{1,5}}(?![\w])"
    r"|(?:AS[ -]?|ASN[ :-]?|asn[ :-]?|as(?=[0-9]{3}))[0-9]{2,10}(?![\w]|\.\d)"
    r"|TA?[0-9]{4}(?:\.[0-9]{3})?(?![\w]|[.-]\d)|[GSMC][0-9]{4}(?![\w]|[.-]\d))"
)
_HASH = (
    rf"(?P<hash>{_HEX}{{32,200}}(?![\w+/=-])|(?:{_HEX}{{2}}[: ]){{31}}{_HEX}{{2}}(?![\w:]| {_HEX}{{2}}\b)"
    rf"|(?:{_HEX}{{2}}[: ]){{19}}{_HEX}{{2}}(?![\w:]| {_HEX}{{2}}\b)|[tT]1{_HEX}{{70}}(?!\w)"
    r"|[tqd](?:1[0-3]|s[23]|d[1-3]|00)[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}(?!\w)"
    r"|(?:3|6|12|24|48|96|192|384|768|1536|3072|6144|12288|24576|49152|98304|196608|393216|786432|1572864)"
    r":[A-Za-z0-9+/]{6,64}:[A-Za-z0-9+/]{3,64}(?![\w+/:]))"
)
_IBAN = r"(?P<iban>[A-Z]{2}[0-9]{2}(?:[ -]?[0-9A-Z]{4}){2,7}(?:[ -]?[0-9A-Z]{1,4})?(?!\w))"
_WALLET = (
    r"(?P<wallet>(?:(?:bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})"
    r"|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0[xX][0-9a-fA-F]{40}|[48][1-9A-HJ-NP-Za-km-z]{94,105})(?!\w))"
)
_UUID = rf"(?P<uuid>{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(?![\w-]))"
_REGKEY = r"(?P<regkey>\[?(?i:HKEY_[A-Z_]{3,22}|HK(?:LM|CU|CR|U|CC|PD))[:\]]{0,2}(?=[\\/]))"
_PATH = (
    r"(?P<path>(?:[A-Za-z]:\\{1,2}|%[A-Za-z_()0-9]{3,40}%\\{1,2}|\\\\[\w.$-]{1,60}\\)[^\s\"<>|*?`„“”«»,;]"
    r"|~?/(?i:etc|usr|var|tmp|home|opt|bin|sbin|dev|proc|root|mnt|lib|library|users|applications|system|data|sdcard"
    r"|private|run|srv|boot|sys)/[\w.~-]|~/[.\w])"
)
_EMAIL = rf"(?P<email>{LOCAL}(?:{AT}|{BARE_AT})(?:{LABEL}(?:{DOT}|{BARE_DOT})){{1,12}}{LAST})"
_MAC = (
    rf"(?P<mac>(?:{_HEX}{{2}}(?::{_HEX}{{2}}){{5}}|{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}"
    rf"|(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}})(?![\w:.-]))"
)
_OCTET = r"[0-9]{1,3}"
_IPV4 = (
    rf"(?P<ipv4>{_OCTET}(?:(?:{DOT}|{BARE_DOT}){_OCTET}){{3}}(?P<mask>(?:/|\[/\])[0-9]{{1,2}}(?![\w/]))?"
    rf"(?P<ipv4rest>{PORT}?{SLASH}{REST}{{1,2000}})?(?!\w|\.\d|-[0-9]{{1,3}}(?![\d.])))"
)
_PHONE = r"(?P<phone>(?:\+|00)[1-9][0-9](?:[ ()/.\-–]{0,3}[0-9]){5,13}(?![\w])|0[1-9][0-9]{0,2}[ /\-–]{0,2}[0-9]{2,4}(?:[ \-–]?[0-9]{2,4}){1,3}(?![\w]))"
_IPV6 = (
    rf"(?P<ipv6>(?:{_HEX}{{0,4}}{COLON}){{2,7}}(?:{_HEX}{{0,4}}|{_OCTET}(?:{DOT}{_OCTET}){{3}})"
    r"(?P<prefix>/[0-9]{1,3})?(?![\w:]|\.\w))"
)
_FILE = (
    rf"(?P<file>[\w~$][\w.+~$@!()'&-]{{0,150}}?\.(?P<ending>(?i:{FILE_ENDINGS}))(?![\w@]|[.-]\w))"
)
NAME = rf"(?P<name>{BARE_HOST}(?!\w)(?P<nameport>{PORT})?(?P<namerest>{SLASH}(?:{REST}|{HOLE}|{PATH_DOT}|{BARE_DOT}){{0,4000}}|\?{REST}{{1,4000}})?)"
_MACHINE = (
    r"(?P<machine>(?:DESKTOP|LAPTOP|WIN)-[0-9A-Z]{6,12}(?![\w-])"
    r"|(?!CVE|CWE)[A-Z]{2,10}-(?:[A-Z]{2,8}-)?[0-9]{2,4}(?![\w\u2010-\u2014-]|\.\w))"
)

# `posta-si . paket. example / i`: blanks around dots, so that nothing makes a link of it. Only with
# a path or `www`, or every sentence end would be one.
_GAP_DOT = r"(?:[ \t]{1,2}\.[ \t]{0,2}|\.[ \t]{0,2})"
_APART = rf"{LABEL}(?:{_GAP_DOT}{LABEL}){{1,6}}"
_SPACED = (
    rf"(?P<spaced>(?=[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,5}}(?:\.[ \t]|[ \t]{{1,2}}\.[ \t]{{0,2}}\w))"
    rf"(?:(?P<web>[wW]{{3}}){_GAP_DOT}{_APART}(?:[ \t]?/[ \t]?{REST}{{1,2000}})?"
    rf"|{_APART}[ \t]?/[ \t]?{REST}{{1,2000}})(?!\w))"
)
# Names of things that have no shape of their own, behind the words that announce them.
_CUE = (
    r"(?P<cue>(?P<kind_pipe>\\\\\.\\(?i:pipe)\\)|(?i:(?P<kind_ua>user-?agent|mozilla/[45])|(?P<kind_mid>message-id)"
    r"|(?P<kind_mutex>mut(?:ex|ant)\w*|(?:global|local)\\(?=[^\s\\]))"
    r"|(?P<kind_yara>yara[ -]\w+|rule(?= \w+\s*[:{]))|(?P<kind_sigma>sigma[ -]\w+)"
    r"|(?P<kind_npipe>named pipes?|imenovan\w+ c[ei]v\w*)(?!\w)"
    r"|(?P<kind_service>service (?:named|name|called)|storit\w+ z imenom|ime storitve"
    r"|servis\w* (?:imena|naziva|pod imenom)|naziv (?:servisa|usluge))"
    r"|(?P<kind_user>user ?name|uporabni\w+ im\w+|korisni\w+ im\w+|uporabnik|korisnik|account(?: name)?)(?=[ :=])"
    r"|(?P<kind_host>hostname|computer name|gostitelj\w*|ime računalnika|ime računala)(?=[ :=])))"
)

CANDIDATE = re.compile(
    # Not inside a word; a number not inside a longer number with separators.
    rf"(?<![\w@.\\+-])(?:{URL}|{_MACHINE}|{_ID}|{_HASH}|{_IBAN}|{_WALLET}|{_UUID}|{_CUE}|{_REGKEY}|{_PATH}"
    rf"|{_FILE}|{_EMAIL}|{_MAC}|{_IPV4}|{_PHONE}|{_IPV6}|{_SPACED}|{NAME})"
)
NAME_AT = re.compile(NAME)

# One more label after blanks: `https://posta-si .dostava-paketa. example/i`.
SPACED_LABEL = re.compile(rf"[ \t]{{0,2}}{DOT}[ \t]{{0,2}}(?P<label>{LABEL})")
SPACED_REST = re.compile(rf"{PORT}?[ \t]?(?:{SLASH}[ \t]?|[?#]){REST}{{0,4000}}")
