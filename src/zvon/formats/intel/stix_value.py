"""Which properties of STIX objects hold values, in patterns and in objects alike (STIX 2.1, 6)."""

from collections.abc import Iterator
from typing import Any

from zvon.formats.found import Found, Take, of
from zvon.formats.json_field import members
from zvon.model.item import ValueRole
from zvon.model.observable import ObservableType

_T = ObservableType

# Objects hold objects: `email-message` of 2.0 inside `observed-data`, extensions, hashes.
_MAX_LEVEL = 4


_HASHES: dict[str, Take] = {
    **dict.fromkeys(
        ("md5", "sha-1", "sha1", "sha-256", "sha256", "sha-512", "sha512"), Found.hash
    ),
    "ssdeep": of(_T.SSDEEP), "tlsh": of(_T.TLSH), "imphash": of(_T.IMPHASH),
}  # fmt: skip

# By object and property as patterns write them, in lower case.
PROPERTIES: dict[str, Take] = {
    "domain-name:value": of(_T.DOMAIN),
    "url:value": of(_T.URL),
    "ipv4-addr:value": Found.address,
    "ipv6-addr:value": Found.address,
    "email-addr:value": of(_T.EMAIL),
    "mac-addr:value": of(_T.MAC),
    "mutex:name": of(_T.MUTEX),
    "directory:path": of(_T.FILEPATH),
    "file:name": of(_T.FILENAME),
    "file:path": of(_T.FILEPATH),
    "file:parent_directory_ref.path": of(_T.FILEPATH),
    "process:name": of(_T.FILENAME),
    "process:image_ref.name": of(_T.FILENAME),
    "process:binary_ref.name": of(_T.FILENAME),
    "windows-registry-key:key": of(_T.REGKEY),
    "autonomous-system:number": of(_T.ASN),
    "user-account:user_id": of(_T.USERNAME),
    "user-account:account_login": of(_T.USERNAME),
    "email-message:from_ref.value": of(_T.EMAIL),
    "email-message:sender_ref.value": of(_T.EMAIL),
    "email-message:message_id": of(_T.MSG_ID),
    "email-message:body_multipart.body_raw_ref.name": of(_T.FILENAME),
    "network-traffic:src_ref.value": Found.host,
    "network-traffic:dst_ref.value": Found.host,
    "network-traffic:extensions.http-request-ext.request_header.user-agent": of(_T.USERAGENT),
    "vulnerability:name": of(_T.CVE),
    # Of widely used extensions.
    **{f"{kind}:value": take for prefix in ("", "x-opencti-") for kind, take in (
        ("cryptocurrency-wallet", of(_T.WALLET)), ("phone-number", of(_T.PHONE)),
        ("hostname", of(_T.HOSTNAME)), ("user-agent", of(_T.USERAGENT)))},
    "bank-account:iban": of(_T.IBAN),
    **{f"{kind}:hashes.{name}": take for kind in ("file", "artifact") for name, take in _HASHES.items()},
    **{f"x509-certificate:hashes.{name}": of(_T.FINGERPRINT) for name in ("sha-1", "sha1", "sha-256", "sha256")},
}  # fmt: skip


def take_path(found: Found, path: str, value: Any, role: ValueRole) -> bool:
    """Add the value of a property by its path in a pattern; true when it is one."""
    take = PROPERTIES.get(path)
    return take is not None and take(found, value, role)


def take_object(found: Found, value: dict[str, Any], role: ValueRole) -> bool:
    """Add what an object holds, by its `type`."""
    kind = value.get("type")
    if not isinstance(kind, str):
        return False
    taken = [take_path(found, path, each, role) for path, each in _properties(kind, value)]
    return any(taken)


def take_observed(found: Found, value: dict[str, Any], role: ValueRole) -> None:
    """Add what the objects inside `observed-data` hold (STIX 2.0, part 2, 2.7)."""
    for each in members(value.get("objects")).values():
        if isinstance(each, dict):
            take_object(found, each, role)


def _properties(kind: str, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        path = f"{kind}:{key}".lower()
        if isinstance(each, dict):
            yield from _inner(path, each, 1)
        else:
            yield path, each


def _inner(path: str, value: dict[str, Any], level: int) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        if not isinstance(each, dict):
            yield f"{path}.{key}".lower(), each
        elif level < _MAX_LEVEL:
            yield from _inner(f"{path}.{key}", each, level + 1)
