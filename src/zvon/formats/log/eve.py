"""Suricata EVE JSON: alerts one by one, every other event as a line of a log (Suricata 2 to 8)."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, Found
from zvon.formats.json_field import at_path, members, objects_in, text, texts
from zvon.formats.json_objects import guess_by, read_objects
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

_BESIDE = frozenset({"flow_id", "src_ip", "in_iface", "stats", "engine"})
# Alerts name a technique in the metadata of the rule (Emerging Threats).
_TECHNIQUE = ("mitre_technique_id", "mitre_sub_technique_id")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each event; both ends of a flow are values, private addresses too."""
    return read_objects(
        chunks, options, read_object, "This is no EVE event: it has no `event_type`."
    )


def sniff(sample: bytes, name: str) -> Guess | None:
    """`event_type` with the keys of a flow or of Suricata's statistics."""
    return guess_by(sample, 96, "event_type, flow_id, src_ip", _is_eve)


def _is_eve(event: dict[str, Any]) -> bool:
    return isinstance(event.get("event_type"), str) and bool(_BESIDE & event.keys())


def read_object(event: dict[str, Any], position: str, options: Options) -> Item | None:
    """The item of an event; none when it is no event of Suricata."""
    kind = event.get("event_type")
    if not isinstance(kind, str):
        return None
    at, clock = read_time(event.get("timestamp"), options)
    found = Found(options.region, at)
    found.address(event.get("src_ip"))
    found.address(event.get("dest_ip"))
    if kind not in _FLOW_ONLY:
        _names(event, found)
    if sensor := event.get("host"):
        found.machine(sensor, REPORTER)
    if kind != "alert":
        return Item(
            kind=ItemKind.LOG, position=position, payload=event, at=at, values=found.values(),
            title=kind, tags=(*clock, "anomaly") if kind == "anomaly" else clock,
        )  # fmt: skip
    alert = members(event.get("alert"))
    return Item(
        kind=ItemKind.ALERT, position=position, payload=event, at=at, values=found.values(),
        title=text(alert.get("signature")), tags=(*_tags(alert), *clock),
    )  # fmt: skip


# Their events hold no more than the ends of a flow.
_FLOW_ONLY = frozenset({"flow", "netflow", "stats", "drop"})


def _names(event: dict[str, Any], found: Found) -> None:
    """What a protocol names beside the ends of the flow."""
    for key, read in _READERS.items():
        part = event.get(key)
        if isinstance(part, dict):
            read(part, found)


def _http(http: dict[str, Any], found: Found) -> None:
    host, path = text(http.get("hostname")), text(http.get("url"))
    found.host(host)
    if host and path.startswith("/"):
        found.add(_T.URL, f"http://{host}{path}")
    elif "://" in path:
        found.add(_T.URL, path)
    found.add(_T.USERAGENT, http.get("http_user_agent"), NAMED)
    found.add(_T.URL, http.get("http_refer"), NAMED)


def _tls(tls: dict[str, Any], found: Found) -> None:
    found.host(tls.get("sni"))
    found.add(_T.FINGERPRINT, tls.get("fingerprint"))
    ja3, ja3s = tls.get("ja3"), tls.get("ja3s")
    found.add(_T.JA3, at_path(ja3, "hash") or ja3)
    found.add(_T.JA3S, at_path(ja3s, "hash") or ja3s)
    found.add(_T.JA4, tls.get("ja4"))


def _dns(dns: dict[str, Any], found: Found) -> None:
    """Version 1 and 2 keep the name at the top, version 3 in `queries`."""
    found.add(_T.DOMAIN, dns.get("rrname"))
    for query in (*objects_in(dns.get("queries")), *objects_in(dns.get("query"))):
        found.add(_T.DOMAIN, query.get("rrname"))
    for answer in objects_in(dns.get("answers")):
        found.add(_T.DOMAIN, answer.get("rrname"))
        found.host(answer.get("rdata"), NAMED)
    found.host(dns.get("rdata"), NAMED)
    for answers in members(dns.get("grouped")).values():
        if isinstance(answers, list):
            found.host(answers, NAMED)


def _file(file: dict[str, Any], found: Found) -> None:
    for key in ("md5", "sha1", "sha256"):
        found.hash(file.get(key))
    name = text(file.get("filename")).rpartition("/")[2]
    found.add(_T.FILENAME, name, NAMED)


def _mail(mail: dict[str, Any], found: Found) -> None:
    found.add(_T.EMAIL, mail.get("from"))
    found.add(_T.EMAIL, mail.get("to"), NAMED)
    found.add(_T.URL, mail.get("url"))
    found.add(_T.FILENAME, mail.get("attachment"))


def _smtp(smtp: dict[str, Any], found: Found) -> None:
    found.host(smtp.get("helo"), NAMED)
    found.add(_T.EMAIL, smtp.get("mail_from"))
    found.add(_T.EMAIL, smtp.get("rcpt_to"), NAMED)


def _ssh(ssh: dict[str, Any], found: Found) -> None:
    for side in ("client", "server"):
        found.add(_T.USERAGENT, at_path(ssh, side, "software_version"), NAMED)


def _smb(smb: dict[str, Any], found: Found) -> None:
    found.add(_T.FILEPATH, smb.get("filename"), NAMED)
    found.add(_T.USERNAME, at_path(smb, "ntlmssp", "user"), NAMED)
    found.machine(at_path(smb, "ntlmssp", "host"), NAMED)


def _krb5(krb5: dict[str, Any], found: Found) -> None:
    found.add(_T.USERNAME, krb5.get("cname"), NAMED)


def _dhcp(dhcp: dict[str, Any], found: Found) -> None:
    found.add(_T.MAC, dhcp.get("client_mac"), NAMED)
    found.machine(dhcp.get("hostname"), NAMED)
    found.address(dhcp.get("assigned_ip"), NAMED)


def _quic(quic: dict[str, Any], found: Found) -> None:
    found.host(quic.get("sni"))
    found.add(_T.JA4, quic.get("ja4"))
    found.add(_T.JA3, at_path(quic, "ja3", "hash"))


_READERS = {
    "http": _http, "tls": _tls, "dns": _dns, "fileinfo": _file, "email": _mail, "smtp": _smtp,
    "ssh": _ssh, "smb": _smb, "krb5": _krb5, "dhcp": _dhcp, "quic": _quic,
}  # fmt: skip


def _tags(alert: dict[str, Any]) -> tuple[str, ...]:
    tags = [each for each in (text(alert.get("category")),) if each]
    metadata = members(alert.get("metadata"))
    for key in _TECHNIQUE:
        tags += texts(metadata.get(key))
    if alert.get("action") == "blocked":
        tags.append("blocked")
    return tuple(dict.fromkeys(tags))


FORMAT = Format(name="eve", sniff=sniff, decode=decode, media_type="application/x-ndjson")
