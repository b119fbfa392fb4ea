"""Subscribers are told of a change, again until it had an effect, and only they are believed."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import pytest
import pytest_asyncio

from tests.dns.offline import HOT, Offline, endpoint, key, offline, secret
from zvon.dns import notify

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "RETRY_S", (0.2, 0.2, 0.2))


class Resolver:
    """A UDP socket that gets NOTIFYs."""

    def __init__(self, lab: Offline) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self._lab = lab

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    async def told(self) -> dns.message.Message:
        """The next NOTIFY; its signature was checked."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            raw, self.source = await loop.sock_recvfrom(self.socket, 4096)
        ring = dns.tsigkeyring.from_text({one.name: _base64(one.name) for one in self._lab.keys})
        message = dns.message.from_wire(raw, keyring=ring)
        assert message.opcode() == dns.opcode.NOTIFY
        return message

    async def answer(
        self, told: dns.message.Message, *, signed: bool = True, ident: int | None = None,
        rcode: int = 0, place: socket.socket | None = None, word: str | None = None,
    ) -> None:  # fmt: skip
        reply = dns.message.make_response(told)
        reply.set_rcode(dns.rcode.Rcode(rcode))
        if ident is not None:
            reply.id = ident
        if not signed:
            reply.tsig = None
            reply.keyring = None
            reply.request_mac = b""
        elif word is not None:
            name = told.keyname
            assert name is not None
            reply.use_tsig({name: dns.tsig.Key(name, secret(word))}, name)
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(place or self.socket, reply.to_wire(), self.source)
        await asyncio.sleep(0.05)


def _base64(name: str) -> str:
    return b64encode(secret(name)).decode()


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Offline]:
    async with offline() as made:
        made.endpoints = []
        made.subscribe()
        yield made


@pytest_asyncio.fixture
async def resolver(lab: Offline) -> AsyncIterator[Resolver]:
    made = Resolver(lab)
    lab.endpoints = [endpoint(1, HOT, notify=made.address)]
    lab.subscribe()
    yield made
    made.socket.close()


async def test_a_change_is_told_at_once_and_signed(lab: Offline, resolver: Resolver) -> None:
    serial = lab.change(HOT, ("add", "a.example", "."))
    told = await resolver.told()
    assert told.had_tsig
    assert told.answer[0][0].serial == serial
    assert resolver.source == lab.where
    await resolver.answer(told)
    assert lab.answered == [("t1", serial)]


async def test_a_lost_notify_is_told_again_until_it_had_an_effect(
    lab: Offline, resolver: Resolver
) -> None:
    serial = lab.change(HOT, ("add", "a.example", "."))
    for _ in range(2):
        await resolver.answer(await resolver.told())
    lab.notifier.shows(lab.endpoints[0], lab.registry.zones[HOT], serial)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await resolver.told()


async def test_without_any_effect_it_is_said_so(lab: Offline, resolver: Resolver) -> None:
    lab.change(HOT, ("add", "a.example", "."))
    async with asyncio.timeout(5):
        while ("t1", "no_effect", 0) not in lab.events:
            await asyncio.sleep(0.01)
    assert [what for _, what, _ in lab.events].count("sent") == 1 + 3


async def test_forged_answers_are_dropped(lab: Offline, resolver: Resolver) -> None:
    lab.change(HOT, ("add", "a.example", "."))
    told = await resolver.told()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.setblocking(False)
        await resolver.answer(told, place=stranger)
    await resolver.answer(told, signed=False)
    await resolver.answer(told, word="another.zvon")
    await resolver.answer(told, ident=told.id ^ 1)
    assert lab.answered == []
    # The answer to a NOTIFY counts until it was sent again.
    while not lab.answered:
        await resolver.answer(await resolver.told())


async def test_a_refusal_is_told(lab: Offline, resolver: Resolver) -> None:
    lab.change(HOT, ("add", "a.example", "."))
    await resolver.answer(await resolver.told(), rcode=9)
    assert ("t1", "refused", 9) in lab.events
    assert lab.answered == []


async def test_two_live_keys_take_turns_and_the_one_in_use_is_first(
    lab: Offline, resolver: Resolver
) -> None:
    lab.keys = [key("t1.zvon", 1), key("t1-2.zvon", 1)]
    lab.subscribe()
    lab.change(HOT, ("add", "a.example", "."))
    names = [str((await resolver.told()).keyname) for _ in range(3)]
    assert names == ["t1.zvon.", "t1-2.zvon.", "t1.zvon."]
    lab.notifier.uses(lab.endpoints[0], "t1-2.zvon")
    lab.change(HOT, ("add", "b.example", "."))
    assert str((await resolver.told()).keyname) in {"t1-2.zvon.", "t1.zvon."}
    lab.change(HOT, ("add", "c.example", "."))
    while (told := await resolver.told()).answer[0][0].serial != lab.registry.zones[HOT].serial:
        pass
    assert str(told.keyname) == "t1-2.zvon."


async def test_many_changes_are_told_together(lab: Offline, resolver: Resolver) -> None:
    for n in range(100):
        lab.change(HOT, ("add", f"a{n}.example", "."))
    assert (await resolver.told()).answer[0][0].serial == 2
    assert (await resolver.told()).answer[0][0].serial == 101


async def test_garbage_and_answers_to_nothing_are_dropped(lab: Offline) -> None:
    wires = [b"\x12\x34\xa0\x00" + bytes(8), b"\xff" * 40, b"\x12\x34\xa0", bytes(5)]
    assert await lab.datagram(wires, wait=0.1) == []
