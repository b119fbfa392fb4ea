"""The identity of a node: made once, sealed with its key, no use without it."""

import os
import ssl
import stat
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from zvon.access.node import (
    BadKeyFile,
    Node,
    NoNode,
    certificate_pin,
    create_node,
    node,
    node_key,
)
from zvon.access.seal import BadSeal, seal, unseal
from zvon.config import Settings
from zvon.store import party
from zvon.store.party import NoOwnParty
from zvon.store.transaction import Pool, transaction


async def made(pool: Pool, now: datetime, settings: Settings) -> Node:
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
    async with pool.connection() as db:
        return await node(db, settings.key_file.read_bytes())


async def test_an_identity_is_made_once_and_opens_with_its_key(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(
        root=tmp_path, name="SI-CERT", country="SI", peer_url="https://si.example:8443"
    )
    first, second = await made(pool, now, settings), await made(pool, now, settings)
    assert (first.uuid, first.tls_certificate) == (second.uuid, second.tls_certificate)
    assert (first.name, first.country, len(first.signing_public)) == ("SI-CERT", "SI", 32)
    Ed25519PublicKey.from_public_bytes(first.signing_public).verify(second.signing.sign(b"x"), b"x")
    assert first.public.public_bytes_raw() == first.signing_public
    async with pool.connection() as db:
        assert (await party.own(db)).uuid == first.uuid
        row = await (
            await db.execute("select count(*) from audit where action = 'node:create'")
        ).fetchone()
    assert row == (1,)


async def test_the_certificate_serves_tls_and_has_the_pin_of_invitations(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    found = await made(pool, now, Settings(root=tmp_path, peer="127.0.0.1:8443"))
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_text(found.tls_certificate)
    key.write_text(found.tls_key)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key)
    certificate = x509.load_pem_x509_certificate(found.tls_certificate.encode())
    assert certificate_pin(certificate) == found.tls_pin
    assert certificate.not_valid_before_utc < now < certificate.not_valid_after_utc


async def test_another_key_opens_nothing(pool: Pool, now: datetime, tmp_path: Path) -> None:
    await made(pool, now, Settings(root=tmp_path))
    async with pool.connection() as db:
        with pytest.raises(BadSeal):
            await node(db, bytes(32))


async def test_no_secret_is_in_the_database_or_in_a_log_line(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    found = await made(pool, now, Settings(root=tmp_path))
    secret = found.signing.private_bytes_raw()
    async with pool.connection() as db:
        row = await (
            await db.execute("select signing_sealed, tls_key_sealed, tls_certificate from node")
        ).fetchone()
    assert row is not None
    assert secret not in row[0]
    assert b"PRIVATE" not in row[1]
    assert "PRIVATE" not in row[2]
    assert secret.hex() not in repr(found)
    assert "PRIVATE" not in repr(found)


async def test_a_database_without_a_node_says_so(pool: Pool) -> None:
    async with pool.connection() as db:
        with pytest.raises(NoNode, match="zvon up"):
            await node(db, bytes(32))
        with pytest.raises(NoOwnParty, match="zvon up"):
            await party.own(db)


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    key = node_key(path, os.urandom)
    assert node_key(path, os.urandom) == key == path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_of_another_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    path.write_bytes(b"short")
    with pytest.raises(BadKeyFile, match="32"):
        node_key(path, os.urandom)


def test_a_seal_holds_its_purpose_and_its_bytes() -> None:
    key, nonce = os.urandom(32), os.urandom(12)
    sealed = seal(key, "a", b"secret", nonce)
    assert unseal(key, "a", sealed) == b"secret"
    for purpose, value in (("b", sealed), ("a", sealed[:-1]), ("a", b""), ("a", sealed[:11])):
        with pytest.raises(BadSeal):
            unseal(key, purpose, value)
    with pytest.raises(ValueError, match="12"):
        seal(key, "a", b"secret", b"short")
