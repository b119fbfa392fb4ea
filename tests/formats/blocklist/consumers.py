"""For each format a reader of the simplest kind, written from the consumer's manual."""

import base64
import csv
import io
import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from xml.etree import ElementTree as ET

from zvon.formats.blocklist import Entry, Kind
from zvon.formats.blocklist.entry import url_parts

Seen = set[tuple[str, bool]]
"""Values, each with whether the names below are covered."""


def lines(text: str, comment: str = "#") -> list[str]:
    return [line for line in text.split("\n") if line and not line.startswith(comment)]


def plain(text: str) -> Seen:
    return {(line, False) for line in lines(text)}


def table(text: str) -> Seen:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {(row["value"], row["scope"] != "host") for row in rows}


def jsonlist(text: str) -> Seen:
    return {(e["value"], e["scope"] != "host") for e in json.loads(text)["entries"]}


def xmllist(text: str) -> Seen:
    return {(e.text or "", e.get("scope") != "host") for e in ET.fromstring(text)}


def hosts(text: str) -> Seen:
    pairs = [line.split() for line in lines(text)]
    assert {address for address, _ in pairs} <= {"0.0.0.0", "::"}
    return {(name, False) for _, name in pairs}


def adblock(text: str) -> Seen:
    """Names and addresses that the rules cover; options and cosmetic rules must not appear."""
    found: Seen = set()
    head, *rules = text.rstrip("\n").split("\n")
    assert head == "[Adblock Plus 2.0]"
    for rule in (r for r in rules if not r.startswith("!")):
        if rule.startswith("/"):
            any_query = r"(?:\x3f|$)"
            raw = rule[2:-1]
            raw = raw.removesuffix(any_query) if raw.endswith(any_query) else raw.removesuffix("$")
            inner = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), raw)
            found.add((inner, False))
            continue
        assert not set(rule) & set("$#*,"), rule
        if rule.startswith("||"):
            found.add((rule[2:-1], True))
        elif rule.endswith("^"):
            found.add((rule[1:-1].partition("://")[2], False))
        elif rule.endswith("|"):
            found.add((rule[1:-1], False))
        else:
            assert rule.endswith("?")
            assert f"{rule[:-1]}|" in rules
    return found


def dnsmasq(text: str) -> Seen:
    found: Seen = set()
    for line in lines(text):
        option, _, value = line.partition("=")
        if option == "local":
            found.add((value.strip("/"), True))
        else:
            name, *addresses = value.split(",")
            assert (option, addresses) == ("host-record", ["0.0.0.0", "::"])
            found.add((name, False))
    return found


def unbound(text: str) -> Seen:
    found: Seen = set()
    head, *rest = lines(text)
    assert head == "server:"
    data = [line for line in rest if line.startswith("local-data")]
    for line in rest:
        if m := re.fullmatch(r'local-zone: "(\S+)\." (\w+)', line):
            found.add((m[1], m[2] != "transparent"))
            assert m[2] != "transparent" or f'local-data: "{m[1]}. 60 IN A 0.0.0.0"' in data
        else:
            assert re.fullmatch(r'local-data: "\S+\. 60 IN (A 0\.0\.0\.0|AAAA ::)"', line)
    return found


def zone(text: str) -> Seen:
    rules = dict(line.split(" CNAME ") for line in text.split("\n") if " CNAME " in line)
    found: Seen = set()
    for owner in rules:
        if owner.startswith("*."):
            assert owner[2:] in rules
        elif owner.endswith((".rpz-ip", ".rpz-nsip")):
            found.add((_prefix(owner), False))
        else:
            found.add((owner.removesuffix(".rpz-nsdname"), f"*.{owner}" in rules))
    return found


def _prefix(owner: str) -> str:
    length, *parts = owner.split(".")[:-1]
    if len(parts) == 4 and "zz" not in parts:
        return f"{'.'.join(reversed(parts))}/{length}"
    text = ":".join("" if part == "zz" else part for part in reversed(parts))
    text = ":" + text if text.startswith(":") else text
    return str(ip_network(f"{text + ':' if text.endswith(':') else text}/{length}"))


def dnsdist(text: str) -> Seen:
    below = re.findall(r'^below:add\("([^"]+)"\)$', text, re.MULTILINE)
    exact = re.findall(r'^exact:add\(newDNSName\("([^"]+)"\)\)$', text, re.MULTILINE)
    assert len(lines(text, "--")) == len(below) + len(exact) + 4
    return {(name, True) for name in below} | {(name, False) for name in exact}


def routeros(text: str) -> Seen:
    found: Seen = set()
    for line in lines(text):
        if m := re.fullmatch(r'/ip dns static add name="(\S+)" type=NXDOMAIN( match-subdomain=yes)?'
                             r' comment="zvon-si"', line):  # fmt: skip
            found.add((m[1], bool(m[2])))
        elif m := re.fullmatch(r'/(ip|ipv6) firewall address-list add list=zvon-si address=(\S+)'
                               r' comment="zvon-si"', line):  # fmt: skip
            found.add((m[2], False))
        else:
            assert line.endswith(' remove [find comment="zvon-si"]'), line
    return found


def windows(text: str) -> Seen:
    found: Seen = set()
    for row in csv.DictReader(io.StringIO(text, newline="")):
        word, name, *below = row["FQDN"].split(",")
        assert (word, row["Action"], row["Name"]) == ("EQ", "DENY", f"zvon-si-{name}")
        found.add((name, below == [f"*.{name}"]))
    return found


def squid_domains(text: str) -> Seen:
    return {(line.removeprefix("."), line.startswith(".")) for line in lines(text)}


def squid_urls(text: str) -> Seen:
    found: Seen = set()
    for line in lines(text):
        any_query = r"(\?.*)?$"
        inner = line.removeprefix("^")
        inner = inner.removesuffix(any_query) if inner.endswith(any_query) else inner[:-1]
        found.add((re.sub(r"\\(.)", r"\1", inner), False))
    return found


def dataset(text: str) -> Seen:
    return {(base64.b64decode(line, validate=True).decode(), False) for line in lines(text)}


def suricata_rules(text: str) -> Seen:
    """Hosts with paths, and names with those below; every rule has a number of its own."""
    found: Seen = set()
    numbers = re.findall(r"sid:(\d+);", text)
    rules = lines(text)
    assert len(set(numbers)) == len(numbers) == len(rules)
    for rule in rules[3:]:
        assert re.fullmatch(r"alert \w+ any any -> any any \(.*\)", rule)
        content = [
            re.sub(r"\|([0-9a-f]{2})\|", lambda m: chr(int(m[1], 16)), raw)
            for raw in re.findall(r'content:"([A-Za-z0-9.|]*)"', rule)
        ]
        found.add(("".join(content).removeprefix("."), "dotprefix" in rule))
    return found


def nftables(text: str) -> Seen:
    found: Seen = set()
    for line in lines(text):
        if m := re.fullmatch(r"add element inet zvon si([46]) \{ (\S+) \}", line):
            assert (m[1] == "6") == (":" in m[2])
            found.add((m[2], False))
        else:
            assert re.fullmatch(r"add table inet zvon|flush set inet zvon si[46]|add set .*", line)
    return found


def edl_domains(text: str) -> Seen:
    all_lines = lines(text)
    wide = {line[2:] for line in all_lines if line.startswith("*.")}
    return {(line, line in wide) for line in all_lines if not line.startswith("*.")}


def stix(text: str) -> Seen:
    bundle = json.loads(text)
    found: Seen = set()
    for one in bundle["objects"]:
        if one["type"] == "indicator":
            m = re.fullmatch(r"\[([\w-]+):value = '((?:[^'\\]|\\.)*)'( OR .*)?\]", one["pattern"])
            assert m, one["pattern"]
            found.add((re.sub(r"\\(.)", r"\1", m[2]), bool(m[3])))
    return found


def misp(text: str) -> Seen:
    return {(a["value"], False) for a in json.loads(text)["Event"]["Attribute"]}


READERS: dict[str, Callable[[str], Seen]] = {
    "txt": plain, "csv": table, "json": jsonlist, "xml": xmllist, "hosts": hosts,
    "adblock": adblock, "dnsmasq": dnsmasq, "unbound": unbound, "kresd": zone, "rpz": zone,
    "dnsdist": dnsdist, "routeros": routeros, "windows": windows, "squid-domains": squid_domains,
    "squid-urls": squid_urls, "suricata-domains": dataset, "suricata-urls": dataset,
    "suricata-rules": suricata_rules, "nftables": nftables, "edl-domains": edl_domains,
    "edl-urls": plain, "edl-ips": plain, "stix": stix, "misp": misp,
}  # fmt: skip


def wanted(name: str, entry: Entry) -> set[tuple[str, bool]]:
    """What a reader of the format should see of an entry."""
    value = entry.value
    if name in {"edl-urls", "suricata-rules"} and entry.kind is Kind.URL:
        value = value.partition("://")[2]
    if name == "suricata-rules" and entry.kind is Kind.NAME and not entry.below:
        return set()  # the dataset holds it
    if name == "misp" and entry.kind is Kind.IP:
        value = value.removesuffix("/32").removesuffix("/128")
    blind = {"txt", "hosts", "suricata-domains", "misp"}
    if entry.kind is Kind.URL:
        url_parts(entry)
    told = name in {"csv", "json", "xml"}
    named = entry.kind in {Kind.NAME, Kind.NSDNAME}
    below = entry.below and name not in blind and (named or told)
    return {(value, below)}
