"""Which of our languages a text is in: function words and letter pairs, with or without accents.

Small on purpose: the words that hold a sentence together decide within a few words, they occur
in every message, and they can be read and corrected here. Text in another language is `None`.
"""

import re
import unicodedata

from zvon.model.report import Lang

# Below this weight nothing is said; the best must also lead the second by this factor.
LEAST = 1.0
LEAD = 1.3
# As much of a text as decides.
MOST = 20_000

_OTHER = "other"

# Words as written without accents. A word of two languages stands in both.
_WORDS: dict[str, str] = {
    Lang.SL: """
        in je v na za se da ki ne so bo bi tudi kot pa z s po do iz ali vas vasa vase vasi vasega
        vasem vaso vam ni smo ste sem bil bila bilo bodo kaj kako ker ce ko lahko prosimo prosim
        danes jutri ura uri uro urah ur naslov naslova paket paketa posiljka posiljko dostava
        dostavo dostavljen dostaviti podatke podatki povezavo povezava povezavi kliknite potrdite
        preverite placajte poravnajte placilo racun racuna kartico banka banke dostop potece
        vpisite spletna stran sporocilo pozdravljeni spostovani hvala lep pozdrav zaradi nismo
        niso mogli dopolnite vracilo vloga vasih svojo svoj moj
        moja moje mi ti to ta tega tem med bom imam imate mami oci telefon stevilka stevilko
        nujno moram nakazes nakazi pisi sledenje prevzem prevzeti caka zadrzana nov nova
        obvestilo obvescamo uporabnik geslo prijava prijavite res goljufija prevara nimam""",
    Lang.HR: """
        i je u na za se da ne su ce bi li kao sto s sa po do iz od ili vas vasa vase vasi vaseg
        vasem vasu vam nije nisu smo ste sam bio bila bilo ako kako jer kada moze mozete molimo
        molim danas sutra sat sata sati adresa adresu adrese paket posiljka posiljku dostava
        dostavu isporuka podatke podaci poveznica poveznicu link kliknite potvrdite provjerite
        platite podmirite placanje racun racuna karticu banka banke pristup istice unesite upisite
        stranica poruka poruku poruke pozdrav postovani hvala lijep zbog nismo mogli azurirajte
        otkazite odmah uredaja uredaj novog prijava hej moj moja moje mi ti to ovo ovaj ova ima
        imate mama tata telefon broj hitno moram uplati posalji pisi pracenje preuzimanje ceka
        zadrzana nov nova obavijest obavjestavamo korisnik lozinka lozinku prijavite
        trgovina redu nema kupila kupio prevara jos treba mozes pomoc
        drustvo hrvatska hrvatske zagrebacka gdje tko nego samo sve""",
    Lang.EN: """
        the a an and or of to in is are was were be been you your yours we our us it its this that
        these those for from with at by on as not no have has had will would can could should may
        please dear click here link account verify confirm update parcel package delivery deliver
        delivered payment pay invoice card bank address today hours before within if when what who
        how why which was been do does did any all more hi hello thanks regards password login
        sign action required access document open phone code scan team service services my me i
        need new number urgent money suspended expires expired now""",
    _OTHER: """
        der die das und ist nicht ein eine sie ihr ihre wir mit auf fur von zu im den dem des bitte
        paket konto wurde wird haben oder sich auch il lo gli che di per non sono del della con una
        uno questo suo nostro pacco conto clicca el los las es por para con una su sus esta este
        pedido cuenta le les et est un une pour vous votre nous dans sur pas ne que qui avec colis
        compte az egy es nem hogy van meg csomag kerjuk szamla kattintson""",
}

# Letters and letter groups that one language has and its neighbour lacks.
_MARKS: dict[str, str] = {
    Lang.SL: "[aiue]l[aio]? |ega\\b|emu\\b|nju\\b|ij[eio]\\b|čn",
    Lang.HR: "[^s]ije|ć|đ|oga\\b|ome\\b|ao\\b|io\\b|ju\\b",
    Lang.EN: "th|ing\\b|tion|ed\\b|wh|ck",
    _OTHER: "[äöüßñçéèêàìòùőű]|sch|cht|eau|zione|ción",
}
_MARK_WEIGHT = 0.35

_INDICATOR = re.compile(r"://|\[\.\]|@|[^\s.]\.[^\s.]|[0-9]")
_WORD = re.compile(r"[^\W\d_]+")


def _fold(text: str) -> str:
    lowered = text.lower().replace("đ", "d")
    return "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))


_TABLE: dict[str, dict[str, float]] = {}
for _lang, _list in _WORDS.items():
    for _word in _list.split():
        _TABLE.setdefault(_fold(_word), {})[_lang] = 1.0
# A word of one language says more than a word of two or three.
for _langs in _TABLE.values():
    for _lang in _langs:
        _langs[_lang] = 1.0 / len(_langs) ** 1.5
_MARK = {lang: re.compile(pattern) for lang, pattern in _MARKS.items()}


def scores(text: str) -> dict[str, float]:
    """The weight of evidence for each language, `other` among them; addresses do not count."""
    prose = " ".join(word for word in text[:MOST].split() if not _INDICATOR.search(word))
    totals = dict.fromkeys(_WORDS, 0.0)
    for word in _WORD.findall(prose):
        for lang, weight in _TABLE.get(_fold(word), {}).items():
            totals[lang] += weight
    lowered = prose.lower()
    for lang, mark in _MARK.items():
        totals[lang] += _MARK_WEIGHT * len(mark.findall(lowered))
    return totals


def words(prose: str) -> dict[str, float]:
    """What the words of `prose` alone say, a word of one language 1; `ml.language` adds it."""
    totals: dict[str, float] = {}
    for word in prose.split():
        for lang, weight in _TABLE.get(_fold(word), {}).items():
            totals[lang] = totals.get(lang, 0.0) + weight
    return totals


def detect(text: str) -> Lang | None:
    """The language of `text`, or `None` when it is short, mixed or none of ours."""
    ranked = sorted(scores(text).items(), key=lambda item: -item[1])
    (best, first), (_, second) = ranked[0], ranked[1]
    if best == _OTHER or first < LEAST or first < LEAD * second:
        return None
    return Lang(best)
