"""What the gate costs for everything that is not plain text: events, mails, documents, pictures.

    python -m bench.privacy_carriers

For structures the time is split: the walk (opening and putting together) and the gate itself; the
machine's own limit beside it is decoding and encoding the same JSON. Time is processor time of one
thread, so other work on the machine does not count; files are opened by processes of their own,
and there it is the clock on the wall.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from tests.collect.open.papers import packed, qr
from tests.collect.rebuild.papers import annotated, document, photo
from tests.privacy.carrier.mails import mail
from tests.privacy.conftest import demo, key
from tests.privacy.structured.structures import OURS
from tests.privacy.structured.test_alert import ELASTIC, EVE, WAZUH
from tests.privacy.structured.test_stix import bundle
from zvon.collect.rebuild.file import item_of, painted, read_file
from zvon.privacy.carrier.item import Item, mail_item, pass_item, structured_item
from zvon.privacy.engine import share_text
from zvon.privacy.facts import read_register, with_brands
from zvon.privacy.mail import read_mail

ATTRIBUTES = (1, 100, 5_000)
LEAST_S = 1.0


def event(size: int) -> dict[str, Any]:
    """A MISP event of `size` attributes: three quarters names, pages and addresses, a quarter hashes."""
    rows = []
    for i in range(size):
        kind, value = (
            ("ip-dst", f"185.{i >> 8 & 255}.{i & 255}.9"), ("domain", f"evil-fixture-{i}.top"),
            ("url", f"https://evil-fixture-{i}.top/a/{i}?e=igor.kos%40lipa-primer.si"),
            ("sha256", f"{i:064x}"),
        )[i % 4]  # fmt: skip
        rows.append({"uuid": str(uuid.UUID(int=i)), "type": kind, "value": value, "to_ids": True,
                     "category": "Network activity", "comment": "seen in the campaign"})  # fmt: skip
    return {"Event": {"info": "a campaign against banks", "Attribute": rows}}


def seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of one call, the mean of as many as fill `LEAST_S`."""
    work()
    start, done = time.thread_time(), 0
    while time.thread_time() - start < LEAST_S:
        work()
        done += 1
    return (time.thread_time() - start) / done


def structure(name: str, data: Any, kind: str, of: int = 1) -> None:
    """Print what one structure of `of` records costs."""
    raw = json.dumps(data).encode()
    facts, policy, keys = with_brands(read_register([OURS])), demo(), key()
    item = structured_item(raw, kind)
    outcome = share_text(item.parts, facts=facts, policy=policy, keys=keys)

    def walk() -> None:
        structured_item(raw, kind).write(outcome, keys)

    bare = seconds(lambda: msgspec.json.encode(msgspec.json.decode(raw)))
    walked = seconds(walk)
    gated = seconds(lambda: share_text(item.parts, facts=facts, policy=policy, keys=keys))
    all_in = walked + gated
    print(
        f"{name:34} {1000 * all_in:10.2f} ms  {of / all_in:8.0f}/s   walk {1000 * walked:8.2f}"
        f"  gate {1000 * gated:8.2f}  JSON alone {1000 * bare:6.2f}   {outcome.status.value}"
    )


def whole(name: str, make: Callable[[], Item]) -> None:
    """Print what one item costs from its bytes to the files that leave."""
    facts, policy, keys = with_brands(read_register([OURS])), demo(), key()
    passed = pass_item(make(), facts=facts, policy=policy, keys=keys)
    took = seconds(lambda: pass_item(make(), facts=facts, policy=policy, keys=keys))
    opened = seconds(make)
    print(
        f"{name:34} {1000 * took:10.2f} ms  {1 / took:8.0f}/s   opening {1000 * opened:8.2f}"
        f"   {passed.outcome.status.value}"
    )


async def file(name: str, body: bytes) -> None:
    """Print what one file costs, processes and letters included."""
    facts, policy, keys = with_brands(read_register([OURS])), demo(), key()
    start = time.perf_counter()
    read = await read_file(body, name)
    opened = time.perf_counter() - start
    passed = pass_item(item_of(read), facts=facts, policy=policy, keys=keys)
    if read.seen is not None:
        passed = await painted(body, read.seen, passed)
    took = time.perf_counter() - start
    print(
        f"{name:34} {1000 * took:10.0f} ms  {1 / took:8.1f}/s   opening {1000 * opened:8.0f}"
        f"   {passed.outcome.status.value}: {', '.join(passed.files) or 'nothing leaves'}"
    )


def main() -> None:
    """Print one line for each kind of carrier."""
    for size in ATTRIBUTES:
        structure(f"MISP, {size} attributes", event(size), "misp", size)
    structure("STIX, 15 objects", bundle()[0], "stix", 15)
    structure("Suricata EVE, one alert", EVE, "eve")
    structure("Wazuh, one alert", WAZUH, "json")
    structure("Elastic, one alert", ELASTIC, "json")
    structure("Wazuh, 200 alerts", [WAZUH] * 200, "json", 200)
    raw = mail()
    whole("a forwarded mail, all its headers", lambda: mail_item(read_mail(raw)))
    large = b"Subject: a\n\n" + b"Uporabnik je kliknil. " * 50_000
    start = time.thread_time()
    read_mail(large)
    print(f"{'opening a mail of 1 MB':34} {1000 * (time.thread_time() - start):10.2f} ms")
    for name, body in (
        ("a.pdf", annotated("Kontakt: Igor Kos")),
        ("a.docx", document("Kontakt: Igor Kos")),
        ("screenshot.jpg", photo(["Pozdravljeni", "Kontakt: Igor Kos"])),
        ("code.png", qr("https://evil-fixture.top/a")),
        ("a.zip", packed({f"racun-{i}.txt": b"Kontakt: Igor Kos" for i in range(20)})),
    ):
        asyncio.run(file(name, body))


if __name__ == "__main__":
    main()
