"""IntelMQ events (Data Format 3.x): flat keys such as `source.ip`, roles by the classification."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, take_user
from zvon.formats.json_field import text
from zvon.formats.json_objects import guess_by, read_objects
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, ValueRole
from zvon.model.marking import Tlp, parse_tlp
from zvon.model.observable import ObservableType

_T = ObservableType

# Of these the source of the event is who suffers, and the destination who does it (RSIT).
SUFFERS = frozenset({
    "infected-system", "vulnerable-system", "weak-crypto", "ddos-amplifier",
    "potentially-unwanted-accessible", "information-disclosure", "data-leak", "data-loss",
    "system-compromise", "application-compromise", "misconfiguration", "burglary",
    "privileged-account-compromise", "unprivileged-account-compromise", "unauthorised-information-access",
    "unauthorised-information-modification", "defacement", "backdoor", "compromised", "outage", "dos-victim",
})  # fmt: skip
_DESTINATION_SAID = frozenset({"infected-system", "system-compromise"})
# Written flat, or by newer exports as objects inside each other.
_MARKS = frozenset({"classification.type", "classification.taxonomy", "source.ip", "source.fqdn",
                    "source.url", "feed.name", "feed.provider", "time.source", "time.observation",
                    "source.network", "source.account"})  # fmt: skip


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each event; `data` of an answer is gone through as well."""
    reason = "This is no IntelMQ event: it has none of its fields."
    return read_objects(chunks, options, _item, reason, ("[]", "data[]"))


def sniff(sample: bytes, name: str) -> Guess | None:
    """Keys with dots from the data format; `__type` says it by itself."""
    return guess_by(sample, 95, "classification.type, source.ip", _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    if value.get("__type") == "Event" and any("." in key for key in value):
        return True
    marks = len(_MARKS & value.keys())
    return marks >= 2 or (marks == 1 and len(value) <= 3)


def _item(value: dict[str, Any], position: str, options: Options) -> Item | None:
    if not _MARKS & value.keys():
        return None
    at, clock = read_time(value.get("time.source") or value.get("time.observation"), options)
    kind = text(value.get("classification.type"))
    suffers = kind in SUFFERS
    found = Found(options.region, at)
    _side(value, "source", found, NAMED if suffers else SAID)
    _side(value, "destination", found, SAID if kind in _DESTINATION_SAID else NAMED)
    for key in ("malware.hash.md5", "malware.hash.sha1", "malware.hash.sha256", "malware.hash"):
        found.hash(value.get(key))
    found.add(_T.CVE, value.get("classification.identifier"), NAMED)
    tags = (
        "classification.taxonomy",
        "classification.type",
        "malware.name",
        "classification.identifier",
    )
    return Item(
        kind=ItemKind.ALERT if suffers else ItemKind.INDICATOR, position=position, payload=value,
        values=found.values(), at=at,
        title=text(value.get("event_description.text")) or text(value.get("malware.name")) or kind,
        text=text(value.get("comment")), tlp=_tlp(value.get("tlp")),
        tags=(*dict.fromkeys(each for key in tags if (each := text(value.get(key)))), *clock),
    )  # fmt: skip


def _side(value: dict[str, Any], side: str, found: Found, role: ValueRole) -> None:
    """One end; what only surrounds it (its network, its number of provider) is mentioned."""
    known = [
        found.address(value.get(f"{side}.ip"), role),
        found.host(value.get(f"{side}.fqdn"), role),
        found.add(_T.URL, value.get(f"{side}.url"), role),
        take_user(found, value.get(f"{side}.account"), role),
    ]
    alone = NAMED if any(known) else role
    found.add(_T.CIDR, value.get(f"{side}.network"), alone)
    found.add(_T.ASN, value.get(f"{side}.asn"), alone)
    found.host(value.get(f"{side}.reverse_dns"), NAMED)
    found.address(value.get(f"{side}.local_ip"), NAMED)
    found.machine(value.get(f"{side}.local_hostname"), NAMED)
    found.add(_T.EMAIL, value.get(f"{side}.abuse_contact"), REPORTER)


def _tlp(value: Any) -> Tlp | None:
    return parse_tlp(value) if isinstance(value, str) and value else None


FORMAT = Format(name="intelmq", sniff=sniff, decode=decode, media_type="application/json")
