"""Zone transfer over TLS (RFC 9103): what the primary shows, and whom it lets in."""

import ssl
from pathlib import Path

from zvon.dns.primary import ALPN


def context(certificate: Path | None, key: Path | None, clients: Path | None) -> ssl.SSLContext:
    """TLS 1.3 and the protocol `dot` only; with `clients`, the certificates that may have issued
    a client's own, nobody comes in without one.

    Who may have which zone is still decided by TSIG or address. Raises `ValueError` without a
    certificate or key, and `OSError`, of which `ssl.SSLError` is one, for a bad file.
    """
    if certificate is None or key is None:
        raise ValueError("zone transfer over TLS needs dns_tls_cert and dns_tls_key")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.set_alpn_protocols([ALPN])
    # Early data could be replayed; a ticket would let a client in whose certificate ran out.
    made.num_tickets = 0
    made.load_cert_chain(certificate, key)
    if clients is not None:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(clients)
    return made
