"""The leak test: what it plants is of many kinds and always the same, and it notices every leak."""

import base64
from random import Random

import pytest
from stdnum import iban
from stdnum.si import emso

from zvon.privacy.leaktest import CARRIERS, Matrix, judge, planted
from zvon.privacy.leaktest.plant import templates
from zvon.privacy.leaktest.secrets import check_digits_hold, secrets

LANGS = ("sl", "hr", "en")


@pytest.mark.parametrize("lang", LANGS)
def test_numbers_that_carry_a_check_digit_are_right(lang: str) -> None:
    dice = Random(7)
    for _ in range(20):
        made = secrets(dice, lang)
        assert check_digits_hold(made)
        assert emso.is_valid(made["EMSO"].text)
        assert iban.is_valid(made["IBAN"].text)


def test_the_same_seed_plants_the_same_and_another_one_other_secrets() -> None:
    first, again, other = planted(30, 1), planted(30, 1), planted(30, 2)
    assert [item.body for item in first] == [item.body for item in again]
    mine = {s.text for item in first for s in item.secrets}
    assert not mine & {s.text for item in other for s in item.secrets}


def test_every_kind_is_planted_in_every_language_and_every_carrier_is_used() -> None:
    items = planted(len(templates()) * len(CARRIERS), 1)
    assert {item.carrier for item in items} == set(CARRIERS)
    kinds = {lang: {s.kind for i in items if i.lang == lang for s in i.secrets} for lang in LANGS}
    assert len(set.union(*kinds.values())) >= 30
    assert all(len(each) >= 25 for each in kinds.values())
    pairs = {(item.lang, item.carrier) for item in items}
    assert len(pairs) == len(LANGS) * len(CARRIERS)


def test_no_secret_is_a_part_of_another_person_s_mail() -> None:
    items = planted(40, 3)
    texts = [item.body.decode("utf-8", "replace") for item in items if item.kind == "txt"]
    names = [s.text for item in items for s in item.secrets if s.kind in {"EMAIL", "IBAN"}]
    assert all(sum(name in text for text in texts) <= 2 for name in names)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_door_that_lets_everything_out_is_noticed_in_every_carrier(carrier: str) -> None:
    items = [item for item in planted(len(CARRIERS) * 3, 5) if item.carrier == carrier]
    assert items
    matrix = Matrix()
    for item in items:
        matrix.take(item, "open", "released", {item.name: item.body})
    assert {leak.item for leak in matrix.leaks} == {item.id for item in items}


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: text, lambda text: text.upper(), lambda text: text[::1].replace(".", "[.]"),
        lambda text: base64.b64encode(f"x{text}y".encode()).decode(),
        lambda text: text.encode().hex(), lambda text: "".join(f"%{b:02X}" for b in text.encode()),
    ],
    ids=["plain", "upper", "defanged", "base64", "hex", "percent"],
)  # fmt: skip
def test_a_hidden_mail_address_is_found(hide: object) -> None:
    item = next(i for i in planted(30, 9) if any(s.kind == "EMAIL" for s in i.secrets))
    value = next(s.text for s in item.secrets if s.kind == "EMAIL")
    left = {"shared.txt": f"a text with {hide(value)} in it".encode()}  # type: ignore[operator]
    assert [leak.kind for leak in judge(item, "open", left)][:1] == ["EMAIL"]
    assert judge(item, "open", {"shared.txt": b"nothing of anybody"}) == []
