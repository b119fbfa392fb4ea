"""Keys from what a page looked like: marks by which the pages of one kit know each other.

A parked or empty page has none: the defaults of a registrar would tie everything together.
"""

import hashlib
from collections.abc import Mapping, Sequence

from zvon.model.brand import official
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Asked
from zvon.model.suffix import registered
from zvon.store.campaign import Key

LEAST_NODES = 40  # a skeleton of fewer is anybody's form
LEAST_SHARED_NAMES = 2  # of a certificate; one name alone is the domain itself
MAX_NAMES_SHOWN = 500
_NOTHING = frozenset({EvidenceCode.PARKED, EvidenceCode.EMPTY})
_ASKING = frozenset(Asked) - {Asked.SEARCH, Asked.OTHER}
_SENDS = frozenset({EvidenceCode.FORM_TARGET, EvidenceCode.SECRET})

T = ObservableType


def page_keys(
    url: str, evidence: Sequence[Evidence], relation: str, kits: Mapping[str, str]
) -> list[Key]:
    """The marks of the page at `url`, all strong, as far as it was looked at.

    Looks count only of a page that asks for something: the parking page that nobody knows yet
    does not, and neither does the default page of a host.

    `relation` is what the page's report or registration is known by; `kits` is the family of each
    set of resources, as the set stands in the evidence.
    """
    rows = _about(url, evidence)
    if any(row.code in _NOTHING for row in rows):
        return []
    near = surroundings(relation)
    asks = any(
        row.code in _SENDS or (row.code is EvidenceCode.FORM and row.value in _ASKING)
        for row in rows
    )
    found = _looks(rows, kits, near) if asks else []
    for row in rows:
        match row.code:
            case EvidenceCode.FORM_TARGET if official(row.value) is None:
                mark = Observable(T.FORM_TARGET, row.value)
                found.append(Key(mark, True, "SAME_FORM_TARGET", near))
            case EvidenceCode.SECRET:
                found.append(Key(Observable(T.BOT, row.value), True, "SAME_BOT"))
            case EvidenceCode.CERTIFICATE:
                found += _certificate(row.value, near)
            case _:
                pass
    return found


def good_looks(url: str, evidence: Sequence[Evidence], kits: Mapping[str, str]) -> list[Observable]:
    """What the good page at `url` looks like; who copies it is not known by that."""
    return [key.observable for key in _looks(_about(url, evidence), kits, "")]


def _about(url: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    return [row for row in evidence if row.observable == Observable(T.URL, url)]


def _looks(rows: Sequence[Evidence], kits: Mapping[str, str], near: str) -> list[Key]:
    found: list[Key] = []
    for row in rows:
        match row.code:
            case EvidenceCode.SKELETON if int(row.params.get("nodes", 0)) >= LEAST_NODES:
                found.append(Key(Observable(T.SKELETON, row.value), True, "SAME_PAGE", near))
            case EvidenceCode.RESOURCES if row.value in kits:
                mark = Observable(T.RESOURCES, kits[row.value])
                found.append(Key(mark, True, "SAME_RESOURCES", near))
            case EvidenceCode.FAVICON:
                found.append(Key(Observable(T.FAVICON, row.value), True, "SAME_FAVICON", near))
            case _:
                pass
    return found


def surroundings(relation: str) -> str:
    """A short name for what a value was seen beside; empty when nothing is known."""
    return hashlib.blake2b(relation.encode(), digest_size=8).hexdigest() if relation else ""


def resource_sets(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The sets of resources in the evidence, each as it stands there."""
    return tuple(dict.fromkeys(row.value for row in evidence if row.code is EvidenceCode.RESOURCES))


def _certificate(value: str, near: str) -> list[Key]:
    """A certificate for several domains ties them; one for a domain and its `www` says nothing."""
    names = sorted(set(value.split()))
    domains = {registered(name.removeprefix("*.")) or name for name in names}
    if len(domains) < LEAST_SHARED_NAMES:
        return []
    digest = hashlib.blake2b(" ".join(names).encode(), digest_size=8).hexdigest()
    shown = " ".join(names)[:MAX_NAMES_SHOWN]
    return [Key(Observable(T.CERTIFICATE, f"{digest} {shown}"), True, "SAME_CERTIFICATE", near)]
