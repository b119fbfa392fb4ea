"""TLS as browsers do it, and without any demands: a bad certificate is evidence, not the end."""

import ssl
from functools import cache
from typing import TypeVar

E = TypeVar("E", bound=BaseException)

# OpenSSL's X509_V_ERR codes.
_WORDS = {9: "not_yet", 10: "expired", 18: "self_signed", 19: "self_signed", 20: "unknown_issuer",
           21: "unknown_issuer", 62: "other_name", 64: "other_name"}  # fmt: skip


def doubt(problem: BaseException) -> str | None:
    """The word for a certificate or a protocol that a browser would warn of, else `None`."""
    found = cause(problem, ssl.SSLError)
    if found is None:
        return None
    if isinstance(found, ssl.SSLCertVerificationError):
        return _WORDS.get(found.verify_code, "untrusted")
    return "handshake"


def cause(problem: BaseException, kind: type[E]) -> E | None:
    """The first error of this kind behind `problem`."""
    seen: BaseException | None = problem
    for _ in range(6):
        if seen is None or isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


@cache
def strict() -> ssl.SSLContext:
    """The machine's certificates; reading them takes longer than a request."""
    return ssl.create_default_context()


@cache
def lenient() -> ssl.SSLContext:
    """Whatever the server has: old protocols and bad certificates are evidence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
