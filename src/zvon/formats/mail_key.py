"""Keys and certificates of mail: what a contact gives us, in the one form that is kept."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pysequoia import Cert, Tsk

MAX_KEY = 100_000


class BadKey(ValueError):
    """No key or certificate that a mail can be checked or covered with; says why."""


def check_pgp(body: bytes) -> bytes:
    """An OpenPGP certificate (RFC 9580) without secrets, as binary. Raises `BadKey`."""
    if not 0 < len(body) <= MAX_KEY:
        raise BadKey(f"pgp: 1 to {MAX_KEY} bytes")
    try:
        cert = Cert.from_bytes(body)
    except Exception:  # noqa: BLE001 -- the library raises whatever its parser does
        raise BadKey("pgp: this is no OpenPGP certificate") from None
    if cert.has_secret_keys:
        raise BadKey("pgp: this is a secret key; give the public one")
    if cert.is_revoked:
        raise BadKey("pgp: the certificate was revoked")
    return bytes(cert)


def new_pgp(user: str) -> tuple[bytes, bytes, str]:
    """A new OpenPGP key for `user` (`Name <address>`): secret, certificate, fingerprint."""
    secret = Tsk.generate(user)
    public = secret.extract_certificate()
    return bytes(secret), bytes(public), public.fingerprint


def smime_pair(certificate: bytes, key: bytes) -> tuple[bytes, bytes]:
    """A certificate and its key from PEM, as DER and PKCS #8. Raises `BadKey`."""
    public = check_smime(certificate)
    try:
        secret = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        raise BadKey("key: no PEM key without a password") from None
    if not isinstance(secret, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadKey("key: only RSA and ECDSA keys sign mail")
    if x509.load_der_x509_certificate(public).public_key() != secret.public_key():
        raise BadKey("key: it is not the certificate's")
    return public, secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def readable(kind: str, public: bytes) -> str:
    """A public key as others read it in: armour or PEM."""
    if kind == "pgp":
        return str(Cert.from_bytes(public))
    return x509.load_der_x509_certificate(public).public_bytes(Encoding.PEM).decode()


def check_smime(body: bytes) -> bytes:
    """An X.509 certificate, PEM or DER, as DER. Raises `BadKey`."""
    if not 0 < len(body) <= MAX_KEY:
        raise BadKey(f"smime: 1 to {MAX_KEY} bytes")
    try:
        pem = body.lstrip().startswith(b"-----BEGIN")
        cert = x509.load_pem_x509_certificate(body) if pem else x509.load_der_x509_certificate(body)
        return cert.public_bytes(Encoding.DER)
    except ValueError:
        raise BadKey("smime: this is no X.509 certificate") from None
