"""`collector.toml`: which sources a collector reads, and how much it may keep."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

Kind = Literal["file", "folder", "syslog", "stdin"]


class BadConfig(ValueError):
    """The file cannot be read, or says what cannot be; says where."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source.

    `path` is a file or a pattern (`/var/log/suricata/eve*.json`) to follow through rotation, or a
    folder where finished files are dropped. `listen` is `udp://`, `tcp://` or `tls://` with host
    and port. An empty `format` means: by content. `zone` is that of times without one. When there
    is no room any more, the source with the lowest `priority` (0 to 9) loses its oldest first.
    A file that is new is read from its `begin`; only the first time, ever, can that be its end.
    Files of a folder go to `done/` below it, or are deleted.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[\w.@ -]+\Z")]
    kind: Kind
    path: str = ""
    listen: str = ""
    format: str = ""
    zone: str = "UTC"
    region: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] = "SI"
    priority: Annotated[int, Meta(ge=0, le=9)] = 5
    begin: Literal["start", "end"] = "start"
    settle_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    after: Literal["keep", "delete"] = "keep"
    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None

    def __post_init__(self) -> None:
        if self.kind in {"file", "folder"} and not self.path:
            raise ValueError(f"{self.name}: a {self.kind} needs `path`")
        if self.kind == "syslog":
            if not self.listen.startswith(("udp://", "tcp://", "tls://")):
                raise ValueError(f"{self.name}: `listen` is udp://, tcp:// or tls:// host:port")
            if self.listen.startswith("tls://") and not (self.cert and self.key):
                raise ValueError(f"{self.name}: tls needs `cert` and `key`")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{self.name}: there is no time zone {self.zone!r}") from None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a collector does.

    `most_bytes` is the room for what the node does not have yet. `via` is `https` (to the node
    that it is enrolled at) or the address of a NATS server, with `nats_creds` when it wants some.
    `registers` are lists of what is ours (`zvon privacy` reads the same), for the sharing policy.
    """

    most_bytes: Annotated[int, Meta(ge=1 << 20)] = 4 << 30
    flush_s: Annotated[float, Meta(ge=0.05, le=300)] = 1.0
    via: str = "https"
    nats_creds: Path | None = None
    registers: tuple[Path, ...] = ()
    source: Annotated[tuple[Source, ...], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        names = [each.name for each in self.source]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two sources are named {', '.join(sorted(twice))}")
        if self.via != "https" and not self.via.startswith(("nats://", "tls://")):
            raise ValueError("`via` is https, or nats://host:port, or tls://host:port")
        if sum(each.kind == "stdin" for each in self.source) > 1:
            raise ValueError("only one source can be stdin")


def read(path: Path) -> Config:
    """Read the file. Raises `BadConfig`."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Config)
    except FileNotFoundError:
        raise BadConfig(f"there is no {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError) as problem:
        raise BadConfig(f"{path}: {problem}") from None
