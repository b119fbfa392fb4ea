"""Which language a text and its paragraphs are in."""

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.language import answer, answers, detect, paragraphs
from zvon.ml.language.model import RUNS, SIZE, BadWeights, load, pack, runs, shipped
from zvon.ml.language.prose import spoken
from zvon.ml.language.training import catalogue, fit, templates

# Sentences that are in no training text.
SENTENCES = [
    ("sl", "Včeraj sem v nabiralniku našla obvestilo, ki se mi je zdelo sumljivo."),
    ("sl", "Sodelavec trdi, da ni nikoli poslal tega računa, čeprav je na njem njegov podpis."),
    ("sl", "Kaj naj storim, če sem geslo že vpisal na tisti strani?"),
    ("hr", "Jučer sam u sandučiću našla obavijest koja mi se učinila sumnjivom."),
    ("hr", "Kolega tvrdi da nikada nije poslao taj račun, iako je na njemu njegov potpis."),
    ("hr", "Što da radim ako sam lozinku već upisao na onoj stranici?"),
    ("en", "A colleague says that he never sent this invoice although it bears his signature."),
    ("en", "What shall I do when I have already typed my password there?"),
    ("de", "Gestern fand ich in meinem Briefkasten eine Benachrichtigung, die mir verdächtig war."),
    ("it", "Ieri ho trovato nella cassetta un avviso che mi è sembrato molto sospetto."),
    ("hu", "Tegnap egy gyanúsnak tűnő értesítést találtam a postaládámban, amelyet elolvastam."),
    ("sr", "Јуче сам у сандучету нашла обавештење које ми се учинило сумњивим."),
    ("ru", "Вчера я нашла в почтовом ящике уведомление, которое показалось мне странным."),
    ("uk", "Вчора я знайшла у поштовій скриньці повідомлення, яке здалося мені дивним."),
    ("fr", "Hier, j'ai trouvé dans ma boîte aux lettres un avis qui m'a semblé suspect."),
    ("pl", "Wczoraj znalazłam w skrzynce zawiadomienie, które wydało mi się podejrzane."),
]


@pytest.mark.parametrize(("lang", "text"), SENTENCES)
def test_sentences_are_told(lang: str, text: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize(("lang", "text"), [row for row in SENTENCES if row[0] in {"sl", "hr"}])
def test_without_accents_as_in_a_short_message(lang: str, text: str) -> None:
    assert detect(text.translate(str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD"))) == lang


def test_indicators_and_names_have_no_vote() -> None:
    text = ("Prosim, odstranite čim prej: hxxps://secure-login[.]example/please/confirm/your/account "
            "support@the-bank.example Đorđević Marković Ćosić")  # fmt: skip
    assert detect(text) == "sl"
    assert "login" not in spoken(text)
    assert "ćosić" not in spoken(text)


def test_serbian_in_latin_letters_is_of_the_croatian_family_and_says_so() -> None:
    found = answer("Deca su posle škole pre dva sata otišla, a gde su sada niko ne zna; "
                   "obaveštenje o bezbednosti stiže uvek poslednje.")  # fmt: skip
    assert (found.lang, found.variant) == ("hr", "sr-Latn")
    assert answer("Djeca su poslije škole prije dva sata otišla, a gdje su sada nitko ne zna; "
                  "obavijest o sigurnosti stiže uvijek posljednja.").variant is None  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "12345", "OK", "https://posta.si/je/to/res", "\U0001f64f" * 9]
)
def test_nothing_said_is_no_language(text: str) -> None:
    assert detect(text) == "und"


def test_paragraphs_are_told_apart_with_their_places() -> None:
    text = (
        "Your account will be closed unless you confirm it within two days.\n\n"
        "Dobila sem tole sporočilo, ali je pristno?\r\n> Molimo potvrdite podatke o kartici, "
        "inače gubite pristup računu."
    )
    found = paragraphs(text)
    assert [p.lang for p in found] == ["en", "sl", "hr"]
    assert text[found[1].start : found[1].end] == "Dobila sem tole sporočilo, ali je pristno?"


def test_a_short_line_follows_its_neighbours_only_when_they_agree() -> None:
    around = "Prosim, sporočite mi, ali je ta stran res vaša."
    assert [p.lang for p in paragraphs(f"{around}\nHvala.\n{around}")] == ["sl"] * 3
    mixed = f"{around}\nOK.\nPlease tell me whether this page is really yours."
    assert [p.lang for p in paragraphs(mixed)] == ["sl", "und", "en"]


@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_texts_have_an_answer_each_the_same_alone_as_together(texts: list[str]) -> None:
    together = answers(texts)
    assert [one.lang for one in together] == [detect(text) for text in texts]
    for text in texts:
        for one in paragraphs(text):
            assert 0 <= one.start < one.end <= len(text)
            assert text[one.start : one.end] == text[one.start : one.end].strip()


def test_a_run_never_leaves_its_text() -> None:
    alone, _ = runs(["abc"])
    both, first = runs(["abc", "xyz"])
    assert len(alone) == len(RUNS)
    for n, row in enumerate(both):
        assert row[: len(alone[n])].tolist() == alone[n].tolist()
        assert (row[first[1] - 1 - n : first[1]] == SIZE).all()


def test_what_is_packed_loads_the_same_and_other_weights_are_refused() -> None:
    import hashlib

    model = fit({"aa": ["kako si ti danes"], "bb": ["where are you today"]})
    weights = pack(model)
    loaded = load(weights, {"sha256": hashlib.sha256(weights).hexdigest()})
    assert loaded.languages == ("aa", "bb")
    assert (loaded.sums(["kako si"]) == model.sums(["kako si"])).all()
    assert loaded.sums(["kako si"])[0].argmax() == 0
    with pytest.raises(BadWeights):
        load(weights + b"x", {"sha256": hashlib.sha256(weights).hexdigest()})


def test_the_shipped_model_is_small_and_knows_ours() -> None:
    assert {"sl", "hr", "sr", "sr-Latn", "en", "de", "it", "hu"} <= set(shipped().languages)
    weights = resources.files("zvon.ml") / "language" / "weights.npz"
    assert len(weights.read_bytes()) <= 2 << 20


def test_catalogues_and_templates_give_sentences_without_slots() -> None:
    po = '# x\nmsgid "A"\nmsgstr ""\n"Pošljite %(name)s "\n"takoj"\n\nmsgid "B"\nmsgstr "Hvala {n}"\n'
    assert [text.split() for text in catalogue(po)] == [["Pošljite", "takoj"], ["Hvala"]]
    assert list(templates("# x\n+ parcel; [Vaš|Naš] paket {num} čaka")) == ["Vaš paket   čaka"]
