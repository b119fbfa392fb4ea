"""S/MIME signatures in mail (RFC 8551): making ours, checking theirs against a certificate we hold.

The library makes CMS signatures and has no check of them, so `check` reads the few fields of a
SignedData that matter (RFC 5652 section 5) itself. A signer counts when the certificate is the one
that the contact gave us: no chain is followed, nobody else's word is taken.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
    load_der_pkcs7_certificates,
)
from msgspec import Struct

from zvon.formats.mail_pgp import Checked

MICALG = "sha-256"
MAX_SIGNATURE = 200_000
MAX_ITEMS = 200
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
_PSS = bytes.fromhex("2a864886f70d01010a")
_SEQUENCE, _SET, _OID, _OCTETS, _CONTEXT_0, _CONTEXT_1 = 0x30, 0x31, 0x06, 0x04, 0xA0, 0xA1


class _Bad(ValueError):
    """The bytes are not what CMS says they are."""


class _Field(Struct, frozen=True):
    """One value of DER: its tag, its content, and the whole with tag and length."""

    tag: int
    body: bytes
    whole: bytes


def signature(body: bytes, certificate: bytes, key: bytes) -> bytes:
    """A detached signature (DER) over `body` by a key (PKCS #8, DER). Raises `ValueError`."""
    secret = load_der_private_key(key, None)
    if not isinstance(secret, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("smime: only RSA and ECDSA keys sign")  # noqa: TRY004 -- a value of the user
    made = PKCS7SignatureBuilder().set_data(body)
    made = made.add_signer(x509.load_der_x509_certificate(certificate), secret, hashes.SHA256())
    return made.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def check(body: bytes, detached: bytes, known: Sequence[bytes], now: datetime) -> Checked:
    """What a detached signature over `body` says, with the certificates (DER) that we hold."""
    if len(detached) > MAX_SIGNATURE:
        return Checked("bad")
    try:
        fingerprint = _verified(body, detached, now)
    except (_Bad, ValueError, InvalidSignature, TypeError):
        return Checked("bad")
    ours = {hashlib.sha256(each).hexdigest() for each in known}
    return Checked("good" if fingerprint in ours else "unknown", fingerprint)


def _verified(body: bytes, detached: bytes, now: datetime) -> str:
    """The SHA-256 of the certificate whose key made the signature. Raises when none did."""
    info = _one(detached, _SEQUENCE)
    kind, wrapped = _fields(info.body)[:2]
    if kind.tag != _OID or kind.body != _SIGNED_DATA or wrapped.tag != _CONTEXT_0:
        raise _Bad("no SignedData")
    signed = _fields(_one(wrapped.body, _SEQUENCE).body)
    signers = _fields(signed[-1].body)
    if signed[-1].tag != _SET or not signers:
        raise _Bad("no signer")
    certificates = load_der_pkcs7_certificates(detached)
    for certificate in certificates[:MAX_ITEMS]:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            continue
        for signer in signers[:MAX_ITEMS]:
            try:
                _signer(body, signer, certificate)
            except (InvalidSignature, _Bad):
                continue
            return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    raise InvalidSignature


def _signer(body: bytes, signer: _Field, certificate: x509.Certificate) -> None:
    """Raise unless this signer info holds for `body` with the key of `certificate`."""
    parts = _fields(signer.body)
    at = 2  # version, then who signed; the certificate is tried instead of looked up
    algorithm = _HASHES.get(_fields(parts[at].body)[0].body)
    if algorithm is None:
        raise _Bad("a digest that is not used any more")
    signed = body
    if parts[at + 1].tag == _CONTEXT_0:
        attributes = parts[at + 1]
        digest = hashes.Hash(algorithm)
        digest.update(body)
        if _attribute(attributes, _MESSAGE_DIGEST) != digest.finalize():
            raise _Bad("the body is another one")
        if _attribute(attributes, _CONTENT_TYPE) is None:
            raise _Bad("no content type")
        signed = bytes([_SET]) + attributes.whole[1:]  # RFC 5652 section 5.4
        at += 1
    how, made = parts[at + 1], parts[at + 2]
    if made.tag != _OCTETS:
        raise _Bad("no signature")
    scheme = _fields(how.body)[0].body
    key = certificate.public_key()
    match key:
        case rsa.RSAPublicKey():
            fill: padding.AsymmetricPadding = padding.PKCS1v15()
            if scheme == _PSS:
                fill = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
            key.verify(made.body, signed, fill, algorithm)
        case ec.EllipticCurvePublicKey():
            key.verify(made.body, signed, ec.ECDSA(algorithm))
        case ed25519.Ed25519PublicKey():
            key.verify(made.body, signed)
        case _:
            raise _Bad("a key of a kind that does not sign mail")


def _attribute(attributes: _Field, kind: bytes) -> bytes | None:
    for one in _fields(attributes.body):
        name, values = _fields(one.body)[:2]
        if name.body == kind:
            found = _fields(values.body)
            return found[0].body if len(found) == 1 else None
    return None


def _one(data: bytes, tag: int) -> _Field:
    found = _fields(data)
    if len(found) != 1 or found[0].tag != tag:
        raise _Bad("another structure")
    return found[0]


def _fields(data: bytes) -> list[_Field]:
    """The values that stand in `data`, one after another; indefinite lengths are no DER."""
    return list(_walk(data))


def _walk(data: bytes) -> Iterator[_Field]:
    at, count = 0, 0
    while at < len(data):
        count += 1
        if count > MAX_ITEMS or at + 2 > len(data):
            raise _Bad("too many values, or cut off")
        start, tag, length = at, data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or at + size > len(data):
                raise _Bad("a length that is none")
            length = int.from_bytes(data[at : at + size])
            at += size
        if tag & 0x1F == 0x1F or at + length > len(data):
            raise _Bad("cut off")
        yield _Field(tag, data[at : at + length], data[start : at + length])
        at += length
