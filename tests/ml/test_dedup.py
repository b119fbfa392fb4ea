"""Texts that say the same go together, others never do."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.dedup import LETTERS_SCHEME, NO_SCHEME, WORDS_SCHEME, jaccard, marks, place

WAVES = (
    ("Spoštovani {name}, vaš paket {code} čaka v skladišču. Plačajte {sum} na {url} do {date}, "
    "sicer ga vrnemo pošiljatelju."),
    ("{name}, zaznali smo prijavo z nove naprave ob {time}. Če to niste bili vi, prekličite dostop "
    "na {url}. Vaša banka"),
    ("Poštovani {name}, zbog neplaćene cestarine od {sum} prijeti vam kazna. Podmirite iznos do "
    "{date} na {url}."),
    ("Bok mama, mobitel mi se razbio pa ti pišem s broja prijateljice. Javi mi se hitno na {phone}, "
    "trebam {sum}."),
    ("Dear {name}, your parcel {code} could not be delivered because the address is incomplete. "
    "Update it at {url} before {date}."),
    ("Final notice {name}: your mailbox is full and {sum} is due. Renew the storage at {url} or "
    "lose your messages on {date}."),
)  # fmt: skip


def waves(rng: random.Random, each: int) -> list[tuple[int, str]]:
    """Each wave `each` times with names, sums, dates and addresses of their own, shuffled."""
    names = ["Ana Novak", "Marko Horvat", "Špela Kos", "Ivan Perić", "John Smith", "Tea Zupan"]
    made = [
        (
            n,
            wave.format(
                name=rng.choice(names),
                code=f"SI{rng.randrange(10**7)}",
                sum=f"{rng.randrange(1, 90)},{rng.randrange(10, 99)} EUR",
                url=f"https://{rng.choice('abcdef')}{rng.randrange(999)}.example/{rng.randrange(99)}",
                date=f"{rng.randrange(1, 28)}. {rng.randrange(1, 12)}. 2026",
                time=f"{rng.randrange(10, 23)}:{rng.randrange(10, 59)}",
                phone=f"+386 40 {rng.randrange(100, 999)} {rng.randrange(100, 999)}",
            ),
        )
        for n, wave in enumerate(WAVES)
        for _ in range(each)
    ]
    rng.shuffle(made)
    return made


def report(rng: random.Random, sentences: int = 60) -> list[str]:
    letters = "abcdefghijklmnoprstuvz"
    vocabulary = ["".join(rng.choices(letters, k=rng.randrange(3, 9))) for _ in range(800)]
    return [" ".join(rng.choices(vocabulary, k=14)) + "." for _ in range(sentences)]


def test_messages_of_a_wave_are_one_card_and_two_waves_never_are() -> None:
    made = waves(random.Random(3), 40)
    placed = list(place(marks(text) for _, text in made))
    clusters: dict[int, set[int]] = {}
    for (wave, _), found in zip(made, placed, strict=True):
        clusters.setdefault(found.cluster, set()).add(wave)
    assert all(len(found) == 1 for found in clusters.values())
    assert len(clusters) <= len(WAVES) + 2


def test_without_accents_it_is_still_the_same_wave() -> None:
    text = WAVES[0].format(name="Ana Novak", code="A1", sum="2 EUR", url="https://a.example/1",
                           date="1. 2. 2026")  # fmt: skip
    bare = text.translate(str.maketrans("čšžČŠŽ", "cszCSZ"))
    assert jaccard(marks(text), marks(bare)) == 1.0


@pytest.mark.parametrize("seed", range(8))
def test_a_report_without_a_seventh_of_its_sentences_is_found(seed: int) -> None:
    rng = random.Random(seed)
    others = [report(rng) for _ in range(6)]
    sentences = report(rng)
    copy = [sentence for sentence in sentences if rng.random() > 0.15]
    texts = [" ".join(found) for found in (*others, sentences, copy)]
    placed = list(place(map(marks, texts)))
    assert placed[-1].nearest == len(others)
    assert {found.cluster for found in placed[:-1]} == set(range(len(others) + 1))


def test_the_scheme_goes_with_the_length() -> None:
    assert marks("Ne.").scheme == NO_SCHEME
    assert marks(WAVES[3]).scheme == LETTERS_SCHEME
    assert marks(" ".join(report(random.Random(1)))).scheme == WORDS_SCHEME


def test_signatures_of_two_schemes_are_never_alike() -> None:
    long = " ".join(report(random.Random(1)))
    assert jaccard(marks(long), marks(long[:120])) == 0.0
    assert not set(marks(long).bands) & set(marks(long[:120]).bands)


def test_case_and_spacing_do_not_matter_for_the_exact_mark() -> None:
    assert marks("Pozor,  LAŽNA\nstran").exact == marks("pozor, lažna stran ").exact
    assert marks("Pozor, lažna stran").exact != marks("Pozor, prava stran").exact


def test_a_higher_threshold_parts_what_a_lower_one_joins() -> None:
    one = "Vaš račun bo zaprt, če ga danes ne potrdite na spodnji povezavi, hvala za razumevanje."
    two = "Vaš račun bo zaprt, če ga jutri ne obnovite na spodnji povezavi, hvala za potrpljenje."
    value = jaccard(marks(one), marks(two))
    assert 0.4 < value < 0.95
    near = [found.cluster for found in place([marks(one), marks(two)], value - 0.05)]
    apart = [found.cluster for found in place([marks(one), marks(two)], value + 0.05)]
    assert (near, apart) == ([0, 0], [0, 1])


@given(st.text(max_size=400))
def test_any_text_has_marks_and_is_its_own_duplicate(text: str) -> None:
    found = marks(text)
    assert jaccard(found, marks(text)) == 1.0
    assert len(found.bands) in {0, 32}
    first, second = place([found, found])
    assert (first.nearest, second.nearest, second.cluster) == (None, 0, 0)


def test_a_lone_surrogate_is_a_text_too() -> None:
    assert marks("\ud800 napaka").exact != marks("napaka").exact
