"""How fast decoders make items: MB/s and items/s beside what a user would otherwise run.

Processor seconds of one core. Bodies are made here from a fixed seed; with `ZVON_DATA` (the data
folder) real MISP, STIX, Suricata and Zeek files are read as well. The limit is msgspec decoding the
same bytes into plain values; `stix2.parse` and PyMISP read fewer bytes, and say so by their rate.
"""

import gzip
import json
import lzma
import os
import random
import resource
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from zvon.formats.json_stream import pieces
from zvon.formats.registry import formats
from zvon.model.item import Bad, Options

OPTIONS = Options(received_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
CHUNK = 1024 * 1024
N = 50_000
LARGE = 1024 * 1024 * 1024


def main() -> None:
    """Print a line for each format, then memory while a gigabyte goes through."""
    print(f"{'':28}{'MB':>7}{'items':>9}{'bad':>5}{'MB/s':>8}{'items/s':>10}")
    for name, body in [*made(), *real()]:
        row(name, name.partition(" ")[0], body)
    limits()
    memory()


def row(title: str, name: str, body: bytes) -> None:
    """Decode `body` as the format `name`."""
    decode = formats()[name].decode
    start = time.process_time()
    good = bad = 0
    for each in decode(chunks(body), OPTIONS):
        if isinstance(each, Bad):
            bad += 1
        else:
            good += 1
    took = time.process_time() - start
    size = len(body) / 1e6
    print(f"{title:28}{size:7.1f}{good:9}{bad:5}{size / took:8.1f}{good / took:10.0f}", flush=True)


def chunks(body: bytes) -> Iterator[bytes]:
    """As deliveries keep their bytes."""
    return (body[start : start + CHUNK] for start in range(0, len(body), CHUNK))


def made() -> Iterator[tuple[str, bytes]]:
    """A body of each kind, all values different."""
    chance = random.Random(7)

    def address() -> str:
        return f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"

    def uuid() -> str:
        return str(UUID(int=chance.getrandbits(128), version=4))

    def lines(make: Callable[[int], str]) -> bytes:
        return "\n".join(make(n) for n in range(N)).encode() + b"\n"

    yield "misp", misp(N, uuid)
    yield "stix", stix(N, uuid)
    yield "eve (flows)", lines(lambda n: json.dumps({
        "timestamp": "2026-11-22T08:00:00.000001+0000", "flow_id": n, "in_iface": "eth0", "event_type": "flow",
        "src_ip": address(), "src_port": 50000, "dest_ip": address(), "dest_port": 443, "proto": "TCP",
        "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 700, "bytes_toclient": 500},
    }))  # fmt: skip
    yield "zeek (table)", b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tproto\n" + lines(
        lambda n: f"1795336200.{n:06}\tC{n}\t{address()}\t{address()}\ttcp"
    )  # fmt: skip
    yield (
        "syslog",
        lines(
            lambda n: (
                f"Nov 22 08:00:00 web{n % 9} sshd[{n}]: Failed password for invalid user u{n} from {address()} port 5 ssh2"
            )
        ),
    )
    yield (
        "cef",
        lines(
            lambda n: (
                f"CEF:0|a|b|1|{n}|Blocked|7|src={address()} dst={address()} msg=two words act=deny"
            )
        ),
    )
    yield (
        "leef",
        lines(
            lambda n: f"LEEF:1.0|a|b|1|{n}|src={address()}\tdst={address()}\tsev=7\tusrName=u{n}"
        ),
    )
    yield "wazuh", lines(lambda n: json.dumps({
        "timestamp": "2026-11-22T08:00:00.000+0000", "id": f"1795336200.{n}", "rule": {"level": 5, "description": "x", "groups": ["a"]},
        "agent": {"name": "web1"}, "manager": {"name": "m"}, "data": {"srcip": address(), "dstuser": f"u{n}"}, "location": "/var/log/a",
    }))  # fmt: skip
    yield "windows", lines(lambda n: json.dumps({
        "EventID": 3, "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "PC7",
        "UtcTime": "2026-11-22 08:00:00.000", "Image": f"C:\\Users\\u{n % 99}\\a.exe", "DestinationIp": address(), "User": f"PC7\\u{n % 99}",
    }))  # fmt: skip
    yield "journald", lines(lambda n: json.dumps({
        "__REALTIME_TIMESTAMP": "1795336200500000", "_BOOT_ID": "x", "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd",
        "MESSAGE": f"Invalid user u{n} from {address()} port 5",
    }))  # fmt: skip
    yield "intelmq", lines(lambda n: json.dumps({
        "classification.type": "c2-server", "source.ip": address(), "source.fqdn": f"d{n}.example", "time.source": "2026-11-20T08:00:00+00:00",
    }))  # fmt: skip


def misp(n: int, uuid: Callable[[], str]) -> bytes:
    """One event in the order in which MISP writes it; a third of each: names, links, hashes."""
    kinds = (("domain", "d{}.example"), ("url", "https://d{}.example/p"), ("sha256", "{:064x}"))
    attributes: list[dict[str, object]] = [
        {
            "id": str(i), "type": kinds[i % 3][0], "category": "Network activity", "to_ids": True, "uuid": uuid(),
            "event_id": "7", "distribution": "5", "timestamp": "1795336200", "comment": "", "sharing_group_id": "0",
            "deleted": False, "disable_correlation": False, "object_id": "0", "object_relation": None,
            "first_seen": None, "last_seen": None, "value": kinds[i % 3][1].format(i), "Galaxy": [], "ShadowAttribute": [],
        }
        for i in range(n)
    ]  # fmt: skip
    event = {"id": "7", "info": "x", "date": "2026-11-20", "uuid": uuid(), "threat_level_id": "2", "analysis": "2",
             "Attribute": attributes, "Tag": [{"name": "tlp:green"}]}  # fmt: skip
    return json.dumps({"response": [{"Event": event}]}).encode()


def stix(n: int, uuid: Callable[[], str]) -> bytes:
    """A bundle of indicators, each with one value."""
    at = "2026-11-20T08:00:00.000Z"
    objects = [
        {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid()}", "created": at, "modified": at,
         "valid_from": at, "name": f"d{i}.example", "pattern": f"[domain-name:value = 'd{i}.example']", "pattern_type": "stix",
         "indicator_types": ["malicious-activity"]}
        for i in range(n)
    ]  # fmt: skip
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid()}", "objects": objects}).encode()


def real() -> Iterator[tuple[str, bytes]]:
    """Files of the data folder, where there is one."""
    if "ZVON_DATA" not in os.environ:
        return
    data = Path(os.environ["ZVON_DATA"])
    for name, archive, ending in (
        ("misp (TweetFeed)", "cti/misp-feed-tweetfeed.tar.xz", ".json"),
        ("misp (ESET)", "cti/misp-events-eset.tar.xz", ".json"),
        ("stix (ATT&CK)", "cti/attack-stix.tar.xz", ".json"),
        ("stix (Unit 42)", "cti/stix20-unit42-playbooks.tar.xz", ".json"),
        ("zeek (RITA)", "detection/network/rita-background-zeek.tar.xz", ".log.gz"),
    ):
        with tarfile.open(data / archive) as opened:
            files = [
                each for each in opened.getmembers() if each.isfile() and each.name.endswith(ending)
            ]
            files = [
                each
                for each in files
                if not {"manifest.json", "index.json"} & {Path(each.name).name}
            ]
            read = [opened.extractfile(each) for each in files if "summary" not in each.name]
            bodies = [each.read() for each in read if each is not None]
        if ending.endswith("gz"):
            bodies = [gzip.decompress(each) for each in bodies]
        yield name, b"\n".join(bodies)
    bodies = [
        lzma.decompress(each.read_bytes())
        for each in sorted((data / "incidents/cptc2017_suricata").glob("*.xz"))
    ]
    yield "eve (CPTC alerts)", b"".join(bodies)


def limits() -> None:
    """What others do with the same bytes."""
    chance = random.Random(7)

    def uuid() -> str:
        return str(UUID(int=chance.getrandbits(128), version=4))

    print("\nbeside")
    for name, n, body in (("misp", N, misp(N, uuid)), ("stix", N, stix(N, uuid))):
        clocked(f"msgspec.json.decode, {name}", n, body, msgspec.json.decode)
        clocked(f"json.loads, {name}", n, body, json.loads)
        clocked(
            f"our elements, {name}",
            n,
            body,
            elements,
        )
    few = stix(500, uuid)
    try:
        import stix2
    except ImportError:
        print("stix2 is not installed")
    else:
        clocked("stix2.parse", 500, few, lambda body: stix2.parse(body.decode()))
    try:
        import pymisp
    except ImportError:
        print("pymisp is not installed")
    else:
        one = json.dumps(json.loads(misp(2000, uuid))["response"][0]).encode()
        clocked(
            "pymisp.MISPEvent.load",
            2000,
            one,
            lambda body: pymisp.MISPEvent().load(json.loads(body)),
        )


def elements(body: bytes) -> object:
    """Ours without making items."""
    return list(pieces(chunks(body), ["response[].Event.Attribute[]", "objects[]"]))


def clocked(name: str, n: int, body: bytes, read: Callable[[bytes], object]) -> None:
    """Print one line."""
    start = time.process_time()
    read(body)
    took = time.process_time() - start
    print(
        f"{name:28}{len(body) / 1e6:7.1f}{n:9}{'':5}{len(body) / 1e6 / took:8.1f}{n / took:10.0f}",
        flush=True,
    )


def memory() -> None:
    """A gigabyte of one MISP event: peak memory of this process, which held the bodies above too."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    piece = json.dumps(
        {
            "type": "domain",
            "value": "d.example",
            "category": "x",
            "to_ids": True,
            "comment": "y" * 400,
        }
    ).encode()
    block = (piece + b",") * (CHUNK // len(piece))

    def endless() -> Iterator[bytes]:
        yield b'{"response":[{"Event":{"uuid":"5f0c1d2e-0000-4000-8000-000000000001","info":"x","Attribute":['
        for _ in range(LARGE // len(block)):
            yield block
        yield piece + b"]}}]}"

    n = sum(1 for _ in formats()["misp"].decode(endless(), OPTIONS))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n1 GiB in one event: {n} items; peak memory {after:.0f} MB (before it {before:.0f} MB)"
    )


if __name__ == "__main__":
    main()
