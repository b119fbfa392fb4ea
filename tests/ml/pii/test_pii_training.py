"""Texts that the tagger learns from, and that learning gives the same weights twice."""

import random

import numpy as np

from zvon.cli.models_pii import ordinary, pool, templates, words
from zvon.ml.pii.model import LABELS, pack
from zvon.ml.pii.tagger import Tagger
from zvon.ml.pii_training import generate
from zvon.ml.pii_training.fit import fit, labels
from zvon.ml.pii_training.generate import Labelled, Writer
from zvon.ml.pii_training.people import Pool, half
from zvon.ml.pii_training.run import judge, texts
from zvon.privacy.cues import words as split
from zvon.privacy.fold import fold

SOME = Pool(
    {"sl": ("Ana", "Marko"), "hr": ("Ana",), "en": ("Emma",)},
    {"sl": ("Novak",), "hr": ("Horvat",), "en": ("Whitby",)},
    pool().places,
)


def written(row: str, count: int = 40, seed: int = 3) -> list[Labelled]:
    writer = Writer(SOME, "sl", [row], (), lambda t: split(t, fold(t)), random.Random(seed))
    return list(writer.texts(count))


def values(text: Labelled) -> list[str]:
    out: list[str] = []
    for word, kind, begins in zip(text.tokens.texts, text.kinds, text.begins, strict=True):
        if kind and begins:
            out.append(word)
        elif kind:
            out[-1] += " " + word
    return out


def test_slots_are_labelled_and_the_rest_is_not() -> None:
    for text in written("Kontakt: {N}, {email}, danes."):
        assert set(text.kinds) <= {"", "NAME"}
        assert "NAME" in text.kinds
        plain = [w.lower() for w, k in zip(text.tokens.texts, text.kinds, strict=True) if not k]
        assert {"<email>"} <= set(plain) <= {"kontakt", "<email>", "danes"} | set(plain)


def test_every_name_begins_anew() -> None:
    for text in written("{N}, {N}"):
        assert sum(text.begins) % 2 == 0
        assert len(values(text)) == sum(text.begins)


def test_the_same_dice_give_the_same_texts() -> None:
    again = [t.tokens.texts for t in written("{N} {A} {U} {H} {K} {O}", seed=5)]
    assert again == [t.tokens.texts for t in written("{N} {A} {U} {H} {K} {O}", seed=5)]


def test_halves_share_no_name_and_no_template() -> None:
    learnt, judged = half(pool(), held_out=False), half(pool(), held_out=True)
    for lang in learnt.last:
        assert not set(learnt.last[lang]) & set(judged.last[lang])
    rows = templates()["sl"]
    one, two = generate.templates(rows, held_out=False), generate.templates(rows, held_out=True)
    assert not set(one) & set(two)
    assert len(one) + len(two) == len(generate.templates(rows))


def test_templates_of_each_language_know_every_slot() -> None:
    for lang, rows in templates().items():
        found = Writer(pool(), lang, generate.templates(rows), ordinary()[lang],
                       lambda t: split(t, fold(t)), random.Random(1)).texts(60)  # fmt: skip
        assert not [t for text in found for t in text.tokens.texts if t.startswith("{")]


def test_learning_twice_gives_the_same_bytes_and_learns() -> None:
    read = words()
    learnt = texts(pool(), templates(), {}, read, 60, held_out=False, seed=1)
    one, two = (fit(learnt, read.facet, read.unlisted, lambda _: None) for _ in range(2))
    assert pack(one) == pack(two)
    assert np.abs(one.weights).max() > 0
    found = judge(one, learnt, read)
    names = sum((rows["NAME"].found for rows in found.values()), 0)
    assert names > 0.9 * sum(rows["NAME"].values for rows in found.values())


def test_labels_are_numbers_of_the_label_list() -> None:
    text = written("{N}")[0]
    assert {LABELS[n] for n in labels(text)} <= {"O", "B-NAME", "I-NAME"}


def test_a_tagger_without_lists_reads_with_the_same_weights() -> None:
    read = words()
    learnt = texts(pool(), templates(), {}, read, 30, held_out=None, seed=2)
    model = fit(learnt, read.facet, read.unlisted, lambda _: None)
    text = learnt[0].tokens
    assert len(Tagger(model, read.unlisted).read(text.texts, text.folded, text.gaps)[0]) == len(text.texts)  # fmt: skip


def test_a_whole_mail_is_written_again_with_other_values() -> None:
    writer = Writer(SOME, "sl", (), (), lambda t: split(t, fold(t)), random.Random(4))
    made = list(writer.mails(["Pozdrav, {N=Edvin Hrastnik}, {email}"], 60))
    shown = {" ".join(values(text)) for text in made}
    assert len(made) == 60
    assert any("Hrastnik" in value for value in shown)
    assert any("Novak" in value for value in shown)
    assert all("<EMAIL>" in text.tokens.texts for text in made)
