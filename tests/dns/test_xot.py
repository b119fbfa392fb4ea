"""Zone transfer over TLS (RFC 9103)."""

import asyncio
import ssl
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.dns.offline import COLD, HOT, Offline, offline, rcode, secret
from tests.programs import program
from zvon.dns import xot


class Authority:
    """A small CA; `issue` writes a certificate and its key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.file = folder, folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file.write_bytes(_pem(self._sign(self._name, self._key.public_key(), ca=True)))

    def _sign(
        self, name: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
            .public_key(public).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("dns.zvon.example")]),
                           critical=False)
            .sign(self._key, hashes.SHA256())
        )  # fmt: skip

    def issue(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        paths[0].write_bytes(_pem(self._sign(subject, key.public_key(), ca=False)))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )  # fmt: skip
        return paths


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def client(
    ca: Path, own: tuple[Path, Path] | None = None, alpn: str | None = "dot"
) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(ca))
    if alpn is not None:
        made.set_alpn_protocols([alpn])
    if own is not None:
        made.load_cert_chain(*own)
    return made


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest_asyncio.fixture
async def lab(ca: Authority) -> AsyncIterator[Offline]:
    """Its `where` is the TLS port."""
    async with offline(size=3000) as made:
        (made.where,) = await made.primary.listen_tls(
            [("127.0.0.1", 0)], xot.context(*ca.issue("server"), None)
        )
        yield made


async def test_a_signed_request_is_answered(lab: Offline, ca: Authority) -> None:
    for rtype in ("SOA", "AXFR"):
        wire = lab.query(HOT, rtype).to_wire()
        raw = await lab.ask(wire, ssl=client(ca.file), server_hostname="dns.zvon.example")
        assert rcode(raw) == 0
    unsigned = lab.query(HOT, "AXFR", by=None).to_wire()
    raw = await lab.ask(unsigned, ssl=client(ca.file), server_hostname="dns.zvon.example")
    assert rcode(raw) == 5


async def test_another_protocol_or_an_older_tls_gets_nothing(lab: Offline, ca: Authority) -> None:
    wire = lab.query(HOT, "AXFR").to_wire()
    for alpn in (None, "h2"):
        raw = await lab.ask(
            wire, ssl=client(ca.file, alpn=alpn), server_hostname="dns.zvon.example"
        )
        assert raw == b""
    older = client(ca.file)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await lab.ask(wire, ssl=older, server_hostname="dns.zvon.example")
    reader, writer = await asyncio.open_connection(*lab.where)
    writer.write(len(wire).to_bytes(2) + wire)
    async with asyncio.timeout(5):
        assert rcode_of(await reader.read(100)) != 0
    writer.close()


def rcode_of(raw: bytes) -> int:
    """-1 when these octets are no DNS answer (an alert, or the end)."""
    return raw[5] & 0xF if len(raw) > 14 and raw[4] & 0x80 else -1


async def test_where_a_client_must_have_a_certificate_only_the_right_one_opens(
    ca: Authority, tmp_path: Path
) -> None:
    (tmp_path / "others").mkdir()
    stranger = Authority(tmp_path / "others", "theirs").issue("t1")
    async with offline() as lab:
        (lab.where,) = await lab.primary.listen_tls(
            [("127.0.0.1", 0)], xot.context(*ca.issue("server"), ca.file)
        )
        wire = lab.query(HOT, "AXFR").to_wire()
        how = {"server_hostname": "dns.zvon.example"}
        assert rcode(await lab.ask(wire, ssl=client(ca.file, ca.issue("t1")), **how)) == 0
        again = lab.query(HOT, "AXFR").to_wire()
        for own in (None, stranger):
            assert await lab.ask(again, ssl=client(ca.file, own), **how) == b""


def test_without_a_certificate_or_with_a_bad_file_there_is_no_context(
    ca: Authority, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="dns_tls_cert"):
        xot.context(None, None, None)
    (tmp_path / "bad").write_text("nothing")
    with pytest.raises(OSError, match=r"."):
        xot.context(tmp_path / "bad", tmp_path / "bad", None)


@pytest.mark.server("kdig")
async def test_kdig_transfers_a_zone_over_tls(lab: Offline, ca: Authority) -> None:
    kdig = program("kdig")
    assert kdig is not None
    key = f"hmac-sha256:t1.zvon:{b64encode(secret('t1.zvon')).decode()}"
    done = await asyncio.to_thread(
        subprocess.run,
        [kdig, "@127.0.0.1", "-p", str(lab.where[1]), f"+tls-ca={ca.file}",
         "+tls-hostname=dns.zvon.example", "-y", key, COLD, "AXFR"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.stdout.count("CNAME") == 3000, done.stdout[-500:] + done.stderr
