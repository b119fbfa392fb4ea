"""What a policy zone costs to hold and to hand out, measured over the wire with TSIG.

`python -m bench.transfer [--rules N] [--json F]`. Two zones, one after the other, each in a
primary of its own: `bulk` has one rule for each of `dNNNNNNN.bulk.test`, the names for which the
octets of ioc2rpz 1.2.0.5 were recorded (22.2 MB in full, 22.4 kB for 1,000 rules); `real` has names
as phishing uses them, each with its wildcard. Octets are counted by `dig`, or here without it.
"""

import argparse
import json
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import dns.message
import dns.tsigkeyring

from bench.primary import SECRET, ZONES, key_name
from zvon.cli.demo.resolvers import free_port, program

GOALS = {
    "octets of 1,000,000 rules (MB)": 23.3,
    "CPU of a transfer (s)": 0.1,
    "memory of the process (MB)": 300,
    "one change applied (ms)": 20,
    "1,000 rules applied (CPU s)": 0.1,
    "octets of 1,000 rules (kB)": 23,
    "CPU of their difference (ms)": 20,
    "start from the shelf (s)": 5,
}
IOC2RPZ = {"octets of 1,000,000 rules (MB)": "22.2", "octets of 1,000 rules (kB)": "22.4",
           "memory of the process (MB)": "480-670", "start from the shelf (s)": "about 60"}  # fmt: skip


class Server:
    """The primary in a process of its own."""

    def __init__(self, rules: int, shape: str, folder: Path, notify: int = 9) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.primary", "--rules", str(rules), "--port",
             str(self.port), "--folder", str(folder), "--shapes", f"{shape},hot",
             "--notify", str(notify)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._read()

    def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def do(self, command: str) -> dict[str, float]:
        """One command; what it took."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def query(zone: str, rtype: str, key: int, serial: int | None = None) -> bytes:
    """A signed request with its length before it."""
    made = dns.message.make_query(zone, rtype, flags=0)
    if serial is not None:
        made.authority.append(
            dns.rrset.from_text(zone + ".", 0, "IN", "SOA", f". . {serial} 0 0 0 0")
        )
    name = key_name(key)
    ring = dns.tsigkeyring.from_text({name: b64encode(SECRET).decode()})
    made.use_tsig(ring, name, algorithm="hmac-sha256")
    wire = made.to_wire()
    return struct.pack("!H", len(wire)) + wire


def receive(port: int, wire: bytes, *, full: bool = True, timeout: float = 60.0) -> tuple[int, int]:
    """Octets and records of one transfer."""
    octets = records = 0
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as place:
        place.sendall(wire)
        with place.makefile("rb", buffering=1 << 18) as file:
            while True:
                (length,) = struct.unpack("!H", file.read(2))
                message = file.read(length)
                octets += length + 2
                count = struct.unpack_from("!H", message, 6)[0]
                records += count
                # A full transfer ends with the SOA in a message of its own.
                if (full and count == 1 < records) or (not full and ends(message, records)):
                    return octets, records


def ends(message: bytes, records: int) -> bool:
    """True when the last record of a message is an SOA that is not the first of all."""
    parsed = dns.message.from_wire(message, keyring=False, xfr=True, one_rr_per_rrset=True)
    return records > 1 and parsed.answer[-1].rdtype == dns.rdatatype.SOA


def dig_octets(port: int, zone: str) -> int | None:
    """The octets of a full transfer as `dig` counts them."""
    dig = program("dig")
    if dig is None:
        return None
    done = subprocess.run(
        [dig, "@127.0.0.1", "-p", str(port), "-y",
         f"hmac-sha256:{key_name(0)}:{b64encode(SECRET).decode()}", "+noall", "+stats", zone, "AXFR"],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    found = re.search(r"XFR size: \d+ records \(messages \d+, bytes (\d+)\)", done.stdout)
    return int(found[1]) if found else None


def measure(shape: str, rules: int, rounds: int) -> dict[str, float]:
    """All figures of one kind of names."""
    zone = ZONES[shape]
    with tempfile.TemporaryDirectory(prefix="zvon-bench-") as folder:
        server = Server(rules, shape, Path(folder))
        try:
            found: dict[str, float] = {}
            octets = (
                dig_octets(server.port, zone) or receive(server.port, query(zone, "AXFR", 0))[0]
            )
            found["octets of 1,000,000 rules (MB)"] = octets / 1e6
            receive_all = [receive(server.port, query(zone, "AXFR", 1)) for _ in range(2)]
            assert len(set(receive_all)) == 1
            before = server.do("time")["cpu_total"]
            for n in range(rounds):
                receive(server.port, query(zone, "AXFR", 2 + n % 40))
            after = server.do("time")
            found["CPU of a transfer (s)"] = (after["cpu_total"] - before) / rounds
            found["memory of the process (MB)"] = after["mb"]
            singles = [server.do(f"add {shape} 1")["wall"] for _ in range(20)]
            found["one change applied (ms)"] = max(singles) * 1e3
            found["1,000 rules applied (CPU s)"] = server.do(f"add {shape} 1000")["cpu"]
            found["CPU of their difference (ms)"] = server.do(f"difference {shape}")["cpu"] * 1e3
            found["octets of 1,000 rules (kB)"] = (
                receive(server.port, query(zone, "IXFR", 1, serial=21), full=False)[0] / 1e3
            )
            server.do(f"put {shape}")
            server.do(f"drop {shape}")
            found["start from the shelf (s)"] = server.do("start")["wall"]
            receive(server.port, query(zone, "AXFR", 0))
            return found
        finally:
            server.stop()


def main() -> int:
    """Print each figure with its goal; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results: dict[str, Any] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    missed = 0
    for shape in ("bulk", "real"):
        print(f"{shape}: {given.rules:,} rules")
        results[shape] = found = measure(shape, given.rules, given.rounds)
        for name, goal in GOALS.items():
            met = found[name] <= goal
            missed += not met
            beside = f", ioc2rpz {IOC2RPZ[name]}" if name in IOC2RPZ and shape == "bulk" else ""
            print(f"  {name:<34} {found[name]:9.3f}  (goal {goal}{beside}) "
                  f"{'met' if met else 'NOT MET'}")  # fmt: skip
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
