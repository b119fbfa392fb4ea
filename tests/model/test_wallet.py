"""Check digits of wallets, against the examples of their standards."""

import pytest

from zvon.model.wallet import BadWallet, canonical, coin, eip55, keccak256


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "btc"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "btc"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "btc"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "btc"),  # BIP-350
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "eth"),
        (
            "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
            "xmr",
        ),
    ],
)
def test_an_address_with_right_digits_is_taken_and_with_one_changed_is_not(
    text: str, name: str
) -> None:
    assert canonical(text) == text
    assert coin(text) == name
    if name != "eth":
        changed = text[:-3] + ("q" if text[-3] != "q" else "p") + text[-2:]
        with pytest.raises(BadWallet):
            canonical(changed)


@pytest.mark.parametrize("text", ["", "bc1", "bc1Qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "1" * 34,
                                  "4" + "1" * 94, "z" * 34, "bc1" + "b" * 20])  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadWallet):
        canonical(text)


def test_capitals_of_ethereum_carry_a_check() -> None:
    right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55
    assert eip55(right)
    assert eip55(right.lower())
    assert not eip55(right.replace("aA", "Aa"))


def test_the_old_keccak_is_not_sha3() -> None:
    assert keccak256(b"").hex() == (
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )
    assert keccak256(b"\xaa" * 200).hex() != keccak256(b"\xaa" * 136).hex()
