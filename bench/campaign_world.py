"""Floods of reports whose true campaigns are known: gangs, their kits, skins, names and noise.

All texts, names and numbers are invented here; names are under `.example`, numbers are those kept
for fiction. A gang has a kit (page skeleton, resources, icon, form target), one to three skins in
Slovene, Croatian or English, names registered in rows, senders of one range, and a path with a
code for each victim. What is seen of a report is what reality leaves: often no page, no
registration data, no text. Beside gangs there are lone reports, parked names, and sold kits.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from zvon.formats.extract import extract
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Lang, Message
from zvon.model.suffix import registered
from zvon.model.url import tracking

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
DUPLICATION = 47  # reports for each thing reported, as a national desk has seen
_REASONS = {
    Lang.SL: ["ker naslov ni popoln", "ker ni bila plačana carina", "ker nalepka ni čitljiva",
              "ker ste bili odsotni", "ker manjka hišna številka"],
    Lang.HR: ["jer adresa nije potpuna", "jer nije plaćena carina", "jer naljepnica nije čitljiva",
              "jer niste bili doma", "jer nedostaje kućni broj"],
    Lang.EN: ["as the address is incomplete", "as customs are unpaid", "as the label is torn",
              "as nobody was at home", "as the house number is missing"],
}  # fmt: skip
_OPENING = {
    Lang.SL: ["Spoštovani, {what} {brand} čaka v skladišču", "{brand}: {what} ni bila dostavljena",
              "Obvestilo {brand}: {what} je ustavljena v sortirnici",
              "Zadnji opomin: {what} pri {brand} bo vrnjena pošiljatelju"],
    Lang.HR: ["Poštovani, {what} {brand} čeka u skladištu", "{brand}: {what} nije dostavljena",
              "Obavijest {brand}: {what} je zaustavljena u sortirnici",
              "Zadnja opomena: {what} kod {brand} bit će vraćena pošiljatelju"],
    Lang.EN: ["Dear customer, {what} of {brand} waits in storage", "{brand}: {what} was not delivered",
              "Notice of {brand}: {what} was stopped at sorting",
              "Last reminder: {what} at {brand} will be returned to its sender"],
}  # fmt: skip
_CLOSING = {
    Lang.SL: ["uredite dostavo v {h} urah na {url}", "plačajte {eur} EUR tukaj {url} še danes",
              "potrdite podatke na povezavi {url} sicer bo pošiljka uničena",
              "izberite nov termin na {url} in poravnajte {eur} EUR stroškov"],
    Lang.HR: ["uredite dostavu u roku {h} sata na {url}", "platite {eur} EUR ovdje {url} još danas",
              "potvrdite podatke na poveznici {url} inače se pošiljka uništava",
              "odaberite novi termin na {url} i podmirite {eur} EUR troškova"],
    Lang.EN: ["arrange delivery within {h} hours at {url}", "pay {eur} EUR here {url} today",
              "confirm your data at {url} or the parcel will be destroyed",
              "choose a new time at {url} and settle {eur} EUR of costs"],
}  # fmt: skip
_WHAT = {Lang.SL: ["vaša pošiljka", "priporočena pošiljka", "vaša tujina pošiljka"],
         Lang.HR: ["vaša pošiljka", "preporučena pošiljka", "vaša inozemna pošiljka"],
         Lang.EN: ["your parcel", "your registered parcel", "your parcel from abroad"]}  # fmt: skip
_BRAND = {Lang.SL: ["Pošta Slovenije", "NLB", "DARS"], Lang.HR: ["Hrvatska pošta", "PBZ", "HAC"],
          Lang.EN: ["the Post", "DHL", "GLS"]}  # fmt: skip
_LURES = ["dostava", "paket", "sledenje", "carina", "placilo", "prijava", "potrditev", "track"]
_PLAIN = ["lojtra", "kolo", "jagoda", "gora", "voda", "cesta", "hisa"]
_STEMS = ["posta-si", "posta-slo", "hp-posiljka", "nlb-klik", "evinjeta", "pbz-hr", "gls-hr"]
_PATHS = ["/{d}/korak/{v}", "/p/{v}", "/{d}/potrdi.php?id={v}", "/si/{d}/{v}", "/{v}"]
_REGISTRARS = ["Registrar A", "Registrar B", "Registrar C", "Registrar D"]
T = ObservableType


class Seen(Struct, frozen=True, kw_only=True):
    """A report, what was found about it, and the thing that it is truly about."""

    truth: str
    message: Message
    evidence: tuple[Evidence, ...]
    at: datetime


class _Gang(Struct, frozen=True, kw_only=True):
    truth: str
    skins: tuple[tuple[Lang, str], ...]
    names: tuple[tuple[str, datetime], ...]
    path: str
    senders: tuple[str, ...]
    registrar: str
    servers: str
    skeleton: str
    resources: tuple[str, ...]
    favicon: str
    form_target: str | None
    began: datetime


def flood(
    reports: int, *, seed: int, duplication: int = DUPLICATION, things: int | None = None
) -> list[Seen]:
    """`reports` reports about `reports / duplication` things, in the order in which they come.

    Two of three things are gangs (their sizes follow 1/rank); the others are lone reports and
    parked names, all of which show the same page of the registrar.
    """
    draw = random.Random(seed)
    things = things or max(3, reports // duplication)
    parked, lone = things // 8, things // 5
    gangs = _gangs(draw, things - parked - lone)
    weights = [1 / (rank + 2) for rank in range(len(gangs))]
    left = reports - parked - lone
    sizes = [max(1, round(left * w / sum(weights))) for w in weights]
    sizes[0] += left - sum(sizes)
    found = [_report(draw, gang) for gang, size in zip(gangs, sizes, strict=True)
             for _ in range(max(1, size))]  # fmt: skip
    found += [_parked(draw, n) for n in range(parked)]
    found += [_lone(draw, n) for n in range(lone)]
    return sorted(found, key=lambda each: each.at)


def _gangs(draw: random.Random, count: int) -> list[_Gang]:
    made: list[_Gang] = []
    for n in range(count):
        began = START + timedelta(hours=draw.uniform(0, 24 * 20))
        langs = draw.sample(list(_OPENING), draw.choice([1, 1, 2, 3]))
        skins = tuple((lang, _text(draw, lang)) for lang in langs)
        sold = draw.choice(made) if made and draw.random() < 0.04 else None
        borrowed = draw.choice(made) if made and draw.random() < 0.08 else None
        if borrowed is not None:  # a text that another gang copied
            skins = (borrowed.skins[0], *skins[1:])
        files = tuple(f"{draw.getrandbits(64):016x}" for _ in range(draw.randrange(6, 15)))
        made.append(
            _Gang(
                truth=f"gang {n}",
                skins=skins,
                names=tuple(_names(draw, n, began)),
                path=draw.choice(_PATHS).replace("{d}", draw.choice(_LURES)),
                senders=_senders(draw),
                registrar=draw.choice(_REGISTRARS),
                servers=f"ns1.dns{draw.randrange(30)}.example ns2.dns{draw.randrange(30)}.example",
                skeleton=sold.skeleton if sold else f"{draw.getrandbits(64):016x}",
                resources=sold.resources if sold else files,
                favicon=sold.favicon if sold else str(draw.getrandbits(31)),
                form_target=f"zbir-{n}.example" if draw.random() < 0.3 else None,
                began=began,
            )
        )
    return made


def _names(draw: random.Random, n: int, began: datetime) -> Iterator[tuple[str, datetime]]:
    """Names in rows: one stem and suffix, a lure and a number."""
    stem, tag = draw.choice(_STEMS), f"{n:x}{draw.choice('xyzw')}"
    lures = draw.sample(_LURES, 2)
    for k in range(min(12, 1 + int(draw.paretovariate(0.9)))):
        name = f"{stem}-{draw.choice(lures)}-{tag}{k + 1:02d}.example"
        yield name, began - timedelta(days=draw.choice([1, 1, 2]), hours=draw.uniform(0, 20))


def _senders(draw: random.Random) -> tuple[str, ...]:
    """Numbers of one row: `555-01xx` of an area code is kept for fiction."""
    area = draw.randrange(201, 990)
    return tuple(f"+1 {area} 555 01{draw.randrange(100):02d}" for _ in range(draw.randrange(1, 9)))


def _text(draw: random.Random, lang: Lang) -> str:
    opening = draw.choice(_OPENING[lang]).format(
        what=draw.choice(_WHAT[lang]), brand=draw.choice(_BRAND[lang])
    )
    reasons = " in ".join(draw.sample(_REASONS[lang], 2))
    return f"{opening}, {reasons}; {draw.choice(_CLOSING[lang])}"


def _report(draw: random.Random, gang: _Gang) -> Seen:
    lang, text = draw.choice(gang.skins)
    name, born = draw.choice(gang.names)
    victim = f"{draw.getrandbits(40):010x}"
    url = f"https://{name}{gang.path.format(v=victim)}"
    at = max(gang.began, born) + timedelta(hours=min(200, draw.expovariate(1 / 30)))
    channel = draw.choices(
        [Channel.SMS, Channel.EMAIL, Channel.WEB, Channel.IMESSAGE], [60, 20, 15, 5]
    )[0]
    said = text.format(url=url, h=draw.choice([12, 24, 48]),
                       eur=f"{draw.randrange(9)},{draw.randrange(10, 99)}")  # fmt: skip
    if channel is Channel.WEB:
        said = url
    elif draw.random() < 0.3:
        said = _bare(said)
    sender = None if channel is Channel.WEB or draw.random() < 0.2 else draw.choice(gang.senders)
    return Seen(
        truth=gang.truth,
        message=_message(said, lang, channel, sender),
        evidence=tuple(_found(draw, gang, name, born, url)),
        at=at,
    )


def _message(text: str, lang: Lang | None, channel: Channel, sender: str | None) -> Message:
    return Message(channel=channel, text=text, lang=lang, sender=sender,
                   mentions=tuple(extract(text)))  # fmt: skip


def _found(
    draw: random.Random, gang: _Gang, name: str, born: datetime, url: str
) -> Iterator[Evidence]:
    """Registration data of three in four reports, the page of three in five."""
    if draw.random() < 0.75:
        yield from _registration(name, born, gang.registrar, gang.servers)
    if draw.random() < 0.6:
        # Each download misses a file now and then; one skin has two of its own.
        files = [f for f in gang.resources if draw.random() > 0.05]
        yield _page(url, EvidenceCode.SKELETON, gang.skeleton, nodes=120)
        yield _page(url, EvidenceCode.RESOURCES, " ".join(sorted(files)))
        yield _page(url, EvidenceCode.FAVICON, gang.favicon)
        if draw.random() < 0.85:  # else only the first page of several was seen
            yield _page(url, EvidenceCode.FORM, "card")
        if gang.form_target:
            yield _page(url, EvidenceCode.FORM_TARGET, gang.form_target)


def _registration(name: str, born: datetime, registrar: str, servers: str) -> Iterator[Evidence]:
    about = Observable(T.REGISTERED, registered(name) or name)
    for code, value in (
        (EvidenceCode.REGISTERED, born.isoformat()),
        (EvidenceCode.REGISTRAR, registrar),
        (EvidenceCode.NAME_SERVERS, servers),
    ):
        yield Evidence(observable=about, code=code, value=value, source="bench", seen_at=START)


def _page(url: str, code: EvidenceCode, value: str, nodes: int = 0) -> Evidence:
    about = Observable(T.URL, tracking(url)[0])
    return Evidence(observable=about, code=code, value=value, source="bench", seen_at=START,
                    stage=3, params={"nodes": nodes} if nodes else {})  # fmt: skip


def _parked(draw: random.Random, n: int) -> Seen:
    """A name that went back to its registrar; half of them say so, half only look so."""
    name = f"{draw.choice(_STEMS)}-{draw.choice(_LURES)}-p{n}.example"
    url = f"https://{name}/"
    born = START - timedelta(days=draw.randrange(5, 80))
    rows = [
        *_registration(name, born, draw.choice(_REGISTRARS), f"ns{n}.parked.example"),
        _page(url, EvidenceCode.SKELETON, "parking page of a registrar", nodes=60),
        _page(url, EvidenceCode.RESOURCES, "a1 a2 a3 a4 a5 a6"),
        _page(url, EvidenceCode.FAVICON, "815"),
    ]
    if n % 2:
        rows.append(_page(url, EvidenceCode.PARKED, "registrar"))
    said = f"Je to prava stran? {url} dobil sem jo v sporočilu številka {n}"
    return Seen(truth=f"parked {n}", message=_message(said, Lang.SL, Channel.EMAIL, None),
                evidence=tuple(rows), at=START + timedelta(hours=draw.uniform(0, 500)))  # fmt: skip


def _lone(draw: random.Random, n: int) -> Seen:
    """Something that one person saw once."""
    words = draw.sample([*_LURES, *_PLAIN], 8)
    name = f"{words[0]}-{words[1]}-l{n}.example"
    said = f"{' '.join(words)} kmalu {draw.randrange(99)} na https://{name}/{words[2]}"
    return Seen(truth=f"lone {n}", message=_message(said, Lang.SL, Channel.SMS, _senders(draw)[0]),
                evidence=(), at=START + timedelta(hours=draw.uniform(0, 500)))  # fmt: skip


def _bare(text: str) -> str:
    """Without diacritics, as many write."""
    return text.translate(str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD"))


def b_cubed(truth: Sequence[str], found: Sequence[int]) -> tuple[float, float, float]:
    """Precision, recall and F1 over items (Bagga and Baldwin 1998)."""
    both: dict[tuple[str, int], int] = {}
    by_truth: dict[str, int] = {}
    by_found: dict[int, int] = {}
    for t, f in zip(truth, found, strict=True):
        both[t, f] = both.get((t, f), 0) + 1
        by_truth[t] = by_truth.get(t, 0) + 1
        by_found[f] = by_found.get(f, 0) + 1
    n = len(truth)
    precision = sum(c * c / by_found[f] for (_, f), c in both.items()) / n
    recall = sum(c * c / by_truth[t] for (t, _), c in both.items()) / n
    return precision, recall, 2 * precision * recall / (precision + recall)
