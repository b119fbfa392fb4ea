"""An alert as the correlation sees it, and the fingerprint that says which alerts are the same."""

import hashlib
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct


class Alert(Struct, frozen=True, gc=False):
    """What one sensor said once.

    `at`: seconds since 1970. `signature`: source and rule, as `suricata:2027390`. `host`: the
    machine that it is about. `severity`: 0 to 15, as Wazuh counts. `observables`: pairs of type
    (`model.observable.ObservableType`) and canonical value.
    """

    at: float
    signature: str
    host: str
    actor: str = ""
    severity: int = 5
    observables: tuple[tuple[str, str], ...] = ()


class _Fields(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    default: tuple[str, ...]
    by_source: dict[str, tuple[str, ...]] = {}


@cache
def _fields() -> _Fields:
    text = resources.files(__package__).joinpath("fingerprint.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Fields)


def fingerprint_version() -> int:
    """The version of the table of fields; groups of different versions are never the same."""
    return _fields().version


def fingerprint(source: str, rule: str, target: str, actor: str = "") -> str:
    """SHA-256 (hex) over the fields that say for this source which alerts are the same.

    Fields are separated by their lengths, so that no text can pass as two.
    """
    table = _fields()
    values = {"source": source, "rule": rule, "target": target, "actor": actor}
    digest = hashlib.sha256(b"%d" % table.version)
    for name in table.by_source.get(source, table.default):
        # Lone surrogates come with hostile JSON; they must not stop an alert.
        data = values[name].encode("utf-8", "surrogatepass")
        digest.update(b"|%d:" % len(data) + data)
    return digest.hexdigest()
