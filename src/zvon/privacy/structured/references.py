"""References of a STIX bundle after the gate: renamed, replaced by relationships, or gone."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured import form
from zvon.privacy.structured.rule import Table

_CLASS = {"email-addr": "individual", "user-account": "individual", "domain-name": "organization"}
_MAIN = ("value", "account_login", "user_id", "display_name", "iban")
_EPOCH = re.compile(r"\d{4}-\d\d")
MAX_ROUNDS = 20


class Made(str):
    """A pseudonym that stands where a victim's value stood."""

    __slots__ = ()


class _Bundle(Struct):
    """A bundle while its references are put right."""

    table: Table
    keys: Domain
    at: str
    renamed: dict[str, str]
    identities: dict[str, dict[str, Any]]
    links: dict[tuple[str, str], None]


def tied(before: Any, after: Any, table: Table, keys: Domain) -> Any:
    """`after`, what the walk built from `before`, as valid STIX."""
    single = not (isinstance(after, dict) and isinstance(after.get("objects"), list))
    held = (after if isinstance(after, list) else [after]) if single else after["objects"]
    told = before if isinstance(before, list) else ([before] if single else before["objects"])
    bundle = _Bundle(table, keys, _time(held, keys), {}, {}, {})
    kept = [_one(bundle, old, new) for old, new in zip(told, held, strict=True)]
    known = {str(each.get("id")) for each in told if isinstance(each, dict)}
    out = _settled(bundle, [each for each in kept if each is not None], known)
    if single and isinstance(after, dict) and len(out) == 1:
        return out[0]
    if single:
        return out
    return {**after, "objects": out}


def _time(held: list[Any], keys: Domain) -> str:
    """When what we add was made: with the newest of the bundle, else when the epoch began."""
    times = [
        str(each["modified"]) for each in held if isinstance(each, dict) and "modified" in each
    ]
    if times:
        return max(times)
    month = keys.epoch if _EPOCH.fullmatch(keys.epoch) else "1970-01"
    return f"{month}-01T00:00:00.000Z"


def _one(bundle: _Bundle, old: Any, new: Any) -> dict[str, Any] | None:
    """An object as it leaves, or `None` when an identity stands for it."""
    if not isinstance(new, dict):
        return None
    kind, own = str(new.get("type")), str(new.get("id"))
    if kind == "observed-data" and isinstance(new.get("objects"), dict):
        _inner(bundle, own, new)
    observable = kind in bundle.table.lists["observable"]
    token = next((new[key] for key in _MAIN if isinstance(new.get(key), Made)), None)
    if observable and token is not None:
        bundle.renamed[own] = _identity(bundle, str(token), _CLASS.get(kind, "system"))
        return None
    if isinstance(new.get("name"), Made) and kind == "identity":
        bundle.renamed[own] = new["id"] = f"identity--{form.uuid(bundle.keys, str(new['name']))}"
    elif observable and any(new[key] != old.get(key) for key in new):
        bundle.renamed[own] = new["id"] = f"{kind}--{form.uuid(bundle.keys, own)}"
    if kind == "indicator" and new.get("pattern") != old.get("pattern"):
        del new["pattern"]
    return {key: _plain(value) for key, value in new.items() if _stays(key, value)}


def _stays(key: str, value: Any) -> bool:
    """Beside an attacker's value a victim's own is left out; a name says who it was."""
    return not isinstance(value, Made) or key == "name"


def _plain(node: Any) -> Any:
    """A value without what stands for a victim deeper inside."""
    if isinstance(node, dict):
        return {key: _plain(each) for key, each in node.items() if not isinstance(each, Made)}
    if isinstance(node, list):
        return [_plain(each) for each in node if not isinstance(each, Made)]
    return str(node) if isinstance(node, Made) else node


def _inner(bundle: _Bundle, own: str, new: dict[str, Any]) -> None:
    """Objects inside `observed-data` of STIX 2.0, which refer to each other by number."""
    gone: set[str] = set()
    for number, each in new["objects"].items():
        if isinstance(each, dict):
            token = next((each[key] for key in _MAIN if isinstance(each.get(key), Made)), None)
            if token is not None:
                gone.add(number)
                kind = _CLASS.get(str(each.get("type")), "system")
                bundle.links[own, _identity(bundle, str(token), kind)] = None
    kept = {number: each for number, each in new["objects"].items() if number not in gone}
    for each in kept.values():
        for key, value in list(each.items()) if isinstance(each, dict) else ():
            if key.endswith("_ref") and value in gone:
                del each[key]
            elif key.endswith("_refs") and isinstance(value, list):
                each[key] = [ref for ref in value if ref not in gone]
    new["objects"] = kept
    if not kept:
        del new["objects"]


def _identity(bundle: _Bundle, token: str, kind: str) -> str:
    """The identifier of the identity that stands for a victim."""
    own = f"identity--{form.uuid(bundle.keys, token)}"
    bundle.identities[own] = {
        "type": "identity", "spec_version": "2.1", "id": own, "created": bundle.at,
        "modified": bundle.at, "name": token, "identity_class": kind,
    }  # fmt: skip
    return own


def _settled(bundle: _Bundle, held: list[dict[str, Any]], known: set[str]) -> list[dict[str, Any]]:
    """Objects whose references all lead somewhere, and what was added."""
    for each in held:
        _point(bundle, each, known)
    for _ in range(MAX_ROUNDS):
        lacking = {str(each.get("id")) for each in held if not _whole(bundle.table, each)}
        if not lacking:
            break
        held = [each for each in held if str(each.get("id")) not in lacking]
        for each in held:
            _forget(each, lacking)
    stay = {str(each.get("id")) for each in held}
    links = [_link(bundle, a, b) for a, b in bundle.links if a in stay]
    mine = [i for own, i in bundle.identities.items() if own not in stay]
    return [*held, *mine, *links]


def _references(each: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in list(each.items()):
        if key.endswith(("_ref", "_refs")):
            yield key, value


def _point(bundle: _Bundle, each: dict[str, Any], known: set[str]) -> None:
    """Lead the references of an object to what stands there now."""
    may = bundle.table.lists["identity_refs"]
    observed = each.get("type") == "observed-data"
    for key, value in _references(each):
        fine = key in may or (key == "object_refs" and not observed)
        new: list[str] = []
        for ref in value if isinstance(value, list) else [value]:
            if not isinstance(ref, str):
                continue
            target = bundle.renamed.get(ref, ref)
            if ref not in known and ref.partition("--")[0] in bundle.table.lists["observable"]:
                target = f"{ref.partition('--')[0]}--{form.uuid(bundle.keys, ref)}"
            if target in bundle.identities and not fine:
                bundle.links[str(each.get("id")), target] = None
            else:
                new.append(target)
        _put(each, key, value, list(dict.fromkeys(new)))


def _forget(each: dict[str, Any], gone: set[str]) -> None:
    for key, value in _references(each):
        refs = value if isinstance(value, list) else [value]
        _put(each, key, value, [ref for ref in refs if ref not in gone])


def _put(each: dict[str, Any], key: str, old: Any, refs: list[str]) -> None:
    if not refs:
        del each[key]
    else:
        each[key] = refs if isinstance(old, list) else refs[0]


def _whole(table: Table, each: dict[str, Any]) -> bool:
    needs = table.lists.get(f"needs_{each.get('type')}", frozenset())
    return all(any(each.get(key) for key in need.split("|")) for need in needs)


def _link(bundle: _Bundle, source: str, target: str) -> dict[str, Any]:
    return {
        "type": "relationship", "spec_version": "2.1",
        "id": f"relationship--{form.uuid(bundle.keys, f'{source} {target}')}",
        "created": bundle.at, "modified": bundle.at, "relationship_type": "related-to",
        "source_ref": source, "target_ref": target,
    }  # fmt: skip
