"""The file of a data policy, `zvon.datapolicy/1`: one TOML a country, any number of them.

A file that leaves a question open does not load: an unknown key, a class without a row, a
retention without an end, a role that does not exist.
"""

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from zvon.model.data_class import IDS, data_class
from zvon.model.data_policy import ANYWHERE, Controller, Country, DataPolicy, Processor, Rule
from zvon.model.duration import duration

SCHEMA = "zvon.datapolicy/1"
MOST_BYTES = 1 << 20
_BASIS = re.compile(r"[a-z0-9][a-z0-9-]*:[\w.()/-]+")


class BadPolicy(ValueError):
    """A data policy that cannot be used; names the file and the key."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


class _Written(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"classes": "class", "processors": "processor"},
):
    """The file as it is written."""

    schema: str
    country: Country
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
    controller: Controller
    classes: tuple[Rule, ...]
    processors: tuple[Processor, ...] = ()
    laws: dict[str, str] = {}
    confirmed: bool = False


def parse(
    text: str, *, file: str, roles: Collection[str], known: Collection[str] = IDS
) -> DataPolicy:
    """Read a policy. `roles` are those that exist, `known` the classes that the store holds.

    Raises `BadPolicy` naming `file` and the key.
    """
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadPolicy(file, "", f"no TOML: {problem}") from None
    try:
        written = msgspec.convert(said, _Written)
    except msgspec.ValidationError as problem:
        what, _, where = str(problem).partition(" - at ")
        raise BadPolicy(file, where.strip("`").removeprefix("$").lstrip("."), what) from None
    _check(written, file, roles, known)
    return DataPolicy(
        country=written.country, languages=written.languages, controller=written.controller,
        classes=written.classes, processors=written.processors, laws=written.laws,
        confirmed=written.confirmed, sha256=hashlib.sha256(text.encode()).hexdigest(), body=text,
    )  # fmt: skip


def parse_all(
    files: Mapping[str, str], *, roles: Collection[str], known: Collection[str] = IDS
) -> dict[str, DataPolicy]:
    """The policies of a folder by country; `files` are names and contents. Raises `BadPolicy`."""
    found: dict[str, DataPolicy] = {}
    for file, text in sorted(files.items()):
        policy = parse(text, file=file, roles=roles, known=known)
        if policy.country in found:
            raise BadPolicy(file, "country", f"{policy.country} stands in another file too")
        found[policy.country] = policy
    return found


def _check(written: _Written, file: str, roles: Collection[str], known: Collection[str]) -> None:
    if written.schema != SCHEMA:
        raise BadPolicy(file, "schema", f"{written.schema!r} is not {SCHEMA!r}")
    seen: set[str] = set()
    for rule in written.classes:
        where = f"class[{rule.id}]"
        if rule.id in seen:
            raise BadPolicy(file, where, "stands twice")
        seen.add(rule.id)
        if rule.id not in known:
            raise BadPolicy(file, where, "is no class that the store holds")
        _check_rule(written, rule, file, where, roles)
    missing = [each for each in known if each not in seen]
    if missing:
        raise BadPolicy(
            file, "class", f"the store holds {', '.join(missing)}: no row says how long"
        )


def _check_rule(
    written: _Written, rule: Rule, file: str, where: str, roles: Collection[str]
) -> None:
    try:
        duration(rule.retention)
    except ValueError as problem:
        raise BadPolicy(file, f"{where}.retention", str(problem)) from None
    if rule.legal_hold is not None:
        try:
            duration(rule.legal_hold.max)
        except ValueError as problem:
            raise BadPolicy(file, f"{where}.legal_hold.max", str(problem)) from None
    clock = data_class(rule.id).clock
    if rule.clock != clock:
        raise BadPolicy(file, f"{where}.clock", f"its age counts from {clock}, not {rule.clock}")
    if data_class(rule.id).raw and rule.after != "destroy":
        raise BadPolicy(file, f"{where}.after", "what came in as it came can only be destroyed")
    if data_class(rule.id).raw and rule.transfer != "never":
        raise BadPolicy(file, f"{where}.transfer", "what came in as it came never leaves")
    for basis in rule.basis:
        if not _BASIS.fullmatch(basis):
            raise BadPolicy(file, f"{where}.basis", f"{basis!r} is not like gdpr:6.1.e")
        if basis.partition(":")[0] not in written.laws:
            raise BadPolicy(file, f"{where}.basis", f"{basis!r}: [laws] does not name this act")
    for each in rule.residency:
        if each != ANYWHERE and not re.fullmatch("[A-Z]{2}", each):
            raise BadPolicy(file, f"{where}.residency", f"{each!r} is no country")
    for reader in rule.readers:
        country, dot, role = reader.partition(".")
        if not dot or not re.fullmatch(r"\*|[a-z]{2}", country):
            raise BadPolicy(file, f"{where}.readers", f"{reader!r} is not country.role")
        if role not in roles:
            raise BadPolicy(file, f"{where}.readers", f"no role is called {role!r}")
