"""What a server's certificate says, whether it is valid or not (RFC 5280)."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID
from msgspec import Struct

MOST_NAMES = 100
MAX_TEXT = 200


class Certificate(Struct, frozen=True, kw_only=True):
    """`names` as they stand in it, sorted; `problem` is why a browser would warn, or empty."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    problem: str = ""


def certificate(der: bytes, problem: str = "") -> Certificate | None:
    """Read a certificate; `None` when it is none."""
    try:
        found = x509.load_der_x509_certificate(der)
        names = _names(found)
        issuer = found.issuer
        before, after = found.not_valid_before_utc, found.not_valid_after_utc
    except (ValueError, TypeError):  # extensions are only read when they are asked for
        return None
    return Certificate(
        names=names,
        issuer=_text(issuer),
        not_before=before,
        not_after=after,
        sha256=hashlib.sha256(der).hexdigest(),
        problem=problem,
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        named = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return tuple(str(each.value).lower()[:MAX_TEXT] for each in named[:1])
    dns = {name.lower()[:MAX_TEXT] for name in names.get_values_for_type(x509.DNSName)}
    return tuple(sorted(dns)[:MOST_NAMES])


def _text(issuer: x509.Name) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = issuer.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)[:MAX_TEXT]
    return ""
