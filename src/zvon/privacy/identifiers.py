"""Machine identifiers in a text: addresses, names of hosts, numbers of people, secrets.

Shapes first, then a validator: a shape alone destroys ticket numbers (8 % of random digits pass
the check of a tax number), so such numbers also need a word that names them.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import phonenumbers
from stdnum import iban, luhn

from zvon.formats import card
from zvon.model import suffix
from zvon.model.name import BadName, canonical
from zvon.privacy.decode import layers
from zvon.privacy.fold import fold
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.pseudonym import TOKEN
from zvon.privacy.tables import Identifier, countries, hosts

DOT = r"(?:\.|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))"
AT = r"(?:@|\[at\]|\(at\)|\[@\])"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_NAME = rf"(?:[\w-]{{1,63}}{DOT})+[^\W\d_]{{2,24}}|(?:[\w-]{{1,63}}{DOT})+xn--[\w-]+"

_URL = re.compile(
    r"(?:(?:h[tx*]{2}ps?|s?f[tx]ps?)(?::|\[:\]|\(:\))//|www(?=\.|\[\.\]))[^\s<>\"„“”»«`|]+",
    re.IGNORECASE,
)
_SCHEMELESS = re.compile(
    rf"(?<![\w@./\\-])(?:{_NAME})(?::\d{{2,5}})?/[^\s<>\"„“”»«`|]*", re.IGNORECASE
)
_EMAIL = re.compile(
    rf"(?<![\w.+@-])[\w.+%'-]*[\w+%-]{AT}(?:[\w-]{{1,63}}{DOT})+[\w-]{{2,24}}(?![\w@])",
    re.IGNORECASE,
)
_DOMAIN = re.compile(rf"(?<![\w@./\\-])(?:{_NAME})(?![\w@]|-\w)", re.IGNORECASE)
_IPV4 = re.compile(
    rf"(?<![\w.@-])(?:\d{{1,3}}{DOT}){{3}}\d{{1,3}}(/\d{{1,2}})?(?![\w]|{DOT}\d)", re.IGNORECASE
)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{1,4}:){1,7}(?::?[0-9a-f]{1,4}){0,7}(?:::)?(?:/\d{1,3})?(?![\w:])"
    r"|(?<![\w:.])::(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4}(?![\w:])",
    re.IGNORECASE,
)
_MAC = re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", re.IGNORECASE)
_HASH = re.compile(
    r"(?<!\w)(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?!\w)",
    re.IGNORECASE,
)
_WALLET = re.compile(
    r"(?<!\w)(?:bc1[a-z0-9]{25,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34}"
    r"|4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|T[1-9A-HJ-NP-Za-km-z]{33})(?!\w)"
)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_ASN = re.compile(r"\bAS\d{3,10}\b")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<!\w)(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[bapr]-[\w-]{10,}"
    r"|sk-[A-Za-z0-9]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)(?!\w)",
    re.DOTALL,
)
_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:|\\)\\[^\s\"<>|]+")
_UNIX = re.compile(r"(?<![\w/.:@-])/(?:[\w.@~+%-]+/)+[\w.@~+%-]*")
_ACCOUNT = re.compile(r"(?<![\w\\:])[A-Z][\w.-]{1,20}\\[\w.-]{1,40}\w")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?!\w)")
_JOINED = re.compile(r"^[\w+.-] | [\w-]$")
_CARD = re.compile(r"(?<![\w+.-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w./+-])(?:\(\+\d{1,3}\) ?|\+|00|\(?0)\(?\d[\d ()/.\u2011-]{5,20}\d(?!\w|[/.-]\d)"
)
_DATE = re.compile(r"\d{1,2}\. ?\d{1,2}\. ?\d{2,4}|\d{4}-\d\d-\d\d")
_DIGITS = re.compile(r"(?<![\w.,:/+-])(?:SI|HR)?\d{7,13}(?![\w/]|[.,:]\d|-\d)")
_PARCEL = re.compile(r"(?<!\w)[A-Z]{2}[ ]?\d{9}[ ]?[A-Z]{2}(?!\w)")
_PARCEL_LOOSE = re.compile(r"(?<!\w)[A-Z]{0,4}-?\d[\dA-Z]*(?:[- ]\d{3,})*(?!\w)")
_PLATE = re.compile(
    r"(?<!\w)[A-ZČŠŽĆĐ]{2}[ -]?(?=[A-Z0-9 -]*\d)[A-Z0-9]{2,4}[ -]?[A-Z0-9]{2,4}(?!\w)"
)
_DOCUMENT = re.compile(r"(?<!\w)(?=[A-Z0-9]*\d{4})[A-Z0-9]{7,10}(?!\w)")
_PLACE = re.compile(r"(?<![\d.])-?\d{1,2}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}(?![\d.])")
_BLOB = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=-])")
_TRAIL = re.compile(r"[.,:;!?'’)\]}]+$")
_DEFANG = re.compile(r"[\[({](?:\.|dot|at|@|:)[\])}]|^h[x*]", re.IGNORECASE)

_PRIVATE = tuple(map(ip_network, (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
    "100.64.0.0/10", "0.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128",
)))  # fmt: skip


def refang(text: str) -> str:
    """Undo the usual ways to make an address harmless."""
    out = re.sub(r"[\[({](?:\.|dot)[\])}]", ".", text, flags=re.IGNORECASE)
    out = re.sub(r"[\[({](?:at|@)[\])}]", "@", out, flags=re.IGNORECASE)
    out = re.sub(r"[\[(]:[\])]", ":", out)
    return re.sub(r"^(s?)([hf])[tx*]{1,2}(ps?)", lambda m: m[1] + m[2] + "t" * (1 + (m[2] == "h")) + m[3], out, flags=re.IGNORECASE)  # fmt: skip


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """True for addresses that only exist inside an organisation; documentation ones do not."""
    return any(address in net for net in _PRIVATE if net.version == address.version)


@cache
def owner(host: str) -> str:
    """The name that somebody registered, or the inside name of an organisation."""
    labels = host.split(".")
    if labels[-1] in hosts().internal:
        return ".".join(labels[-2:])
    return suffix.registered(host) or host


def _host(text: str) -> str | None:
    """The canonical host name of `text`, or `None` when its last label exists nowhere."""
    try:
        name = canonical(fold_host(refang(text)))
    except BadName:
        return None
    tld = name.rpartition(".")[2]
    known = tld in hosts().internal or tld in {"test", "invalid", "localhost"} or suffix.known(name)
    return name if known else None


def fold_host(text: str) -> str:
    """Lower case; the diacritics stay, because they are part of the name."""
    return text.lower().rstrip(".")


def detect(reading: Reading) -> None:
    """Find every identifier in `reading`; more certain shapes come first and keep their place."""
    for found in TOKEN.finditer(reading.text):
        reading.claim(found.start(), found.end())
    text = reading.text
    if "-----" in text or "_" in text or "eyJ" in text or "AKIA" in text or "sk-" in text:
        for found in _SECRET.finditer(text):
            _put(reading, found.start(), found.end(), "SECRET", found[0], fixed="remove")
    _urls(reading)
    if "@" in text or "at]" in reading.folded or "at)" in reading.folded:
        _emails(reading)
    for pattern, kind in ((_WALLET, "WALLET"), (_HASH, "HASH"), (_CVE, "CVE"), (_ASN, "ASN")):
        for found in pattern.finditer(text):
            fixed = "keep" if kind in {"CVE", "WALLET"} else ""
            _put(reading, found.start(), found.end(), kind, found[0].lower(), fixed=fixed)
    _addresses(reading)
    _paths(reading)
    _domains(reading)
    _numbers(reading)
    _blobs(reading)


def _put(
    reading: Reading, start: int, end: int, kind: str, value: str, *,
    owner: str = "", country: str = "", defanged: bool = False, fixed: str = "",
) -> bool:  # fmt: skip
    return reading.add(
        Mention(reading.part, start, end, kind, reading.text[start:end], value,
                owner=owner, country=country, defanged=defanged, fixed=fixed)
    )  # fmt: skip


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of a URL without the punctuation of the sentence around it."""
    while tail := _TRAIL.search(text, start, end):
        body = text[start:end]
        last = body[-1]
        pair = {")": "(", "]": "[", "}": "{"}.get(last)
        if pair and body.count(pair) >= body.count(last):
            break
        end = max(end - 1, tail.start())
    return end


def _urls(reading: Reading) -> None:
    for pattern in (_URL, _SCHEMELESS):
        if pattern is _SCHEMELESS and "/" not in reading.text:
            return
        for found in pattern.finditer(reading.text):
            end = _trimmed(reading.text, found.start(), found.end())
            raw = reading.text[found.start() : end]
            name, kind = url_host(raw)
            if pattern is _SCHEMELESS and (kind != "name" or not name):
                continue
            if name and reading.free(found.start(), end):
                _put(reading, found.start(), end, "URL", refang(raw),
                     owner=owner(name) if kind == "name" else name,
                     defanged=_DEFANG.search(raw) is not None)  # fmt: skip


_HOST_IN_URL = re.compile(
    rf"^(?:[a-z*]+(?::|\[:\]|\(:\))//)?(?:[^/\s?#]*@)?(\[[0-9a-f:.]+\]|(?:[^\s/?#:@\[\](){{}}]|{DOT})+)",
    re.IGNORECASE,
)


def url_host(raw: str) -> tuple[str, str]:
    """The host of a URL as written and what it is: `name`, `ip`, or nothing when unreadable."""
    found = _HOST_IN_URL.match(raw)
    if found is None:
        return "", ""
    bare = refang(found[1])
    try:
        return str(ip_address(bare.strip("[]"))), "ip"
    except ValueError:
        pass
    name = _host(bare)
    return (name, "name") if name and "." in name else ("", "")


def host_range(raw: str) -> tuple[int, int]:
    """Where in a URL its host stands."""
    found = _HOST_IN_URL.match(raw)
    return found.span(1) if found else (0, 0)


def _emails(reading: Reading) -> None:
    for found in _EMAIL.finditer(reading.text):
        start, end = found.span()
        plain = refang(found[0]).lower()
        local, _, host = plain.rpartition("@")
        name = _host(host)
        if name is None:
            name = host
        defanged = _DEFANG.search(found[0]) is not None
        value = f"{local}@{name}"
        if _put(reading, start, end, "EMAIL", value, owner=owner(name), defanged=defanged):
            password = re.compile(r"[:|;]([^\s,;|]{4,64})").match(reading.text, end)
            if password and not password[1].startswith("//"):
                stop = end + len(password[0]) - (password[1][-1] in ".)")
                _put(reading, end + 1, stop, "SECRET", password[1], fixed="remove")


def _addresses(reading: Reading) -> None:
    text = reading.text
    for found in _MAC.finditer(text) if ":" in text or "-" in text else ():
        _put(reading, found.start(), found.end(), "MAC", found[0].lower().replace("-", ":"), fixed="remove")  # fmt: skip
    found_four = _IPV4.finditer(text)
    found_six = _IPV6.finditer(text) if text.count(":") > 1 else ()
    for found in (*found_four, *found_six):
        raw = refang(found[0])
        try:
            if "/" in raw:
                net = ip_network(raw, strict=False)
                private = is_private(net.network_address)
                value, kind = str(net), "CIDR"
            else:
                address = ip_address(raw)
                private = is_private(address)
                value, kind = str(address), "IP"
        except ValueError:
            continue
        if re.search(r"(?<!\w)(?:v|ver\.?|version|verzij\w|različic\w|build|firmware) ?$", text[: found.start()][-14:], re.IGNORECASE):  # fmt: skip
            continue
        _put(reading, found.start(), found.end(), kind, value,
             defanged=_DEFANG.search(found[0]) is not None, fixed="remove" if private else "")  # fmt: skip


def _paths(reading: Reading) -> None:
    if "\\" in reading.text:
        for found in _ACCOUNT.finditer(reading.text):
            _put(reading, found.start(), found.end(), "USER", fold(found[0].rpartition("\\")[2]))
        for found in _WINDOWS.finditer(reading.text):
            end = _trimmed(reading.text, found.start(), found.end())
            _put(reading, found.start(), end, "PATH", reading.text[found.start() : end])
    if "/" in reading.text:
        for found in _UNIX.finditer(reading.text):
            end = _trimmed(reading.text, found.start(), found.end())
            _put(reading, found.start(), end, "PATH", reading.text[found.start() : end])


_FILE = re.compile(r"(?<![\w/\\@.-])[\w][\w.+()-]{0,120}\.([A-Za-z0-9]{2,5})(?![\w@]|\.\w)")


def _domains(reading: Reading) -> None:
    for found in _FILE.finditer(reading.text) if "." in reading.text else ():
        if found[1].lower() in hosts().files:
            _put(reading, found.start(), found.end(), "FILE", found[0])
    for found in _DOMAIN.finditer(reading.text):
        name = _host(found[0])
        if name is None or not re.search(r"[a-z]{2}", name):
            continue
        tld = re.split(DOT, found[0], flags=re.IGNORECASE)[-1]
        if tld[0].isupper() and not tld.isupper() and "[" not in found[0]:
            continue  # a sentence that began without a space: `konec.Na`
        if len(name) < 5 or (found[0].count(".") >= 2 and max(map(len, name.split("."))) < 2):
            continue
        kind = "DOMAIN" if owner(name) == name else "HOST"
        internal = name.rpartition(".")[2] in hosts().internal
        _put(reading, found.start(), found.end(), kind, name, owner=owner(name),
             defanged=_DEFANG.search(found[0]) is not None, fixed="remove" if internal else "")  # fmt: skip


def _numbers(reading: Reading) -> None:
    text = reading.text
    for found in _IBAN.finditer(text):
        for end in range(found.end(), found.start() + 14, -1):
            raw = text[found.start() : end]
            if raw[-1] in " -":
                continue
            compact = re.sub(r"[ -]", "", raw)
            full = compact[:2] in {"SI", "HR"} and len(compact) == {"SI": 19, "HR": 21}[compact[:2]]
            if iban.is_valid(compact) or full:
                _put(reading, found.start(), end, "IBAN", compact, country=compact[:2].lower())
                break
    for found in _PARCEL.finditer(text):
        _put(reading, found.start(), found.end(), "TRACK", found[0].replace(" ", ""), fixed="remove")  # fmt: skip
    for start, end in card.spans(text):  # first, so that digits behind a number do not hide it
        if not _JOINED.search(text[max(0, start - 1) : start] + " " + text[end : end + 1]):
            digits = re.sub(r"\D", "", text[start:end])
            _put(reading, start, end, "CARD", digits, fixed="remove")
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
            _put(reading, found.start(), found.end(), "CARD", digits, fixed="remove")
    for found in _PLACE.finditer(text):
        _put(reading, found.start(), found.end(), "PLACE", found[0], fixed="remove")
    for found in _DIGITS.finditer(text):
        if reading.free(found.start(), found.end()):
            _state_number(reading, found.start(), found.end(), found[0])
    _phones(reading)
    _by_word(reading)


def _phones(reading: Reading) -> None:
    for found in _PHONE.finditer(reading.text):
        raw, start = found[0].rstrip(" (-/."), found.start()
        if raw[0] == "(" and ")" not in raw:
            raw, start = raw[1:], start + 1
        end = start + len(raw)
        digits = re.sub(r"\D", "", raw)
        if not 8 <= len(digits) <= 15 or _DATE.search(raw):
            continue
        if raw[0] not in "+(" and re.search(r"\d{12,}", raw):
            continue
        code, number = international(raw, digits, reading.lang)
        _put(reading, start, end, "PHONE", number, country=code)


def international(raw: str, digits: str, lang: str | None) -> tuple[str, str]:
    """Country (two letters, or empty) and E.164 form of a telephone number as written."""
    if raw.lstrip("(").startswith("+") or digits.startswith("00"):
        number = digits.removeprefix("00")
        number = re.sub(r"^(385|386|44|43|49|39)0", r"\1", number)
        return _calling(number), "+" + number
    for country in countries():
        if lang in country.languages:
            return country.country.lower(), f"+{country.calling}{digits[1:]}"
    return "", digits


@cache
def _calling_codes() -> dict[str, str]:
    return {
        str(code): regions[0].lower()
        for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
        if regions[0].isalpha()
    }


def _calling(number: str) -> str:
    for length in (3, 2, 1):
        if country := _calling_codes().get(number[:length]):
            return country
    return ""


@cache
def _validator(module: str) -> Callable[[str], bool] | None:
    return import_module(module).is_valid if module else None


def _state_number(reading: Reading, start: int, end: int, raw: str) -> None:
    digits = re.sub(r"\D", "", raw)
    before = reading.folded[max(0, start - 48) : start]
    for country in countries():
        for row in country.id:
            if len(digits) not in row.digits:
                continue
            check = _validator(row.module)
            valid = bool(check and check(digits))
            named = _named(row, before) or (bool(row.prefix) and raw.startswith(row.prefix))
            if (valid and not row.context) or named:
                _put(reading, start, end, row.type, digits, country=country.country.lower(), fixed="remove")  # fmt: skip
                return


@cache
def _context(row: Identifier) -> re.Pattern[str]:
    words = "|".join(
        re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in row.context
    )
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)(?!.*\d{{5}})")


def _named(row: Identifier, before: str) -> bool:
    return bool(row.context) and _context(row).search(before) is not None


_LOOSE: tuple[tuple[str, str, re.Pattern[str], int], ...] = (
    ("parcel", "TRACK", _PARCEL_LOOSE, 24),
    ("plate", "PLATE", _PLATE, 24),
    ("document", "DOCUMENT", _DOCUMENT, 32),
    ("birth", "DATE", _DATE, 16),
)


def _by_word(reading: Reading) -> None:
    """Numbers without a shape of their own, known only by the word before them."""
    for cue in reading.cues:
        for section, kind, pattern, reach in _LOOSE:
            if cue.section != section:
                continue
            found = pattern.search(reading.text, cue.end, cue.end + reach + 24)
            if found is None or found.start() > cue.end + reach:
                continue
            if kind == "TRACK" and sum(map(str.isdigit, found[0])) < 6:
                continue
            _put(reading, found.start(), found.end(), kind, fold(found[0]), fixed="remove")


def _blobs(reading: Reading) -> None:
    """Base64 or hexadecimal words that decode to text with an identifier in it."""
    for found in _BLOB.finditer(reading.text):
        if reading.free(found.start(), found.end()) and hides_identifier(found[0]):
            _put(reading, found.start(), found.end(), "ENCODED", found[0], fixed="remove")


def hides_identifier(word: str) -> bool:
    """True when `word` decodes to readable text with a mail address or a long number in it."""
    return any(_EMAIL.search(plain) or re.search(r"\d{7}", plain) for plain in layers(word))
