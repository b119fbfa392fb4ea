"""A policy-zone primary without a database, for the measurements of transfers; run by them.

Reads one command in each line of standard input, answers with one line of JSON.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from zvon.dns.answering import Asked
from zvon.dns.notify import Notifier
from zvon.dns.primary import Primary
from zvon.dns.ram import Op, RamZone
from zvon.dns.registry import Endpoint, Registry
from zvon.dns.snapshot import Shelf
from zvon.dns.tsig import Key
from zvon.model.zone import marker_name, next_serial

SECRET = bytes(range(32))
SUBSCRIBERS = 64
ZONES = {"bulk": "cold.bulk.zvon", "real": "cold.real.zvon", "hot": "hot.bulk.zvon"}
_WORDS = [
    "account",
    "bank",
    "claim",
    "client",
    "confirm",
    "customer",
    "delivery",
    "express",
    "help",
    "home",
    "info",
    "invoice",
    "kyc",
    "login",
    "mail",
    "mobile",
    "my",
    "net",
    "online",
    "pay",
    "portal",
    "post",
    "postal",
    "refund",
    "secure",
    "service",
    "sms",
    "support",
    "track",
    "update",
    "user",
    "verify",
    "wallet",
    "web",
]
_TLDS = [
    "com",
    "com",
    "com",
    "com",
    "net",
    "org",
    "info",
    "top",
    "shop",
    "online",
    "site",
    "xyz",
    "si",
    "hr",
    "de",
    "cc",
    "live",
    "click",
    "icu",
]
# Two of five phishing hosts are customers of a host under a private suffix (measured).
_HOSTERS = [
    "pages.dev",
    "weebly.com",
    "web.app",
    "firebaseapp.com",
    "workers.dev",
    "vercel.app",
    "github.io",
]


def key_name(n: int) -> str:
    """The key of subscriber `n`."""
    return f"t{n}.zvon"


def names(shape: str, count: int, seed: int = 3) -> Iterator[str]:
    """`count` owners: one rule for each name, or names as they are with their wildcards."""
    if shape != "real":
        yield from (f"d{n:07d}.bulk.test" for n in range(count))
        return
    random = Random(seed)
    domain = "example.com"
    for n in range(count // 2):
        word = random.choice(_WORDS)
        # One in three hosts stands under a domain that has another one already.
        if n % 3 == 2:
            name = f"{word}{n % 97}.{domain}"
        elif random.random() < 0.45:
            name = f"{word}-{random.choice(_WORDS)}{n:x}.{random.choice(_HOSTERS)}"
        else:
            domain = f"{word}-{random.choice(_WORDS)}{n:x}.{random.choice(_TLDS)}"
            name = random.choice(["", "www.", f"{random.choice(_WORDS)}."]) + domain
        yield name
        yield f"*.{name}"


def memory_mb() -> float:
    """The resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Lab:
    """The primary, and what it is told to do."""

    def __init__(self, rules: int, folder: Path, notify: int) -> None:
        self.rules, self.shelf, self.notify = rules, Shelf(folder), notify
        self.registry = Registry()
        self.notifier = Notifier(self.registry, clock=time.time, answered=lambda *_: None)
        self.primary = Primary(
            self.registry, clock=time.time, told=self._told, reply=self.notifier.reply
        )
        self._next = 0

    def _told(self, asked: Asked, done: bool) -> None:
        if done:
            self.notifier.shows(asked.endpoint, asked.zone, asked.sending)

    def fill(self) -> None:
        """All zones, and subscribers that may have them."""
        for shape, name in ZONES.items():
            owners = names(shape, self.rules) if shape != "hot" else iter(())
            self.registry.zones[name] = RamZone(
                name, zone_id=1, ttl=300, serial=1, marker=marker_name("cold", shape),
                rules=((owner, ".") for owner in owners),
            )  # fmt: skip
        endpoints = [
            Endpoint(
                id=n, name=f"t{n}", brand="bind", feeds=("bulk",), mode="enforce", mandatory=True,
                known_by="tsig", addresses=frozenset(), notify_address=f"127.0.0.1:{self.notify}",
                probe_address=None, zones=tuple(ZONES.values()),
            ) for n in range(SUBSCRIBERS)
        ]  # fmt: skip
        keys = [Key(key_name(n), "hmac-sha256", SECRET, n) for n in range(SUBSCRIBERS)]
        self.registry.subscribe(endpoints, keys)

    def add(self, shape: str, count: int) -> None:
        """A change of `count` rules."""
        zone = self.registry.zones[ZONES[shape]]
        made = names(shape, 2 * (self._next + count), seed=4)
        ops: list[Op] = []
        for owner in islice(made, self._next, self._next + count):
            wild = "*." * owner.startswith("*.")
            # Other names than those of the zone, of the same length.
            ops.append(("add", f"{wild}e{owner[len(wild) + 1 :]}", "."))
        self._next += count
        zone.apply(next_serial(zone.serial), ops)
        self.notifier.changed(zone, only=[0])

    def command(self, words: list[str]) -> dict[str, float]:
        """Do what a line says; the answer tells how long it took."""
        before, cpu = time.perf_counter(), time.process_time()
        match words:
            case ["add", shape, count]:
                self.add(shape, int(count))
            case ["put", shape]:
                self.shelf.put(self.registry.zones[ZONES[shape]].snapshot())
            case ["start"]:
                for zone in self.shelf.zones():
                    self.registry.zones[zone.name] = zone
            case ["difference", shape]:
                zone = self.registry.zones[ZONES[shape]]
                parts = zone.difference(zone.serial - 1)
                assert parts is not None
            case ["drop", shape]:
                del self.registry.zones[ZONES[shape]]
        return {
            "wall": time.perf_counter() - before, "cpu": time.process_time() - cpu,
            "cpu_total": time.process_time(), "mb": memory_mb(),
        }  # fmt: skip

    async def run(self, port: int) -> None:
        """Serve until standard input ends."""
        await self.primary.listen([("127.0.0.1", port)])
        self.notifier.transports = self.primary.transports
        print(json.dumps({"mb": memory_mb()}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(self.command(line.split())), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules", type=int, default=1_000_000)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notify", type=int, default=9)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--shapes", default="bulk,real,hot")
    given = parser.parse_args()
    lab = Lab(given.rules, given.folder, given.notify)
    ZONES = {shape: ZONES[shape] for shape in given.shapes.split(",")}
    lab.fill()
    asyncio.run(lab.run(given.port))
