"""Asking over UDP, TCP, TLS and HTTPS, at real resolvers and at ones that lie or are broken."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.authority import authority
from tests.programs import program
from zvon.cli.demo.resolvers import free_port
from zvon.dns.ask import Asker, strict
from zvon.dns.doh import Http2, Http2Error
from zvon.dns.prove import Ordered, Seen, Tried, evidence, prove
from zvon.formats.answer import Answer
from zvon.model.proof import Evidence, sample


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "resolver")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))  # fmt: skip
    return cert, secret


@asynccontextmanager
async def unbound(folder: Path) -> AsyncIterator[tuple[int, int, int, Path]]:
    """A real Unbound on UDP, TCP, TLS and HTTPS: its ports and its authority."""
    cert, key = certificate(folder)
    async with authority() as upstream:
        host, _, port = upstream.partition(":")
        plain, tls, https = free_port(), free_port(), free_port()
        conf = folder / "unbound.conf"
        conf.write_text(f"""
server:
  directory: "{folder}"
  username: ""
  chroot: ""
  pidfile: "unbound.pid"
  use-syslog: no
  interface: 127.0.0.1@{plain}
  interface: 127.0.0.1@{tls}
  interface: 127.0.0.1@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-key: "{key}"
  tls-service-pem: "{cert}"
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
forward-zone:
  name: "."
  forward-addr: {host}@{port}
remote-control:
  control-enable: no
""")
        process = await asyncio.create_subprocess_exec(
            program("unbound") or "unbound", "-d", "-p", "-c", str(conf),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            asker = await Asker.to("127.0.0.1", plain)
            async with asyncio.timeout(10):
                while await asker.ask("ready.example", timeout=0.2) is None:
                    await asyncio.sleep(0.05)
            asker.close()
            yield plain, tls, https, cert
        finally:
            process.terminate()
            await process.wait()


@pytest.mark.server("unbound")
async def test_every_way_to_a_real_resolver_gives_the_answer_and_tls_is_strict(
    tmp_path: Path,
) -> None:
    async with unbound(tmp_path) as (plain, tls, https, cert):
        for via, port in (("udp", plain), ("tcp", plain), ("dot", tls), ("doh", https)):
            context = strict(str(cert)) if via in {"dot", "doh"} else None
            asker = await Asker.to("127.0.0.1", port, via, tls=context)
            answers = await asyncio.gather(
                *(asker.ask(f"n{n}.example", timeout=3) for n in range(20))
            )
            assert all(a is not None and a.resolves for a in answers), via
            asker.close()
        for via, port in (("dot", tls), ("doh", https)):
            stranger = await Asker.to("127.0.0.1", port, via)
            assert await stranger.ask("n.example") is None, "an unknown authority is not trusted"
            stranger.close()
            renamed = await Asker.to(
                "127.0.0.1", port, via, tls=strict(str(cert)), name="other.example"
            )
            assert await renamed.ask("n.example") is None, "the name must be the certificate's"
            renamed.close()


async def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="udp, tcp, dot or doh"):
        await Asker.to("127.0.0.1", 53, "pigeon")


def test_tls_before_1_2_is_never_spoken() -> None:
    context = strict()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname


class _Liar(asyncio.DatagramProtocol):
    """Answers every question as `reply` says: response code and, for a name, the answer count."""

    def __init__(self, reply: Callable[[bytes], tuple[int, int] | None]) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        said = self._reply(data)
        if said is None:
            return
        rcode, answers = said
        end = data.index(b"\0", 12) + 5
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + bytes((192, 0, 2, 1))
        header = data[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1, answers, 0, 0)
        self._transport.sendto(header + data[12:end] + record * answers, addr)


async def tried(reply: Callable[[bytes], tuple[int, int] | None], kind: str = "block") -> Any:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Liar(reply), local_addr=("127.0.0.1", 0)
    )
    asker = await Asker.to(*transport.get_extra_info("sockname")[:2])
    state = Tried()
    try:
        seen = await prove(
            asker, Ordered(name="evil.example", action="nxdomain", kind=kind),
            ("control.example",), clock=lambda: dt.datetime.now(dt.UTC), deadline_s=0.6,
            tried=state,
        )  # fmt: skip
    finally:
        asker.close()
        transport.close()
    return seen, state


async def test_a_resolver_that_refuses_everything_proves_nothing() -> None:
    seen, state = await tried(lambda _: (3, 0))
    assert seen is None
    assert state.control_failed


async def test_a_resolver_that_fails_or_is_silent_proves_nothing() -> None:
    seen, state = await tried(lambda _: (2, 0))
    assert (seen, state.failing, state.answered) == (None, True, True)
    seen, state = await tried(lambda _: None)
    assert (seen, state.answered) == (None, False)
    seen, state = await tried(lambda _: (5, 0))
    assert seen is None


async def test_a_blocked_name_beside_a_control_name_is_proof_and_says_what_it_rests_on() -> None:
    seen, _ = await tried(lambda data: (3, 0) if b"evil" in data else (0, 1))
    assert seen is not None
    assert seen.control == "control.example"
    assert evidence(seen, {"hot.si.zvon"}) is Evidence.ANSWER
    asked = iter(range(100))
    seen, _ = await tried(
        lambda data: ((3, 0) if next(asked) > 2 else (0, 1)) if b"evil" in data else (0, 1)
    )
    assert seen is not None
    assert seen.existed
    assert evidence(seen, {"hot.si.zvon"}) is Evidence.CHANGED


async def test_a_lift_is_proved_by_a_real_answer_only() -> None:
    assert (await tried(lambda _: (0, 1), "lift"))[0] is not None
    assert (await tried(lambda _: (0, 0), "lift"))[0] is None
    assert (await tried(lambda _: (2, 0), "lift"))[0] is None


def test_the_soa_of_our_zone_is_the_strongest_evidence() -> None:
    question = b"\x04evil\x07example\0\0\1\0\1"
    soa = b"\x03hot\x02si\x04zvon\0" + struct.pack("!HHIH", 6, 1, 60, 22) + b"\0\0" + bytes(20)
    raw = struct.pack("!HHHHHH", 7, 0x8583, 1, 0, 0, 1) + question + soa
    answer = Answer.of(raw)
    assert answer.soa_owners == {"hot.si.zvon"}
    now = dt.datetime.now(dt.UTC)
    seen = Seen(answer=answer, at=now, control="c.example", existed=True)
    assert evidence(seen, {"hot.si.zvon"}) is Evidence.POLICY
    assert evidence(seen, {"hot.hr.zvon"}) is Evidence.LOCAL


@given(st.binary(max_size=200))
def test_no_octets_break_the_reading_of_an_answer(tail: bytes) -> None:
    answer = Answer.of(b"\x00\x01\x81\x83" + bytes(8) + tail)
    _ = answer.soa_owners, answer.targets, answer.extended, answer.question
    assert (answer.rcode, answer.answers, answer.local) == (3, 0, False)


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_octets_break_http2_in_another_way_than_its_own(parts: list[bytes]) -> None:
    http = Http2("resolver.example")
    http.post(b"question")
    whole: list[bytes] = []
    try:
        for part in parts:
            whole += http.feed(part)[0]
    except Http2Error:
        return
    assert sum(map(len, whole)) <= sum(map(len, parts))


def test_a_large_batch_is_proved_by_its_first_its_last_and_sixteen_between() -> None:
    assert sample(range(32), lambda n: 0) == list(range(32))
    chosen = sample(range(1000), lambda n: n // 2)
    assert len(chosen) == len(set(chosen)) == 18
    assert (chosen[0], chosen[-1]) == (0, 999)
