"""Who this installation is: its id, its signing key, and the certificate of the peer door."""

import hashlib
import os
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct

from zvon.access.seal import KEY_BYTES, NONCE_BYTES, seal, unseal
from zvon.access.session import Random
from zvon.config import Settings, host_port
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import node as rows
from zvon.store import party
from zvon.store.transaction import AuditEntry, Tx

CERTIFICATE = timedelta(days=3650)
SIGNING, TLS = "node.signing", "node.tls"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class NoNode(LookupError):
    """The database has no node yet: `zvon up` creates it."""

    def __init__(self) -> None:
        super().__init__("this database has no node yet; `zvon up` creates it")


class BadKeyFile(ValueError):
    """The node key file does not hold what it should."""


class Node(Struct, frozen=True, kw_only=True):
    """The identity of this installation, keys opened. Never logged, never serialised."""

    uuid: UUID
    name: str
    country: str
    signing: Ed25519PrivateKey
    signing_public: bytes
    tls_certificate: str
    tls_key: str
    key: bytes

    @property
    def public(self) -> Ed25519PublicKey:
        """The key that partners check our signatures with."""
        return self.signing.public_key()

    @property
    def tls_pin(self) -> bytes:
        """SHA-256 of the certificate's public key (RFC 7469), as invitations carry it."""
        return certificate_pin(x509.load_pem_x509_certificate(self.tls_certificate.encode()))

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.uuid})"


def certificate_pin(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the public key of a certificate."""
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).digest()


def node_key(path: Path, random: Random) -> bytes:
    """Read the node key, 32 bytes; make the file (mode 0600) when there is none.

    Raises `BadKeyFile` when it has another length.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
    else:
        key = random(KEY_BYTES)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    if len(key) != KEY_BYTES:
        raise BadKeyFile(f"{path} must hold {KEY_BYTES} bytes, has {len(key)}")
    return key


def _certificate(settings: Settings, uuid: UUID, now: datetime, random: Random) -> tuple[str, str]:
    private = ec.derive_private_key(
        int.from_bytes(random(48)) % (P256_ORDER - 1) + 1, ec.SECP256R1()
    )
    host = urlsplit(settings.peer_url).hostname if settings.peer_url else None
    hosts = dict.fromkeys([host or host_port(settings.peer)[0], "localhost", "127.0.0.1"])
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(f"urn:uuid:{uuid}")]
    for name in hosts:
        try:
            names.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            names.append(x509.DNSName(name))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(uuid))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(int.from_bytes(random(16)) >> 1 | 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + CERTIFICATE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    return (
        made.public_bytes(serialization.Encoding.PEM).decode(),
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


async def create_node(tx: Tx, settings: Settings, now: datetime, random: Random) -> None:
    """Give this installation its identity and its operator; does nothing when it has them."""
    if await rows.get(tx.db) is not None:
        return
    key = node_key(settings.key_file, random)
    uuid = uuid7(now, random(RANDOM_BYTES))
    secret = random(32)
    certificate, tls_key = _certificate(settings, uuid, now, random)
    made = await rows.put(
        tx,
        rows.NodeRow(
            uuid=uuid,
            name=settings.name,
            country=settings.country,
            signing_public=Ed25519PrivateKey.from_private_bytes(secret)
            .public_key()
            .public_bytes_raw(),
            signing_sealed=seal(key, SIGNING, secret, random(NONCE_BYTES)),
            tls_certificate=certificate,
            tls_key_sealed=seal(key, TLS, tls_key.encode(), random(NONCE_BYTES)),
            created_at=now,
        ),
    )
    if made:
        await party.put(
            tx, uuid=uuid, name=settings.name, kind="csirt", country=settings.country, own=True
        )
        tx.audit(AuditEntry(actor="system", action="node:create", object=str(uuid)))


async def node(db: party.Db, key: bytes) -> Node:
    """The identity with its keys opened. Raises `NoNode`, `BadSeal` for another node's key."""
    row = await rows.get(db)
    if row is None:
        raise NoNode
    return Node(
        uuid=row.uuid,
        name=row.name,
        country=row.country,
        signing=Ed25519PrivateKey.from_private_bytes(unseal(key, SIGNING, row.signing_sealed)),
        signing_public=row.signing_public,
        tls_certificate=row.tls_certificate,
        tls_key=unseal(key, TLS, row.tls_key_sealed).decode(),
        key=key,
    )
