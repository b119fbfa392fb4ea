"""Names of people: listed words in any case, titles, cues, and what the tagger adds.

A name is believed for two signs: two listed words side by side, or one beside a title or a cue.
Words that are names and ordinary words (`Kos`, `Luka`) need the second sign more than others.
"""

import re
from collections.abc import Iterator, Sequence

from zvon.privacy.lemma import first_name, last_name
from zvon.privacy.lexeme import FIRSTS, LASTS, Lex
from zvon.privacy.mentions import Reading
from zvon.privacy.name_form import nominative
from zvon.privacy.tagged import Lines

_NEVER = frozenset({Lex.STOP, Lex.KNOWN, Lex.CALENDAR, Lex.LEGAL, Lex.STREET, Lex.INSTITUTION,
                    Lex.ACCOUNT, Lex.SECRET, Lex.HOST, Lex.ADDRESS, Lex.FIRM})  # fmt: skip
_COMMON = frozenset({Lex.COMMON_FIRST, Lex.COMMON_LAST, Lex.COMMON_BOTH})
_LONGEST = 5
_PARTICLES = frozenset(["von", "van", "der", "den", "de", "di", "da", "del", "della", "le", "la", "pl", "ni", "mac", "al", "el", "bin", "ben", "zu", "dos", "du", "ter", "ten"])  # fmt: skip
_SUFFIX = re.compile(r" (?:st|ml|jr|sr|Jr|Sr|ur)\.")
_GREETED = frozenset(["dear", "hi", "hello", "hey", "regards", "thanks", "cheers", "best", "pozdrav", "lp", "zdravo", "bok", "draga", "dragi", "postovani", "postovana", "spostovani", "spostovana"])  # fmt: skip
_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŹŻŽ"


def people(reading: Reading, page: Lines) -> Iterator[tuple[int, int]]:
    """Ranges of the text that name a person."""
    yield from _speakers(page.text)
    yield from _initials(page.text)
    cues = {c.end for c in reading.cues if c.section in {"person", "alias"}}
    starts, ends = page.tokens.starts, page.tokens.ends
    sure = {i for s in page.said if s.kind == "NAME" for i in page.find(s.start, s.end)}
    i = 0
    while i < len(starts):
        if page.lex[i] == Lex.TITLE and page.shape[i] != 4:
            last = _titled(page, i)
            if last > i:
                yield starts[i], ends[last - 1]
                i = last
                continue
        if not page.capital(i):
            if page.shape[i] == 0 and page.lex[i] in {Lex.FIRST, Lex.LAST, Lex.BOTH} and _plain_pair(page, i):  # fmt: skip
                yield starts[i], ends[i + 1]
                i += 2
                continue
            i += 1
            continue
        run = _run(page, i)
        cued = any(at in cues for at in range(starts[i] - 3, starts[i] + 1))
        length = _length(page, run, cued=cued, sure=sure)
        if length:
            yield starts[i], _with_dot(page, i + length - 1)
        elif _field(page, run):
            length = len(run)
            yield starts[i], _with_dot(page, run[-1])
        elif _reversed(page, i):
            length = 2
            yield starts[i], _with_dot(page, i + 1)
        i += max(1, length)


_SPEAKER = re.compile(r"^(?:\[?\d{1,2}[:.]\d\d(?:[:.]\d\d)?\]? +<?|<)([^\W\d][\w.]{1,24})>?:? (?=\S)", re.MULTILINE)  # fmt: skip
_INITIALS = re.compile(rf"(?:[{_UP}]\.[ -]?){{2,4}}")
_BEFORE = ("(", "– ", "— ", "lp, ", "lp ", "pozdrav, ")


def _speakers(text: str) -> Iterator[tuple[int, int]]:
    """Who says the lines of a chat: `[08:15] maja_h: …`."""
    for found in _SPEAKER.finditer(text) if ":" in text else ():
        if text[found.end(1)] in ":>" and not found[1].isupper():
            yield found.span(1)


def _initials(text: str) -> Iterator[tuple[int, int]]:
    """A signature of initials alone: `LP, U. L.`, `(D. V.)`, or a line of its own."""
    for found in _INITIALS.finditer(text):
        start, end = found.start(), found.start() + len(found[0].rstrip(" -"))
        before = text[max(0, start - 10) : start]
        after = text[end : end + 1]
        alone = not before.strip() or before.rstrip(" >").endswith("\n")
        if ((alone or before.lower().endswith(_BEFORE)) and after in {"", "\n", ")", "\r"}) or (
            alone and not text[end:].strip()
        ):
            yield start, end


def _with_dot(page: Lines, last: int) -> int:
    """The end of word `last`, with the dot of an initial."""
    end = page.tokens.ends[last]
    if page.shape[last] == 3 and page.text[end : end + 1] == ".":
        return end + 1
    suffix = _SUFFIX.match(page.text, end)
    return suffix.end() if suffix else end


def _field(page: Lines, run: Sequence[int]) -> bool:
    """Two or three words that fill a field of a table, one of them a name: `;ŠTURM ORIJANA;`."""
    if not 2 <= len(run) <= 3 or any(_never(page, i) or page.shape[i] == 3 for i in run):
        return False
    before, after = page.tokens.gaps[run[0]], page.tokens.gaps[run[-1] + 1]
    fenced = before.rstrip(" ")[-1:] in _FENCES and after.lstrip(" ")[:1] in _FENCES
    return fenced and any(page.lex[i] in {Lex.FIRST, Lex.LAST, Lex.BOTH} for i in run)


_FENCES = frozenset({";", "|", "\t"})


def _reversed(page: Lines, i: int) -> bool:
    """`KOWALCZYK, Zofia`: a last name, a comma and a first name or its initial."""
    if i + 1 >= len(page.lex) or page.tokens.gaps[i + 1] != ", " or not page.capital(i + 1):
        return False
    kind, following = page.lex[i], page.lex[i + 1]
    if page.shape[i + 1] == 3:
        return kind in LASTS | {Lex.LIKE_LAST} and page.tokens.gaps[i + 2][:1] == "."
    return (
        kind in LASTS | {Lex.LIKE_LAST}
        and kind not in FIRSTS
        and following in {Lex.FIRST, Lex.BOTH}
    )


def _never(page: Lines, i: int) -> bool:
    """True for a word that is no part of a name; an initial always may be one."""
    return page.lex[i] in _NEVER and page.shape[i] != 3 and page.tokens.folded[i] not in _PARTICLES


def _run(page: Lines, i: int) -> list[int]:
    """Words with a capital that follow each other, with `von` and its like between them."""
    run = [i]
    while len(run) < _LONGEST and run[-1] + 1 < len(page.lex) and page.joined(run[-1]):
        at = run[-1] + 1
        if page.capital(at):
            run.append(at)
        elif page.tokens.folded[at] in _PARTICLES and at + 1 < len(page.lex) and (
            page.capital(at + 1) and page.tokens.gaps[at + 1] in {" ", ". "}
        ):  # fmt: skip
            run += [at, at + 1]
        else:
            break
    return run


def _titled(page: Lines, i: int) -> int:
    """Where the name after a title ends; `i` when there is none."""
    at = i + 1
    gaps = page.tokens.gaps
    while at < len(page.lex) and page.lex[at] == Lex.TITLE and gaps[at] in {" ", ". ", ".", ".-"}:
        at += 1
    if at >= len(page.lex) or gaps[at] not in {" ", ". ", ".", "\u00a0"} or not page.capital(at):
        return i
    low_title = page.tokens.texts[i]
    if len(low_title) == 1 or page.lex[at] in _NEVER or page.lex[at] == Lex.TOWN:
        return i
    end = at + 1
    while end < len(page.lex) and end - at < 3 and page.joined(end - 1) and page.capital(end) and (
        not _never(page, end)
    ):  # fmt: skip
        end += 1
    return end


def _length(page: Lines, run: Sequence[int], *, cued: bool, sure: set[int]) -> int:
    """How many words at the start of `run` are one person's name; 0 when none."""
    head = page.lex[run[0]]
    if head in _NEVER or head == Lex.PERSON or _acronym(page, run[0]):
        return 0
    told = run[0] in sure
    if len(run) == 1 or _never(page, run[1]) or _acronym(page, run[1]):
        return int(_alone(page, run[0], cued=cued, told=told))
    second = page.lex[run[1]] if page.shape[run[1]] != 3 else Lex.NONE
    first, last = head in FIRSTS, head in LASTS
    second_last = second in LASTS or second == Lex.LIKE_LAST
    believed = (
        (first and (second_last or head not in _COMMON))
        or (last and second in FIRSTS)
        or (cued and (first or last or second_last))
        or (page.shape[run[0]] == 3 and (second_last or (told and run[1] in sure)))
        or (page.shape[run[1]] == 3 and (first or last) and _dotted(page, run[1]))
        or (head == Lex.LIKE_LAST and second in FIRSTS)
        or (told and run[1] in sure)
        or (second_last and second not in _COMMON and head in {Lex.NONE, Lex.LIKE_LAST} and told)
    )
    if not believed:
        return int(_alone(page, run[0], cued=cued, told=told))
    end = 2
    while end < len(run) and not _never(page, run[end]) and not _acronym(page, run[end]) and (
        page.lex[run[end]] in LASTS or page.lex[run[end]] == Lex.LIKE_LAST or cued or first
    ):  # fmt: skip
        end += 1
    return end


def _dotted(page: Lines, i: int) -> bool:
    return page.tokens.gaps[i + 1][:1] == "."


def _alone(page: Lines, i: int, *, cued: bool, told: bool) -> bool:
    """Whether one word by itself is a name."""
    kind = page.lex[i]
    if "_" in page.tokens.gaps[i] or page.tokens.gaps[i + 1][:1] == "_":
        return False  # a part of a nickname
    if page.shape[i] == 3 or len(page.tokens.texts[i]) < 3:
        return False
    before = page.tokens.folded[i - 1] if i else ""
    if kind == Lex.NONE and page.shape[i] == 1:
        after = page.tokens.gaps[i + 1][:1]
        if (
            before in _GREETED
            and after in {",", "\n", "!", "", "."}
            and "\n\n" not in page.tokens.gaps[i]
        ):
            return True
        if page.lex[i - 1] == Lex.PERSON and inside_sentence(page, i) and before not in _GREETED:
            return told or len(page.tokens.texts[i]) > 3
    if cued:
        return kind in FIRSTS or kind in LASTS or kind == Lex.LIKE_LAST
    if kind in {Lex.FIRST, Lex.BOTH}:
        return page.shape[i] == 1 or told
    if kind in {Lex.LAST, Lex.COMMON_FIRST} and page.shape[i] == 1 and inside_sentence(page, i):
        return kind == Lex.LAST or told or page.lex[i - 1] == Lex.PERSON
    return told and (kind in FIRSTS or kind in LASTS or kind == Lex.LIKE_LAST)


def inside_sentence(page: Lines, i: int) -> bool:
    """True when an ordinary word in small letters stands right before: the capital means a name."""
    return i > 0 and page.tokens.gaps[i] == " " and page.shape[i - 1] == 0 and (
        page.lex[i - 1] != Lex.STREET
    )  # fmt: skip


def _acronym(page: Lines, i: int) -> bool:
    """True for `VPN`, `SI-CERT`; a whole name in capitals is listed or has a neighbour in capitals."""
    if page.shape[i] != 2:
        return False
    if page.lex[i] in FIRSTS or page.lex[i] in LASTS or page.lex[i] == Lex.LIKE_LAST:
        return False
    beside = [j for j in (i - 1, i + 1) if 0 <= j < len(page.lex)]
    return len(page.tokens.texts[i]) <= 5 or not any(page.shape[j] == 2 for j in beside)


def _plain_pair(page: Lines, i: int) -> bool:
    """`janez novak`, as people write in a hurry: both words listed, neither an ordinary word."""
    if i + 1 >= len(page.lex) or not page.joined(i) or page.shape[i + 1] != 0:
        return False
    one, two = page.lex[i], page.lex[i + 1]
    if one in {Lex.FIRST, Lex.BOTH}:
        return two in {Lex.LAST, Lex.BOTH}
    return one == Lex.LAST and two in {Lex.FIRST, Lex.BOTH}


def named(page: Lines, start: int, end: int) -> list[str]:
    """The folded words of a name in a range, without titles and punctuation."""
    inside = page.find(start, end)
    return [page.tokens.folded[i] for i in inside if page.lex[i] != Lex.TITLE]


def person(folded: Sequence[str]) -> str:
    """The canonical form of a name: nominatives without diacritics, first name first."""
    parts = [part for part in folded if len(part) > 1] or list(folded)
    if len(parts) == 1:
        return first_name(parts[0]) or last_name(parts[0]) or parts[0]
    reverse = last_name(parts[0]) and not first_name(parts[0]) and first_name(parts[-1])
    if reverse:
        parts = [*parts[1:], parts[0]]
    first, last = nominative(parts[0], parts[-1])
    return " ".join([first, *(nominative(p, parts[-1])[0] for p in parts[1:-1]), last])
