"""Slovenian and Croatian words of security as English features."""

import pytest

from zvon.ml.attack.glossary import words


@pytest.mark.parametrize(
    ("technique", "sentence"),
    [
        ("T1486", "Izsiljevalsko programje je šifriralo vse strežnike v podjetju."),
        ("T1486", "Ucjenjivački softver zahvatio je sva računala u bolnici."),
        ("T1110", "Beležimo napad z grobo silo na prehod."),
        ("T1110", "SOC bilježi tisuće pokušaja prijave s jedne adrese."),
        ("T1113", "Program dela posnetke zaslona in jih pošilja na strežnik."),
        ("T1053.005", "Zlonamjerni kod stvara zakazani zadatak."),
        ("T1566.001", "Priponka v elektronskem sporočilu je bila zlonamerna."),
        ("T1190", "Napadač je iskoristio poznatu ranjivost na vatrozidu."),
    ],
)
def test_words_name_techniques_with_accents_and_without(technique: str, sentence: str) -> None:
    bare = sentence.translate(str.maketrans("čšžćđČŠŽĆĐ", "cszcdCSZCD"))
    for text in (sentence, bare):
        assert technique in {word.technique for word in words(text)}


def test_a_word_that_needs_another_names_nothing_without_it() -> None:
    assert {word.technique for word in words("V prilogi zakona je tabela.")} == {""}


def test_ordinary_sentences_say_nothing() -> None:
    assert words("Jutri bo delno oblačno, popoldne bodo krajevne plohe.") == []
    assert words("Djeca su se igrala u dvorištu.") == []
