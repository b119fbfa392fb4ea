"""Does a resolver do what its kit says? Asked from outside, beside what our primary has seen.

The speed is measured: twice a serial moves with a rule on a new name, which is asked until the rule
acts. New, because BIND shows the data of names that it knew before at once, and acts on new ones
after its `min-update-interval`; twice, because it lets the first change after a quiet minute pass.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import dns.exception
import dns.message
import dns.rdatatype
from msgspec import Struct

from zvon.dns.ask import Asker
from zvon.formats.answer import Answer
from zvon.formats.rpz import TXT
from zvon.model.zone import TOP, marker_name, order_marks, serial_newer, test_name, zone_name
from zvon.store.dns_check import Moved, Open, ZoneState
from zvon.store.subscriber import LISTS, RELAYS

SHOWN_S = 10.0
"""How long a move may take; longer than PowerDNS and relays need, shorter than BIND's minute."""
SLOW_S = 5.0
_EVERY_S = 0.05
_TRIES = 3
# A cause of `dns_alert` that says that signatures do not hold.
_KEY_CAUSES = ("bad_key", "bad_signature", "clock_skew")


class Code(StrEnum):
    """What a finding says; its text and its advice are in the catalogues under this name."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    NO_PROBE_ADDRESS = "no_probe_address"
    TAKES_LISTS = "takes_lists"
    KEY_OK = "key_ok"
    KEY_REFUSED = "key_refused"
    NEVER_ASKED = "never_asked"
    NOTIFY_OK = "notify_ok"
    NOTIFY_POLLS = "notify_polls"
    NOTIFY_UNANSWERED = "notify_unanswered"
    ENFORCES = "enforces"
    NOT_ENFORCING = "not_enforcing"
    LOGS_ONLY = "logs_only"
    ENFORCES_IN_LOG_ONLY = "enforces_in_log_only"
    ORDER_OK = "order_ok"
    ORDER_WRONG = "order_wrong"
    ORDER_UNKNOWN = "order_unknown"
    SPEED_OK = "speed_ok"
    SLOW = "slow"
    MIN_UPDATE_INTERVAL = "min_update_interval"
    PACKET_CACHE = "packet_cache"
    SLOW_REFRESH = "slow_refresh"
    NOT_TRANSFERRED = "not_transferred"
    NOT_IN_FORCE = "not_in_force"
    BEHIND = "behind"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: `ok` is `None` where it is neither good nor bad."""

    code: Code
    ok: bool | None
    detail: Mapping[str, str | float] = {}


class CheckReport(Struct, frozen=True, kw_only=True):
    """All findings, in the order in which they were made."""

    subscriber: str
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return all(one.ok is not False for one in self.findings)


class Checked(Struct, frozen=True, kw_only=True):
    """Who is checked."""

    name: str
    brand: str
    mode: str
    known_by: str
    notify_address: str
    probe_address: str | None
    feeds: Sequence[str]


class Node(Struct, frozen=True):
    """The two things that a check needs of the node: what was seen, and a serial that moves."""

    seen: Callable[[], Awaitable[tuple[Sequence[ZoneState], Sequence[Open]]]]
    move: Callable[[], Awaitable[Moved]]


async def check(
    one: Checked, node: Node, asker: Asker | None, *, patience: float = SHOWN_S
) -> CheckReport:
    """Look at everything that can be seen from outside; takes up to half a minute.

    `asker` asks the resolver; without it only what the primary has seen is reported. `patience` is
    how many seconds a change may take until it counts as not coming.
    """
    zones, alerts = await node.seen()
    found: list[Finding] = []
    if one.brand in LISTS:
        found.append(Finding(code=Code.TAKES_LISTS, ok=None))
    else:
        found.append(_key(one, zones, alerts))
    if one.brand in (*LISTS, *RELAYS) or asker is None:
        if asker is None and one.brand not in RELAYS:
            found.append(Finding(code=Code.NO_PROBE_ADDRESS, ok=None))
        return CheckReport(subscriber=one.name, findings=[*found, *_behind(zones)])
    if not await _answers(asker, one):
        detail = {"address": one.probe_address or ""}
        found.insert(0, Finding(code=Code.UNREACHABLE, ok=False, detail=detail))
        return CheckReport(subscriber=one.name, findings=found)
    found.insert(0, Finding(code=Code.REACHABLE, ok=True))
    moved, seconds = await _speed(asker, node, patience)
    zones, alerts = await node.seen()
    (state,) = [zone for zone in zones if zone.zone == moved.zone]
    found.append(_notify(one, state, moved))
    acts = await asker.serial(marker_name("hot", one.feeds[0])) is not None
    found.append(_mode(one, acts))
    found.append(await _order(asker, one, acts))
    found.append(await _judge(asker, one, state, moved, seconds))
    return CheckReport(
        subscriber=one.name, findings=[*found, *_behind([z for z in zones if z != state])]
    )


def _key(one: Checked, zones: Sequence[ZoneState], alerts: Sequence[Open]) -> Finding:
    for alert in alerts:
        if alert.cause.lower() in _KEY_CAUSES:
            return Finding(code=Code.KEY_REFUSED, ok=False, detail={"error": alert.cause.upper()})
    if all(zone.asked is None and zone.sent is None for zone in zones):
        return Finding(code=Code.NEVER_ASKED, ok=False)
    return Finding(code=Code.KEY_OK, ok=True, detail={"known_by": one.known_by})


async def _answers(asker: Asker, one: Checked) -> bool:
    for _ in range(_TRIES):
        if await asker.ask(test_name(one.feeds[0]), timeout=2.0) is not None:
            return True
    return False


async def _speed(asker: Asker, node: Node, patience: float) -> tuple[Moved, float | None]:
    """Move a serial twice; the second move and the seconds until its rule acted."""
    moved = await node.move()
    if await _until_acts(asker, moved, patience) is None:
        return moved, None
    # A cache of whole answers keeps this one, and is found by it afterwards.
    await asker.serial(moved.marker)
    moved = await node.move()
    return moved, await _until_acts(asker, moved, patience)


async def _until_acts(asker: Asker, moved: Moved, patience: float) -> float | None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    while (waited := loop.time() - start) < patience:
        answer = await asker.ask(moved.name)
        if answer is not None and answer.blocks("nodata"):
            return waited
        await asyncio.sleep(_EVERY_S)
    return None


def _notify(one: Checked, state: ZoneState, moved: Moved) -> Finding:
    if one.brand == "pdns":
        return Finding(code=Code.NOTIFY_POLLS, ok=None)
    if state.notified is not None and not serial_newer(_before(moved.serial), state.notified):
        return Finding(code=Code.NOTIFY_OK, ok=True)
    detail = {"address": one.notify_address}
    return Finding(code=Code.NOTIFY_UNANSWERED, ok=False, detail=detail)


def _before(serial: int) -> int:
    """The first of the two moves: an answer to either NOTIFY will do, the later one may be due."""
    return (serial - 1) & 0xFFFFFFFF


def _mode(one: Checked, acts: bool) -> Finding:
    if one.mode == "enforce":
        code = Code.ENFORCES if acts else Code.NOT_ENFORCING
        return Finding(code=code, ok=acts)
    code = Code.ENFORCES_IN_LOG_ONLY if acts else Code.LOGS_ONLY
    return Finding(code=code, ok=not acts)


async def _order(asker: Asker, one: Checked, acts: bool) -> Finding:
    if not acts:
        return Finding(code=Code.ORDER_UNKNOWN, ok=None)
    wanted = {order_marks(zone_name("allow", one.name))[0][0]: ("allow", one.name)}
    wanted |= {f"hot-first.{feed}.{TOP}.example": ("hot", feed) for feed in one.feeds}
    for name, (kind, of) in wanted.items():
        first = text_of(await asker.ask(name, TXT))
        if first != kind:
            detail = {"first": first or "-", "expected": zone_name(kind, of)}
            return Finding(code=Code.ORDER_WRONG, ok=False, detail=detail)
    return Finding(code=Code.ORDER_OK, ok=True)


async def _judge(
    asker: Asker, one: Checked, state: ZoneState, moved: Moved, seconds: float | None
) -> Finding:  # fmt: skip
    shown = await asker.serial(moved.marker)
    if one.brand == "pdns" and shown != moved.serial and await _past_the_cache(asker, moved):
        return Finding(code=Code.PACKET_CACHE, ok=False)
    if seconds is not None:
        code = Code.SPEED_OK if seconds < SLOW_S else Code.SLOW
        return Finding(code=code, ok=seconds < SLOW_S, detail={"seconds": round(seconds, 3)})
    detail = {"zone": moved.zone, "serial": str(moved.serial), "shown": str(shown or "-")}
    has = [s for s in (state.sent, state.asked) if s is not None]
    if not any(not serial_newer(moved.serial, s) for s in has):
        code = Code.SLOW_REFRESH if one.brand == "pdns" and has else Code.NOT_TRANSFERRED
    elif one.brand == "bind" and shown is not None:
        code = Code.MIN_UPDATE_INTERVAL
    else:
        code = Code.NOT_IN_FORCE
    return Finding(code=code, ok=False, detail=detail)


async def _past_the_cache(asker: Asker, moved: Moved) -> bool:
    """True when a question that the packet cache has not seen is answered with the new serial."""
    answer = await asker.ask(moved.marker, TXT, checking=False)
    return text_of(answer) == f"serial={moved.serial}"


def _behind(zones: Sequence[ZoneState]) -> list[Finding]:
    late = [
        zone.zone for zone in zones
        if zone.at is not None and not any(
            s is not None and not serial_newer(zone.serial, s) for s in (zone.sent, zone.asked))
    ]  # fmt: skip
    if not late:
        return []
    return [Finding(code=Code.BEHIND, ok=False, detail={"zones": ", ".join(late)})]


def text_of(answer: Answer | None) -> str | None:
    """The text of the first TXT record of an answer."""
    if answer is None:
        return None
    try:
        message = dns.message.from_wire(answer.raw)
    except dns.exception.DNSException:
        return None
    for rrset in message.answer:
        if rrset.rdtype == dns.rdatatype.TXT:
            return b"".join(rrset[0].strings).decode("ascii", "replace")
    return None
