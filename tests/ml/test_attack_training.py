"""Training of the tagger on a small world, and what it gives back."""

import hashlib
import random

import numpy as np
import pytest

pytest.importorskip("sklearn")

from zvon.ml.attack.model import BadWeights, Model, describe, load, pack
from zvon.ml.attack.predict import tag
from zvon.ml.attack_training import judge
from zvon.ml.attack_training.corpus import Corpus, corpus, techniques
from zvon.ml.attack_training.run import Figures, train

WAYS = {
    "T0001": "it {x} the registry run key so that it starts at logon",
    "T0002": "the operators {x} a spearphishing attachment to the victims",
    "T0003": "it {x} screenshots of the desktop and keeps them",
}
VERBS = ("writes", "changes", "sends", "takes", "adds", "prepares", "uses", "creates")
IDLE = (
    "The group is active since {n} and is known to researchers",
    "Victims were seen in several countries of the region in {n}",
    "For detection rules see the repository of the vendor",
    "Figure {n} shows the code",
)


def pattern(id_: str, name: str, **more: object) -> dict[str, object]:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{id_}",
        "name": name,
        "description": WAYS.get(id_, "An older way.").format(x="uses"),
        "external_references": [{"source_name": "mitre-attack", "external_id": id_}],
        **more,
    }


BUNDLE = {
    "objects": [
        pattern("T0001", "Run Key Persistence"),
        pattern("T0002", "Spearphishing Attachment"),
        pattern("T0003", "Screen Capture"),
        pattern("T0009", "Old Screen Capture", revoked=True),
        pattern("T0008", "Gone", x_mitre_deprecated=True),
        {
            "type": "relationship",
            "relationship_type": "revoked-by",
            "source_ref": "attack-pattern--T0009",
            "target_ref": "attack-pattern--T0003",
        },
    ]
}


def world() -> Corpus:
    rng = random.Random(5)
    reports = []
    for n in range(16):
        ways = rng.sample(["T0001", "T0002", "T0009"], k=rng.randrange(1, 3))
        for id_ in ways * 2:
            text = WAYS["T0003" if id_ == "T0009" else id_].format(x=rng.choice(VERBS))
            reports.append({"doc": f"report {n}", "text": text.capitalize(), "labels": [id_]})
        reports += [
            {
                "doc": f"report {n}",
                "text": rng.choice(IDLE).format(n=rng.randrange(99)),
                "labels": [],
            }
            for _ in range(8)
        ]
    examples = [
        {
            "technique": id_,
            "source": f"malware--{n % 6}",
            "text": f"Gluvinka {way.format(x=VERBS[n % 8])}",
        }
        for n in range(18)
        for id_, way in WAYS.items()
    ]
    mapped = [{"text": "has written a run key to start at logon", "labels": ["T0001"]}]
    return corpus(reports=reports, mapped=mapped, examples=examples, bundle=BUNDLE, version="99.1")


@pytest.fixture(scope="module")
def trained() -> tuple[Model, Figures]:
    return train(world(), lambda _: None)


def test_revoked_techniques_point_to_what_replaced_them() -> None:
    names, descriptions, revoked = techniques(BUNDLE)
    assert set(names) == set(descriptions) == {"T0001", "T0002", "T0003"}
    assert revoked == {"T0009": "T0003"}


def test_the_subject_of_an_example_is_not_learnt() -> None:
    row = {"technique": "T0003", "source": "malware--1", "text": "Gluvinka can take screenshots."}
    made = corpus(reports=[], mapped=[], examples=[row], bundle=BUNDLE, version="1")
    assert [one.text for one in made.examples] == ["the malware can take screenshots."]


def test_a_small_world_is_learnt_and_measured_on_reports_apart(
    trained: tuple[Model, Figures],
) -> None:
    _, figures = trained
    assert figures.reports == 16
    assert figures.documents > 0.8
    assert figures.top1 > 0.9


def test_the_trained_model_finds_the_sentence_and_maps_what_was_revoked(
    trained: tuple[Model, Figures],
) -> None:
    model, _ = trained
    lines = [IDLE[1].format(n=1), IDLE[2], IDLE[3].format(n=4), WAYS["T0003"].format(x="takes"),
             IDLE[0].format(n=9)]  # fmt: skip
    text = ".\n".join(lines)
    tagged = tag(text, model=model, lang="en")
    assert tagged.attack_version == "99.1"
    best = tagged.techniques[0]
    assert (best.id, best.name, best.suggested, best.was) == (
        "T0003", "Screen Capture", True, ("T0009",))  # fmt: skip
    assert lines[3] in text[best.evidence[0].start : best.evidence[0].end]
    assert [one.id for one in tagged.techniques if one.suggested] == ["T0003"]


def test_the_same_corpus_gives_the_same_weights(trained: tuple[Model, Figures]) -> None:
    again, figures = train(world(), lambda _: None)
    assert pack(again) == pack(trained[0])
    assert figures == trained[1]


def test_packed_weights_load_alike_and_others_are_refused(trained: tuple[Model, Figures]) -> None:
    model, _ = trained
    weights = pack(model)
    meta = {"sha256": hashlib.sha256(weights).hexdigest(), **describe(model)}
    loaded = load(weights, meta)
    text = ". ".join(way.format(x="uses").capitalize() for way in WAYS.values())
    said = [(one.id, one.suggested) for one in tag(text, model=loaded).techniques]
    assert said == [(one.id, one.suggested) for one in tag(text, model=model).techniques]
    with pytest.raises(BadWeights):
        load(weights, {**meta, "labels": ["T0001"]})
    with pytest.raises(BadWeights):
        load(weights, {**meta, "sha256": "0"})


def test_f1_counts_an_empty_answer_to_an_empty_report_as_right() -> None:
    true = np.array([[1, 0], [0, 0], [1, 1]], bool)
    said = np.array([[1, 0], [0, 0], [1, 0]], bool)
    found = judge.f1(said, true)
    assert found.documents == pytest.approx((1 + 1 + 2 / 3) / 3, abs=1e-4)
    assert found.pooled == pytest.approx(0.8)


def test_a_long_document_needs_a_clearer_sentence() -> None:
    margins = np.array([[0.5], [0.5], [-1.0], [-1.0], [-1.0]], np.float32)
    short, long = judge.best(margins, np.array([0, 1, 1, 1, 1]), 2)[:, 0]
    assert long < short
