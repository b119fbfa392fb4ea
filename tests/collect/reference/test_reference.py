"""Reference data: built from upstream's layout, taken into use whole, read anew when it changes."""

import io
import json
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from zvon.collect.reference.build import build
from zvon.collect.reference.folder import current, install, reference, use
from zvon.collect.reference.unpack import TooMuch, files
from zvon.formats.reference.named import Named
from zvon.formats.reference.technique import Technique
from zvon.model.observable import Observable, ObservableType

A_LIST = {"name": "Known", "type": "hostname", "version": 3, "list": ["banka.example"],
          "matching_attributes": ["domain", "hostname"]}  # fmt: skip
A_TAXONOMY = {
    "namespace": "nadzor", "version": 1,
    "predicates": [{"value": "stanje", "expanded": "State"}, {"value": "odprto", "expanded": "Open"}],
    "values": [{"predicate": "stanje", "entry": [{"value": "novo", "expanded": "new"}]}],
}  # fmt: skip
A_GALAXY = {
    "type": "threat-actor", "name": "Actors",
    "values": [{"value": "Sivi Galeb", "uuid": "u-1",
                "meta": {"synonyms": ["Grey Gull", "GG"], "country": "ZZ"}}],
}  # fmt: skip
A_TEMPLATE = {"name": "domain-ip", "uuid": "t-1", "version": 4, "meta-category": "network",
              "attributes": {"ip": {"misp-attribute": "ip-dst"}}}  # fmt: skip


def pattern(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": "attack-pattern", "id": f"attack-pattern--{number}", "name": name,
            "external_references": [{"source_name": "mitre-attack", "external_id": number}],
            "kill_chain_phases": [{"phase_name": "execution"}],
            "x_mitre_domains": ["enterprise-attack"], **more}  # fmt: skip


A_BUNDLE = {"objects": [
    pattern("T1001", "Old Way", revoked=True), pattern("T1002.001", "New Way"),
    {"type": "relationship", "relationship_type": "revoked-by",
     "source_ref": "attack-pattern--T1001", "target_ref": "attack-pattern--T1002.001"},
]}  # fmt: skip
UPSTREAM: dict[str, bytes] = {
    "warninglists/lists/known/list.json": json.dumps(A_LIST).encode(),
    "taxonomies/nadzor/machinetag.json": json.dumps(A_TAXONOMY).encode(),
    "galaxy/clusters/actors.json": json.dumps(A_GALAXY).encode(),
    "objects/domain-ip/definition.json": json.dumps(A_TEMPLATE).encode(),
    "attack/enterprise-attack-99.1.json": json.dumps(A_BUNDLE).encode(),
    "networks/ip2asn.tsv": b"192.0.2.0\t192.0.2.255\t64500\tSI\tTest net\n",
    "README.md": b"not reference data",
}


def upstream(folder: Path, entries: dict[str, bytes] = UPSTREAM) -> Path:
    for name, body in entries.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def test_every_set_is_built_and_read_back(tmp_path: Path, now: datetime) -> None:
    root = tmp_path / "used"
    install(root, build(files(upstream(tmp_path / "up"))), now)
    found = reference(root)
    assert {n: s.entries for n, s in found.used.sets.items()} == {
        "warning-lists": 1, "tags": 2, "names": 1, "templates": 1, "techniques": 2, "networks": 1,
    }  # fmt: skip
    hits = found.warning_lists.hits(Observable(ObservableType.DOMAIN, "www.banka.example"))
    assert [each.slug for each in hits] == ["known"]
    assert found.tags == {'nadzor:stanje="novo"': "State: new", "nadzor:odprto": "Open"}
    assert found.names == (
        Named(kind="actor", id="u-1", galaxy="threat-actor", country="ZZ",
              names=("Sivi Galeb", "Grey Gull")),
    )  # fmt: skip
    assert found.templates["domain-ip"].relations == {"ip": "ip-dst"}
    assert found.techniques["T1001"].replaced_by == "T1002.001"
    assert found.techniques["T1002.001"] == Technique(
        id="T1002.001", name="New Way", domain="enterprise-attack", tactics=("execution",)
    )
    assert found.used.sets["techniques"].version == "99.1"
    assert found.networks is not None
    network = found.networks.of("192.0.2.1")
    assert network is not None
    assert (network.asn, network.country) == (64500, "SI")


@pytest.mark.parametrize("ending", [".zip", ".tar.xz"])
def test_an_archive_gives_the_same_sets_as_its_folder(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"up{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as made:
            for name, body in UPSTREAM.items():
                made.writestr(name, body)
    else:
        with tarfile.open(path, "w:xz") as packed:
            for name, body in sorted(UPSTREAM.items()):
                member = tarfile.TarInfo(name)
                member.size = len(body)
                packed.addfile(member, io.BytesIO(body))
    assert build(files(path)).digests == build(files(upstream(tmp_path / "up"))).digests


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_taken() -> None:
    entries = [(PurePosixPath("lists/broken/list.json"), b"{"),
               (PurePosixPath("lists/known/list.json"), json.dumps(A_LIST).encode())]  # fmt: skip
    built = build(entries)
    assert [path for path, _ in built.problems] == ["lists/broken/list.json"]
    assert built.warning_lists is not None
    assert [each.slug for each in built.warning_lists.meta.lists] == ["known"]


def test_a_set_without_news_stays_and_a_new_one_is_seen_at_once(
    tmp_path: Path, now: datetime
) -> None:
    root = tmp_path / "used"
    install(root, build(files(upstream(tmp_path / "up"))), now)
    old = reference(root)
    newer = {**A_LIST, "list": ["hranilnica.example"]}
    more = {"lists/known/list.json": json.dumps(newer).encode()}
    install(root, build(files(upstream(tmp_path / "newer", more))), now)
    fresh = reference(root)
    asked = Observable(ObservableType.DOMAIN, "hranilnica.example")
    assert [each.slug for each in fresh.warning_lists.hits(asked)] == ["known"]
    assert fresh.used.sets["tags"] == old.used.sets["tags"]
    assert old.warning_lists.hits(asked) == ()  # who had the old set goes on reading it


def test_a_list_is_switched_off_without_deleting_it(tmp_path: Path, now: datetime) -> None:
    root = tmp_path / "used"
    used = install(root, build(files(upstream(tmp_path / "up"))), now)
    use(root, type(used)(sets=used.sets, disabled=("known",)))
    asked = Observable(ObservableType.DOMAIN, "banka.example")
    assert reference(root).warning_lists.hits(asked) == ()
    assert current(root).sets["warning-lists"].entries == 1


def test_links_that_lead_out_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_bytes(json.dumps(A_TAXONOMY).encode())
    inside = upstream(tmp_path / "up", {})
    inside.mkdir(exist_ok=True)
    (inside / "machinetag.json").symlink_to(outside)
    assert list(files(inside)) == []


def test_a_folder_with_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zvon.collect.reference.unpack.MAX_FILE", 3)
    with pytest.raises(TooMuch):
        list(files(upstream(tmp_path / "up", {"a.bin": b"four"})))


def test_nothing_built_is_nothing_known(tmp_path: Path) -> None:
    empty = reference(tmp_path / "nothing")
    assert empty.warning_lists.hits(Observable(ObservableType.DOMAIN, "banka.example")) == ()
    assert (empty.tags, empty.names, empty.techniques, empty.networks) == ({}, (), {}, None)
