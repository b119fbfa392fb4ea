"""People, organisations, postal addresses, accounts and bare host names: what has no check digit.

A name is believed for two signs: two listed words side by side, or one beside a title or a cue.
"""

import itertools
import re
from collections.abc import Sequence
from functools import cache

from zvon.privacy.cues import Word, all_stops, streets
from zvon.privacy.fold import fold
from zvon.privacy.lemma import first_name, is_common, last_name, looks_like_last
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.tables import hosts, names

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŹŻŽ"
_TITLE = re.compile(
    r"(?<!\w)(?:(?:izr\.\s*)?prof\.|doc\.|dr\.(?:\s*sc\.)?|mr\.(?:\s*sc\.)?|mag\.(?:\s*\w+\.)?"
    r"|dipl\.\s*(?:ing|iur|oec)\.|univ\.\s*(?:dipl|spec)\.|Mrs?\.?|Ms\.?|Dr\.?|Sir|ga\.|gdč\.|g\."
    r"|gosp\.|gđa\.?|gdin\.|gda\.)\s+(?=[" + _UP + "])",
)
_LEGAL = re.compile(
    rf"[{_UP}][\w&'’.-]*(?: [\w&'’-]+){{0,5}}?,? +"
    r"(?:d\. ?o\. ?o\.|j\. ?d\. ?o\. ?o\.|d\. ?d\.|s\. ?p\.|k\. ?d\.|d\. ?n\. ?o\.|z\. ?o\. ?o\."
    r"|Ltd\.?|Limited|LLC|Inc\.?|GmbH|AG|PLC|plc|S\.?A\.?|B\.V\.|Corp\.?)(?!\w)"
)
_INSTITUTION = re.compile(
    rf"(?:(?:Osnovna|Srednja|Glasbena|Medicinska|Tehniška|Ekonomska) (?:šola|škola)|Gimnazija"
    rf"|Občina|Općina|Grad|Bolnišnica|Bolnica|Zdravstveni dom|Dom zdravlja|Vrtec|Vrtić|Knjižnica"
    rf"|Univerza|Sveučilište|Fakulteta|Fakultet|Ministrstvo|Ministarstvo|Zadruga|Notariat"
    rf"|Odvjetnički ured|Odvetniška pisarna|Lekarna|Ljekarna)(?: (?:za|v|u|na|in|i))?(?: [{_UP}][\w-]+){{1,4}}"
)
_CUSTOMER = re.compile(
    r"\(([^()]*\b(?:customer|client|subscriber|stranka|naročnik|korisnik|kupac)\b[^()]*)\)",
    re.IGNORECASE,
)
_PLAIN = r"(?:[^\W\d_]{1,3}\.|[^\W\d_]+(?:['’-][^\W\d_]+)*)"
_POSTAL = re.compile(
    rf"(?<!\w)((?=[{_UP}]){_PLAIN}(?: {_PLAIN}){{0,4}} \d{{1,4}}(?: ?[a-zA-Z])?(?:/\d+)?),? +"
    rf"((?:SI-|HR-|A-)?\d{{4,5}}) ([{_UP}][\w-]+(?: (?:(?:ob|na|pri|v|u|ob|pod) )?[{_UP}][\w-]+){{0,3}}(?: ob [{_UP}]\w+)?)"
)
_STREET = re.compile(
    rf"(?<!\w)(\d{{1,4}} )?((?:[{_UP}][\w.'’-]*|na|pod|pri|ob|v|u|of|the) ){{0,4}}"
    rf"([\w-]+)((?: [{_UP}\w][\w'’-]*){{0,3}}?) (\d{{1,4}}(?: ?[a-zA-Z](?!\w))?(?:/\d+)?)(?!\w|[./:]\d)"
)
_BRITISH = re.compile(
    rf"(?<!\w)\d{{1,4}}[a-z]? (?:[{_UP}][\w'’-]+ ){{1,3}}(?:Street|Road|Avenue|Lane|Square|Drive|Close|Court|St|Rd|Way|Terrace|Gardens)"
    rf"(?:, [{_UP}][\w' -]+?)?(?:,? [A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}})?(?!\w)"
)
_USER_TOKEN = re.compile(r"[\s:=(»\"'„“`]*([^\W_][\w.$-]{1,38}[\w$])")
_SERVICE = re.compile(r"(?<![\w.@/\\-])(?:svc|sa|adm|admin|usr)[_-][\w.-]*\w(?![@\w])|(?<![\w.@/\\-])(?:svc|usr|adm)\d+(?!\w)")  # fmt: skip
_BARE_HOST = re.compile(r"(?<![\w.@/\\:-])[A-Za-z]{1,12}\d{0,4}(?:[-_][A-Za-z0-9]+)*(?![\w@\\:/-]|\.\w)")  # fmt: skip
_SECRET_AFTER = re.compile(r"[\s:=»\"'„“`]*((?=\S*[\d!#$%&*?@^_+])[^\s»\"'“”`]{4,64})")
_PORT = re.compile(r"\d+$")


def detect(reading: Reading, brands: Sequence[tuple[int, int]] = ()) -> None:
    """Find what only words and lists can find; identifiers have their place already.

    `brands` are ranges where the text names a brand: not a person, and not the victim's firm.
    """
    _secrets(reading)
    _accounts(reading)
    _bare_hosts(reading)
    _postal(reading)
    _organisations(reading, brands)
    for start, end in brands:
        reading.claim(start, end)
    _people(reading)


def _put(reading: Reading, start: int, end: int, kind: str, value: str, fixed: str = "") -> bool:
    mention = Mention(reading.part, start, end, kind, reading.text[start:end], value, fixed=fixed)
    return reading.add(mention)


def _secrets(reading: Reading) -> None:
    for cue in reading.cues:
        if cue.section == "secret":
            found = _SECRET_AFTER.match(reading.text, cue.end)
            if found:
                end = found.end(1) - (found[1][-1] in ".,;:)")
                _put(reading, found.start(1), end, "SECRET", found[1], fixed="remove")


def _accounts(reading: Reading) -> None:
    for found in _SERVICE.finditer(reading.text):
        _put(reading, found.start(), found.end(), "USER", found[0].lower())
    for cue in reading.cues:
        if not cue.section.startswith("user."):
            continue
        token = _USER_TOKEN.match(reading.text, cue.end)
        if token is None:
            continue
        word = token[1].rstrip(".")
        low = fold(word)
        shaped = re.search(r"\d|[._$-]", word) is not None
        if low in all_stops() or _PORT.fullmatch(word) or len(word) < 3:
            continue
        plain = cue.section == "user.strong" and word.isascii() and word.islower() and not shaped
        if (plain and not _is_word(low)) or (shaped and re.search("[A-Za-z]", word)):
            _put(reading, token.start(1), token.start(1) + len(word), "USER", low)


def _is_word(low: str) -> bool:
    """True for words that follow `account` in a sentence and are no account."""
    return low in all_stops() or low.endswith(("ing", "ed", "en", "na", "no", "ni", "an", "ana", "ih", "jo", "ti"))  # fmt: skip


def _bare_hosts(reading: Reading) -> None:
    """Names of machines without a domain: `srv-erp02`, `LAPTOP-9QK2VVA`."""
    for found in _BARE_HOST.finditer(reading.text):
        word = found[0]
        head = re.split(r"[-_\d]", fold(word), maxsplit=1)[0]
        parts = re.split(r"[-_]", word)
        if head in hosts().not_hosts or not word.isascii() or len(word) < 4:
            continue
        numbered = word[-1].isdigit() and re.search("[A-Za-z]", word) is not None
        stem = any(fold(part).rstrip("0123456789") in hosts().stems for part in parts)
        screaming = word.upper() == word and len(parts) > 1
        cued = reading.cue_before(found.start(), "host", 24) is not None
        if (stem and (numbered or screaming) and (len(parts) > 1 or cued)) or (
            cued and numbered and len(parts) > 1
        ):
            _put(reading, found.start(), found.end(), "HOST", word.lower(), fixed="remove")


def _postal(reading: Reading) -> None:
    for found in _POSTAL.finditer(reading.text):
        start = _address_start(reading, found.start(1), found.end(1))
        _put(reading, start, found.end(), "ADDR", fold(reading.text[start : found.end()]), fixed="remove")  # fmt: skip
    for found in _BRITISH.finditer(reading.text):
        _put(reading, found.start(), found.end(), "ADDR", fold(found[0]), fixed="remove")
    for found in _STREET.finditer(reading.text):
        body = fold(found[0]).split()
        if any(word.strip(",.") in streets() for word in body) and found[0][0].isupper():
            _put(reading, found.start(), found.end(), "ADDR", fold(found[0]), fixed="remove")


def _address_start(reading: Reading, start: int, end: int) -> int:
    """Drop words of the sentence before a street: the last capital run that reaches the number."""
    chunk = reading.text[start:end]
    at = start
    for found in re.finditer(r"\b(?:at|iz|from|na naslovu|na adresi|naslov|adresa|address|lives|stanuje[m]?(?: (?:v|u|na|pri))?|bivam (?:v|na)|živim (?:v|na|u)|in)\s+", chunk, re.IGNORECASE):  # fmt: skip
        rest = chunk[found.end() :]
        if rest[:1].isupper():
            at = start + found.end()
    for found in re.finditer(r"[:;]\s+", chunk):
        at = max(at, start + found.end())
    return at


def _organisations(reading: Reading, brands: Sequence[tuple[int, int]]) -> None:
    for pattern in (_LEGAL, _INSTITUTION):
        for found in pattern.finditer(reading.text):
            # A capital inside an address before the name is not its beginning.
            start = reading.clear_start(found.start(), found.end())
            start = _after_stop(reading, start, found.end())
            if any(found.end() - high < 10 for low, high in brands if low < found.end() and start < high):  # fmt: skip
                continue
            _put(reading, start, found.end(), "ORG", organisation(reading.text[start : found.end()]))  # fmt: skip
    for found in _CUSTOMER.finditer(reading.text):
        if any(c.isupper() for c in found[1]):
            _put(reading, found.start(1), found.end(1), "ORG", organisation(found[1]))


_JOINING = frozenset({"in", "i", "and", "za", "of", "na", "&"})
_FIRM = ("podjetj", "druzb", "tvrtk", "poduzec", "odjel", "firm", "compan", "strank", "narocnik")


def _after_stop(reading: Reading, start: int, end: int) -> int:
    """Drop the words of the sentence before a firm: `Danes je podjetje Livarna d.o.o.`"""
    inside = [w for w in reading.words if start <= w.start < end]
    for i, word in reversed(list(enumerate(inside[:-1]))):
        ends = word.folded.startswith(_FIRM) or (
            word.folded in all_stops() and word.folded not in _JOINING
        )
        following = inside[i + 1]
        if ends and following.text[0].isupper():
            return following.start
    return start


_FORMS = re.compile(r"\b(?:d ?o ?o|j ?d ?o ?o|d ?d|s ?p|ltd|limited|llc|inc|gmbh|ag|plc|corp)\b")


def organisation(text: str) -> str:
    """A name of an organisation without its legal form, for comparison."""
    plain = re.sub(r"[^\w ]+", " ", re.sub(r"(?<=\b\w)\. ?", " ", fold(text)))
    return " ".join(_FORMS.sub(" ", plain).split())


@cache
def _not_people() -> frozenset[str]:
    """Folded words with a capital that are no part of a name."""
    months = "januar februar marec april maj junij julij avgust september oktober november december sijecanj veljaca ozujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac january february march june july august october"
    places = "slovenija slovenije hrvatska hrvatske ljubljana zagreb maribor split rijeka osijek celje kranj koper"
    words = "posta poste banka banke bank cert soc csirt vpn ssh rdp sms email mail phishing smishing vishing microsoft google apple facebook telegram whatsapp viber android windows office outlook teams anydesk teamviewer docusign paypal netflix amazon stealer cobalt strike beacon ransomware malware server klik klub list hrvatskoj sloveniji"
    return frozenset(f"{months} {places} {words}".split())


def _people(reading: Reading) -> None:
    for found in _TITLE.finditer(reading.text):
        _titled(reading, found.start(), found.end())
    found_words = [w for w in reading.words if reading.free(w.start, w.end)]
    i = 0
    while i < len(found_words):
        run = _run(reading, found_words, i)
        if not run:
            i += 1
            continue
        _read_run(reading, run)
        i += len(run)
    _lower_case(reading, found_words)


def _run(reading: Reading, found: list[Word], i: int) -> list[Word]:
    """Words with a capital that follow each other with one space, or an initial and a dot."""
    run: list[Word] = []
    for word in found[i:]:
        if not word.text[0].isupper() or any(c.isdigit() for c in word.text):
            break
        if run:
            between = reading.text[run[-1].end : word.start]
            if between not in {" ", "\u00a0"} and not (between == ". " and len(run[-1].text) == 1):
                break
        run.append(word)
    return run


def _titled(reading: Reading, start: int, at: int) -> None:
    taken = [w for w in reading.words if w.start >= at][:3]
    run = _run(reading, taken, 0) if taken and taken[0].start == at else []
    run = [w for w in run if w.folded not in _not_people()]
    if run:
        _name(reading, start, run)


def _read_run(reading: Reading, run: list[Word]) -> None:
    while len(run) > 1 and _is_cue(reading, run[0]):
        run = run[1:]
    cue = reading.cue_before(run[0].start, "person", 3)
    alias = reading.cue_before(run[0].start, "alias", 12)
    i = 0
    while i < len(run):
        rest = run[i:]
        length = _length(rest, cued=(cue is not None or alias is not None) and i == 0)
        if length:
            _name(reading, rest[0].start, rest[:length])
            i += length
        else:
            i += 1


def _is_cue(reading: Reading, word: Word) -> bool:
    """True for a word that only says that a person follows: `Klijentica`, `Kontakt`."""
    return any(
        c.section in {"person", "people"} and c.start <= word.start and word.end <= c.end
        for c in reading.cues
    ) and not first_name(word.folded)


def _length(run: list[Word], *, cued: bool) -> int:
    """How many words at the start of `run` are one person's name; 0 when none."""
    head = run[0]
    second = run[1] if len(run) > 1 else None
    if head.folded in _not_people() or head.folded in all_stops() or _acronym(head, second):
        return 0
    first, last = first_name(head.folded), last_name(head.folded)
    if second is not None and second.folded not in _not_people() and not _acronym(second, None):
        second_last = last_name(second.folded) or looks_like_last(second.folded)
        believed = (
            (first and (second_last or not is_common(head.folded)))
            or (last and first_name(second.folded))
            or (cued and (first or last or second_last or len(run) <= 3))
            or (len(head.text) == 1 and second_last)
        )
        if believed:
            third = run[2] if len(run) > 2 else None
            more = third is not None and third.folded not in _not_people() and not _acronym(third, None) and (
                last_name(third.folded) or looks_like_last(third.folded) or cued or bool(first)
            )  # fmt: skip
            return 3 if more else 2
    listed = (first or last) and not is_common(head.folded)
    if cued and (first or last or looks_like_last(head.folded)):
        return 1
    if listed and first and len(head.folded) >= 4:
        return 1
    return 0


def _acronym(word: Word, following: Word | None) -> bool:
    """True for `VPN`, `SI-CERT`; a whole name in capitals has a neighbour in capitals."""
    if not word.text.isupper() or len(word.text) == 1:
        return False
    if first_name(word.folded) or last_name(word.folded) or looks_like_last(word.folded):
        return False
    return len(word.text) <= 5 or following is None or not following.text.isupper()


def _name(reading: Reading, start: int, run: list[Word]) -> None:
    _put(reading, start, run[-1].end, "NAME", person([w.folded for w in run]))


def person(folded: list[str]) -> str:
    """The canonical form of a name: nominatives without diacritics, first name first."""
    parts = [part for part in folded if len(part) > 1] or folded
    if len(parts) == 1:
        return first_name(parts[0]) or last_name(parts[0]) or parts[0]
    reverse = last_name(parts[0]) and not first_name(parts[0]) and first_name(parts[-1])
    if reverse:
        parts = [*parts[1:], parts[0]]
    return " ".join([first_name(parts[0]) or parts[0], *(last_name(p) or p for p in parts[1:])])


def _lower_case(reading: Reading, found: list[Word]) -> None:
    """`janez novak`, as people write in a hurry: both words listed, neither an ordinary word."""
    lists = names()
    for a, b in itertools.pairwise(found):
        if a.text.islower() and a.folded in lists.first and b.folded in lists.last and not (
            a.folded in lists.common or b.folded in lists.common
        ) and reading.text[a.end : b.start] == " ":  # fmt: skip
            _name(reading, a.start, [a, b])
