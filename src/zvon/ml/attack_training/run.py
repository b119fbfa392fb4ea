"""The whole training: measure on folds that share no report, then fit on everything."""

import random
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from zvon.ml.attack.features import Floats
from zvon.ml.attack.model import Model, Wide
from zvon.ml.attack_training import fit, judge
from zvon.ml.attack_training.corpus import Corpus, Sentence

FOLDS = 5
SEED = 1
ALIKE = 0.7  # cosine from which a sentence from elsewhere is a copy of one that is judged


class Figures(Struct, frozen=True):
    """What was measured on reports and programs that were held out.

    `documents` is the mean F1 of a report's techniques, `pooled` F1 over all pairs. `top1` and
    `top3` are shares of procedure examples, held out with their program, whose technique comes
    first or among the first three of all.
    """

    reports: int
    labels: int
    documents: float
    pooled: float
    documents_reports_alone: float
    pooled_reports_alone: float
    examples: int
    top1: float
    top3: float


class Prepared(Struct, frozen=True, eq=False):
    """A corpus as matrices, all of one idf."""

    corpus: Corpus
    labels: tuple[str, ...]
    idf: Floats
    reports: fit.Matrix
    outside: fit.Matrix  # mapped sentences, then examples of the labels
    examples: fit.Matrix
    descriptions: fit.Matrix
    wanted: Floats
    wanted_outside: Floats
    owner: NDArray[np.int64]
    documents: tuple[str, ...]


def prepare(corpus: Corpus) -> Prepared:
    """Count buckets once; the idf knows texts, never labels."""
    labels = tuple(sorted({t for s in corpus.reports for t in s.techniques}))
    documents = tuple(sorted({s.group for s in corpus.reports}))
    parts = [corpus.reports, corpus.mapped, corpus.examples, corpus.descriptions]
    rows = [fit.count(part) for part in parts]
    idf = fit.frequencies(rows[:3])
    reports, mapped, examples, descriptions = (fit.matrix(found, idf) for found in rows)
    inside = [n for n, s in enumerate(corpus.examples) if set(s.techniques) & set(labels)]
    outside: list[Sentence] = [*corpus.mapped, *(corpus.examples[n] for n in inside)]
    place = {name: n for n, name in enumerate(documents)}
    return Prepared(
        corpus=corpus,
        labels=labels,
        idf=idf,
        reports=reports,
        outside=sparse.vstack([mapped, examples[inside]]).tocsr(),
        examples=examples,
        descriptions=descriptions,
        wanted=fit.table(corpus.reports, labels),
        wanted_outside=fit.table(outside, labels),
        owner=np.array([place[s.group] for s in corpus.reports]),
        documents=documents,
    )


def train(corpus: Corpus, say: Callable[[str], None]) -> tuple[Model, Figures]:
    """The model fitted on everything, and what held-out reports and programs give."""
    ready = prepare(corpus)
    true = np.zeros((len(ready.documents), len(ready.labels)), bool)
    np.logical_or.at(true, ready.owner, ready.wanted[:, :-1] > 0)
    folds = _folds(len(ready.documents))
    held = _held_out(ready, folds, outside=True, say=say)
    scores = judge.best(held[:, :-1], ready.owner, len(ready.documents))
    judged = judge.nested(scores, true, _folds(len(ready.documents), SEED + 1, 10))
    say(f"documents {judged.documents}, pooled {judged.pooled}")
    alone = judge.nested(
        judge.best(
            _held_out(ready, folds, outside=False, say=say)[:, :-1],
            ready.owner, len(ready.documents),
        ),
        true, _folds(len(ready.documents), SEED + 1, 10),
    )  # fmt: skip
    say(f"reports alone: documents {alone.documents}, pooled {alone.pooled}")
    examples, top1, top3 = _ranked(ready)
    say(f"all techniques: first {top1}, among three {top3}")
    chosen = judge.thresholds(scores, true)
    sentence = judge.platt(held[:, :-1].ravel(), ready.wanted[:, :-1].ravel() > 0)
    tuned, bias = fit.fit_tuned(*_together(ready, np.ones(len(ready.owner), bool)))
    wide, names = _wide(ready, np.arange(ready.examples.shape[0]))
    model = Model(
        version=corpus.version, idf=ready.idf, tuned=tuned, tuned_bias=bias, labels=ready.labels,
        wide=wide, techniques=names, names=corpus.names, revoked=corpus.revoked,
        threshold=chosen.threshold, per_sentence=judge.PER_SENTENCE, slope=chosen.slope,
        shift=chosen.shift, sentence=sentence, sharp=SHARP,
    )  # fmt: skip
    return model, Figures(
        reports=len(ready.documents), labels=len(ready.labels),
        documents=judged.documents, pooled=judged.pooled,
        documents_reports_alone=alone.documents, pooled_reports_alone=alone.pooled,
        examples=examples, top1=top1, top3=top3,
    )  # fmt: skip


SHARP = 4.0


def _folds(count: int, seed: int = SEED, folds: int = FOLDS) -> list[int]:
    order = [n % folds for n in range(count)]
    random.Random(seed).shuffle(order)
    return order


def _together(
    ready: Prepared, kept: NDArray[np.bool_], outside: NDArray[np.bool_] | None = None
) -> tuple[fit.Matrix, Floats, Floats]:
    """Sentences of the kept reports, and those from elsewhere with their smaller weight."""
    if outside is None:
        outside = np.ones(ready.outside.shape[0], bool)
    weight = np.concatenate([np.ones(kept.sum()), np.full(outside.sum(), fit.OUTSIDE)])
    return (
        sparse.vstack([ready.reports[kept], ready.outside[outside]]).tocsr(),
        np.vstack([ready.wanted[kept], ready.wanted_outside[outside]]),
        weight.astype(np.float32),
    )


def _held_out(
    ready: Prepared, folds: Sequence[int], *, outside: bool, say: Callable[[str], None]
) -> Floats:
    """Margins of each sentence by models that saw nothing of its report, and no copy of it."""
    fold = np.array(folds)[ready.owner]
    out = np.zeros(ready.wanted.shape, np.float32)
    for n in range(max(folds) + 1):
        out[fold == n], used = one_fold(ready, fold == n, outside=outside)
        say(f"fold {n + 1}: {(fold == n).sum():,} sentences, {used:,} from elsewhere")
    return out


def one_fold(ready: Prepared, judged: NDArray[np.bool_], *, outside: bool) -> tuple[Floats, int]:
    """Margins of the judged sentences, and how many sentences from elsewhere were learnt from."""
    used = np.zeros(ready.outside.shape[0], bool)
    if outside:
        told = ready.reports[judged & (ready.wanted[:, -1] > 0)]
        # Both halves of a row have length one, so a copy has 2.
        nearest = (ready.outside @ told.T).max(axis=1).toarray().ravel() / 2
        used = nearest < ALIKE
    weights, bias = fit.fit_tuned(*_together(ready, ~judged, used))
    return np.asarray(ready.reports[judged] @ weights + bias), int(used.sum())


def _wide(ready: Prepared, kept: NDArray[np.int64]) -> tuple[Wide, tuple[str, ...]]:
    """The ranking of all techniques, from examples, names and descriptions.

    Mapped sentences are left out: with them the right one of all came first less often.
    """
    corpus = ready.corpus
    wanted = [corpus.examples[n].techniques[0] for n in kept]
    wanted += [s.techniques[0] for s in corpus.descriptions]
    rows = sparse.vstack([ready.examples[kept], ready.descriptions]).tocsr()
    weight = np.ones(rows.shape[0], np.float32)
    return fit.fit_wide(rows, [corpus.revoked.get(t, t) for t in wanted], weight)


def _ranked(ready: Prepared) -> tuple[int, float, float]:
    """How the ranking does on the examples of one program in five, held out whole."""
    programs = sorted({s.group for s in ready.corpus.examples})
    fold = dict(zip(programs, _folds(len(programs)), strict=True))
    held = np.array([fold[s.group] == 0 for s in ready.corpus.examples])
    wide, names = _wide(ready, np.flatnonzero(~held))
    weights = sparse.csr_matrix(
        (wide.weight, wide.column, wide.begin), shape=(len(wide.begin) - 1, len(names))
    )
    margins = (ready.examples[held] @ weights).toarray() + wide.bias
    first = np.argsort(-margins, axis=1)[:, :3]
    true = [ready.corpus.examples[n].techniques[0] for n in np.flatnonzero(held)]
    right = np.array(names)[first] == np.array(true)[:, None]
    return len(true), round(float(right[:, 0].mean()), 4), round(float(right.any(axis=1).mean()), 4)
