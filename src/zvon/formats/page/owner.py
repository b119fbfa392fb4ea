"""Who stands behind a shop, as far as the page says: a firm, its numbers, how to reach it, terms.

Only kinds leave this module, never a number or a name.
"""

import re

from msgspec import Struct
from stdnum.hr import oib
from stdnum.si import ddv

from zvon.formats.page.words import folded

_FIRM = re.compile(r"(?i)(?<![\w.])(?:j\.?\s?d\.?\s?o\.?\s?o\.?|d\.\s?o\.\s?o\.|d\.\s?d\.|s\.\s?p\.|k\.\s?d\.|d\.\s?n\.\s?o\.|obrt|gmbh|ltd\.?|s\.r\.l\.|s\.p\.a\.|inc\.|a\.s\.|s\.r\.o\.|kft\.?)(?![\w])")  # fmt: skip
_OIB = re.compile(r"(?i)\boib\b[^\d]{0,20}(?:HR)?\s?(\d{11})(?!\d)")
_DDV = re.compile(r"(?i)\b(?:ddv|vat|tax|dav[čc]n\w{0,4}(?:\s[šs]t\w{0,10}\.?)?)\b[^\d\n]{0,25}?(?:SI)?\s?(\d{8})(?!\d)")  # fmt: skip
_PDV = re.compile(r"(?i)\b(?:pdv|vat)\b[^\d\n]{0,20}HR\s?(\d{11})(?!\d)")
_REGISTRY = re.compile(r"\b(?:maticn[ae] stevilk[ae]|sodn[io]\w* regist\w*|mbs|trgovack\w* sud\w*|sudsk\w* regist\w*|temeljni kapital|osnovni kapital|registration number)\b")  # fmt: skip
_PHONE = re.compile(r"(?:\+|00)(?:386|385)[\s/().-]?\d[\d\s/().-]{5,12}\d|(?i:\b(?:tel|telefon|gsm|mob|mobitel|phone)\b)[.:\s]{0,4}0\d[\d\s/().-]{6,12}\d")  # fmt: skip
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_WORDS = {
    "terms": r"(?:splosni )?pogoji (?:poslovanja|uporabe|prodaje)|(?:opci )?uvjeti (?:poslovanja|koristenja|prodaje|kupnje)|terms (?:and conditions|of (?:use|service|sale))|impressum",
    "privacy": r"(?:varstvo|varovanje) osebnih podatkov|politika zasebnosti|(?:zastita|pravila|politika) (?:osobnih podataka|privatnosti)|privacy (?:policy|notice)",
    "returns": r"vracil[oa] (?:blaga|izdelk\w*|kupnine)|odstop od pogodbe|reklamacij\w*|povrat (?:robe|proizvoda|novca)|jednostrani raskid|returns? (?:policy|and refunds)|refund policy",
    "shop": r"v kosarico|dodaj v kosaric\w*|kosarica|dodaj u kosaric\w*|u kosaricu|blagajna|add to (?:cart|bag|basket)|checkout|shopping cart",
}  # fmt: skip
_SAYS = {word: re.compile(rf"\b(?:{text})\b") for word, text in _WORDS.items()}


class Owner(Struct, frozen=True):
    """`business` are the marks that were found, `ids` the kinds of valid numbers.

    `wrong` is true when a number stands where an owner's should and is none.
    """

    business: tuple[str, ...]
    ids: tuple[str, ...]
    wrong: bool


def owner(text: str, calls: bool) -> Owner:
    """Read the page's text; `calls` says that it has a link to a telephone number."""
    found: set[str] = set()
    plain = folded(text)
    found.update(word for word, pattern in _SAYS.items() if pattern.search(plain))
    if _FIRM.search(text):
        found.add("firm")
    if _REGISTRY.search(plain):
        found.add("registry")
    if calls or _PHONE.search(text):
        found.add("phone")
    if _MAIL.search(text):
        found.add("mail")
    ids, wrong = set(), False
    for kind, pattern, valid in (("oib", _OIB, oib.is_valid), ("oib", _PDV, oib.is_valid),
                                 ("ddv", _DDV, ddv.is_valid)):  # fmt: skip
        for number in pattern.findall(text)[:5]:
            if valid(number):
                ids.add(kind)
            else:
                wrong = True
    if ids:
        found.add("tax_id")
    return Owner(tuple(sorted(found)), tuple(sorted(ids)), wrong)
