"""A shared event as MISP core JSON (misp-standard.org core format), ready for any MISP tool.

Only what is in the event goes out: the sharing gate has run before. Identifiers of attributes
are derived from the event's identifier and the value, so that the same event exported twice is
the same in MISP. Tags carry the marking: `tlp:`, `PAP:`, `rsit:`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from zvon.model.event import Event
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.model.rsit import rsit
from zvon.model.suffix import registered
from zvon.model.verdict import VerdictWord

NETWORK, DELIVERY, FRAUD, OTHER = (
    "Network activity", "Payload delivery", "Financial fraud", "Other",
)  # fmt: skip

# Our type → MISP type, category, and whether the value alone can be acted on.
TYPES: dict[ObservableType, tuple[str, str, bool]] = {
    ObservableType.URL: ("url", NETWORK, True),
    ObservableType.DOMAIN: ("domain", NETWORK, True),
    ObservableType.IPV4: ("ip-dst", NETWORK, True),
    ObservableType.IPV6: ("ip-dst", NETWORK, True),
    ObservableType.CIDR: ("ip-dst", NETWORK, True),
    ObservableType.ASN: ("AS", NETWORK, False),
    ObservableType.EMAIL: ("email-src", DELIVERY, True),
    ObservableType.PHONE: ("phone-number", FRAUD, False),
    ObservableType.IBAN: ("iban", FRAUD, True),
    ObservableType.WALLET: ("btc", FRAUD, True),
    ObservableType.MD5: ("md5", DELIVERY, True),
    ObservableType.SHA1: ("sha1", DELIVERY, True),
    ObservableType.SHA256: ("sha256", DELIVERY, True),
    ObservableType.SHA512: ("sha512", DELIVERY, True),
    ObservableType.FILENAME: ("filename", DELIVERY, False),
    ObservableType.CVE: ("vulnerability", "External analysis", False),
}
UNTYPED = ("other", OTHER, False)

# Who may have it by MISP's own levels, for a receiver that reads no tags.
DISTRIBUTION = {Tlp.CLEAR: 3, Tlp.GREEN: 1}
OWN_ORGANISATION = 0
THREAT = {VerdictWord.MALICIOUS: 2, VerdictWord.SUSPICIOUS: 3}
NO_THREAT, UNDEFINED = 3, 4
TLP_COLOUR = {
    Tlp.CLEAR: "#ffffff", Tlp.GREEN: "#33ff00", Tlp.AMBER: "#ffc000",
    Tlp.AMBER_STRICT: "#ffc000", Tlp.RED: "#ff2b2b",
}  # fmt: skip


class Organisation(Struct, frozen=True, kw_only=True):
    """Who made the event."""

    uuid: UUID
    name: str


class NoIdentity(ValueError):
    """The event has no identifier yet: it has not passed the sharing gate."""

    def __init__(self) -> None:
        super().__init__("the event has no identifier; only a released event can be exported")


def encode(event: Event, *, info: str, orgc: Organisation, at: datetime) -> dict[str, Any]:
    """The event as `{"Event": …}`; `info` is its title in words, `at` its last change.

    Raises `NoIdentity`.
    """
    if event.uuid is None:
        raise NoIdentity
    tlp, pap = Tlp(event.tlp), Pap(event.pap)
    stamp = _epoch(at)
    attributes = list(_attributes(event, event.uuid, stamp))
    return {
        "Event": {
            "uuid": str(event.uuid),
            "info": info,
            "date": event.first.astimezone(UTC).date().isoformat(),
            "timestamp": stamp,
            "publish_timestamp": stamp,
            "published": True,
            "analysis": "2"
            if event.verdict in {VerdictWord.MALICIOUS, VerdictWord.BENIGN}
            else "1",
            "threat_level_id": str(_threat(event.verdict)),
            "distribution": str(DISTRIBUTION.get(tlp, OWN_ORGANISATION)),
            "Orgc": {"uuid": str(orgc.uuid), "name": orgc.name},
            "Tag": _tags(event, tlp, pap),
            "Attribute": attributes,
        }
    }


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _threat(verdict: VerdictWord) -> int:
    if verdict is VerdictWord.UNDETERMINED:
        return UNDEFINED
    return THREAT.get(verdict, NO_THREAT)


def _tags(event: Event, tlp: Tlp, pap: Pap) -> list[dict[str, str]]:
    tags = [
        {"name": f"tlp:{tlp.name.lower().replace('_', '+')}", "colour": TLP_COLOUR[tlp]},
        {"name": f"PAP:{pap.name}", "colour": "#7f7f7f"},
    ]
    for word in rsit(event.category):
        classification, _, kind = word.partition("/")
        tags.append({"name": f'rsit:{classification}="{kind}"', "colour": "#0088cc"})
    if event.brand is not None:
        tags.append({"name": f'zvon:brand="{event.brand}"', "colour": "#5c6bc0"})
    return tags


def _attributes(event: Event, uuid: UUID, stamp: str) -> Iterator[dict[str, Any]]:
    """Names with their scope, then other values, then texts and reasons; each value once."""
    seen: set[tuple[str, str]] = set()
    bad = event.verdict is VerdictWord.MALICIOUS
    for row in _rows(event, bad):
        kind, category, text, to_ids, comment = row
        value = text.strip()  # as every MISP tool does
        if not value or (kind, value) in seen:
            continue
        seen.add((kind, value))
        yield {
            "uuid": str(uuid5(uuid, f"{kind}|{value}")),
            "type": kind,
            "category": category,
            "value": value,
            "to_ids": to_ids,
            "comment": comment.strip(),
            "timestamp": stamp,
            "distribution": "5",
            "disable_correlation": False,
        }


Row = tuple[str, str, str, bool, str]


def _rows(event: Event, bad: bool) -> Iterator[Row]:
    for name in event.names:
        acted_on = bad and name.scope != "none"
        comment = f"scope {name.scope}" + (f": {name.reason}" if name.reason else "")
        yield _name_type(name.name), NETWORK, name.name, acted_on, comment
    for one in event.observables:
        kind, category, actionable = TYPES.get(one.type, UNTYPED)
        if one.type is ObservableType.DOMAIN:
            kind = _name_type(one.value)
        comment = ""
        if not _canonical(one.type, one.value):  # a pseudonym keeps its place, and is no indicator
            kind, category, actionable = UNTYPED
            comment = f"pseudonym of {one.type.value}"
        yield kind, category, one.value, bad and actionable, comment
    for part, text in event.parts.items():
        if part.endswith(".subject"):
            yield "email-subject", DELIVERY, text, False, part
        else:
            yield "text", OTHER, text, False, part
    for reason in event.reasons:
        said = ", ".join(f"{key}={value}" for key, value in sorted(reason.params.items()))
        text = f"{reason.code} ({said})" if said else reason.code
        yield (
            "comment",
            OTHER,
            text,
            False,
            f"reason, {reason.source}" if reason.source else "reason",
        )


def _name_type(name: str) -> str:
    return "domain" if registered(name) == name else "hostname"


def _canonical(kind: ObservableType, value: str) -> bool:
    try:
        canonical(kind, value)
    except BadValue:
        return False
    return True
