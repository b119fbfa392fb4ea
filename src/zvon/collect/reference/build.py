"""Build the sets from upstream's files: what each file is shows in its path."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from zvon.formats.reference import named, network, tag, technique, template, warning_list
from zvon.formats.reference.named import Named
from zvon.formats.reference.network import Networks
from zvon.formats.reference.tag import Tag
from zvon.formats.reference.technique import Technique
from zvon.formats.reference.template import Template
from zvon.formats.reference.warning_list import BadList, Compiled, ListIn

MAX_TEXT = 1024 * 1024 * 1024
_BUNDLE = re.compile(r"(?:enterprise|mobile|ics)-attack.*\.json\Z")


class Built(Struct, kw_only=True):
    """The sets that a folder gave; one that it had nothing for is empty and leaves the old one.

    `problems` are (path, reason) of what was passed over. `versions` and `digests` are by set.
    """

    warning_lists: Compiled | None = None
    tags: list[Tag] = []
    names: list[Named] = []
    templates: list[Template] = []
    techniques: list[Technique] = []
    attack_version: str = ""
    networks: Networks | None = None
    problems: list[tuple[str, str]] = []
    digests: dict[str, bytes] = {}


class _Pile(Struct, kw_only=True):
    lists: list[tuple[ListIn, str]] = []
    ranges: list[str] = []


def build(files: Iterable[tuple[PurePosixPath, bytes]]) -> Built:
    """Read every file that is of a set; a file that cannot be read is named and passed over."""
    built, pile = Built(), _Pile()
    hashes: dict[str, hashlib._Hash] = {}
    for path, body in files:
        found = _reader(path)
        if found is None:
            continue
        kind, read = found
        try:
            read(path, body, built, pile)
        except (ValueError, OSError, EOFError) as problem:
            built.problems.append((str(path), str(problem)[:300]))
        else:
            hashes.setdefault(kind, hashlib.sha256()).update(body)
    if pile.lists:
        pile.lists.sort(key=lambda one: one[1])
        built.warning_lists = warning_list.compile_lists(pile.lists)
    if pile.ranges:
        built.networks = network.compile_ranges(pile.ranges)
    built.techniques = list(technique.by_id(built.techniques).values())
    built.digests = {kind: each.digest() for kind, each in hashes.items()}
    return built


_Read = Callable[[PurePosixPath, bytes, Built, _Pile], None]


def _reader(path: PurePosixPath) -> tuple[str, _Read] | None:
    folder, name = path.parent.name, path.name
    if name == "list.json" and "lists" in path.parts:
        return "warning-lists", _list
    if name == "machinetag.json":
        return "tags", _taxonomy
    if folder == "clusters" and name.endswith(".json"):
        return "names", _galaxy
    if name == "definition.json" and "objects" in path.parts:
        return "templates", _template
    if _BUNDLE.match(name):
        return "techniques", _attack
    if name.endswith((".tsv", ".tsv.gz")) and ("asn" in name or "network" in name):
        return "networks", _network
    return None


def _list(path: PurePosixPath, body: bytes, _built: Built, pile: _Pile) -> None:
    slug = path.parent.name
    if any(slug == known for _, known in pile.lists):
        raise BadList(f"{slug} is there twice")
    pile.lists.append(warning_list.decode(body, slug))


def _taxonomy(_path: PurePosixPath, body: bytes, built: Built, _pile: _Pile) -> None:
    built.tags.extend(tag.decode(body))


def _galaxy(_path: PurePosixPath, body: bytes, built: Built, _pile: _Pile) -> None:
    built.names.extend(named.decode(body))


def _template(_path: PurePosixPath, body: bytes, built: Built, _pile: _Pile) -> None:
    built.templates.append(template.decode(body))


def _attack(path: PurePosixPath, body: bytes, built: Built, _pile: _Pile) -> None:
    built.techniques.extend(technique.decode(body))
    version = "".join(c if c.isdigit() or c == "." else " " for c in path.stem).split()
    if "enterprise" in path.name and version:
        built.attack_version = version[0].strip(".")


def _network(path: PurePosixPath, body: bytes, _built: Built, pile: _Pile) -> None:
    if path.name.endswith(".gz"):
        with gzip.open(BytesIO(body)) as opened:
            body = opened.read(MAX_TEXT)
    pile.ranges.extend(body.decode("utf-8", "replace").splitlines())


def encoded(values: Iterable[Struct]) -> bytes:
    """Values as JSON lines, the form in which small sets are kept."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in values)
