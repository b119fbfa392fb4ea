"""The keys of a report: by which values it belongs with others, and how telling each is."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from zvon.assess.decide import blamed
from zvon.assess.facts import Facts, LinkFacts
from zvon.assess.key_page import page_keys, surroundings
from zvon.ml.brand import Technique
from zvon.ml.path import shape
from zvon.model import phone
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import ATTACKER, Link
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Message
from zvon.model.suffix import is_suffix
from zvon.store.campaign import Key

BATCH_DAYS = 3  # names registered within 72 hours
YOUNG_DAYS = 90
MAX_VALUE = 500
RANGE_DIGITS = 3  # numbers that differ in the last ones only are of one range
LEAST_NUMBER = 9  # digits of a number that has a range; a short code has none
# Words on a name that is not the brand's: whoever made the name holds it.
_OWN_NAME = frozenset({Technique.INSIDE, Technique.TOKEN, Technique.GLUED})

T = ObservableType


def keys(
    message: Message,
    facts: Facts,
    evidence: Sequence[Evidence],
    template: str | None,
    kits: dict[str, str] | None = None,
) -> tuple[Key, ...]:
    """Strong: same address, same young domain, same account, same mark of a kit. Medium: text,
    sender, telephone, registration, shape of the path.

    Brand, language and day are weak and never link. An official name, a platform's name and a
    domain that many use are no keys at all. `kits` names the family of each set of resources, as
    it stands in the evidence.
    """
    targets = blamed(facts)
    places = [_place(target.link, evidence) for target in targets]
    place = next((each for each in places if each), "")
    near = surroundings(template or place)
    found: list[Key] = []
    for target, where in zip(targets, places, strict=True):
        found += _target(target, evidence, near)
        relation = template or where or target.link.url
        found += page_keys(target.link.url, evidence, relation, kits or {})
    for mention in message.mentions:
        if mention.side == ATTACKER and mention.observable.type is T.IBAN:
            found.append(Key(mention.observable, True, "SAME_ACCOUNT"))
        if mention.side == ATTACKER and mention.observable.type is T.PHONE:
            found.append(Key(mention.observable, False, "SAME_PHONE", near))
            found += _range(mention.observable.value, "PHONE_RANGE", near)
    if message.sender:
        sender = _sender(message.sender)
        found.append(Key(Observable(T.SENDER, sender), False, "SAME_SENDER", near))
        found += _range(sender, "SENDER_RANGE", near)
    if template:
        text = Observable(T.TEMPLATE, template)
        found.append(Key(text, False, "SAME_TEXT", surroundings(place)))
    once: dict[Observable, Key] = {}
    for key in found:
        once.setdefault(key.observable, key)
    return tuple(once.values())


def _target(target: LinkFacts, evidence: Sequence[Evidence], near: str) -> list[Key]:
    link = target.link
    found: list[Key] = []
    if link.path not in {"", "/"} or link.host is None:
        found.append(Key(Observable(T.URL, link.url), True, "SAME_URL"))
    if (path := shape(link.path)) is not None:
        found.append(Key(Observable(T.PATH, path[:MAX_VALUE]), False, "SAME_PATH", near))
    if link.host is None or any(reason.code == "SHORTENER" for reason in target.reasons):
        return found
    if link.registered and _owned(link, target.age_days):
        name = Observable(T.REGISTERED, link.registered)
        found.append(Key(name, True, "SAME_DOMAIN"))
        if not link.platform:
            found += _registration(link.registered, evidence, near)
    elif not is_suffix(link.host):
        dedicated = target.hit is not None and target.hit.technique in _OWN_NAME
        found.append(Key(Observable(T.HOST, link.host), dedicated, "SAME_HOST"))
    return found


def _sender(text: str) -> str:
    """One spelling of a sender: a number without blanks, a mail address in lower case."""
    try:
        return phone.canonical(text, "SI")
    except phone.BadPhone:
        return text.strip().lower()[:MAX_VALUE]


def _range(number: str, code: str, near: str) -> list[Key]:
    """The numbers that differ in the last digits only: SIM cards are bought in rows."""
    if not number.startswith("+") or not number[1:].isdigit() or len(number) <= LEAST_NUMBER:
        return []
    value = number[:-RANGE_DIGITS] + "x" * RANGE_DIGITS
    return [Key(Observable(T.RANGE, value), False, code, near)]


def _owned(link: Link, age: int | None) -> bool:
    """True for a domain that one party holds and that is no old site of somebody else.

    A customer's name under a platform's suffix is that customer's own.
    """
    if link.registered is None or is_suffix(link.registered):
        return False
    return link.platform or (age is not None and age <= YOUNG_DAYS)


def _about(domain: str, evidence: Sequence[Evidence]) -> dict[EvidenceCode, str]:
    return {row.code: row.value for row in evidence if row.observable.value == domain}


def _place(link: Link, evidence: Sequence[Evidence]) -> str:
    """Who registered the name and where it is served; the name itself when that is not known."""
    about = _about(link.registered or "", evidence)
    registrar, servers = about.get(EvidenceCode.REGISTRAR), about.get(EvidenceCode.NAME_SERVERS)
    if registrar and servers:
        return f"{registrar} {servers}"
    return link.registered or link.host or ""


def _registration(domain: str, evidence: Sequence[Evidence], near: str) -> list[Key]:
    """Registrar, name servers and three days: names that were registered in one go share one."""
    about = _about(domain, evidence)
    registrar = about.get(EvidenceCode.REGISTRAR)
    servers = about.get(EvidenceCode.NAME_SERVERS)
    registered = about.get(EvidenceCode.REGISTERED)
    if not registrar or not servers or not registered:
        return []
    day: date = datetime.fromisoformat(registered).date()
    return [
        Key(
            Observable(T.REGISTRATION, f"{day + timedelta(n)} {registrar} {servers}"[:MAX_VALUE]),
            False,
            "SAME_REGISTRATION",
            near,
        )
        for n in range(BATCH_DAYS)
    ]
