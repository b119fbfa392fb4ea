"""Documents of Elasticsearch in the Elastic Common Schema: alerts of Kibana, events of Beats."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, of, take_file, take_user
from zvon.formats.json_field import text, texts, uuid
from zvon.formats.json_objects import guess_by, objects
from zvon.formats.line_stream import PIECE
from zvon.formats.log.field import Meaning, flat
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.marking import Tlp, parse_tlp
from zvon.model.observable import ObservableType

_T = ObservableType
NAMESPACE = UUID("5f0a1d3e-7e22-5f5c-8c0b-6f9a0a3f9c51")

# Lines of the bulk API that say what to do with the next document.
_ACTIONS = frozenset({"index", "create", "update", "delete"})
_ENDS = ("source", "destination", "client", "server")

FIELDS: dict[str, Meaning] = {
    **{f"{end}.{key}": (Found.address, SAID) for end in _ENDS for key in ("ip", "nat.ip")},
    **{f"{end}.domain": (Found.host, SAID) for end in _ENDS},
    **{f"{end}.mac": (of(_T.MAC), NAMED) for end in _ENDS},
    **{f"{end}.user.name": (take_user, NAMED) for end in _ENDS},
    **{f"{of_what}.hash.{kind}": (Found.hash, SAID) for of_what in (
        "file", "process", "dll", "email.attachments.file") for kind in ("md5", "sha1", "sha256", "sha512")},
    **dict.fromkeys(("url.full", "url.original"), (of(_T.URL), SAID)),
    **dict.fromkeys(("url.domain", "dns.question.name", "tls.client.server_name"), (Found.host, SAID)),
    **dict.fromkeys(("dns.resolved_ip", "dns.answers.data"), (Found.host, NAMED)),
    **dict.fromkeys(("user.name", "user.email", "user.target.name"), (take_user, NAMED)),
    **dict.fromkeys(("file.path", "process.executable", "process.parent.executable", "dll.path"),
                    (take_file, NAMED)),
    **dict.fromkeys(("file.name",), (take_file, NAMED)),
    **dict.fromkeys(("email.from.address", "email.sender.address"), (of(_T.EMAIL), SAID)),
    **dict.fromkeys(("email.to.address", "email.cc.address"), (of(_T.EMAIL), NAMED)),
    **dict.fromkeys(("host.name", "host.hostname", "observer.name", "observer.hostname"),
                    (Found.machine, REPORTER)),
    **dict.fromkeys(("host.ip", "observer.ip"), (Found.address, REPORTER)),
    "tls.client.ja3": (of(_T.JA3), SAID), "tls.server.ja3s": (of(_T.JA3S), SAID),
    "tls.client.ja4": (of(_T.JA4), SAID), "process.pe.imphash": (of(_T.IMPHASH), SAID),
    "file.pe.imphash": (of(_T.IMPHASH), SAID), "user_agent.original": (of(_T.USERAGENT), NAMED),
    "registry.path": (of(_T.REGKEY), NAMED), "vulnerability.id": (of(_T.CVE), NAMED),
    "http.request.referrer": (of(_T.URL), NAMED), "email.message_id": (of(_T.MSG_ID), NAMED),
    # Indicators of the threat intelligence module.
    "threat.indicator.ip": (Found.address, SAID), "threat.indicator.url.full": (of(_T.URL), SAID),
    "threat.indicator.url.domain": (Found.host, SAID),
    "threat.indicator.email.address": (of(_T.EMAIL), SAID),
    "threat.indicator.registry.path": (of(_T.REGKEY), SAID),
    **{f"threat.indicator.file.hash.{kind}": (Found.hash, SAID) for kind in ("md5", "sha1", "sha256", "sha512")},
}  # fmt: skip
_TITLES = ("kibana.alert.rule.name", "signal.rule.name", "rule.name", "event.action", "event.category",
           "message")  # fmt: skip
_TECHNIQUES = ("threat.technique.id", "threat.technique.subtechnique.id")
MAX_TITLE = 200


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each document, in the answer of a search (`_source`), bulk lines or alone."""
    for piece in objects(chunks, ("hits.hits[]", "[]")):
        if isinstance(piece, Bad):
            yield piece
        elif isinstance(piece.value, dict) and (item := _hit(piece.value, piece.position, options)):
            yield item
        elif not piece.through and not _is_action(piece.value):
            said = str(piece.value)[:PIECE].encode("utf-8", "replace")
            yield Bad(piece.position, "This is no document of Elasticsearch.", said)


def sniff(sample: bytes, name: str) -> Guess | None:
    """The answer of a search, or documents with the time and the names of the schema."""
    return guess_by(sample, 93, "@timestamp, ecs", _is_document)


def _is_document(value: dict[str, Any]) -> bool:
    if isinstance(value.get("_source"), dict):
        return "_index" in value or "_id" in value
    if "winlog" in value or "event_data" in value:  # Winlogbeat, whose events another file reads
        return False
    marks = {"ecs", "ecs.version", "agent", "event", "event.kind", "kibana.alert.rule.name",
             "kibana.alert.uuid", "data_stream", "signal"}  # fmt: skip
    return "@timestamp" in value and len(marks & value.keys()) >= 1


def _hit(value: dict[str, Any], position: str, options: Options) -> Item | None:
    source = value.get("_source")
    if isinstance(source, dict):
        own = uuid5(NAMESPACE, f"{text(value.get('_index'))}|{value.get('_id')}")
        return _item(source, value, position, options, own if "_id" in value else None)
    return _item(value, value, position, options, None) if _is_document(value) else None


def _item(
    value: dict[str, Any],
    payload: dict[str, Any],
    position: str,
    options: Options,
    own: UUID | None,
) -> Item:
    fields = dict(flat(value))
    at, clock = read_time(fields.get("@timestamp") or fields.get("event.created"), options)
    found = Found(options.region, at)
    for key, each in fields.items():
        meaning = FIELDS.get(key)
        if meaning is not None:
            meaning[0](found, each, meaning[1])
    title = next((said for key in _TITLES if (said := text(fields.get(key)))), "")
    tags = [tag for key in _TECHNIQUES for tag in texts(_named(fields, key))]
    tags += texts(fields.get("tags"))
    marking = fields.get("threat.indicator.marking.tlp")
    return Item(
        kind=_kind(fields), position=position, payload=payload, values=found.values(), at=at,
        id=uuid(fields.get("kibana.alert.uuid")) or own, title=title[:MAX_TITLE],
        text=text(fields.get("kibana.alert.reason")) or text(fields.get("message")),
        tags=(*dict.fromkeys(tags), *clock), tlp=_tlp(marking),
    )  # fmt: skip


def _kind(fields: dict[str, Any]) -> ItemKind:
    kind = fields.get("event.kind")
    if any(key.startswith("threat.indicator.") for key in fields) and kind == "enrichment":
        return ItemKind.INDICATOR
    is_alert = kind in {"alert", "signal"} or any(
        key.startswith(("kibana.alert.", "signal.rule.")) for key in fields
    )
    return ItemKind.ALERT if is_alert else ItemKind.LOG


def _named(fields: dict[str, Any], key: str) -> Any:
    """A field by its name, also when it stands under the rule of an alert."""
    return fields.get(key) or fields.get(f"kibana.alert.rule.{key}")


def _tlp(value: Any) -> Tlp | None:
    words = texts(value)
    return max((parse_tlp(word) for word in words), default=None)


def _is_action(value: Any) -> bool:
    """A line of the bulk API that says what to do with the next one."""
    return isinstance(value, dict) and len(value) == 1 and bool(_ACTIONS & value.keys())


FORMAT = Format(name="elastic", sniff=sniff, decode=decode, media_type="application/json")
