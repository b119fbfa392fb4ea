"""What the reporter wrote beside the message that they pass on.

A remark is known by its first words. The table is data: a new way of saying it is a new row.
"""

import re

# "Reporter: …", said of oneself or by somebody who passes the report on; folded to lower case.
LABELS = (
    # sl
    "prijavitelj", "prijaviteljica", "prijavil", "prijavila", "prijavlja", "poslal", "poslala",
    "poslal sem", "poslala sem", "posredoval", "posredovala", "opomba", "opomba prijavitelja",
    "komentar", "pripomba", "moj komentar", "vprašanje", "moje vprašanje", "kontakt prijavitelja",
    # hr
    "prijavio", "prijavila", "prijavitelj", "prijaviteljica", "poslao", "poslala", "prijavljuje",
    "proslijedio", "proslijedila", "napomena", "komentar", "moj komentar", "pitanje",
    "moje pitanje", "bilješka",
    # en
    "reporter", "reported by", "sent in by", "submitted by", "forwarded by", "my comment",
    "comment", "note", "my note", "question", "my question",
)  # fmt: skip

# Sentences by which a reporter says from whom they have it.
OPENINGS = (
    # sl
    r"(?:to )?(?:mi|nam) je poslala? (?:kontakt|znan|prijatelj|sodelav|sosed)",
    r"(?:sporočilo|to) (?:sem|smo) (?:dobila?|prejela?|dobili|prejeli)",
    r"(?:dobila?|prejela?) sem (?:to|tole|ta|naslednj|sms|sporočilo)",
    r"prosim[,]? (?:preverite|za preverbo|poglejte)",
    # hr
    r"poslao (?:mi|nam) (?:je )?(?:kontakt|poznanik|prijatelj|kolega|susjed)",
    r"poslala (?:mi|nam) (?:je )?(?:kontakt|poznanica|prijateljica|kolegica|susjeda)",
    r"(?:dobila?|dobio|primila?|primio) sam (?:ovo|ovu|ovaj|sms|poruku|sljedeć)",
    r"molim(?: vas)?[,]? (?:provjerite|pogledajte)",
    # en
    r"(?:sent|forwarded) (?:to me )?by (?:a contact|my)",
    r"i (?:got|received|have received) (?:this|the following)",
    r"please (?:check|have a look|verify) (?:this|if|whether)",
)

# Beginnings of words that ask whether it is real. Only a paragraph that asks and holds nothing else counts.
ASKING = (
    "prevar", "goljufij", r"res\b", "resnic", "varno", "prav", "pristn", "lažn", r"laž\b",
    "prijevar", "istin", "stvarn", "sigurno", "siguran", "legitim", "pravo",
    "scam", "fraud", "real", "legit", "safe", "phishing", "genuine", "fake", "spam", "virus",
)  # fmt: skip

MAX_QUESTION = 120

_LABEL = re.compile(
    rf"(?i)^[ \t*_>-]*(?:{'|'.join(sorted(map(re.escape, set(LABELS)), key=len, reverse=True))})"
    r"[ \t]*(?:\([^)\n]{0,40}\))?[ \t]*:"
)
_ASKING = re.compile(rf"\b(?:{'|'.join(ASKING)})")
_OPENING = re.compile(rf"(?i)^[ \t*_>-]*(?:{'|'.join(OPENINGS)})")
_ADDRESS = re.compile(r"://|www\.|@|\d{4}|[^\W\d_]\.[^\W\d_]{2}")


def split(text: str) -> tuple[str, str]:
    """Part `text` into the message and the reporter's remark; nothing is lost but blank lines.

    A remark runs from its first line to the end of its paragraph, or to the end of the text when
    the message stands before it. A text that would be all remark is all message.
    """
    paragraphs = [p for p in re.split(r"\n[ \t]*\n", text) if p.strip()]
    message: list[str] = []
    remark: list[str] = []
    for i, paragraph in enumerate(paragraphs):
        lines = paragraph.split("\n")
        cut = next((n for n, line in enumerate(lines) if starts(line)), None)
        if cut is not None and message:
            message += _joined(lines[:cut])
            remark += _joined([*lines[cut:]])
            remark += paragraphs[i + 1 :]
            break
        if cut is not None:
            message += _joined(lines[:cut])
            rest = lines[cut:]
            if cut == 0 and len(rest) > 1 and not message and i == len(paragraphs) - 1:
                remark += rest[:1]  # one remark line on top, the message under it
                message += _joined(rest[1:])
            else:
                remark += _joined(rest)
        elif message and i == len(paragraphs) - 1 and only_asks(paragraph):
            remark.append(paragraph)
        else:
            message.append(paragraph)
    if not message:
        return text.strip(), ""
    return "\n\n".join(message).strip(), "\n\n".join(remark).strip()


def starts(line: str) -> bool:
    """True when a line begins a remark."""
    return bool(_LABEL.match(line) or _OPENING.match(line))


def only_asks(paragraph: str) -> bool:
    """True when a paragraph asks whether the message is real, and holds no address."""
    question = paragraph.strip().lower()
    if not question.endswith("?") or len(question) > MAX_QUESTION or _ADDRESS.search(question):
        return False
    return _ASKING.search(question) is not None


def _joined(lines: list[str]) -> list[str]:
    text = "\n".join(lines).strip()
    return [text] if text else []
