"""The keys of a report: by which values it belongs with others, and how telling each is."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from zvon.assess.decide import blamed
from zvon.assess.facts import Facts
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


def keys(
    message: Message, facts: Facts, evidence: Sequence[Evidence], template: str | None
) -> tuple[Key, ...]:
    """Strong: same address, same young domain, same account. Medium: text, sender, registration.

    Brand, language and day are weak and never link. An official name, a platform's name and a
    domain that many use are no keys at all.
    """
    found: list[Key] = []
    for target in blamed(facts):
        link = target.link
        if link.path not in {"", "/"} or link.host is None:
            found.append(Key(Observable(ObservableType.URL, link.url), True, "SAME_URL"))
        if link.host and link.registered and _owned(link, target.age_days):
            name = Observable(ObservableType.REGISTERED, link.registered)
            found.append(Key(name, True, "SAME_DOMAIN"))
            found += _registration(link.registered, evidence)
    for mention in message.mentions:
        if mention.side == ATTACKER and mention.observable.type is ObservableType.IBAN:
            found.append(Key(mention.observable, True, "SAME_ACCOUNT"))
    if message.sender:
        sender = Observable(ObservableType.SENDER, _sender(message.sender))
        found.append(Key(sender, False, "SAME_SENDER"))
    if template:
        text = Observable(ObservableType.TEMPLATE, template)
        found.append(Key(text, False, "SAME_TEXT"))
    return tuple(dict.fromkeys(found))


def _sender(text: str) -> str:
    """One spelling of a sender: a number without blanks, a mail address in lower case."""
    try:
        return phone.canonical(text, "SI")
    except phone.BadPhone:
        return text.strip().lower()[:MAX_VALUE]


def _owned(link: Link, age: int | None) -> bool:
    """True for a domain that one party holds and that is no old site of somebody else.

    A customer's name under a platform's suffix is that customer's own.
    """
    if link.registered is None or is_suffix(link.registered):
        return False
    return link.platform or (age is not None and age <= YOUNG_DAYS)


def _registration(domain: str, evidence: Sequence[Evidence]) -> list[Key]:
    """Registrar, name servers and three days: names that were registered in one go share one."""
    about = {row.code: row.value for row in evidence if row.observable.value == domain}
    registrar = about.get(EvidenceCode.REGISTRAR)
    servers = about.get(EvidenceCode.NAME_SERVERS)
    registered = about.get(EvidenceCode.REGISTERED)
    if not registrar or not servers or not registered:
        return []
    day: date = datetime.fromisoformat(registered).date()
    return [
        Key(
            Observable(
                ObservableType.REGISTRATION,
                f"{day + timedelta(n)} {registrar} {servers}"[:MAX_VALUE],
            ),
            False,
            "SAME_REGISTRATION",
        )
        for n in range(BATCH_DAYS)
    ]
