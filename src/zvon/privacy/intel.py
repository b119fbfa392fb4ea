"""Whose is each value of a document? The terms of the gate, and what the document itself says.

Only `attacker` becomes an indicator by itself. The host of a bank that a warning names is a
`brand`, a blog that is quoted a `reference`, a resolver or file host `infrastructure`. Every
decision carries its terms.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from ipaddress import ip_address

from msgspec import Struct

from zvon.formats.extract import Found, scan
from zvon.model import url
from zvon.model.observable import Observable, ObservableType
from zvon.model.phone import country
from zvon.model.role import Role, SpanEvidence
from zvon.privacy import names
from zvon.privacy.document import Blocks, Layout, phrases, table
from zvon.privacy.facts import Facts
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import is_private, owner
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.role import Score, entity_key, score_document, terms

T = ObservableType
PIECE = 4_000
"""Characters that are read for words together: a clause never goes on over a paragraph."""
_DECIDED = 0.6  # log-odds beyond which it is no longer unsure

_KIND = {
    T.URL: "URL", T.DOMAIN: "DOMAIN", T.HOSTNAME: "HOST", T.IPV4: "IP", T.IPV6: "IP", T.CIDR: "CIDR",
    T.EMAIL: "EMAIL", T.PHONE: "PHONE", T.IBAN: "IBAN", T.ASN: "ASN", T.FILENAME: "FILE",
    T.FILEPATH: "PATH", T.WALLET: "WALLET", T.USERNAME: "USER",
}  # fmt: skip
_KNOWLEDGE = frozenset({T.CVE, T.GHSA, T.CWE, T.ATTACK_ID, T.YARA_RULE, T.SIGMA_ID})
# Beside these the names of people say whose they are.
_PERSONAL = frozenset({T.EMAIL, T.PHONE, T.USERNAME, T.IBAN})
_HOSTS = frozenset({T.URL, T.DOMAIN, T.EMAIL, T.IPV4, T.IPV6})
_DIGESTS = frozenset({T.MD5, T.SHA1, T.SHA256, T.SHA512, T.IMPHASH, T.SSDEEP, T.TLSH})
_MANY, _LEARNED = 3, 5
_FURNITURE = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|svg|webp|ico|css|woff2?)(?:$|\?)|/wp-content/uploads/"
    r"|/(?:privacy|about|contact|kontakt|terms|cookie|careers|subscribe|share|newsletter|legal)[a-z-]*/?(?:$|[?#])"
)
_INSTITUTION = re.compile(r"\.(?:gov|mil|edu|int)(?:\.[a-z]{2})?$|\.(?:gouv|gob|ac)\.[a-z]{2}$")
_BESIDE = 60  # characters before a value in which a phrase speaks of it
_AFTER = 32


class Text(Struct, frozen=True, kw_only=True):
    """One part of a document. `author` (`attacker`, `reporter`) is known where a mail says it.

    `decoys` are ranges that a link shows while it leads elsewhere; where the part is the target of
    such a link, `shown` is the host that it pretends. `found` saves reading twice.
    """

    text: str
    id: str = "text"
    author: str = ""
    found: tuple[Found, ...] | None = None
    decoys: tuple[tuple[int, int], ...] = ()
    shown: str = ""


def _nothing(_value: Observable) -> bool:
    return False


def _unlisted(_value: Observable) -> Sequence[str]:
    return ()


class Setting(Struct, frozen=True, kw_only=True):
    """What is known beside the document; nothing is looked up here.

    `own` are hosts on which the document itself stands, `known` says whether a value is an
    indicator of ours, `listed` names the warning lists that hold it.
    """

    facts: Facts
    own: frozenset[str] = frozenset()
    known: Callable[[Observable], bool] = _nothing
    listed: Callable[[Observable], Sequence[str]] = _unlisted


class Judged(Struct, frozen=True):
    """A value at a place, whose it is, the belief that it is the attacker's, and why.

    `evidence` are codes, the weightiest first: `defanged`, `indicator-section`, `brand-lookalike:nlb`.
    """

    found: Found
    role: Role
    score: float
    evidence: tuple[str, ...]


class _Part:
    """One part while it is judged."""

    __slots__ = ("blocks", "decoys", "folded", "found", "layout", "text")

    def __init__(self, part: Text, region: str) -> None:
        self.text = part.text
        self.found = scan(part.text, region=region) if part.found is None else list(part.found)
        self.folded = fold(part.text)
        self.layout = Layout(part.text)
        self.blocks = Blocks(part.text)
        self.decoys = part.decoys


def judge(texts: Sequence[Text], setting: Setting, *, region: str) -> list[list[Judged]]:
    """Judge every value of every part; values that are equal have one role in the whole document.

    `region` is the country in which local telephone numbers of unread parts are read.
    """
    parts = [_Part(text, region) for text in texts]
    readings: list[Reading] = []
    keys: dict[Observable, str] = {}
    said: dict[str, list[SpanEvidence]] = {}
    plain = _plain(parts)
    for text, part in zip(texts, parts, strict=True):
        for low, high, within in _pieces(part):
            readings.append(_reading(text, part.text, low, high, within, setting, keys))
    for text, part in zip(texts, parts, strict=True):
        for found in part.found:
            key = keys.get(found.observable)
            if key is not None and found.parent is None:
                said.setdefault(key, []).extend(_terms(text, part, found, setting, plain))
    scores = score_document(readings, setting.facts, said)
    return [[_judged(found, scores, keys, setting) for found in part.found] for part in parts]


def _pieces(part: _Part) -> Iterator[tuple[int, int, list[Found]]]:
    """Cut a text where lines end; what holds no value is not read for words at all."""
    text, whole = part.text, [f for f in part.found if f.parent is None]
    low = at = 0
    while at < len(whole):
        high = min(low + PIECE, len(text))
        if high < len(text):
            line = text.rfind("\n", low + PIECE // 2, high)
            high = high if line < 0 else line + 1
        within = []
        while at < len(whole) and whole[at].start < high:
            within.append(whole[at])
            high = max(high, whole[at].end)
            at += 1
        if within:
            yield low, high, within
        low = high


def _reading(
    text: Text,
    source: str,
    low: int,
    high: int,
    within: Sequence[Found],
    setting: Setting,
    keys: dict[Observable, str],
) -> Reading:
    reading = Reading(text.id, source[low:high], setting.facts.lang)
    starts = reading.view.starts
    for found in within:
        start, end = found.start - low, found.end - low
        if starts is not None:  # the view leaves out what hides characters
            start, end = bisect_left(starts, start), bisect_left(starts, end)
        mention = _mention(text.id, found, start, end)
        if mention is not None and reading.add(mention):
            mention.side = text.author
            keys.setdefault(found.observable, entity_key(mention))
    if any(found.observable.type in _PERSONAL for found in within):
        names.detect(reading, setting.facts.brands_in(reading.folded))
    return reading


def _mention(part: str, found: Found, start: int, end: int) -> Mention | None:
    kind, value = found.observable.type, found.observable.value
    word = _KIND.get(kind, "HASH")
    if kind in _KNOWLEDGE:
        return None
    held, code = "", ""
    if kind in {T.URL, T.DOMAIN, T.EMAIL, T.HOSTNAME}:
        host = _host(found.observable)
        held = owner(host) if not _numeric(host) else host
        if kind is T.DOMAIN and held != value:
            word = "HOST"
    elif kind is T.PHONE:
        code = (country(value) or "").lower()
    elif kind is T.IBAN:
        code = value[:2].lower()
    return Mention(part, start, end, word, found.raw, value, owner=held, country=code, defanged=found.defanged)  # fmt: skip


@cache
def _numeric(host: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:]*", host))


def _host(value: Observable) -> str:
    if value.type is T.URL:
        return url.parse(value.value).host
    return value.value.rpartition("@")[2]


@cache
def _phrase(section: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{phrases(getattr(table().words, section))})(?!\w)")


def _terms(text: Text, part: _Part, found: Found, setting: Setting, plain: tuple[str, float]) -> Iterator[SpanEvidence]:  # fmt: skip
    """What the document says of a value at this place."""
    weight, value = table().weight, found.observable
    stretch = part.layout.at(found.start)
    if stretch is not None:
        word = {"indicators": "indicator_section", "table": "indicator_table", "lead-in": "lead_in",
                "reference": "reference_section", "note": "note_section"}[stretch.kind]  # fmt: skip
        listed = stretch.kind != "indicators" or _alone(part.text, found)
        yield _term(word.replace("_", "-"), getattr(weight, word) * (1 if listed else 0.25), found)
    author = text.author or part.blocks.author(found.start)
    if author == "attacker":
        yield _term("criminal-block", weight.criminal, found)
    elif author == "reporter":
        yield _term("citizen-block", weight.citizen * (0.4 if found.defanged else 1), found)
    if value.type is T.URL and not found.defanged:
        if plain[1]:
            yield _term(*plain, found)
        if _FURNITURE.search(value.value):
            yield _term("furniture", weight.furniture, found)
    if any(low <= found.start < high for low, high in part.decoys):
        yield _term("link-text", weight.link_text, found)
    if text.shown:
        yield _term(f"link-mismatch:{text.shown}", weight.link_mismatch, found)
    if setting.known(value):
        yield _term("known-indicator", weight.known, found)
    if value.type in _HOSTS:
        host = _host(value)
        # The gate looks at registered names; a look-alike may stand further left.
        if not found.defanged and _INSTITUTION.search(host):
            yield _term("institution", weight.institution, found)
        official = _below(host, setting.facts.brand_domains)
        if setting.facts.imitates(host) and not official and not _group(host, "infrastructure"):
            yield _term("lookalike.brand", terms().rule["lookalike"], found)
        yield from _beside(part, found)
    if value.type is T.FILENAME and value.value.lower() in table().files["system"]:
        yield _term("system-file", weight.system_file, found)
    if value.type in {T.IPV4, T.IPV6}:
        address = ip_address(value.value)
        if is_private(address):
            yield _term("private-address", weight.private, found)


def _plain(parts: Sequence[_Part]) -> tuple[str, float]:
    """What it says of an address that it can be clicked: who makes some harmless spares the rest."""
    weight = table().weight
    every = [found for part in parts for found in part.found]
    harmless = len({found.observable for found in every if found.defanged})
    if harmless >= _MANY:
        return "plain-beside-defanged", weight.plain_beside_many
    if harmless:
        return "plain-beside-defanged", weight.plain_beside_defanged
    learned = sum(f.observable.type in _KNOWLEDGE or f.observable.type in _DIGESTS for f in every)
    return "plain-in-report", weight.plain_in_report if learned >= _LEARNED else 0.0


def _alone(text: str, found: Found) -> bool:
    """True for a value in a list, false for one in a sentence that stands under the heading."""
    low = text.rfind("\n", 0, found.start) + 1
    high = text.find("\n", found.end)
    line = text[low : high if high >= 0 else len(text)]
    return len(line) < 400 and len(re.findall(r"[^\W\d_]{2,}(?=[\s.,;]|$)", line)) <= 8


def _beside(part: _Part, found: Found) -> Iterator[SpanEvidence]:
    weight = table().weight
    low = max(0, found.start - _BESIDE)
    before = part.folded[low : found.start]
    cut = max(before.rfind(mark) for mark in (". ", "\n", "; ", "! ", "? "))
    before = before[cut + 1 :]
    real = max((found.end() for found in _phrase("legitimate").finditer(before)), default=-1)
    if real >= 0 and not re.search(r"\w\[?\.\]?\w", before[real:]):
        yield _term("legitimate", weight.legitimate, found)
    if _phrase("sinkhole").search(before) or _phrase("sinkhole").search(
        part.folded[found.end : found.end + _AFTER]
    ):
        yield _term("sinkhole", weight.sinkhole, found)
    if not found.defanged and _phrase("research").search(before):
        yield _term("quoted-work", weight.quoted_work, found)


def _term(rule: str, weight: float, found: Found) -> SpanEvidence:
    return SpanEvidence(rule, round(weight, 2), found.start, found.end)


def _judged(
    found: Found, scores: dict[str, Score], keys: dict[Observable, str], setting: Setting
) -> Judged:
    value = found.observable
    if value.type in _KNOWLEDGE:
        return Judged(found, Role.REFERENCE, 0.0, ("identifier",))
    own = scores.get(keys.get(value, ""))
    parent = scores.get(keys.get(found.parent, "")) if found.parent is not None else None
    base = own or parent
    if base is None:
        return Judged(found, Role.UNSURE, 0.5, ())
    logit = base.logit
    codes = tuple(_code(e, value, setting.facts) for e in base.evidence if e.rule != "prior")
    role, why, shift = _place(value, base, setting, standing=own is not None)
    logit += shift
    if role is None:
        role = _by_score(base, logit)
    return Judged(found, role, _probability(logit if role is Role.ATTACKER else min(logit, 0.0)), tuple(dict.fromkeys((*why, *codes)))[:8])  # fmt: skip


def _by_score(base: Score, logit: float) -> Role:
    if logit >= _DECIDED:
        return Role.ATTACKER
    rules = {e.rule for e in base.evidence}
    if rules & _READ and logit <= 0:
        return Role.REFERENCE
    if "system-file" in rules:
        return Role.BYSTANDER
    if "sinkhole" in rules:
        return Role.INFRASTRUCTURE
    if logit > -_DECIDED:
        return Role.UNSURE
    if rules & {"legitimate", "link-text"}:
        return Role.BRAND
    return Role.REPORTER if rules & {"side.reporter", "citizen-block"} else Role.VICTIM


def _place(
    value: Observable, base: Score, setting: Setting, *, standing: bool
) -> tuple[Role | None, tuple[str, ...], float]:
    """A role that the host itself decides, why, and what it adds to the score otherwise."""
    if value.type not in _HOSTS:
        return None, (), 0.0
    host, weight = _host(value), table().weight
    rules = {e.rule for e in base.evidence}
    accused = any(e.rule in _ACCUSING and e.weight > 1 for e in base.evidence)
    mail = value.type is T.EMAIL
    if host in setting.own or any(host.endswith("." + own) for own in setting.own):
        return Role.REFERENCE, ("own-host",), 0.0
    if "registry" in rules:
        return Role.VICTIM, (), 0.0
    found = _shared(value, host, accused="criminal-block" in rules or accused)
    if found is not None:
        return found[0], (found[1],), 0.0
    work = _group(host, "reference")
    quoted = (not accused or not standing) and "criminal-block" not in rules
    if quoted and work is not None and work != "social":
        return Role.REFERENCE, (f"reference:{work}",), 0.0
    if quoted and work is not None and value.type is T.URL and not value.value.endswith(host + "/"):
        return Role.REFERENCE, (f"reference:{work}",), 0.0
    if not mail and _below(host, setting.facts.brand_domains) and "known-indicator" not in rules:
        return Role.BRAND, ("brand-official",), 0.0
    if quoted and work is not None:
        return Role.REFERENCE, (f"reference:{work}",), 0.0
    lists = tuple(setting.listed(value))
    if lists:
        if base.logit + weight.listed < _DECIDED:
            return Role.INFRASTRUCTURE, tuple(f"warning-list:{name}" for name in lists[:3]), 0.0
        return None, tuple(f"warning-list:{name}" for name in lists[:3]), weight.listed
    return None, (), 0.0


_READ = frozenset({"reference-section", "quoted-work", "furniture", "institution",
                   "plain-beside-defanged", "plain-in-report"})  # fmt: skip
_ACCUSING = frozenset(
    {"defanged", "indicator-section", "indicator-table", "lead-in", "known-indicator"}
)
# An address at one of these is rarely the attacker's: nobody puts a page there.
_QUIET = frozenset({"library", "resolver", "cdn", "ip-lookup", "registrar", "messenger"})
# Names below these belong to customers.
_LET = frozenset({"dynamic-dns", "site-builder", "tunnel", "webmail", "cdn", "file-host"})
_BOT = re.compile(r"/(?:bot|api/webhooks/|services/)")


def _shared(value: Observable, host: str, *, accused: bool) -> tuple[Role | None, str] | None:
    """What a host that many share says: a role, or that the score decides; `None`: not shared."""
    group = _group(host, "infrastructure")
    if group is None or value.type is T.EMAIL:
        return None
    code = f"infrastructure:{group}"
    if value.type is T.URL:
        quiet = group in _QUIET and not accused and not _BOT.search(value.value)
        return (Role.INFRASTRUCTURE if quiet or group == "sinkhole" else None), code
    if host == _top(host, "infrastructure") or group not in _LET:
        return Role.INFRASTRUCTURE, code
    return None


@cache
def _hosts(section: str) -> dict[str, str]:
    rows: dict[str, tuple[str, ...]] = getattr(table(), section)
    return {host: group for group, hosts in rows.items() for host in hosts}


def _top(host: str, section: str) -> str:
    """The listed host that `host` is or lies below; the longest wins."""
    rows = _hosts(section)
    while host:
        if host in rows:
            return host
        if _numeric(host):
            return ""
        _, _, host = host.partition(".")
    return ""


def _group(host: str, section: str) -> str | None:
    return _hosts(section).get(_top(host, section))


def _below(host: str, names: frozenset[str]) -> bool:
    while host:
        if host in names:
            return True
        _, _, host = host.partition(".")
    return False


def _code(term: SpanEvidence, value: Observable, facts: Facts) -> str:
    if term.rule == "lookalike.brand":
        return f"brand-lookalike:{_imitated(value, facts)}"
    if term.rule.startswith("cue."):
        return "cue:" + term.rule.removeprefix("cue.").rstrip("*").replace("*", "")
    return term.rule if ":" in term.rule else term.rule.replace(".", "-")


def _imitated(value: Observable, facts: Facts) -> str:
    host = _host(value) if value.type in _HOSTS else value.value
    found = [label for label in facts.brand_labels if label in host]
    return max(found, key=len, default="").rstrip("-")


def _probability(logit: float) -> float:
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 3)
