"""What the tagger learns from: labelled reports, mapped sentences, and ATT&CK's own texts.

All of it may train shipped weights: TRAM (Apache-2.0) and MITRE ATT&CK (terms of use, with its
notice). The caller reads the files; this makes rows of them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from zvon.ml.attack.sentences import masked

# A procedure example begins with its group or program; who it was must not be learnt.
_SUBJECT = re.compile(
    r"^.{2,60}? (?=(?:has|have|had|can|could|will|may|is|was|used|uses|use|gathered|attempted|"
    r"attempts|created|creates|collected|collects|leveraged|employed|exploited|executed|executes|"
    r"sent|sends|searches|deployed|downloaded|downloads|obtained|modified|checks|checked|installs|"
    r"installed)\b)"
)


class Sentence(Struct, frozen=True):
    """A masked sentence with its techniques; `group` is the report or program that it is from."""

    text: str
    techniques: tuple[str, ...]
    group: str


class Corpus(Struct, frozen=True):
    """Everything to learn from. `reports` are whole reports, sentence by sentence, in order.

    `mapped` are sentences whose technique a person gave; `examples` ATT&CK's procedure examples;
    `names` and `descriptions` are those of the techniques that stand today, `revoked` says which
    one replaced those that do not.
    """

    reports: tuple[Sentence, ...]
    mapped: tuple[Sentence, ...]
    examples: tuple[Sentence, ...]
    descriptions: tuple[Sentence, ...]
    names: Mapping[str, str]
    revoked: Mapping[str, str]
    version: str


def corpus(
    *,
    reports: Iterable[Mapping[str, Any]],
    mapped: Iterable[Mapping[str, Any]],
    examples: Iterable[Mapping[str, Any]],
    bundle: Mapping[str, Any],
    version: str,
) -> Corpus:
    """Make rows of the files' JSON objects and of ATT&CK's STIX bundle."""
    names, descriptions, revoked = techniques(bundle)
    return Corpus(
        reports=tuple(
            Sentence(masked(row["text"]), tuple(row["labels"]), row["doc"]) for row in reports
        ),
        mapped=tuple(Sentence(masked(row["text"]), tuple(row["labels"]), "") for row in mapped),
        examples=tuple(
            Sentence(
                masked(_SUBJECT.sub("The malware ", row["text"], count=1)),
                (row["technique"],),
                row["source"],
            )
            for row in examples
        ),
        descriptions=tuple(
            Sentence(masked(f"{names[t]}. {text.splitlines()[0] if text else ''}"), (t,), "")
            for t, text in sorted(descriptions.items())
        ),
        names=names,
        revoked=revoked,
        version=version,
    )


def techniques(bundle: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Names and descriptions of techniques that stand, and what replaced those that do not.

    A revoked one without a successor is in none of them.
    """
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for thing in bundle["objects"]:
        if thing["type"] != "attack-pattern":
            continue
        found = next(
            (r["external_id"] for r in thing["external_references"] if r["source_name"] == "mitre-attack"),
            None,
        )  # fmt: skip
        if found is None:
            continue
        ids[thing["id"]] = found
        if not thing.get("revoked") and not thing.get("x_mitre_deprecated"):
            names[found] = thing["name"]
            descriptions[found] = thing.get("description", "")
    revoked = {
        ids[thing["source_ref"]]: ids[thing["target_ref"]]
        for thing in bundle["objects"]
        if thing["type"] == "relationship"
        and thing["relationship_type"] == "revoked-by"
        and thing["source_ref"] in ids
        and thing["target_ref"] in ids
    }
    return names, descriptions, dict(sorted(revoked.items()))
