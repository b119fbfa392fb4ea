"""n6 events (CERT Polska, API of the network security incident exchange): JSON, or one a line."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, SAID, Found
from zvon.formats.json_field import objects_in, text, uuid
from zvon.formats.json_objects import guess_by, read_objects
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.marking import Tlp
from zvon.model.observable import ObservableType

_T = ObservableType

# Of these the address is who suffers; of bots the other side is who commands.
SUFFERS = frozenset({"bots", "vulnerable", "amplifier", "backdoor", "dos-victim", "leak", "deface",
                     "server-exploit", "dns-query", "flow", "exposed"})  # fmt: skip
_COMMANDED = frozenset({"bots", "dns-query", "flow"})
_MARKS = frozenset({"source", "confidence", "category", "time", "restriction"})
_LEVEL = {"need-to-know": Tlp.AMBER, "internal": Tlp.AMBER_STRICT}


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each event, known by n6's own identifier."""
    reason = "This is no n6 event: it has no `category` and `time`."
    return read_objects(chunks, options, _item, reason)


def sniff(sample: bytes, name: str) -> Guess | None:
    """The keys that every event of n6 has."""
    return guess_by(sample, 94, "source, category, confidence, time", _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    return (
        {"category", "time"} <= value.keys()
        and len(_MARKS & value.keys()) >= 4
        and bool({"id", "address", "url", "fqdn", "md5", "sha1", "name"} & value.keys())
    )


def _item(value: dict[str, Any], position: str, options: Options) -> Item | None:
    category = value.get("category")
    if not isinstance(category, str) or "time" not in value:
        return None
    at, clock = read_time(value.get("until") or value["time"], options)
    suffers = category in SUFFERS
    found = Found(options.region, at)
    victim = NAMED if suffers else SAID
    for address in objects_in(value.get("address")):
        found.address(address.get("ip"), victim)
        found.add(_T.ASN, address.get("asn"), NAMED)
    commanding = SAID if category in _COMMANDED or not suffers else NAMED
    found.host(value.get("fqdn"), commanding)
    found.add(_T.URL, value.get("url"), commanding)
    found.address(value.get("dip"), SAID if category in _COMMANDED else NAMED)
    found.address(value.get("adip"), NAMED)
    for key in ("md5", "sha1", "sha256"):
        found.hash(value.get(key))
    found.add(_T.EMAIL, value.get("email"), victim)
    found.add(_T.IBAN, value.get("iban"))
    found.add(_T.PHONE, value.get("phone"))
    tags = (category, text(value.get("name")), text(value.get("target")))
    return Item(
        kind=ItemKind.ALERT if suffers else ItemKind.INDICATOR, position=position, payload=value,
        values=found.values(), at=at, id=uuid(value.get("id")), tags=(*filter(None, tags), *clock),
        title=text(value.get("name")) or category, tlp=_LEVEL.get(text(value.get("restriction"))),
    )  # fmt: skip


FORMAT = Format(name="n6", sniff=sniff, decode=decode, media_type="application/json")
