"""The sieve for streams never drops what the matcher would hit."""

from hypothesis import given
from hypothesis import strategies as st

from tests.ml.test_brand import MUST_HIT, MUST_NOT
from zvon.ml.brand import Matcher, compiled, shipped
from zvon.ml.brand_sieve import Sieve
from zvon.model.brand import Registry, lure_words, registry

ALIASES = sorted({word for b in registry() for word in (*b.distinctive, *b.words)})
OFFICIAL = sorted({name for b in registry() for name in b.names})
WORDS = sorted({*lure_words(), *(word for b in registry() for word in b.context)})
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@st.composite
def erring(draw: st.DrawFn) -> str:
    """An alias with up to two errors: a letter more, less, other, or two changed over."""
    word = list(draw(st.sampled_from(ALIASES)))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(word) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                word.insert(at, draw(st.sampled_from(LETTERS)))
            case 1:
                word[at] = draw(st.sampled_from(LETTERS))
            case 2 if len(word) > 2:
                del word[at]
            case _:
                word[at : at + 2] = word[at : at + 2][::-1]
    return "".join(word)


@st.composite
def disguised(draw: st.DrawFn) -> str:
    """An alias with letters written as digits or pairs, or cut by hyphens."""
    word = draw(st.sampled_from(ALIASES))
    for plain, other in (("o", "0"), ("i", "1"), ("l", "1"), ("s", "5"), ("m", "rn"), ("w", "vv")):
        if draw(st.booleans()):
            word = word.replace(plain, other, draw(st.integers(1, 2)))
    if len(word) > 3 and draw(st.booleans()):
        at = draw(st.integers(1, len(word) - 1))
        word = f"{word[:at]}-{word[at:]}"
    return word


pieces = st.one_of(
    erring(), disguised(), st.sampled_from(ALIASES), st.sampled_from(OFFICIAL),
    st.sampled_from(WORDS), st.text(LETTERS, min_size=1, max_size=8),
    st.sampled_from(["xn--pota-h6a", "xn--pota-h6a-si", "pоsta", "pošta"]),
)  # fmt: skip
names = st.builds(
    lambda parts, glue, tld: glue.join(parts) + tld,
    st.lists(pieces, min_size=1, max_size=4),
    st.sampled_from(["-", ".", "", "_"]),
    st.sampled_from([".si", ".hr", ".top", ".com", ".com.au", ".pages.dev", "", ".example"]),
)


def one_by_one(matcher: Matcher, batch: list[str]) -> list[tuple[int, object]]:
    return [(at, hits) for at, name in enumerate(batch) if (hits := matcher.match(name))]


@given(st.lists(names, max_size=40))
def test_sweeping_a_batch_is_matching_one_by_one(batch: list[str]) -> None:
    assert shipped().sweep(batch) == one_by_one(shipped(), batch)


def test_the_fixtures_are_swept_as_they_are_matched() -> None:
    batch = [address.partition("/")[0] for address in (*MUST_HIT, *MUST_NOT)]
    found = shipped().sweep(batch)
    assert found == one_by_one(shipped(), batch)
    assert len(found) == len(MUST_HIT)


def test_most_ordinary_names_are_put_aside_unseen() -> None:
    batch = [f"kolesarski-klub-{n}.example" for n in range(500)] + ["nlb-klik.top"]
    assert shipped().sieve.sift(batch) == [500]


def test_an_empty_batch_and_an_empty_registry_hold_nothing() -> None:
    assert shipped().sweep([]) == []
    assert shipped().sweep(["", "."]) == []
    assert compiled(Registry((), "empty")).sweep(["nlb-klik.top"]) == []


def test_a_sieve_without_aliases_lets_only_foreign_letters_through() -> None:
    sieve = Sieve(whole=(), glued=(), split=(), inside=(), typo={})
    assert sieve.sift(["posta.si", "xn--pota-h6a.si", "pošta.si"]) == [1, 2]
