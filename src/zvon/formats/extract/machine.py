r"""What lies or runs on a machine: files, paths, registry keys, and names that words announce.

Paths may hold blanks. One in quotation marks ends with them; of others the words are taken up to
the one that ends like a file.
"""

import re

from zvon.formats.extract.found import TRAILING, Found, Scanned, trimmed
from zvon.formats.extract.grammar import FILE_ENDINGS, NAME_AT
from zvon.formats.extract.network import FILE_TLDS, known_suffix, read_name
from zvon.model.observable import ObservableType

T = ObservableType
_CLOSING = {'"': '"', "'": "'", "`": "`", "„": "“", "“": "”", "«": "»", "»": "«", "‘": "’"}
_OPENING = {
    closer: tuple(o for o, c in _CLOSING.items() if c == closer) for closer in _CLOSING.values()
}
_PATH = re.compile(r"[^\s\"<>|*?`„“”«»,;\x00]{1,400}")
_WORDS = re.compile(rf"[^\"<>|*?`„“”«»,;\n\t\x00]{{1,200}}?\.(?i:{FILE_ENDINGS})(?![\w@]|[.-]\w)")
_KEY = re.compile(
    r"[\\/]{1,2}[^\s\"<>|`„“”«»,;\x00]{1,400}(?: [A-Z][\w.() -]{0,40}\\[^\s\"<>|`„“”«»,;\x00]{1,300})?"
)
_KEY_WORDS = re.compile(
    r"(?i:windows nt|internet (?:settings|explorer)|session manager|image file execution options|active setup|browser helper objects)"
)


def read_file(scan: Scanned, match: re.Match[str]) -> Found | None:
    """The name of a file; a name that a quotation mark opens far to the left has blanks."""
    start, end = match.span("file")
    if match["ending"].lower() in FILE_TLDS | {"md"} and (
        scan.text[end : end + 1] == "/" or known_suffix(match["ending"].lower())
    ):
        plain = NAME_AT.match(scan.text, start)
        found = read_name(scan, plain) if plain else None
        if found is not None:
            return found
    quoted = _opened(scan, start, end)
    return scan.read(T.FILENAME, start if quoted is None else quoted, end)


def _opened(scan: Scanned, start: int, end: int) -> int | None:
    """Where the quotation began that ends right behind the name."""
    openers = _OPENING.get(scan.text[end : end + 1], ())
    low = max(scan.found[-1].end if scan.found else 0, start - 80)
    for opener in openers:
        at = scan.text.rfind(opener, low, start)
        if at < 0:
            continue
        inside = scan.text[at + 1 : start]
        if "\n" not in inside and scan.text[end] not in inside:
            return at + 1
    return None


def read_path(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A path of Windows or Unix."""
    text, start = scan.text, match.start("path")
    opener = text[start - 1 : start]
    closer = _CLOSING.get(opener)
    if closer:
        stop = text.find(closer, start, start + 400)
        if stop > 0 and "\n" not in text[start:stop]:
            return scan.read(T.FILEPATH, start, stop)
    if text[start] not in "/~":
        words = _WORDS.match(text, start)
        if (
            words
            and not re.search(r"\s[A-Za-z]:\\|[.:] |, ", words[0][3:])
            and words[0].count(" ") <= 6
        ):
            return scan.read(T.FILEPATH, start, words.end())
    plain = _PATH.match(text, start)
    if plain is None:
        return None
    return scan.read(T.FILEPATH, start, trimmed(text, start, plain.end()))


def read_regkey(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A key of the registry."""
    text, start = scan.text, match.start("regkey")
    closer = _CLOSING.get(text[start - 1 : start])
    if closer:
        stop = text.find(closer, start, start + 400)
        if stop > 0 and "\n" not in text[start:stop]:
            return scan.read(T.REGKEY, start, stop)
    found = _KEY.match(text, match.end("regkey"))
    if found is None:
        return None
    end = found.end()
    if " " in found[0] and not _KEY_WORDS.search(found[0]):
        end = found.start() + found[0].index(" ")
    return scan.read(T.REGKEY, start, trimmed(text, start, end))


_LEAD = r"[ \t]*(?:(?:is|je|named|called|name|with name|imenovan\w*|z imenom|s imenom|pod imenom|imena|naziva|:|=|-)[ \t]*){0,3}"
_NAME = re.compile(_LEAD + r"(?P<quote>[\"'`„“«»‘])?(?P<value>[^\s\"'`„“”«»‘’<>,;]{2,120})")
_AGENT = re.compile(
    r"(?:(?i:user-?agent)\w*[ \t]*(?:is|je|string|niz)?[ \t]*[:=]?[ \t]*[\"'„“]?)?"
    r"(?P<value>[A-Z][A-Za-z]{2,20}/[0-9][\w.]*(?:[ \t]+(?:\([^()\n]{1,200}\)|[A-Za-z][\w.-]{1,30}/[\w.]{1,20}|like Gecko|Mobile|Safari)){0,12})"
)
_MESSAGE = re.compile(
    r"(?i:message-id)[ \t]*[:=]?[ \t]*(?P<value><[^\s<>@]{1,250}@[^\s<>@]{1,250}>)"
)
_PIPE = re.compile(r"\\\\\.\\(?i:pipe)\\(?P<value>[\w.{}()#*%-]{1,120})")
_YARA = re.compile(
    r"(?i:yara[ -]rules?|rule|yara pravil\w*)[ \t]*(?:named|called|:)?[ \t]*[\"'`„“]?(?P<value>[A-Za-z_][A-Za-z0-9_]{2,127})"
)
_SIGMA = re.compile(r"[^\n]{0,60}?(?P<value>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_NAMESPACE = re.compile(r"(?P<value>(?i:global|local)\\[^\s\"'`„“”«»,;]{2,120})")
# What follows such a word in a sentence, when it is no name.
_PLAIN = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "was",
        "were",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "for",
        "with",
        "that",
        "which",
        "by",
        "as",
        "be",
        "not",
        "no",
        "it",
        "its",
        "this",
        "any",
        "object",
        "objects",
        "name",
        "names",
        "named",
        "called",
        "value",
        "created",
        "creates",
        "string",
        "je",
        "in",
        "ter",
        "ali",
        "za",
        "na",
        "ki",
        "se",
        "so",
        "bil",
        "bila",
        "biti",
        "mutex",
        "process",
        "check",
        "checks",
        "information",
        "settings",
        "access",
        "password",
        "passwords",
        "login",
        "credentials",
        "data",
        "i",
        "ili",
        "koji",
        "koja",
        "u",
        "od",
        "geslo",
        "gesla",
        "lozinka",
        "lozinke",
    ]
)
_KINDS = {"kind_mutex": T.MUTEX, "kind_service": T.SERVICE, "kind_user": T.USERNAME, "kind_host": T.HOSTNAME,
          "kind_npipe": T.PIPE}  # fmt: skip


def read_cue(scan: Scanned, match: re.Match[str]) -> Found | None:
    """What a word announces: the name of a mutex, a pipe, a service, an account, a rule."""
    group = next(name for name in _CUES if match[name] is not None)
    pattern, kind = _CUES[group]
    text, start = scan.text, match.start("cue")
    if group == "kind_mutex" and "\\" in match["cue"]:
        pattern = _NAMESPACE
    anchored = pattern is not _NAME
    found = pattern.match(text, start if anchored else match.end("cue"))
    if found is None:
        return None
    low, high = found.span("value")
    if kind is T.PIPE and anchored:
        low = start
    if not anchored:
        high = _name_end(text, found)
        lead = text[start if kind is T.SERVICE else match.end("cue") : low]
        if not _named(kind, text[low:high], lead, quoted=found["quote"] is not None):
            return None
    elif kind is T.YARA_RULE:
        name = text[low:high]
        if name.lower() in _PLAIN or not (_odd(name) or _RULE_BODY.match(text, high)):
            return None
    elif kind in {T.PIPE, T.MUTEX}:
        high = trimmed(text, low, high)
    return scan.read(kind, low, high)


_RULE_BODY = re.compile(r"\s*[:{]")
_USER = re.compile(r"(?!T[0-9]{4})[\w.$\\-]*[^\W\d_][\w.$\\-]*(?<!\.[0-9]{2})")


def _named(kind: ObservableType, name: str, lead: str, *, quoted: bool) -> bool:
    """True when the words before it, its quotation marks or its shape make a word a name."""
    if "@" in name or name.lower() in _PLAIN:
        return False
    if kind is T.USERNAME:
        return _USER.fullmatch(name) is not None and (quoted or _odd(name))
    return quoted or _odd(name) or re.search(r"[:=]|named|called|imen", lead) is not None


def _name_end(text: str, found: re.Match[str]) -> int:
    """A name in quotation marks may hold blanks; another ends before the sentence's punctuation."""
    low, high = found.span("value")
    closer = _CLOSING.get(found["quote"] or "")
    if closer:
        stop = text.find(closer, low, low + 120)
        if stop > low and "\n" not in text[low:stop]:
            return stop
    while high > low and (text[high - 1] in TRAILING or text[high - 1] in ")]}"):
        high -= 1
    return high


def _odd(name: str) -> bool:
    """True for what is no word of a language: digits, underscores, backslashes, mixed capitals."""
    return re.search(r"[\d_\\{}$]|[a-z][A-Z]", name) is not None


_MACHINE_CUE = re.compile(
    r"(?i)(?:\bhosts?|computer|workstation|machine|server|controller|endpoint|računal\w*|postaj\w*"
    r"|strežnik\w*|poslužitelj\w*|gostitelj\w*|uređaj\w*|naprav\w*)\W{1,3}$"
)


def read_machine(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A machine by the name that Windows gave it, or by one that a word calls so."""
    given = match["machine"].startswith(("DESKTOP-", "LAPTOP-", "WIN-"))
    if not given and not _MACHINE_CUE.search(scan.before(match.start("machine"), 32)):
        return None
    return scan.read(T.HOSTNAME, *match.span("machine"))


_CUES: dict[str, tuple[re.Pattern[str], ObservableType]] = {
    "kind_pipe": (_PIPE, T.PIPE), "kind_ua": (_AGENT, T.USERAGENT), "kind_mid": (_MESSAGE, T.MSG_ID),
    "kind_yara": (_YARA, T.YARA_RULE), "kind_sigma": (_SIGMA, T.SIGMA_ID),
    **{name: (_NAME, kind) for name, kind in _KINDS.items()},
}  # fmt: skip
