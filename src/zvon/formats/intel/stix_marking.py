"""TLP out of STIX markings, and back (STIX 2.1, 7.2.1.4; FIRST TLP 2.0 as extension)."""

from typing import Any

from zvon.formats.json_field import at_path, objects_in, texts
from zvon.model.marking import Tlp, parse_tlp

EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP2: dict[Tlp, str] = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP1: dict[str, Tlp] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
KNOWN: dict[str, Tlp] = {marking: tlp for tlp, marking in TLP2.items()} | TLP1


def defined(value: dict[str, Any]) -> Tlp | None:
    """The level that a `marking-definition` states: of TLP 2 as extension, of TLP 1 by itself."""
    word = at_path(value, "extensions", EXTENSION, "tlp_2_0") or at_path(value, "definition", "tlp")
    return parse_tlp(word) if isinstance(word, str) else None


def tlp_of(value: dict[str, Any], known: dict[str, Tlp]) -> Tlp | None:
    """The strictest level of an object: its own marks, and those of any part of it."""
    marks = texts(value.get("object_marking_refs"))
    for each in objects_in(value.get("granular_markings")):
        marks += texts(each.get("marking_ref"))
    return max((known[mark] for mark in marks if mark in known), default=None)


def definition(tlp: Tlp) -> dict[str, Any]:
    """The `marking-definition` of a level of TLP 2."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP2[tlp],
        "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.label,
        "extensions": {
            EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": tlp.label.removeprefix("TLP:").lower(),
            }
        },
    }
