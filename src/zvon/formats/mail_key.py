"""Keys and certificates of mail: what a contact gives us, in the one form that is kept."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pysequoia import Cert

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


def pgp_fingerprint(body: bytes) -> str:
    """The fingerprint of a certificate that `check_pgp` made."""
    return Cert.from_bytes(body).fingerprint


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
