"""Labelled mails as templates: every value taken out, with its kind and its case."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zvon.privacy.gold import GoldMail, GoldSpan

_PLACES = {
    "EMAIL": "email", "PHONE": "phone", "IP": "ip", "CIDR": "ip", "URL": "url", "DOMAIN": "url",
    "FILE": "file", "PATH": "path", "HASH": "hash", "CARD": "card", "IBAN": "iban", "OIB": "id",
    "REG": "id", "TAX": "id", "EMSO": "id", "PLATE": "id", "WALLET": "hash", "CVE": "id", "ASN": "id",
}  # fmt: skip
_SLOTS = {"ORG": "O", "USER": "U", "HOST": "H", "SECRET": "K"}
_CASES = (("om", "i"), ("em", "i"), ("a", "g"), ("u", "d"), ("o", "a"), ("e", "g"), ("i", "d"))


def as_template(mail: "GoldMail") -> str:
    """One line of a template file for a labelled mail. Braces of the text become brackets."""
    out, at = [], 0
    for span in mail.spans:
        out.append(_plain(mail.text[at : span.start]))
        out.append(_slot(span, mail.lang or "en"))
        at = span.end
    out.append(_plain(mail.text[at:]))
    return "".join(out).replace("\\", "/").replace("\n", "\\n").replace("\t", "\\t")


def _plain(text: str) -> str:
    return text.replace("{", "(").replace("}", ")").replace("\r", "")


def _slot(span: "GoldSpan", lang: str) -> str:
    value = _plain(span.text)
    if span.type == "ALIAS" or (span.type == "NAME" and span.role == "pseudonymise"):
        slot = _person(value, lang)
        return f"{{{slot}={value}}}" if slot else value
    if span.type == "HOST" and ("." in value or span.role == "keep"):
        return "{url}"
    if span.type in _SLOTS and span.role == "pseudonymise":
        return f"{{{_SLOTS[span.type]}={value}}}"
    if span.type == "ADDR":
        return f"{{{'A' if ',' in value or any(len(w) > 3 and w.isdigit() for w in value.split()) else 'S'}={value}}}"  # fmt: skip
    place = _PLACES.get(span.type)
    return f"{{{place}}}" if place else value


def _person(value: str, lang: str) -> str:
    """The slot of a name written in this way; none for a nickname, which is left as it is."""
    from zvon.privacy.fold import fold
    from zvon.privacy.lemma import first_name, last_name
    from zvon.privacy.tables import names

    words = value.replace(",", " ").split()
    if not words or not words[0][0].isalpha():
        return ""
    if value.islower() or "_" in value:
        return "c" if len(words) == 1 and first_name(fold(words[0])) else ""
    if all(len(word.strip(".")) == 1 for word in words):
        return "J"
    if "." in words[0] and len(words[0]) > 2:
        return "T"
    case = _case(fold(words[0]), lang, names().first | names().last)
    if len(words) == 1:
        return ("F" if first_name(fold(words[0])) and not last_name(fold(words[0])) else "L") + case
    if len(words[-1].strip(".")) == 1:
        return "C"
    if "," in value or (last_name(fold(words[0])) and _only_first(fold(words[-1]))):
        return "R"
    return "N" + case


def _only_first(word: str) -> bool:
    from zvon.privacy.lemma import first_name, last_name

    return first_name(word) is not None and last_name(word) is None


def _case(word: str, lang: str, known: frozenset[str]) -> str:
    if lang == "en" or word in known:
        return ""
    return next((f".{case}" for ending, case in _CASES if word.endswith(ending)), "")
